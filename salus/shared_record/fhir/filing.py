"""A DocumentReference with its content, as software files it (IHE MHD, ITI-105: content inline)."""

from base64 import b64decode
from binascii import Error
from dataclasses import dataclass
from datetime import date
from hashlib import sha1, sha256

from salus.directory.fhir import FINDS
from salus.fhir.datatypes import codings
from salus.fhir.element import Element
from salus.fhir.exact_json import MOST_BYTES
from salus.fhir.identities import identity_of
from salus.fhir.references import row_meant
from salus.fhir.resource import Call
from salus.mpi.fhir import find_person
from salus.shared_record.fhir.rendering import CONFIDENTIALITY
from salus.shared_record.models import Format
from salus.shared_record.reading import format_of
from salus.shared_record.rules import MEDIA_TYPES
from salus.terminology import DOCUMENT_TYPES, LOINC


@dataclass(frozen=True, kw_only=True)
class Filing:
    """What there is to file, with the names that `salus.shared_record.actions.file_document` gives it."""

    person: int
    created_on: date
    type: int
    format: Format
    language: str
    content: bytes
    title: str
    practitioner: int | None
    organization: int | None
    master_identifier: str | None
    replaces: int | None


def read_filing(call: Call, document: Element) -> Filing:
    """Raises InvalidInput for what cannot be kept as it is meant; what is only not kept is let fall
    (docs/reference/fhir-documents.md)."""
    if document.text("status") != "current":
        raise document.wrong("status", "a document is filed as current")
    if document.text("docStatus") not in ("", "final", "amended"):
        raise document.wrong("docStatus", "only final documents are filed")
    _check_label(document)
    contents = document.children("content")
    if len(contents) != 1:
        raise document.wrong("content", "exactly one")
    attachment = contents[0].child("attachment")
    content = _content(attachment)
    return Filing(
        person=_person(call, document),
        created_on=_created_on(call, document, attachment),
        type=_type(document),
        format=_format(attachment, content),
        language=_language(document, attachment),
        content=content,
        title=attachment.text("title") or document.words("description"),
        practitioner=_author(call, document, "Practitioner"),
        organization=_author(call, document, "Organization"),
        master_identifier=_identity(document),
        replaces=_replaces(call, document),
    )


def _person(call: Call, document: Element) -> int:
    subject = document.child("subject")
    person = row_meant(call, document, subject, type="Patient", find=find_person)
    if person is None:
        raise document.wrong("subject", "must refer to a Patient")
    return person


def _author(call: Call, document: Element, type: str) -> int | None:
    meant = [
        row_meant(call, document, author, type=type, find=FINDS[type])
        for author in document.children("author")
    ]
    authors = {row for row in meant if row}
    if len(authors) > 1:
        raise document.wrong("author", f"at most one {type}")
    return next(iter(authors), None)


def _type(document: Element) -> int:
    """The type is one of ours; the category follows from it, and one that says otherwise is refused."""
    codes = {code for system, code, _ in codings(document.child("type")) if system == LOINC}
    known = next((key for key, one in DOCUMENT_TYPES.items() if one.loinc in codes), None)
    if known is None:
        accepted = ", ".join(one.loinc for one in DOCUMENT_TYPES.values())
        raise document.wrong("type", f"must have one of these codes of LOINC: {accepted}")
    classes = {
        code
        for category in document.children("category")
        for system, code, _ in codings(category)
        if system == LOINC
    }
    if classes and not classes & {DOCUMENT_TYPES[known].category, DOCUMENT_TYPES[known].loinc}:
        raise document.wrong("category", f"of this type it is {DOCUMENT_TYPES[known].category}")
    return known


def _check_label(document: Element) -> None:
    """There are no levels of confidentiality yet: what asks for one would not get what it asks for."""
    for label in document.children("securityLabel"):
        if any(s == CONFIDENTIALITY and code != "N" for s, code, _ in codings(label)):
            raise document.wrong("securityLabel", "only N (normal) can be kept as it is meant")


def _content(attachment: Element) -> bytes:
    data = attachment.text("data", most=MOST_BYTES)
    if not data:
        raise attachment.wrong("data", "the content must come with its DocumentReference")
    try:
        content = b64decode("".join(data.split()), validate=True)
    except (Error, ValueError):
        raise attachment.wrong("data", "not base64") from None
    size = attachment.value.get("size")
    if size is not None and size != len(content):
        raise attachment.wrong("size", "not the size of the content")
    if told := attachment.text("hash"):
        # R4 means SHA-1 (https://hl7.org/fhir/R4/datatypes.html#Attachment); a longer one is taken as SHA-256.
        known = {sha1(content, usedforsecurity=False).digest(), sha256(content).digest()}
        try:
            said = b64decode(told, validate=True)
        except (Error, ValueError):
            raise attachment.wrong("hash", "not base64") from None
        if said not in known:
            raise attachment.wrong("hash", "the content is not what was hashed")
    return content


def _format(attachment: Element, content: bytes) -> Format:
    """What the content really is must be what it is said to be."""
    said = attachment.required("contentType").partition(";")[0].strip().lower()
    accepted = {name: key for key, name in MEDIA_TYPES.items()}
    if said not in accepted:
        raise attachment.wrong("contentType", f"must be one of {', '.join(accepted)}")
    if format_of(content) is not accepted[said]:
        raise attachment.wrong("contentType", "the content is something else")
    return accepted[said]


def _language(document: Element, attachment: Element) -> str:
    said = attachment.text("language") or document.text("language")
    language = said.partition("-")[0].lower()
    if not (len(language) == 2 and language.isascii() and language.isalpha()):
        raise attachment.wrong("language", "missing, or not of two letters such as fr or de-LU")
    return language


def _created_on(call: Call, document: Element, attachment: Element) -> date:
    day = attachment.day("creation") or document.day("date")
    if day is None:
        raise attachment.wrong("creation", "missing: the day that the document is of")
    if day > call.at.date():
        raise attachment.wrong("creation", "a day to come")
    return day


def _identity(document: Element) -> str | None:
    """The master identifier, else the first identifier."""
    named = [document.child("masterIdentifier")] if "masterIdentifier" in document.value else []
    return next(map(identity_of, [*named, *document.children("identifier")]), None)


def _replaces(call: Call, document: Element) -> int | None:
    replaced = None
    for relation in document.children("relatesTo"):
        if relation.text("code") != "replaces" or replaced:
            raise relation.wrong("code", "one relation is kept: replaces")
        target = relation.child("target")
        replaced = row_meant(call, document, target, type="DocumentReference", find=_nothing)
        if replaced is None:
            raise relation.wrong("target", "must refer to a DocumentReference of this server")
    return replaced


def _nothing(_system: str, _value: str) -> int | None:
    return None
