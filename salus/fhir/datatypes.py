"""Data types of FHIR R4 that several domains read (https://hl7.org/fhir/R4/datatypes.html)."""

from collections.abc import Iterator
from dataclasses import dataclass

from salus.fhir.element import Element
from salus.kernel.search_key import search_key

# https://hl7.org/fhir/R4/valueset-administrative-gender.html
GENDERS = ("male", "female", "other", "unknown")
URI = "urn:ietf:rfc:3986"  # system of an identifier whose value is a URI itself


@dataclass(frozen=True, kw_only=True)
class HumanName:
    family: str
    given: str  # all given names, parted by a space
    prefix: str


@dataclass(frozen=True, kw_only=True)
class Address:
    country: str  # ISO 3166-1 alpha-2; '' when the sender wrote it otherwise
    postal_code: str
    city: str
    line: str


IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def identifiers(resource: Element) -> list[tuple[str, str]]:
    """(system, value) of each Identifier that has both."""
    found = [(i.text("system"), i.text("value")) for i in resource.children("identifier")]
    return [(system, value) for system, value in found if system and value]


def human_name(resource: Element) -> HumanName:
    """That of `best_name`; raises InvalidInput without family."""
    name = best_name(resource)
    return HumanName(
        family=name.required("family"),
        given=" ".join(name.texts("given")),
        prefix=" ".join(name.texts("prefix")),
    )


def best_name(resource: Element) -> Element:
    """The official name, else the usual one, else the first; raises InvalidInput when there is none."""
    names = resource.children("name")
    if not names:
        raise resource.wrong("name", "missing")
    return min(names, key=lambda name: _rank(name.text("use"), ("official", "usual", "")))


def address(resource: Element) -> Address | None:
    """The home address, else the first."""
    addresses = resource.children("address")
    if not addresses:
        return None
    home = min(addresses, key=lambda place: _rank(place.text("use"), ("home", "")))
    country = home.text("country").upper()
    return Address(
        country=country if len(country) == 2 and country.isascii() and country.isalpha() else "",
        postal_code=home.text("postalCode"),
        city=home.text("city"),
        line=", ".join(home.texts("line")),
    )


def from_each_word(text: str) -> list[str]:
    """The search keys by which a text is found from the start of any word: "Jean Paul" also by "paul"."""
    words = search_key(text).split()
    return [" ".join(words[start:]) for start in range(len(words))]


def row_number(id: str) -> int:
    """The row of a type whose ids are row numbers; 0, which is none, for what is no such id."""
    known = id.isascii() and id.isdecimal() and not id.startswith("0") and len(id) < 19
    return int(id) if known else 0


def telephone(resource: Element) -> str:
    return contact(resource, "phone")


def contact(resource: Element, system: str) -> str:
    """The first of this ContactPointSystem; '' when there is none."""
    known = (one for one in resource.children("telecom") if one.text("system") == system)
    return next((one.text("value") for one in known), "")


def codings(concept: Element) -> Iterator[tuple[str, str, str]]:
    """(system, code, display) of each Coding of a CodeableConcept that has a code."""
    for coding in concept.children("coding"):
        if code := coding.text("code"):
            yield coding.text("system"), code, coding.words("display")


def concept_text(concept: Element) -> str:
    """A CodeableConcept in words: its text, else a display, else a code; '' when it has none."""
    text = concept.words("text")
    return text or next((display or code for _, code, display in codings(concept)), "")


def _rank(use: str, best_first: tuple[str, ...]) -> int:
    return best_first.index(use) if use in best_first else len(best_first)
