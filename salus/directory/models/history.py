"""Who said what of which entry, when, and for which time."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Kind(models.TextChoices):
    """What an entry is: the FHIR type that it is shown as; a licence is a Practitioner.qualification."""

    PRACTITIONER = "Practitioner"
    LICENCE = "Licence"
    ORGANIZATION = "Organization"
    LOCATION = "Location"
    ROLE = "PractitionerRole"
    SERVICE = "HealthcareService"
    ENDPOINT = "Endpoint"


class How(models.TextChoices):
    """How a change set came."""

    FILE = "file"  # of a register
    FEED = "feed"  # of a register's or hospital's software, resource by resource (ITI-130)
    CORRECTION = (
        "correction"  # a professional's, of the own entry; in force once the authority agrees
    )
    CONFIRMATION = "confirmation"  # a professional's: the own entry is still right
    AUTHORITY = "authority"  # at its desk, or on its command line


class Source(models.Model):
    """A register, or whoever else speaks of entries."""

    name = models.TextField(unique=True)  # a short word for commands: college, chamber, hospital-7
    title = models.TextField()
    system = models.TextField(blank=True, default="")  # URI of its numbers; '' has none of its own
    # The software that feeds it (ITI-130): entries with its numbers, and of the authority's source all.
    client_id = models.BigIntegerField(null=True, unique=True)
    is_authority = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField()


class ChangeSet(models.Model):
    """All that one source said at one time: in force from ``applied_at`` until before ``rolled_back_at``."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="change_sets")
    how = models.TextField(choices=How)
    complete = models.BooleanField(default=False)  # what the source knew and does not say has ended
    file_name = models.TextField(blank=True, default="")
    digest = models.TextField(blank=True, default="")  # SHA-256 of the file, hex
    account_id = models.BigIntegerField(null=True)  # who brought it
    client_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    rolled_back_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")  # of declining, or of rolling back

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="change_set_is_decided_once",
                condition=Q(applied_at__isnull=True) | Q(declined_at__isnull=True),
            ),
            models.CheckConstraint(
                name="change_set_is_applied_before_it_is_rolled_back",
                condition=Q(rolled_back_at__isnull=True) | Q(rolled_back_at__gte=F("applied_at")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                name="change_set_that_waits",
                condition=Q(applied_at__isnull=True, declined_at__isnull=True),
            ),
            # What a professional, or a registrar, has said.
            models.Index(
                fields=["account_id", "received_at"],
                name="change_set_of_account",
                condition=Q(account_id__isnull=False),
            ),
        ]


class Outcome(models.TextChoices):
    """What a line of a change set does, or did."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"  # says again what is known: confirms it
    ENDED = "ended"  # was not in a complete file any more
    REFUSED = "refused"


class ChangeLine(models.Model):
    """What a change set says of one entry, as it was understood; kept with what became of it."""

    change_set = models.ForeignKey(ChangeSet, models.CASCADE, related_name="lines")
    # Of the line or entry in the file, from 1; several when it tells of several, as of a professional's licences.
    number = models.IntegerField()
    kind = models.TextField(choices=Kind)
    system = models.TextField(blank=True, default="")
    value = models.TextField(blank=True, default="")
    said = models.JSONField()  # fields; another entry is named as "Kind|system|value"
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    outcome = models.TextField(choices=Outcome)
    differences = models.JSONField(default=dict)  # field: [was, will be]
    problem = models.TextField(
        blank=True, default=""
    )  # why it is refused: which field, what is wrong
    entry = models.BigIntegerField(null=True)  # row id among its kind, once there is one


class Statement(models.Model):
    """One source says of one entry: these fields have these values, true from ``since`` until before ``until``.

    Null: always, or for good. Known from ``known_at`` on, until its change set is rolled back. Of several that
    speak of a field on a day the last one counts. Rows are inserted and never changed: that is the history.
    """

    kind = models.TextField(choices=Kind)
    entry = models.BigIntegerField()  # row id among its kind
    said = models.JSONField(default=dict)  # field: value; null: it has none
    again = ArrayField(models.TextField(), default=list)  # fields said anew with the value known
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    known_at = models.DateTimeField()
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="statements")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="statement_ends_after_start",
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gt=F("since")),
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "entry", "known_at"]),
            # What begins or ends to be true on a day.
            models.Index(
                fields=["since"],
                name="statement_begins",
                condition=Q(since__isnull=False),
            ),
            models.Index(fields=["until"], name="statement_ends", condition=Q(until__isnull=False)),
        ]


class Announcement(models.Model):
    """An entry has a new version, which somebody who subscribed has not heard of yet; deleted when all have.

    Row ids are in the order in which the changes came into force, since these hold the directory.
    """

    kind = models.TextField(choices=Kind)
    entry = models.BigIntegerField()  # row id among its kind
    at = models.DateTimeField()  # the version's

    class Meta:
        indexes = [models.Index(fields=["kind", "id"], name="announcement_of_kind")]
