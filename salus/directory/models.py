"""The provider directory (HPD): professionals, organisations, and who works where (IHE mCSD)."""

from django.db import models
from django.db.models import F, Q


class Organization(models.Model):
    """A hospital, practice, pharmacy, laboratory, rescue corps."""

    system = models.TextField()  # URI of the register that gave ``value``
    value = models.TextField()
    name = models.TextField()
    name_key = models.TextField()
    type = models.TextField()  # code of salus.terminology.ORGANIZATION_TYPES
    country = models.CharField(max_length=2, blank=True, default="")
    postal_code = models.TextField(blank=True, default="")
    municipality = models.TextField(blank=True, default="")
    line = models.TextField(blank=True, default="")
    telephone = models.TextField(blank=True, default="")
    registered_at = models.DateTimeField()
    deregistered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "value"], name="organization_identifier"),
            models.CheckConstraint(
                name="organization_ends_after_start",
                condition=Q(deregistered_at__isnull=True)
                | Q(deregistered_at__gte=F("registered_at")),
            ),
        ]
        indexes = [models.Index(fields=["name_key"])]


class Practitioner(models.Model):
    """A health professional in the national register, with or without an account."""

    system = models.TextField()
    value = models.TextField()
    prefix = models.TextField(blank=True, default="")
    family = models.TextField()
    given = models.TextField()
    family_key = models.TextField()
    given_key = models.TextField()
    gender = models.TextField(blank=True, default="")
    profession = models.TextField()  # code of salus.terminology.PROFESSIONS
    registered_at = models.DateTimeField()
    deregistered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "value"], name="practitioner_identifier"),
            models.CheckConstraint(
                name="practitioner_ends_after_start",
                condition=Q(deregistered_at__isnull=True)
                | Q(deregistered_at__gte=F("registered_at")),
            ),
        ]
        indexes = [models.Index(fields=["family_key", "given_key"])]

    @property
    def full_name(self) -> str:
        return f"{self.prefix} {self.given} {self.family}".strip()


class PractitionerRole(models.Model):
    """A professional's work at an organisation from ``since`` until before ``until``."""

    practitioner = models.ForeignKey(Practitioner, models.CASCADE, related_name="roles")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="roles")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "organization"],
                condition=Q(until__isnull=True),
                name="one_current_role_per_place",
            ),
        ]
