"""File share (Regibox): who has one."""

from django.db import models
from django.db.models import F, Q

from salus.directory.models import Practitioner


class ShareUser(models.Model):
    """A user whose share is in force from ``since`` until before ``until``."""

    address = models.EmailField(unique=True)
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="share_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]
