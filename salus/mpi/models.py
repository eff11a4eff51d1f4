"""The patient index: who a person is, by which identifiers, living where since when (FHIR R4 Patient)."""

from django.db import models
from django.db.models import F, Q


class AdministrativeGender(models.TextChoices):
    """http://hl7.org/fhir/administrative-gender"""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


class Person(models.Model):
    """One human being as the nation knows them."""

    family = models.TextField()
    given = models.TextField()
    birth_family = models.TextField(blank=True, default="")  # name before marriage
    birth_date = models.DateField()
    gender = models.TextField(choices=AdministrativeGender)
    multiple_birth = models.SmallIntegerField(null=True)  # order among twins
    household = models.BigIntegerField(null=True)
    deceased_on = models.DateField(null=True)
    registered_at = models.DateTimeField()
    # Search keys are computed by us on write (salus.mpi.rules.search_key): the database has no ICU.
    family_key = models.TextField()
    given_key = models.TextField()
    received = models.JSONField(
        null=True
    )  # the Patient resource as another system sent it, the newest
    # Null: as registered, which is version 1. Nulls cost nothing here (ADR 0021).
    version = models.IntegerField(null=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="person_gender", condition=Q(gender__in=AdministrativeGender.values)
            ),
            models.CheckConstraint(
                name="person_dies_after_birth",
                condition=Q(deceased_on__isnull=True) | Q(deceased_on__gte=F("birth_date")),
            ),
            models.CheckConstraint(
                name="person_changed_has_version",
                condition=Q(version__isnull=True, changed_at__isnull=True)
                | Q(version__gt=0, changed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["family_key", "given_key"]),  # search by name, prefix by range
            models.Index(fields=["birth_date", "family_key"]),  # search by birth date
        ]

    @property
    def full_name(self) -> str:
        return f"{self.given} {self.family}"


class PersonVersion(models.Model):
    """What the index said of a person before it was changed: a Patient, as it was shown."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="versions")
    version = models.IntegerField()
    resource = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "version"], name="version_of_a_person")
        ]


class FormerName(models.Model):
    """A name that a person had in the index, by which she is still found."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="former_names")
    family = models.TextField()
    given = models.TextField()
    family_key = models.TextField()
    given_key = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "family", "given"], name="former_name_of_a_person"
            )
        ]
        indexes = [models.Index(fields=["family_key", "given_key"])]


class PersonIdentifier(models.Model):
    """A business identifier: the matricule, or what another system calls this person."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="identifiers")
    system = models.TextField()  # URI of the assigning authority
    value = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "value"], name="identifier_is_of_one_person"),
        ]


class Residence(models.Model):
    """Where a person lived from ``since`` until before ``until`` (open: still does)."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="residences")
    country = models.CharField(max_length=2)  # ISO 3166-1 alpha-2
    postal_code = models.TextField(blank=True, default="")
    municipality = models.TextField(blank=True, default="")
    line = models.TextField(blank=True, default="")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(until__isnull=True), name="one_current_residence"
            ),
            models.CheckConstraint(
                name="residence_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
            ),
        ]
