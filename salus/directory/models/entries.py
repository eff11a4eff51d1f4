"""What the directory shows today, one table per kind of entry, written by salus.directory.projecting alone.

The database has defaults of its own for what few entries have, so that the loader leaves it out.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce


class Entry(models.Model):
    """What all entries have. ``system`` and ``value`` are the stable identifier that its source gave it."""

    system = models.TextField()  # URI of the register that gave ``value``
    value = models.TextField()
    registered_at = models.DateTimeField()
    deregistered_at = models.DateTimeField(null=True)  # it is not shown any more
    # Null: as registered, which is version 1.
    version = models.IntegerField(null=True)
    changed_at = models.DateTimeField(null=True)
    # When each version after the first began; what it said is replayed (salus.directory.replaying).
    changes = ArrayField(models.DateTimeField(), default=list, db_default=[])

    class Meta:
        abstract = True


def _updated(name: str) -> models.Index:
    """By when an entry last changed: who follows the directory asks for what changed since then."""
    return models.Index(Coalesce("changed_at", "registered_at"), name=f"{name}_updated")


def _constraints(name: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(fields=["system", "value"], name=f"{name}_identifier"),
        models.CheckConstraint(
            name=f"{name}_ends_after_start",
            condition=Q(deregistered_at__isnull=True) | Q(deregistered_at__gte=F("registered_at")),
        ),
    ]


class Addressed(models.Model):
    country = models.CharField(max_length=2, blank=True, default="")
    postal_code = models.TextField(blank=True, default="")
    municipality = models.TextField(blank=True, default="")
    line = models.TextField(blank=True, default="")
    telephone = models.TextField(blank=True, default="")

    class Meta:
        abstract = True


class Organization(Entry, Addressed):
    """A hospital, practice, pharmacy, laboratory, rescue corps, or a part of one."""

    name = models.TextField()
    name_key = models.TextField()
    type = models.TextField()  # code of salus.terminology.ORGANIZATION_TYPES
    part_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="parts")
    email = models.TextField(blank=True, default="", db_default="")
    website = models.TextField(blank=True, default="", db_default="")
    status = models.TextField(default="active", db_default="active")  # active, suspended, ended
    same_as = models.ForeignKey("self", models.PROTECT, null=True, related_name="duplicates")

    class Meta:
        constraints = _constraints("organization")
        indexes = [models.Index(fields=["name_key"]), _updated("organization")]


class PractitionerStatus(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    DECEASED = "deceased"
    ENDED = "ended"  # left the register without its saying why


class Practitioner(Entry):
    """A health professional in the national register, with or without an account."""

    prefix = models.TextField(blank=True, default="")
    family = models.TextField()
    given = models.TextField()
    family_key = models.TextField()
    given_key = models.TextField()
    gender = models.TextField(blank=True, default="")
    profession = models.TextField()  # code of salus.terminology.PROFESSIONS
    languages = ArrayField(
        models.TextField(), default=list, db_default=[]
    )  # BCP 47, the best spoken first
    telephone = models.TextField(blank=True, default="", db_default="")
    email = models.TextField(blank=True, default="", db_default="")
    status = models.TextField(choices=PractitionerStatus, default="active", db_default="active")
    # The time, begun or to come, in which no profession may be exercised: days, the second one excluded.
    out_since = models.DateField(null=True)
    out_until = models.DateField(null=True)
    same_as = models.ForeignKey("self", models.PROTECT, null=True, related_name="duplicates")

    class Meta:
        constraints = _constraints("practitioner")
        indexes = [models.Index(fields=["family_key", "given_key"]), _updated("practitioner")]

    @property
    def full_name(self) -> str:
        return f"{self.prefix} {self.given} {self.family}".strip()


class Licence(Entry):
    """The right to exercise a profession in a country, with its limits."""

    practitioner = models.ForeignKey(Practitioner, models.CASCADE, related_name="licences")
    profession = models.TextField()
    country = models.CharField(max_length=2)
    status = models.TextField(default="active", db_default="active")  # active, suspended, ended
    limits = ArrayField(
        models.TextField(), default=list, db_default=[]
    )  # what may not be prescribed: codes
    since = models.DateField(null=True)
    until = models.DateField(null=True)  # once it has ended

    class Meta:
        constraints = _constraints("licence")


class Location(Entry, Addressed):
    """A place where an organisation gives care."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="locations")
    name = models.TextField()
    name_key = models.TextField()
    latitude = models.FloatField(null=True)  # degrees, WGS 84
    longitude = models.FloatField(null=True)
    hours = models.JSONField(default=list, db_default=[])  # FHIR R4 Location.hoursOfOperation
    accessible = models.BooleanField(null=True)  # by wheelchair
    status = models.TextField(default="active", db_default="active")  # active, suspended, ended

    class Meta:
        constraints = _constraints("location")
        indexes = [
            models.Index(fields=["name_key"]),
            models.Index(fields=["latitude"]),
            _updated("location"),
        ]


