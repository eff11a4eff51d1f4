"""A register's file of FHIR R4 resources: a Bundle, or one resource a line (NDJSON)."""

from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from salus.directory.fhir.saying import TYPES, Naming, not_named, sayings
from salus.directory.lines import Line
from salus.directory.models import Kind
from salus.fhir import exact_json
from salus.fhir.bundle import Absent, Bundle, Entry, read_bundle
from salus.fhir.datatypes import identifiers
from salus.fhir.element import Element
from salus.kernel.errors import InvalidInput

_LONGEST = 1 << 20  # bytes of a line
_Known = dict[str, str]  # "Type/id": "system|value"


def read(file: BinaryIO) -> tuple[str, Iterator[Line]]:
    """What the file is, and its lines. Raises InvalidInput when it is a Bundle that cannot be read."""
    file.seek(0)
    if _is_resource(file.readline(_LONGEST + 1)):
        return "FHIR R4 resources, one a line", _of_lines(file)
    file.seek(0)
    return "FHIR R4 Bundle", of_bundle(read_bundle(file.read()))


def of_bundle(bundle: Bundle) -> Iterator[Line]:
    """A line for each entry and each licence in it; what is no type of the directory is refused."""
    name = partial(_in_bundle, bundle)
    for entry in bundle.entries:
        system, value = entry.identifiers()[0]
        yield from _lines(entry.index + 1, entry.resource, system, value, name)


def _in_bundle(bundle: Bundle, reference: Element, kind: Kind) -> str:
    match bundle.find(reference, type=kind):
        case Entry() as entry:
            return "|".join(entry.identifiers()[0])
        case Absent(system=system, value=value):
            return f"{system}|{value}"
        case _:
            raise not_named(reference)


def _is_resource(line: bytes) -> bool:
    """Whether the first line is a resource by itself, and no Bundle that stands on one line."""
    try:
        body = exact_json.parse(line)
    except InvalidInput:
        return False
    return isinstance(body, dict) and body.get("resourceType") != "Bundle"


def _of_lines(file: BinaryIO) -> Iterator[Line]:
    known: _Known = {}
    for _, body in _bodies(file):  # a reference may lead to what comes later
        if isinstance(body, Element):
            for system, value in _identifiers_of(body)[:1]:
                known[f"{body.value.get('resourceType')}/{body.value.get('id')}"] = (
                    f"{system}|{value}"
                )
    name = partial(_among, known)
    for number, body in _bodies(file):
        if isinstance(body, str):
            yield Line(number=number, kind=Kind.PRACTITIONER, problem=body)
            continue
        system, value = next(iter(_identifiers_of(body)), ("", ""))
        yield from _lines(number, body, system, value, name)


def _bodies(file: BinaryIO) -> Iterator[tuple[int, Element | str]]:
    """Each line's number and resource, or what is wrong with it."""
    file.seek(0)
    number = 0
    while line := file.readline(_LONGEST):
        number += 1
        if len(line) == _LONGEST and not line.endswith(b"\n"):
            while (rest := file.readline(_LONGEST)) and not rest.endswith(b"\n"):
                pass
            yield number, f"longer than {_LONGEST >> 20} MiB"
        elif line.strip():
            yield number, _body(line)


def _body(line: bytes) -> Element | str:
    try:
        body: Any = exact_json.parse(line)
    except InvalidInput as error:
        return str(error)
    return Element(path="resource", value=body) if isinstance(body, dict) else "no resource of FHIR"


def _identifiers_of(resource: Element) -> list[tuple[str, str]]:
    try:
        return identifiers(resource)
    except InvalidInput:
        return []  # and it is refused for that, where it is read


def _among(known: _Known, reference: Element, kind: Kind) -> str:
    if "identifier" in reference.value:
        identifier = reference.child("identifier")
        return f"{identifier.required('system')}|{identifier.required('value')}"
    text = reference.text("reference", most=1000)
    wanted, _, token = text.partition("?identifier=")
    if wanted == kind and "|" in token:
        return token
    if text not in known or not text.startswith(f"{kind}/"):
        raise not_named(reference)
    return known[text]


def _lines(number: int, resource: Element, system: str, value: str, name: Naming) -> Iterator[Line]:
    kind = resource.value.get("resourceType")
    if kind not in TYPES:
        problem = f"resourceType: should be one of {', '.join(sorted(TYPES))}"
        yield Line(number=number, kind=Kind.PRACTITIONER, problem=problem)
        return
    try:
        if not value and not identifiers(resource):
            raise resource.wrong("identifier", "missing")
        found = list(sayings(resource, f"{system}|{value}", name))
    except InvalidInput as error:
        yield Line(number=number, kind=Kind(kind), system=system, value=value, problem=str(error))
        return
    for one in found:
        yield Line(
            number=number,
            kind=one.kind,
            system=one.system or system,
            value=one.value or value,
            said=one.said,
            since=one.since,
            until=one.until,
        )
