"""The types of FHIR R4, as HL7 defines them; `tools/definitions.py` writes the table (`make assets`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from salus.kernel.errors import SalusError

_TABLE = Path(__file__).parent / "r4.json"


class DefinitionsMissing(SalusError):
    """The table was never made, in a folder of sources."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """An element of a type under one of its names in JSON: valueQuantity is one of value[x]."""

    name: str
    element: str  # name in the definition: value[x]
    type: str  # a primitive, a type, a path of members that stand in line, or Resource
    targets: frozenset[str]  # types that a Reference may mean; empty: any
    least: int
    many: bool
    codes: str  # of `required_codes`; '' without a required binding
    attribute: bool  # in XML
    summary: bool
    primitive: bool


@dataclass(frozen=True, kw_only=True)
class Type:
    name: str
    members: Mapping[str, Member]  # in the order of XML; nobody changes it
    required: tuple[str, ...]  # elements that must be there, by their name in the definition


@cache
def _table() -> dict[str, Any]:
    try:
        content = _TABLE.read_bytes()
    except FileNotFoundError:
        raise DefinitionsMissing(f"{_TABLE.name} is missing: make assets") from None
    table: dict[str, Any] = json.loads(content)
    return table


@cache
def resource_types() -> frozenset[str]:
    return frozenset(_table()["resources"])


@cache
def primitives() -> Mapping[str, str]:
    """Regular expression by name of each primitive type; '' where R4 states none."""
    known: dict[str, str] = _table()["primitives"]
    return known


@cache
def required_codes(value_set: str) -> Mapping[str, frozenset[str]]:
    """The codes of a value set by their system; empty when nobody lists them, as media types."""
    systems: dict[str, list[str]] = _table()["codes"][value_set]
    return {system: frozenset(codes) for system, codes in systems.items()}


@cache
def definition(name: str) -> Type:
    """Of a type, or of a path of members that stand in line. KeyError when R4 has none."""
    rows = _table()["types"][name]
    members = [
        _member(element, least, most, kind, codes, flags)
        for element, least, most, kinds, codes, flags in rows
        for kind in kinds
    ]
    return Type(
        name=name,
        members={member.name: member for member in members},
        required=tuple(element for element, least, *_ in rows if least),
    )


def _member(element: str, least: int, most: int, kind: str, codes: str, flags: str) -> Member:
    named, _, targets = kind.removesuffix(")").partition("(")
    name = element
    if element.endswith("[x]"):
        name = element.removesuffix("[x]") + named[0].upper() + named[1:]
    return Member(
        name=name,
        element=element,
        type=named,
        targets=frozenset(targets.split("|")) if targets else frozenset(),
        least=least,
        many=not most,
        codes=codes,
        attribute="a" in flags,
        summary="s" in flags,
        primitive=named in primitives(),
    )
