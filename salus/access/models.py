"""Who may reach whose data: accounts and software bound to their owners, the circle of trust, assistants."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from salus.accounts.models import Client
from salus.directory.models import Organization, Practitioner
from salus.mpi.models import Person


class AccountPerson(models.Model):
    """The patient account of a person."""

    account = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    person = models.OneToOneField(Person, models.CASCADE)


class AccountPractitioner(models.Model):
    """The professional account of a professional."""

    account = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    practitioner = models.OneToOneField(Practitioner, models.CASCADE)


class TrustedProfessional(models.Model):
    """A permanent right: the patient declared this professional in the circle of trust.

    Any professional of the directory can be declared, with or without an account.
    """

    person = models.ForeignKey(Person, models.CASCADE)
    practitioner = models.ForeignKey(Practitioner, models.CASCADE)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "practitioner"],
                condition=Q(until__isnull=True),
                name="professional_declared_once",
            ),
            models.CheckConstraint(
                name="trust_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]


class Assistant(models.Model):
    """A person whom the patient named to help with the record, with the patient's own rights."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="assistants")
    assistant = models.ForeignKey(Person, models.CASCADE, related_name="assisted")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "assistant"],
                condition=Q(until__isnull=True),
                name="assistant_named_once",
            ),
            models.CheckConstraint(
                name="assistant_is_another_person", condition=~Q(person=F("assistant"))
            ),
            models.CheckConstraint(
                name="assistance_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]


class ClientOrganization(models.Model):
    """The organisation in whose name a piece of software asks."""

    client = models.OneToOneField(Client, models.CASCADE, primary_key=True)
    organization = models.ForeignKey(Organization, models.CASCADE)
