"""A filed document as a person reads it: its facts and its sections' text, nothing that runs or loads.

FHIR narrative: https://hl7.org/fhir/R4/narrative.html ; CDA narrative block: HL7 CDA R2, 4.3.5.
Only the elements listed here come out, without attributes but the spans of table cells.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # types; defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.safestring import SafeString

from salus.shared_record.models import Format

_CDA = "{urn:hl7-org:v3}"
_DEEPEST = 40  # elements within elements; what lies deeper comes out as plain text
_BLOCKS = {"p", "div", "pre", "blockquote", "ul", "ol", "li", "dl", "dt", "dd"}
_TABLES = {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
_INLINE = {"b", "strong", "i", "em", "sub", "sup", "span"}
_KEPT = _BLOCKS | _TABLES | _INLINE | {"h3"}
_RENAMED = {
    **dict.fromkeys(["h1", "h2", "h3", "h4", "h5", "h6"], "h3"),
    "paragraph": "p",
    "list": "ul",
    "item": "li",
    "content": "span",
    "text": "div",
}
_DROPPED = frozenset(["script", "style", "renderMultiMedia", "colgroup", "col", "img"])
_STYLES = {"Bold": "strong", "Italics": "em"}


@dataclass(frozen=True, kw_only=True)
class Section:
    title: str
    text: SafeString  # HTML of the kept elements only


@dataclass(frozen=True, kw_only=True)
class Reading:
    title: str
    author: str
    organization: str
    sections: list[Section]


def read(format: Format, content: bytes) -> Reading | None:
    """The readable text, or None when there is none to show beside the original (PDF, broken)."""
    try:
        if format is Format.FHIR:
            return _fhir(json.loads(content))
        if format is Format.CDA:
            return _cda(fromstring(content, forbid_dtd=True))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    except (ParseError, DefusedXmlException):
        return None
    return None


def format_of(content: bytes) -> Format | None:
    """What a content really is, by what it holds; None for what is not filed here.

    FHIR document: https://hl7.org/fhir/R4/documents.html ; PDF: ISO 32000-1, 7.5.2.
    """
    if content.startswith(b"%PDF-"):
        return Format.PDF
    try:
        if content.lstrip()[:1] == b"{":
            bundle = json.loads(content)
            is_document = bundle.get("resourceType") == "Bundle" and bundle["type"] == "document"
            first = bundle["entry"][0]["resource"]["resourceType"]
            return Format.FHIR if is_document and first == "Composition" else None
        root = fromstring(content, forbid_dtd=True)
        return Format.CDA if root.tag == f"{_CDA}ClinicalDocument" else None
    except (ValueError, LookupError, TypeError, RecursionError, ParseError, DefusedXmlException):
        return None


def narrative(element: Element) -> SafeString:
    return SafeString("".join(_markup(element, 0)))


def _fhir(bundle: dict[str, Any]) -> Reading | None:
    resources = {
        entry.get("fullUrl", ""): entry["resource"]
        for entry in bundle.get("entry", [])
        if isinstance(entry.get("resource"), dict)
    }
    composition = next(
        (r for r in resources.values() if r.get("resourceType") == "Composition"), None
    )
    if composition is None:
        return None
    return Reading(
        title=str(composition.get("title", "")),
        author=", ".join(
            filter(None, (_display(author, resources) for author in composition.get("author", [])))
        ),
        organization=_display(composition.get("custodian", {}), resources),
        sections=list(_fhir_sections(composition.get("section", []))),
    )


def _fhir_sections(sections: list[dict[str, Any]]) -> Iterator[Section]:
    for section in sections:
        div = section.get("text", {}).get("div", "")
        if div:
            yield Section(title=str(section.get("title", "")), text=_xhtml(div))
        yield from _fhir_sections(section.get("section", []))


def _xhtml(div: str) -> SafeString:
    try:
        return narrative(fromstring(div.replace("&nbsp;", "\u00a0"), forbid_dtd=True))
    except (ParseError, DefusedXmlException):
        return SafeString(escape(div))


def _display(reference: dict[str, Any], resources: dict[str, Any]) -> str:
    """The name of what a Reference points to: its own display, else the resource's name."""
    if reference.get("display"):
        return str(reference["display"])
    name = resources.get(reference.get("reference", ""), {}).get("name", "")
    if isinstance(name, str):
        return name
    human = name[0] if name else {}
    parts = [*human.get("prefix", []), *human.get("given", []), human.get("family", "")]
    return str(human.get("text") or " ".join(filter(None, parts)))


def _cda(document: Element) -> Reading:
    author = document.find(f"{_CDA}author/{_CDA}assignedAuthor")
    return Reading(
        title=_text(document.find(f"{_CDA}title")),
        author=_text(author.find(f"{_CDA}assignedPerson/{_CDA}name") if author else None),
        organization=_text(
            document.find(
                f"{_CDA}custodian/{_CDA}assignedCustodian/"
                f"{_CDA}representedCustodianOrganization/{_CDA}name"
            )
        ),
        sections=[
            Section(title=_text(section.find(f"{_CDA}title")), text=narrative(text))
            for section in document.iter(f"{_CDA}section")
            if (text := section.find(f"{_CDA}text")) is not None
        ],
    )


def _text(element: Element | None) -> str:
    return " ".join(" ".join(element.itertext()).split()) if element is not None else ""


def _markup(element: Element, depth: int) -> Iterator[str]:
    name = element.tag.rpartition("}")[2]
    if name in _DROPPED:
        return
    if depth > _DEEPEST:
        yield escape(_text(element))
        return
    kept = _STYLES.get(element.get("styleCode", "")) or _RENAMED.get(name, name)
    if name == "list" and element.get("listType") == "ordered":
        kept = "ol"
    wraps = kept in _KEPT
    if kept == "br":
        yield "<br>"
        return
    if wraps:
        yield f"<{kept}{_spans(element)}>"
    yield escape(element.text or "")
    for child in element:
        yield from _markup(child, depth + 1)
        yield escape(child.tail or "")
    if wraps:
        yield f"</{kept}>"


def _spans(element: Element) -> str:
    return "".join(
        f' {name}="{value}"'
        for name in ("colspan", "rowspan")
        if (value := element.get(name, "")).isascii() and value.isdigit()
    )
