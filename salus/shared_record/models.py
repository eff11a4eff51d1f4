"""The shared care record (DSP): records, documents and their versions (IHE MHD DocumentReference)."""

from django.db import models
from django.db.models import F, Q

from salus.directory.models import Organization, Practitioner
from salus.mpi.models import Person


class Record(models.Model):
    """One person's record: opened by law, closed and reopened by the patient, erased by retention."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True)
    opened_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)


class Closure(models.Model):
    """A time during which the patient kept the record closed (no reading, no filing)."""

    record = models.ForeignKey(Record, models.CASCADE, related_name="closures")
    closed_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record"], condition=Q(reopened_at__isnull=True), name="record_closed_once"
            ),
            models.CheckConstraint(
                name="closure_ends_after_start",
                condition=Q(reopened_at__isnull=True) | Q(reopened_at__gte=F("closed_at")),
            ),
        ]


class Format(models.IntegerChoices):
    """What the content is; media types in salus.shared_record.rules."""

    FHIR = 1  # FHIR R4 document Bundle, JSON
    CDA = 2  # HL7 CDA R2
    PDF = 3


class EndReason(models.IntegerChoices):
    REPLACED = 1
    WITHDRAWN = 2
    ERASED = 3


class Document(models.Model):
    """One version of a document. It is current until it is replaced, withdrawn or erased."""

    person = models.ForeignKey(Person, models.PROTECT)
    filed_at = models.DateTimeField()
    created_on = models.DateField()  # the clinical date
    type = models.SmallIntegerField()  # salus.terminology.DOCUMENT_TYPES
    format = models.SmallIntegerField(choices=Format)
    language = models.CharField(max_length=2)
    title = models.TextField(blank=True, default="")  # of the sender; else the type's name
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, null=True, db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, db_index=False)
    master_identifier = models.TextField(null=True)  # the sender's id: the same is not filed twice
    replaces = models.OneToOneField("self", models.PROTECT, null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.SmallIntegerField(null=True, choices=EndReason)
    patient: int  # as whom the index knows the person now; no column, the queries say it

    class Meta:
        constraints = [
            models.CheckConstraint(name="document_format", condition=Q(format__in=Format.values)),
            models.CheckConstraint(
                name="document_end_has_reason",
                condition=Q(ended_at__isnull=True, ended_reason__isnull=True)
                | Q(ended_at__gte=F("filed_at"), ended_reason__in=EndReason.values),
            ),
            models.UniqueConstraint(
                fields=["master_identifier"],
                condition=Q(master_identifier__isnull=False),
                name="document_filed_once",
            ),
        ]
        # What the report asks month by month. 22 bytes a document, and 1 for those few that end.
        indexes = [
            models.Index(fields=["filed_at"], name="document_filed"),
            models.Index(
                fields=["ended_at", "filed_at"],
                condition=Q(ended_at__isnull=False),
                name="document_ended",
            ),
        ]


class DocumentContent(models.Model):
    """Where a document's encrypted content lies (salus.shared_record.store). Without this row the
    document is a simulated one whose content was not simulated."""

    document = models.OneToOneField(Document, models.CASCADE, primary_key=True)
    pack = models.IntegerField()
    position = models.BigIntegerField()  # byte offset in the pack
    size = models.IntegerField()  # bytes of plain content
    sha256 = models.BinaryField(max_length=32)  # of the plain content
    wrapped_key = models.BinaryField(max_length=60)  # nonce and sealed data key
