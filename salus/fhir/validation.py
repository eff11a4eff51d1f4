"""Whether a resource is one of FHIR R4: members, cardinalities, types, required codes, targets of references.

Driven by HL7's definitions; of the invariants those that are cheap. All faults are told at once, up to MOST_FAULTS,
and none quotes what the resource holds.
"""

import re
from collections.abc import Iterator
from typing import Any

from salus.fhir import invariants, primitive
from salus.fhir.definitions import Member, Type, definition, required_codes, resource_types
from salus.fhir.outcome import InvalidResource, Issue

MOST_FAULTS = 50

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9]{0,63}")
_TARGET = re.compile(
    r"(?:^|/)([A-Z][A-Za-z]{1,63})(?:/[A-Za-z0-9\-.]{1,64}(?:/_history/[^/]+)?$|\?)"
)


def check(body: Any, *, type: str) -> None:
    """Raises InvalidResource with everything that is wrong about a resource of this type."""
    if not isinstance(body, dict):
        raise InvalidResource([Issue(code="structure", text="a resource is an object")])
    if body.get("resourceType") != type:
        text = f"resourceType must be {type} here"
        raise InvalidResource([Issue(code="invalid", text=text, expression=type)])
    if issues := faults(body):
        raise InvalidResource(issues)


def faults(body: dict[str, Any], *, path: str = "") -> list[Issue]:
    """What is wrong with a resource, in the order of its members; the last says when there is more."""
    checker = _Checker()
    try:
        checker.resource(body, path)
    except _Enough:
        checker.issues[-1] = Issue(
            code="too-costly", severity="information", text="there is more: mend these first"
        )
    return checker.issues


class _Enough(Exception):
    """No fault of ours: enough is told."""


class _Checker:
    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def add(self, code: str, path: str, text: str) -> None:
        self.issues.append(Issue(code=code, text=text, expression=path))
        if len(self.issues) > MOST_FAULTS:
            raise _Enough

    def resource(self, body: Any, path: str, *, contained: bool = False) -> None:
        """``path``: of where it stands; '' for one by itself, whose type is its path."""
        if not isinstance(body, dict):
            return self.add("structure", path, "an object is expected")
        name = body.get("resourceType")
        if not isinstance(name, str) or name not in resource_types():
            return self.add("structure", path or "Resource", "resourceType names no type of R4")
        path = path or name
        members = {held: value for held, value in body.items() if held != "resourceType"}
        self.object(members, definition(name), path, empty=True)
        for code, place, text in invariants.of_resource(body, contained=contained):
            self.add(code, f"{path}{place}", text)

    def object(self, value: Any, type: Type, path: str, *, empty: bool = False) -> None:
        if not isinstance(value, dict):
            return self.add("structure", path, "an object is expected")
        if not value and not empty:
            return self.add("structure", path, "an element has a value or members")
        seen: dict[str, str] = {}
        for name, held in value.items():
            plain = name.removeprefix("_")
            member = type.members.get(plain)
            if member is None or (plain != name and not member.primitive):
                self.unknown(name, type, path)
                continue
            if seen.setdefault(member.element, plain) != plain:
                self.add("structure", _place(path, member), "only one of its types at a time")
            if plain == name:
                beside = value.get(f"_{name}") if member.primitive else None
                self.member(held, beside, member, _place(path, member))
            elif plain not in value:
                self.member(None, held, member, _place(path, member))
        for element in type.required:
            if element not in seen:
                place = f"{path}.{element.removesuffix('[x]')}"
                self.add("required", place, "missing: it is required")
        for code, place, text in invariants.of_type(type.name, value):
            self.add(code, f"{path}{place}", text)

    def unknown(self, name: str, type: Type, path: str) -> None:
        if not _NAME.fullmatch(name):
            return self.add("structure", path, "has a member whose name is none")
        self.add("structure", f"{path}.{name}", f"no such element in {type.name}")

    def member(self, value: Any, more: Any, member: Member, place: str) -> None:
        """``more``: what stands under the name with an underscore, id and extensions of a primitive."""
        if not member.many:
            return self.item(value, more, member, place)
        if not isinstance(value, list | None) or not isinstance(more, list | None):
            return self.add("structure", place, "an array is expected: the element may repeat")
        if not value and not more:
            return self.add("structure", place, "an array is not empty")
        if value is not None and more is not None and len(value) != len(more):
            return self.add(
                "structure", place, "as many values as entries in the array beside them"
            )
        values = value or [None] * len(more or [])
        beside = more or [None] * len(values)
        for index, (one, its) in enumerate(zip(values, beside, strict=True)):
            self.item(one, its, member, f"{place}[{index}]")

    def item(self, value: Any, more: Any, member: Member, place: str) -> None:
        if member.primitive:
            if more is not None:
                self.object(more, definition("Element"), place)
            elif value is None:
                self.add("structure", place, "null stands for nothing")
            if value is not None:
                self.value(value, member, place)
        elif member.type == "Resource":
            self.resource(value, place, contained=member.name == "contained")
        else:
            self.object(value, definition(member.type), place)
            if isinstance(value, dict):
                self.concept(value, member, place)
                self.reference(value, member, place)

    def value(self, value: Any, member: Member, place: str) -> None:
        if wrong := primitive.fault(member.type, value):
            return self.add("value", place, wrong)
        if member.codes and not _is_code(value, member.codes):
            self.add("code-invalid", place, f"not a code of {member.codes}")

    def concept(self, value: dict[str, Any], member: Member, place: str) -> None:
        """A required binding of a CodeableConcept: at least one of its codings is of the value set."""
        if not member.codes or not (known := required_codes(member.codes)):
            return
        codings = value.get("coding")
        for coding in codings if isinstance(codings, list) else []:
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                system = coding.get("system")
                if isinstance(system, str) and coding["code"] in known.get(system, ()):
                    return
        self.add("code-invalid", place, f"one coding must be of {member.codes}")

    def reference(self, value: dict[str, Any], member: Member, place: str) -> None:
        if not member.targets:
            return
        for named in _targets_of(value):
            if named in resource_types() and named not in member.targets:
                wanted = ", ".join(sorted(member.targets))
                return self.add("invalid", place, f"must refer to one of: {wanted}")


def _place(path: str, member: Member) -> str:
    """In FHIRPath; a choice says of which type: https://hl7.org/fhir/R4/fhirpath.html#simple"""
    if member.element.endswith("[x]"):
        return f"{path}.{member.element.removesuffix('[x]')}.ofType({member.type})"
    return f"{path}.{member.name}"


def _is_code(value: Any, value_set: str) -> bool:
    known = required_codes(value_set)
    if known:
        return any(value in codes for codes in known.values())
    return primitive.is_open_code(value, value_set)


def _targets_of(reference: dict[str, Any]) -> Iterator[str]:
    """The types that a Reference names, by its address and in words."""
    address, said = reference.get("reference"), reference.get("type")
    if isinstance(address, str) and (found := _TARGET.search(address)):
        yield found[1]
    if isinstance(said, str):
        yield said
