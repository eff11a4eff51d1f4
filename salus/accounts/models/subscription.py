"""What software asked to be told of (FHIR R4 Subscription)."""

from django.db import models
from django.db.models import Q

from salus.accounts.models.client import Client
from salus.kernel.actor import PurposeOfUse


class Subscription(models.Model):
    """Software that is told of changes to resources of one type; never deleted."""

    class Status(models.TextChoices):
        """http://hl7.org/fhir/subscription-status, without `requested`: what was asked for is in force at once."""

        ACTIVE = "active"
        ERROR = "error"
        OFF = "off"

    client = models.ForeignKey(Client, models.PROTECT, related_name="+")  # that alone sees it
    organization = models.BigIntegerField()
    organization_type = models.TextField()
    purpose = models.TextField(
        choices=[(one.value, one.name) for one in PurposeOfUse], blank=True, default=""
    )
    type = models.TextField()  # of the resources that its criteria are about
    status = models.TextField(choices=Status)
    sealed = models.BinaryField()  # criteria and channel, which hold identifiers and secrets
    error = models.TextField(blank=True, default="")
    # How far it has heard, where what changed is told in an order; of the domain that tells it.
    position = models.BigIntegerField(default=0)
    version = models.IntegerField(default=1)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="subscription_status", condition=Q(status__in=["active", "error", "off"])
            ),
            models.CheckConstraint(
                name="subscription_says_its_error",
                condition=Q(status="error") & ~Q(error="") | ~Q(status="error") & Q(error=""),
            ),
            models.CheckConstraint(
                name="subscription_deleted_is_off",
                condition=Q(deleted_at__isnull=True) | Q(status="off"),
            ),
        ]
        indexes = [
            models.Index(fields=["type"], condition=Q(status="active"), name="subscription_told")
        ]
