"""Who may reach whose data: accounts and software bound to their owners, the circle of trust, assistants."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from salus.accounts.models import AuthMethod, Client
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


class IdentifierDomain(models.Model):
    """A system of identifiers in which one organisation numbers its patients, and nobody else (ADR 0040)."""

    system = models.TextField(primary_key=True)  # URI of the assigning authority
    organization = models.ForeignKey(Organization, models.PROTECT)
    since = models.DateTimeField()


class AppAuthorization(models.Model):
    """What the holder of an account lets an app do, from one launch on: all its tokens carry ``family``."""

    family = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    client = models.ForeignKey(Client, models.CASCADE)
    # The patient whom the app was opened for; None: it asked for none (SMART App Launch, launch context).
    person = models.ForeignKey(Person, models.CASCADE, null=True)
    scope = models.TextField()  # as granted, what its holder took away left out
    # An app with online_access goes on as long as this session does; '' for offline_access, or for none.
    session = models.TextField(blank=True, default="")
    since = models.DateTimeField()
    last_used_at = models.DateTimeField()  # a token was issued
    expires_at = models.DateTimeField()  # of its newest token
    ended_at = models.DateTimeField(null=True)  # withdrawn, or a token was used twice

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="app_authorization_ends_after_start",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")),
            ),
        ]


class Audience(models.TextChoices):
    """Who is at the software that asks for a client."""

    PATIENTS = "patients", _("Patients, who sign in")
    PROFESSIONALS = "professionals", _("Health professionals, who sign in")
    NOBODY = "nobody", _("Nobody: a system asks in the name of an organisation")


class ClientRequest(models.Model):
    """A software maker asks for a client, and the agency decides. Nothing is active before.

    Whoever has the link of the receipt sees how it stands: it holds a key, of which only the hash is kept.
    """

    number = models.TextField(unique=True)  # of the receipt, as people say it on the telephone
    key_hash = models.TextField(unique=True)
    audience = models.TextField(choices=Audience)
    name = models.TextField()  # of the software
    maker = models.TextField()
    contact = models.EmailField()
    organization = models.ForeignKey(Organization, models.CASCADE, null=True)
    scope = models.TextField()
    purposes = ArrayField(models.TextField(), default=list)
    domains = ArrayField(models.TextField(), default=list)  # in which its organisation numbers
    auth_method = models.TextField(choices=AuthMethod)
    redirect_uris = ArrayField(models.TextField(), default=list)
    jwks = models.JSONField(null=True)
    jwks_uri = models.TextField(null=True)
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    reason = models.TextField(blank=True, default="")  # of a refusal, or of granting less
    client = models.OneToOneField(Client, models.PROTECT, null=True)  # when it was approved
    secret_taken_at = models.DateTimeField(null=True)  # the one time that its secret was shown

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="client_request_audience", condition=Q(audience__in=Audience.values)
            ),
            models.CheckConstraint(
                name="client_request_decided_by_somebody",
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, client__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="client_request_refused_with_a_reason",
                condition=Q(decided_at__isnull=True) | Q(client__isnull=False) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"], condition=Q(decided_at=None), name="client_request_waiting"
            )
        ]
