"""Eligibility (WSE): who is affiliated to the social security since when (FHIR R4 Coverage), and who may ask.

The checks themselves are rows of the event table: the event is the count.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from salus.accounts.models import Account, Client
from salus.directory.models import Organization
from salus.mpi.models import Person


class Affiliation(models.Model):
    """One period of cover, as the social-security register said last. Periods of one person may overlap."""

    person = models.ForeignKey(Person, models.CASCADE)
    key = models.TextField()  # the register's own number of the period
    since = models.DateField()
    until = models.DateField(null=True)  # first day without cover
    # Of the register's message that said this: an older one that comes later changes nothing.
    sequence = models.BigIntegerField(default=0, db_default=0)
    withdrawn = models.BooleanField(default=False, db_default=False)  # there was no such period
    patient: int  # as whom the index knows the person now; no column, the queries say it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="affiliation_of_a_key"),
            models.CheckConstraint(
                name="affiliation_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
            ),
        ]


class Delivery(models.Model):
    """What came from the register at one time."""

    class Kind(models.TextChoices):
        FULL = "full"  # all periods: those that it does not name are withdrawn
        DELTA = "delta"
        QUEUE = "queue"

    kind = models.TextField(choices=Kind)
    # Until when the register had told us all that it knew; null: it did not say.
    as_of = models.DateTimeField(null=True)
    # Of a full file: what was said up to then is in it, and an older message that comes later changes nothing.
    sequence = models.BigIntegerField(null=True)
    file_name = models.TextField(default="", db_default="")
    digest = models.TextField(default="", db_default="")  # SHA-256 of what came, hex
    counts = models.JSONField(default=dict, db_default={})  # outcome: lines; withdrawn: periods
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)  # null: it is held
    held_for = models.TextField(default="", db_default="")  # why

    class Meta:
        indexes = [
            models.Index(fields=["-as_of"], name="eligibility_heard"),
            models.Index(
                fields=["-sequence"],
                name="full_file_in_force",
                condition=Q(kind="full", applied_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="delivery_kind", condition=Q(kind__in=["full", "delta", "queue"])
            ),
            models.CheckConstraint(
                name="delivery_full_has_sequence",
                condition=~Q(kind="full") | Q(sequence__isnull=False),
            ),
        ]


class Outcome(models.TextChoices):
    """What a line of a delivery did."""

    APPLIED = "applied"
    LATE = "late"  # something newer was known
    REPEATED = "repeated"  # it was known
    WAITING = "waiting"  # for its person, whom nobody has registered yet
    REFUSED = "refused"


class Notice(models.Model):
    """A line of a delivery as it came, with what became of it. Never changed.

    Of a full file not the lines that say what stands: the periods say the same, and there are a million of them.
    """

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="notices")
    line = models.IntegerField()  # from 1; 0: it waited, and its person is there now
    outcome = models.TextField(choices=Outcome)
    key = models.TextField(default="")
    system = models.TextField(default="")
    value = models.TextField(default="")
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    withdrawn = models.BooleanField(null=True)
    sequence = models.BigIntegerField(null=True)
    problem = models.TextField(default="")  # why it was refused
    text = models.TextField(default="")  # as it came, of one that could not be read

    class Meta:
        indexes = [models.Index(fields=["key"], name="notice_of_a_period")]
        constraints = [
            models.CheckConstraint(name="notice_outcome", condition=Q(outcome__in=Outcome.values)),
        ]


class WaitingPeriod(models.Model):
    """The newest message of a period whose person nobody has registered yet."""

    key = models.TextField()
    system = models.TextField()
    value = models.TextField()
    since = models.DateField()
    until = models.DateField(null=True)
    withdrawn = models.BooleanField()
    sequence = models.BigIntegerField()
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="waits_once")]


class Right(models.TextChoices):
    """What a caller may ask; the names are those of the interfaces (docs/reference/eligibility.md)."""

    AFFILIATION = "affiliation"  # today
    HISTORIC = "historic"  # on another day
    PRESCRIBING = "prescribing"
    BATCH = "batch"  # many questions at once
    LOOK_UP = "look-up"  # by name and birth date, in rescue
    PROOF = "proof"  # signed answers, to be shown and told of when there was no line
    REGISTER = "register"  # asks nothing: tells of periods, as the register's own software


class Caller(models.Model):
    """One who asks: an organisation with one approved piece of software, or at its own counter (no ``client``)."""

    organization = models.ForeignKey(Organization, models.PROTECT)
    client = models.ForeignKey(Client, models.PROTECT, null=True)
    rights = ArrayField(models.TextField(choices=Right))
    per_minute = models.IntegerField()
    per_day = models.IntegerField()
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "client"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="one_caller_in_force",
            ),
            models.CheckConstraint(
                name="caller_rights", condition=Q(rights__contained_by=Right.values)
            ),
            models.CheckConstraint(
                name="caller_quota", condition=Q(per_minute__gt=0) & Q(per_day__gte=F("per_minute"))
            ),
            models.CheckConstraint(
                name="caller_ends_after_start",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")),
            ),
        ]


class Administrator(models.Model):
    """Who sees what an organisation's callers may ask and how much they do; named by the agency."""

    organization = models.ForeignKey(Organization, models.PROTECT)
    account = models.ForeignKey(Account, models.CASCADE)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "organization"],
                condition=Q(until__isnull=True),
                name="one_administrator_in_force",
            ),
            models.CheckConstraint(
                name="administrator_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]


class Usage(models.Model):
    """What a caller asked on a day, towards its quota. Retries count towards it too, refused questions do not."""

    pk = models.CompositePrimaryKey("caller", "day")
    caller = models.ForeignKey(Caller, models.CASCADE)
    day = models.DateField()
    asked = models.IntegerField()
    minute = models.DateTimeField()  # the last one in which it asked
    asked_in_minute = models.IntegerField()
    repeated = models.IntegerField(default=0, db_default=0)
    refused = models.IntegerField(default=0, db_default=0)  # beyond the quota
    negative = models.IntegerField(default=0, db_default=0)  # answered "not affiliated"


class KeptAnswer(models.Model):
    """The answer to a request with an id, for its retries. It names nobody: the question is there as a keyed hash."""

    key = models.UUIDField(primary_key=True)  # of caller and request (uuid5)
    question = models.BinaryField()  # HMAC-SHA-256
    answer = models.JSONField()
    at = models.DateTimeField()


class LookUp(models.Model):
    """Somebody was found by a name and a birth date; the caller owes a check by a number. It names nobody."""

    caller = models.ForeignKey(Caller, models.CASCADE)
    whom = models.BinaryField()  # HMAC-SHA-256 of the row in the index
    mission = models.TextField()  # the caller's own number of what it was for
    at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["caller", "whom"],
                condition=Q(checked_at__isnull=True),
                name="look_up_owed",
            )
        ]


