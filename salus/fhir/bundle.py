"""A received FHIR R4 Bundle: its entries, and which of them a Reference means."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from salus.fhir import exact_json
from salus.fhir.datatypes import URI, codings, identifiers
from salus.fhir.element import Element
from salus.kernel.errors import InvalidInput

TYPES = ("transaction", "batch", "collection", "searchset")


@dataclass(frozen=True, kw_only=True)
class Entry:
    index: int
    full_url: str
    type: str  # Patient, Encounter, ...
    resource: Element

    def identifiers(self) -> list[tuple[str, str]]:
        """(system, value) of the business identifiers, else the full URL: never empty."""
        return identifiers(self.resource) or [(URI, self.full_url)]

    def is_error(self) -> bool:
        """Whether the sender says that this was entered in error, and never was."""
        verification = self.resource.value.get("verificationStatus")
        concept = (
            self.resource.child("verificationStatus") if isinstance(verification, dict) else None
        )
        codes = [code for _, code, _ in codings(concept)] if concept else []
        return "entered-in-error" in (self.resource.value.get("status"), *codes)

    def identity(self) -> str:
        """What the sender calls this resource, the same in each of its exports."""
        system, value = self.identifiers()[0]
        return value if system == URI else f"{system}|{value}"


@dataclass(frozen=True, kw_only=True)
class Absent:
    """What a Reference means that is not in the Bundle, by identifier: (type, system, value)."""

    type: str
    system: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Bundle:
    entries: tuple[Entry, ...]
    _by_url: dict[str, Entry] = field(repr=False)
    _by_identifier: dict[tuple[str, str, str], Entry] = field(repr=False)

    def of_type(self, type: str) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.type == type)

    @cached_property
    def by_encounter(self) -> dict[int, list[Entry]]:
        """Index of each Encounter entry -> the entries that say they belong to it."""
        found: dict[int, list[Entry]] = {}
        for entry in self.entries:
            if not entry.is_error():
                targets = (self.find(r, type="Encounter") for r in _encounters_of(entry.resource))
                for index in {target.index for target in targets if isinstance(target, Entry)}:
                    found.setdefault(index, []).append(entry)
        return found

    @cached_property
    def in_encounters(self) -> frozenset[int]:
        """Index of each entry that belongs to an encounter."""
        return frozenset(entry.index for found in self.by_encounter.values() for entry in found)

    def find(self, reference: Element, *, type: str) -> Entry | Absent | None:
        """The resource of this type that a Reference means.

        None: a resource of another type, or one that nobody could look up here (contained, on
        another server, only described in words). Raises InvalidInput when it should be in the
        Bundle and is not.
        """
        url = unquote(reference.text("reference", most=1000)).split("/_history/")[0]
        if "?" in url or (not url and "identifier" in reference.value):
            return self._by_business_identifier(reference, url, type)
        if not url or url.startswith("#"):
            return None
        entry = self._by_url.get(url)
        if entry is None:
            if url.startswith(("http:", "https:")):
                return None
            raise reference.wrong("reference", "nothing in this Bundle has this URL")
        return entry if entry.type == type else None

    def linked(self, entry: Entry) -> Iterator[Entry]:
        """The entries that this one refers to anywhere in it, by URL."""
        for url in _references(entry.resource.value):
            target = self._by_url.get(url)
            if target:
                yield target

    def _by_business_identifier(
        self, reference: Element, url: str, type: str
    ) -> Entry | Absent | None:
        # Conditional references: https://hl7.org/fhir/R4/http.html#trules
        if url:
            wanted, _, token = url.partition("?identifier=")
            system, _, value = token.partition("|")
        else:
            identifier = reference.child("identifier")
            wanted = reference.text("type") or type
            system, value = identifier.text("system"), identifier.text("value")
        if not system or not value:
            raise reference.wrong("reference", "must read Type?identifier=system|value")
        if wanted != type:
            return None
        found = self._by_identifier.get((type, system, value))
        return found or Absent(type=type, system=system, value=value)


def read_bundle(content: bytes) -> Bundle:
    """Parse and check a Bundle; raises InvalidInput that says which entry is wrong, and where."""
    document = exact_json.parse(content)
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        raise InvalidInput("not a FHIR Bundle: resourceType must be Bundle")
    bundle = Element(path="Bundle", value=document)
    bundle.code("type", TYPES)
    entries = tuple(
        _entry(index, Element(path=f"entry[{index}]", value=element.value))
        for index, element in enumerate(bundle.children("entry"))
    )
    by_url: dict[str, Entry] = {}
    for entry in entries:
        if entry.full_url in by_url:
            other = by_url[entry.full_url].index
            raise InvalidInput(f"entry[{entry.index}].fullUrl: the same as that of entry[{other}]")
        by_url[entry.full_url] = entry
    for entry in entries:
        if name := entry.resource.text("id"):
            by_url.setdefault(f"{entry.type}/{name}", entry)
    for entry in entries:
        for url in _references(entry.resource.value):
            if url.startswith("urn:uuid:") and url not in by_url:
                raise InvalidInput(
                    f"entry[{entry.index}].resource: refers to {url[:50]}, which is not in this Bundle"
                )
    return Bundle(
        entries=entries,
        _by_url=by_url,
        _by_identifier={
            (entry.type, system, value): entry
            for entry in entries
            if isinstance(entry.resource.value.get("identifier"), list)
            for system, value in identifiers(entry.resource)
        },
    )


def _entry(index: int, element: Element) -> Entry:
    if "resource" not in element.value:
        raise element.wrong("resource", "missing")
    full_url = element.required("fullUrl")
    if ":" not in full_url:
        raise element.wrong("fullUrl", "must be an absolute URL")
    resource = element.child("resource")
    return Entry(
        index=index, full_url=full_url, type=resource.required("resourceType"), resource=resource
    )


def _encounters_of(resource: Element) -> Iterator[Element]:
    """`encounter` of most types, `context` of some, `context.encounter` of DocumentReference."""
    for name in ("encounter", "context"):
        member = resource.value.get(name)
        if isinstance(member, dict):
            yield resource.child(name)
            if isinstance(member.get("encounter"), list):
                yield from resource.child(name).children("encounter")


def _references(value: Any) -> Iterator[str]:
    """Every `reference` in a resource, as written."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "reference" and isinstance(member, str):
                yield member
            else:
                yield from _references(member)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
