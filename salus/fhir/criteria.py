"""What a search parameter asks for, and what a resource has of it: the plain meaning of R4's search, without SQL.

Every fast way to the same answer is tested against `Criterion.is_met_by` (https://hl7.org/fhir/R4/search.html).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

from salus.kernel.search_key import search_key


class ParameterType(StrEnum):
    """https://hl7.org/fhir/R4/search.html#ptypes, as far as a declared parameter needs it."""

    TOKEN = "token"  # noqa: S105  # no password
    REFERENCE = "reference"
    DATE = "date"
    STRING = "string"
    URI = "uri"
    SPECIAL = "special"  # near a point: no other is served


class Modifier(StrEnum):
    """https://hl7.org/fhir/R4/search.html#modifiers, without :missing (`Criterion`) and :[type] (`Named`)"""

    NONE = ""
    NOT = "not"
    TEXT = "text"
    OF_TYPE = "of-type"
    IDENTIFIER = "identifier"
    EXACT = "exact"
    CONTAINS = "contains"


class Prefix(StrEnum):
    """https://hl7.org/fhir/R4/search.html#prefix"""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


@dataclass(frozen=True, kw_only=True)
class Span:
    """The time from ``start`` until before ``end``: what a date of any precision means, and a Period."""

    start: datetime
    end: datetime

    def within(self, other: Span) -> bool:
        return other.start <= self.start and self.end <= other.end


# What a resource has of a parameter


@dataclass(frozen=True, kw_only=True)
class Token:
    """A Coding, an Identifier, a code, a boolean. ``system`` is '' where there is none."""

    system: str = ""
    code: str
    text: str = ""  # display of a coding, text of a concept or of an identifier's type
    types: frozenset[tuple[str, str]] = frozenset()  # of an identifier: system and code of each


@dataclass(frozen=True, kw_only=True)
class Reference:
    """``type`` and ``id`` of a resource of ours, or a ``url``, also that of a uri; a logical one has neither."""

    type: str = ""
    id: str = ""
    url: str = ""
    identifier: Token | None = None


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text that is found from the start of any of its words; by :exact as a whole, or as one of its words."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


EARTH = 6371.0088  # kilometres: the mean radius of WGS 84


def distance(one: Point, other: Point) -> float:
    """Kilometres along a great circle (haversine)."""
    up = sin(radians(other.latitude - one.latitude) / 2)
    along = sin(radians(other.longitude - one.longitude) / 2)
    flat = cos(radians(one.latitude)) * cos(radians(other.latitude))
    return 2 * EARTH * asin(min(1.0, sqrt(up * up + flat * along * along)))


Fact = Token | Reference | Span | Words | Point | str


# What a request asks for


@dataclass(frozen=True, kw_only=True)
class Coded:
    """``system|code``: None is any, and '' of the system is none at all (``|code``)."""

    system: str | None = None
    code: str | None = None

    def names(self, token: Token) -> bool:
        return self.system in (None, token.system) and self.code in (None, token.code)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """``system|code|value`` of :of-type: an identifier whose type is that, and its value."""

    system: str
    code: str
    value: str

    def names(self, token: Token) -> bool:
        return (self.system, self.code) in token.types and self.value == token.code


@dataclass(frozen=True, kw_only=True)
class Named:
    """``Type/id``, ``id`` (``type`` is ''), or a ``url``."""

    type: str = ""
    id: str = ""
    url: str = ""

    def names(self, reference: Reference) -> bool:
        if self.url:
            return self.url == reference.url
        return self.id == reference.id and self.type in ("", reference.type)


@dataclass(frozen=True, kw_only=True)
class When:
    """A date with its prefix; of ``ap`` the span is widened already."""

    prefix: Prefix
    span: Span

    def covers(self, fact: Span) -> bool:
        """https://hl7.org/fhir/R4/search.html#prefix: what a resource covers against what is asked for"""
        asked = self.span
        match self.prefix:
            case Prefix.EQ:
                return fact.within(asked)
            case Prefix.NE:
                return not fact.within(asked)
            case Prefix.GT:
                return fact.end > asked.end
            case Prefix.LT:
                return fact.start < asked.start
            case Prefix.GE:
                return fact.end > asked.end or fact.within(asked)
            case Prefix.LE:
                return fact.start < asked.start or fact.within(asked)
            case Prefix.SA:
                return fact.start >= asked.end
            case Prefix.EB:
                return fact.end <= asked.start
            case Prefix.AP:
                return fact.start < asked.end and asked.start < fact.end


@dataclass(frozen=True, kw_only=True)
class Near:
    """At most ``within`` kilometres from a point: https://hl7.org/fhir/R4/location.html#positional"""

    point: Point
    within: float

    def reaches(self, fact: Point) -> bool:
        return distance(self.point, fact) <= self.within


Value = Coded | Typed | Named | When | Near | str


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One parameter of a request, met by a resource that has any of the values.

    ``missing`` is what :missing asks. With ``chain`` (``subject:Patient.identifier``, and ``_has``) it is met
    when the resource at the other end, of type ``of``, meets that criterion; there are no values then.
    """

    name: str
    modifier: Modifier = Modifier.NONE
    values: tuple[Value, ...] = ()
    missing: bool | None = None
    of: str = ""  # the type at the other end of a chain
    chain: Criterion | None = None

    def is_met_by(self, facts: Collection[Fact]) -> bool:
        if self.chain:
            raise TypeError("a chain is met by another resource's facts")
        if self.missing is not None:
            return self.missing is not bool(facts)
        met = any(_is_met(value, fact, self.modifier) for value in self.values for fact in facts)
        return met is not (self.modifier is Modifier.NOT)


def _is_met(value: Value, fact: Fact, modifier: Modifier) -> bool:
    match value, fact:
        case When(), Span():
            return value.covers(fact)
        case Near(), Point():
            return value.reaches(fact)
        case Named(), Reference():
            return value.names(fact)
        case Coded(), Reference():
            return fact.identifier is not None and value.names(fact.identifier)
        case Coded() | Typed(), Token():
            return value.names(fact)
        case str(), Token():  # :text
            return _is_said(value, fact.text, Modifier.NONE)
        case str(), Words():
            return _is_among(value, fact.text, modifier)
        case str(), str():
            return _is_said(value, fact, modifier)
    raise TypeError("a fact of another type than its parameter")


def _is_said(value: str, fact: str, modifier: Modifier) -> bool:
    match modifier:
        case Modifier.EXACT:
            return value == fact
        case Modifier.CONTAINS:
            return search_key(value) in search_key(fact)
    return search_key(fact).startswith(search_key(value))


def _is_among(value: str, text: str, modifier: Modifier) -> bool:
    if modifier is Modifier.EXACT:
        return value == text or value in text.split(" ")
    if modifier is Modifier.CONTAINS:
        return _is_said(value, text, modifier)
    return f" {search_key(value)}" in f" {search_key(text)}"
