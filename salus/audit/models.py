"""Who did what to whose data, why: one event per response (IHE BALP, rendered as FHIR AuditEvent).

The table is partitioned by month and made in SQL (migration 0001). Writers only insert. The row is also
the count: the report counts events, not a second ledger.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from salus.kernel.actor import PurposeOfUse


class EventKind(models.TextChoices):
    SIGN_IN = "sign_in"
    RECORD_VIEWED = "record_viewed"  # a list of documents, vaccinations or events was shown
    DOCUMENT_OPENED = "document_opened"
    DOCUMENT_FILED = "document_filed"
    INDEX_REQUEST = "index_request"  # a request answered by the patient index
    ELIGIBILITY_CHECK = "eligibility_check"
    AFFILIATIONS_CHANGED = "affiliations_changed"  # the register said when these people are insured
    VACCINATION_RECORDED = "vaccination_recorded"
    CONSENT_CHANGED = "consent_changed"  # closure, circle of trust, assistant, transfer consent
    PERSON_REGISTERED = "person_registered"
    PERSON_CHANGED = "person_changed"  # what the patient index says of somebody
    PERSON_TOLD = "person_told"  # that was sent to software that subscribed to changes
    PERSONS_LINKED = "persons_linked"  # two in the patient index are the same human being
    PERSONS_SEPARATED = "persons_separated"  # and are not, after all
    PAIR_SHOWN = "pair_shown"  # two who may be the same, to a steward
    PAIR_JUDGED = "pair_judged"
    RECORD_OPENED = "record_opened"
    DIRECTORY_CHANGED = "directory_changed"
    DIRECTORY_SHOWN = "directory_shown"  # what is not public of a professional, to the authority
    PATIENTS_LISTED = "patients_listed"  # names of those who gave the actor a right
    TOKEN_ISSUED = "token_issued"  # noqa: S105  # or refused: `denied`
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    CLIENT_CHANGED = "client_changed"  # software was registered, approved, changed, ended
    STAFF_CHANGED = "staff_changed"  # somebody of the agency's staff got an account, or lost it
    APP_AUTHORIZED = "app_authorized"  # an app may use what its user may
    APP_ENDED = "app_ended"  # and no longer


class Agent(models.TextChoices):
    """What kind of user or caller acted."""

    PATIENT = "patient"
    PROFESSIONAL = "professional"
    HOSPITAL = "hospital"
    PHARMACY = "pharmacy"
    LABORATORY = "laboratory"
    RESCUE = "rescue"
    SYSTEM = "system"


class Event(models.Model):
    pk = models.CompositePrimaryKey("at", "id")
    at = models.DateTimeField()
    id = models.BigIntegerField()
    kind = models.TextField(choices=EventKind)
    agent = models.TextField(choices=Agent)
    account_id = models.BigIntegerField(null=True)
    # Who acted; of directory_shown the one whose entry it is.
    practitioner_id = models.BigIntegerField(null=True)
    organization_id = models.BigIntegerField(null=True)  # on whose behalf
    system = models.TextField(null=True)  # the name of a system actor
    person_id = models.BigIntegerField(null=True)  # the one whose data it is
    persons = ArrayField(models.BigIntegerField(), null=True)  # when a response shows several
    document_id = models.BigIntegerField(null=True)
    denied = models.BooleanField(default=False)
    repeated = models.BooleanField(default=False)  # a retry of an answered request: never counted
    request_id = models.UUIDField(null=True)
    client_id = models.BigIntegerField(null=True)  # the software that asked
    purpose = models.TextField(choices=[(p.value, p.name) for p in PurposeOfUse], null=True)
    # The database also fills `xid` (xid8: the transaction, by which the log is ordered) and `salt` (a
    # random uuid, without which the hash of an event could be guessed); only the sequencer reads them.

    class Meta:
        managed = False
        db_table = "audit_event"


class AnsweredRequest(models.Model):
    """Requests that were answered: the second event of the same one is marked as repeated."""

    request_id = models.UUIDField(primary_key=True)  # with actor, kind, person, document (uuid5)
    at = models.DateTimeField()


class Tile(models.Model):
    """Up to 256 hashes of the log's tree, one after the other; made in SQL (migration 0004).

    Level 0 holds the hashes of events, each level above those of the full tiles below. A tile of level 0
    also has the key (``xid``, ``id``) of its last event, and the ids of all (int8multirange).
    """

    pk = models.CompositePrimaryKey("level", "number")
    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        managed = False
        db_table = "audit_tile"


class Head(models.Model):
    """A signed statement: when the log had ``size`` events, the root of its tree was this one."""

    size = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    root = models.BinaryField()  # 32 bytes
    signature = models.TextField()  # salus.kernel.signing

    class Meta:
        managed = False
        db_table = "audit_head"


class Pruning(models.Model):
    """A signed statement: which events of a month were dropped, by which rule."""

    month = models.DateField(primary_key=True)  # its first day
    statement = models.JSONField()

    class Meta:
        managed = False
        db_table = "audit_pruning"
