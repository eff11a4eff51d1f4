"""By what DocumentReferences are searched (IHE MHD, ITI-67).

A search is of one patient's, so no condition and no order needs an index.
"""

from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from salus.directory.fhir.practitioner import chain
from salus.fhir import conditions, facts
from salus.fhir.conditions import EVERYTHING, NOTHING
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.identities import identified
from salus.fhir.parameters import DEFINITIONS, by_id, by_last_updated
from salus.fhir.resource import Parameter
from salus.mpi.fhir.parameters import whose
from salus.shared_record.fhir.rendering import FORMAT_CODES, MEDIA_TYPE_SUFFICIENT
from salus.shared_record.models import Document, EndReason
from salus.shared_record.rules import MEDIA_TYPES
from salus.terminology import DOCUMENT_TYPES, LOINC

ORDER = ("-created_on", "-id")  # as on the pages
STATUSES = "http://hl7.org/fhir/document-reference-status"
_MHD = "https://profiles.ihe.net/ITI/MHD/SearchParameter"


def searched(documents: QuerySet[Document]) -> QuerySet[Document]:
    """The same with the column that `_lastUpdated` asks for."""
    return documents.annotate(updated_at=Coalesce("ended_at", "filed_at"))


def _types(name: str) -> Callable[[str], Q]:
    return lambda code: Q(
        type__in=[key for key, one in DOCUMENT_TYPES.items() if getattr(one, name) == code]
    )


def _with_status(code: str) -> Q:
    known = {"current": Q(ended_at=None), "superseded": Q(ended_reason=EndReason.REPLACED)}
    return known.get(code, NOTHING)


def _with_media_type(code: str) -> Q:
    return Q(format__in=[key for key, name in MEDIA_TYPES.items() if name == code])


_not = frozenset({Modifier.NOT})


def _patient(name: str) -> Parameter:
    return whose(
        "person",
        "subject",
        definition=f"{DEFINITIONS}/{name}",
        documentation="Whose document it is.",
    )


PARAMETERS = {
    "_id": by_id(),
    "_lastUpdated": by_last_updated(conditions.instants("updated_at"), sort=("updated_at",)),
    "patient": _patient("clinical-patient"),
    "subject": _patient("DocumentReference-subject"),
    "identifier": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/clinical-identifier",
        documentation="The sender's id of the document.",
        facts=facts.tokens("masterIdentifier"),
        condition=identified("master_identifier"),
    ),
    "status": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/DocumentReference-status",
        documentation="current, or superseded by a later version.",
        facts=facts.tokens("status", system=STATUSES),
        condition=conditions.standing_for(STATUSES, _with_status),
        modifiers=_not,
    ),
    "type": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/clinical-type",
        documentation="Kind of document, by LOINC.",
        facts=facts.tokens("type"),
        condition=conditions.standing_for(LOINC, _types("loinc")),
        modifiers=_not,
    ),
    "category": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/DocumentReference-category",
        documentation="Class of the kind of document, by LOINC.",
        facts=facts.tokens("category"),
        condition=conditions.standing_for(LOINC, _types("category")),
        modifiers=_not,
    ),
    "date": Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/DocumentReference-date",
        documentation="When it was filed.",
        facts=facts.times("date"),
        condition=conditions.instants("filed_at"),
        sort=("filed_at",),
    ),
    "creation": Parameter(
        type=ParameterType.DATE,
        definition=f"{_MHD}/DocumentReference-Creation",
        documentation="The day that the document is of.",
        facts=facts.times("content.attachment.creation"),
        condition=conditions.days("created_on"),
        sort=("created_on",),
    ),
    "author": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/DocumentReference-author",
        documentation="The professional or the organisation that it is from.",
        facts=facts.references("author"),
        condition=conditions.either(
            conditions.refers("practitioner", type="Practitioner"),
            conditions.refers("organization", type="Organization"),
        ),
        targets=("Practitioner", "Organization"),
        chains=chain("practitioner"),
    ),
    "format": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/DocumentReference-format",
        documentation="Format code of IHE: of all that is filed here the media type says enough.",
        facts=facts.tokens("content.format"),
        condition=conditions.standing_for(
            FORMAT_CODES,
            lambda code: EVERYTHING if code == MEDIA_TYPE_SUFFICIENT else NOTHING,
        ),
    ),
    "contenttype": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/DocumentReference-contenttype",
        documentation="Media type of the content.",
        facts=facts.tokens("content.attachment.contentType", system="urn:ietf:bcp:13"),
        condition=conditions.standing_for("urn:ietf:bcp:13", _with_media_type),
    ),
    "language": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/DocumentReference-language",
        documentation="Language of the content.",
        facts=facts.tokens("content.attachment.language", system="urn:ietf:bcp:47"),
        condition=conditions.codes("language", system="urn:ietf:bcp:47"),
    ),
    "relatesto": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/DocumentReference-relatesto",
        documentation="The version that it replaces.",
        facts=facts.references("relatesTo.target"),
        condition=conditions.refers("replaces", type="DocumentReference"),
        targets=("DocumentReference",),
    ),
}
