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
    received = models.JSONField(null=True)  # the Patient resource as another system sent it

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="person_gender", condition=Q(gender__in=AdministrativeGender.values)
            ),
            models.CheckConstraint(
                name="person_dies_after_birth",
                condition=Q(deceased_on__isnull=True) | Q(deceased_on__gte=F("birth_date")),
            ),
        ]
        indexes = [
            models.Index(fields=["family_key", "given_key"]),  # search by name, prefix by range
            models.Index(fields=["birth_date", "family_key"]),  # search by birth date
        ]

    @property
    def full_name(self) -> str:
        return f"{self.given} {self.family}"


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