class PractitionerRole(Entry):
    """A professional's work at an organisation from ``since`` until before ``until``."""

    practitioner = models.ForeignKey(Practitioner, models.CASCADE, related_name="roles")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="roles")
    location = models.ForeignKey(Location, models.PROTECT, null=True, related_name="roles")
    service = models.ForeignKey(
        "HealthcareService", models.PROTECT, null=True, related_name="roles"
    )
    profession = models.TextField(
        blank=True, default="", db_default=""
    )  # '': that of the professional
    since = models.DateField()
    until = models.DateField(null=True)  # once it has ended
    ends_on = models.DateField(null=True)  # an end that is known ahead
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")
    telephone = models.TextField(blank=True, default="", db_default="")
    email = models.TextField(blank=True, default="", db_default="")
    new_patients = models.BooleanField(null=True)  # are accepted; null: not said
    hours = models.JSONField(default=list, db_default=[])  # FHIR R4 PractitionerRole.availableTime

    class Meta:
        constraints = _constraints("role")
        # Not unique: two registers may know of the same work, and one of two works at one place.
        indexes = [
            models.Index(
                fields=["practitioner", "organization"],
                name="current_roles_at_a_place",
                condition=Q(until__isnull=True),
            ),
            _updated("role"),
        ]


class HealthcareService(Entry):
    """What an organisation offers, where."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="services")
    location = models.ForeignKey(Location, models.PROTECT, null=True, related_name="services")
    name = models.TextField()
    name_key = models.TextField()
    specialty = models.TextField(
        blank=True, default="", db_default=""
    )  # code of salus.terminology.PROFESSIONS
    languages = ArrayField(models.TextField(), default=list, db_default=[])
    telephone = models.TextField(blank=True, default="", db_default="")
    new_patients = models.BooleanField(null=True)
    appointment = models.BooleanField(null=True)  # is needed
    hours = models.JSONField(default=list, db_default=[])
    status = models.TextField(default="active", db_default="active")  # active, suspended, ended

    class Meta:
        constraints = _constraints("service")
        indexes = [models.Index(fields=["name_key"]), _updated("service")]


class Endpoint(Entry):
    """An electronic address of an organisation, and what the last check of it found."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="endpoints")
    name = models.TextField(blank=True, default="", db_default="")
    # Code of http://terminology.hl7.org/CodeSystem/endpoint-connection-type
    connection_type = models.TextField()
    payload_type = models.TextField(blank=True, default="", db_default="")
    address = models.TextField()
    status = models.TextField(
        default="active"
    )  # code of http://hl7.org/fhir/endpoint-status, or ended
    # Written by the check, said by nobody.
    checked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)  # the last time that it did
    failures = models.IntegerField(default=0, db_default=0)  # checks in a row without an answer
    fault = models.TextField(
        blank=True, default="", db_default=""
    )  # of the last one: a stable word (salus.directory.calling.Fault)
    certificate_until = models.DateTimeField(null=True)  # of TLS, when it last answered

    class Meta:
        constraints = _constraints("endpoint")
        indexes = [_updated("endpoint")]