class ProofUse(models.Model):
    """A caller trusted a proof while there was no line, and told of it afterwards."""

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed"  # the register says the same of that moment
        DIFFERS = "differs"
        PENDING = "pending"  # the register has not spoken of that moment yet: tell again later

    caller = models.ForeignKey(Caller, models.CASCADE)
    proof = models.UUIDField()
    used_at = models.DateTimeField()
    told_at = models.DateTimeField()
    outcome = models.TextField(choices=Outcome)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["caller", "proof", "used_at"], name="use_of_a_proof_told_once"
            ),
            models.CheckConstraint(
                name="proof_use_outcome",
                condition=Q(outcome__in=["confirmed", "differs", "pending"]),
            ),
        ]


class WatchedPerson(models.Model):
    """Somebody of whom the curious ask: each check of theirs is looked at."""

    person = models.ForeignKey(Person, models.CASCADE)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(until__isnull=True), name="one_watch_in_force"
            )
        ]


class Finding(models.Model):
    """What looks like misuse by a caller on a day, until somebody of the agency has looked at it. It names nobody:
    the caller knows what it asked at these times, and who was asked about sees it in the own log."""

    class Rule(models.TextChoices):
        SELF = "self"  # who stands at the counter asked about themselves
        FAMILY = "family"  # or about somebody who lives with them
        WATCHED = "watched"  # about a watched person
        VOLUME = "volume"  # far more than on this caller's other days
        NEGATIVE = "negative"  # mostly people who are not insured, or not known: numbers tried out
        REFUSED = "refused"  # went on asking beyond the quota
        OWED = "owed"  # looked people up by name, and never checked them by number

    caller = models.ForeignKey(Caller, models.CASCADE)
    rule = models.TextField(choices=Rule)
    day = models.DateField()
    times = models.IntegerField()
    asked_at = ArrayField(
        models.DateTimeField(), default=list
    )  # of the first ones: SELF, FAMILY, WATCHED
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(Account, models.PROTECT, null=True)
    outcome = models.TextField(blank=True, default="")  # in the reviewer's words

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "day", "rule"], name="one_finding_of_a_day"),
            models.CheckConstraint(
                name="finding_rule",
                condition=Q(
                    rule__in=["self", "family", "watched", "volume", "negative", "refused", "owed"]
                ),
            ),
        ]
