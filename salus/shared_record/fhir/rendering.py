"""A document as a DocumentReference (IHE MHD: what the record has of the comprehensive metadata), and as a Binary."""

from base64 import b64encode
from datetime import datetime
from typing import Any

from django.utils.translation import override

from salus.fhir.dates import instant
from salus.fhir.identities import identifier
from salus.fhir.resource import Body, Call, Version
from salus.shared_record.models import Document, Format
from salus.shared_record.queries import OpenedDocument
from salus.shared_record.rules import MEDIA_TYPES
from salus.terminology import DOCUMENT_TYPES, LOINC

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
# IHE's format code of contents that their media type describes well enough.
FORMAT_CODES = "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode"
MEDIA_TYPE_SUFFICIENT = "urn:ihe:iti:xds:2017:mimeTypeSufficient"


def document_reference(call: Call, row: Document, *, as_filed: bool = False) -> Version:
    """``row`` with professional, organisation and content. ``as_filed``: its first version, before it was replaced."""
    replaced_at = None if as_filed else row.ended_at
    body: Body = {
        "resourceType": "DocumentReference",
        "id": str(row.pk),
        "meta": _meta(2 if replaced_at else 1, replaced_at or row.filed_at),
    }
    if row.master_identifier:
        body["masterIdentifier"] = identifier(row.master_identifier)
    body |= {
        "status": "superseded" if replaced_at else "current",
        "type": _type(row.type),
        "category": [_category(row.type)],
        "subject": {"reference": f"Patient/{row.patient}"},
        "date": instant(row.filed_at),
    }
    if authors := _authors(row):
        body["author"] = authors
    if row.replaces_id:
        target = {"reference": f"DocumentReference/{row.replaces_id}"}
        body["relatesTo"] = [{"code": "replaces", "target": target}]
    normal = {"coding": [{"system": CONFIDENTIALITY, "code": "N", "display": "normal"}]}
    format_code = {"system": FORMAT_CODES, "code": MEDIA_TYPE_SUFFICIENT}
    body["securityLabel"] = [normal]
    body["content"] = [{"attachment": _attachment(call, row), "format": format_code}]
    return Version(body=body)


def binary(opened: OpenedDocument, content: bytes) -> Version:
    summary = opened.summary
    return Version(
        body={
            "resourceType": "Binary",
            "id": str(summary.id),
            "meta": _meta(1, summary.filed_at),
            "contentType": opened.media_type,
            "securityContext": {"reference": f"DocumentReference/{summary.id}"},
            "data": b64encode(content).decode(),
        }
    )


def _meta(version: int, at: datetime) -> Body:
    return {"versionId": str(version), "lastUpdated": instant(at)}


def _type(type: int) -> Body:
    return {"coding": [{"system": LOINC, "code": DOCUMENT_TYPES[type].loinc}], "text": _name(type)}


def _category(type: int) -> Body:
    return {"coding": [{"system": LOINC, "code": DOCUMENT_TYPES[type].category}]}


def _name(type: int) -> str:
    with override("en"):
        return str(DOCUMENT_TYPES[type].name)


def _authors(row: Document) -> list[Body]:
    authors: list[Body] = []
    if row.practitioner:
        name = row.practitioner.full_name
        authors.append({"reference": f"Practitioner/{row.practitioner_id}", "display": name})
    if row.organization:
        name = row.organization.name
        authors.append({"reference": f"Organization/{row.organization_id}", "display": name})
    return authors


def _attachment(call: Call, row: Document) -> dict[str, Any]:
    """Without an address where the record has no content of it (of a simulated document)."""
    content = getattr(row, "documentcontent", None)
    stored = {"url": f"{call.base}/Binary/{row.pk}", "size": content.size} if content else {}
    title = {"title": row.title} if row.title else {}
    return {
        "contentType": MEDIA_TYPES[Format(row.format)],
        "language": row.language,
        **stored,
        **title,
        "creation": row.created_on.isoformat(),
    }
