"""Eligibility (WSE): who is affiliated to the social security since when (FHIR R4 Coverage).

The checks themselves are rows of the event table: the event is the count.
"""

from django.db import models
from django.db.models import F, Q

from salus.mpi.models import Person


class Affiliation(models.Model):
    person = models.ForeignKey(Person, models.CASCADE)
    since = models.DateField()
    until = models.DateField(null=True)  # first day without cover

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(until__isnull=True), name="one_current_affiliation"
            ),
            models.CheckConstraint(
                name="affiliation_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
            ),
        ]
