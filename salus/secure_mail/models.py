"""Secure mail (Regimail): who has an identity to send and receive with."""

from django.db import models
from django.db.models import F, Q

from salus.directory.models import Practitioner


class Holder(models.TextChoices):
    PROFESSIONAL = "professional"
    STAFF = "staff"
    TEAM = "team"
    CORRESPONDENT = "correspondent"


class MailIdentity(models.Model):
    """In force from ``since`` until before ``until``. Not only directory professionals hold one."""

    address = models.EmailField(unique=True)
    holder = models.TextField(choices=Holder)
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="mail_holder", condition=Q(holder__in=Holder.values)),
            models.CheckConstraint(
                name="mail_identity_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]
