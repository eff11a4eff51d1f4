"""FHIR's XML, to and from the same values as its JSON: https://hl7.org/fhir/R4/xml.html

Driven by HL7's definitions: which elements repeat, which are numbers, in what order they stand. Reading is lenient
where the JSON form shows what is wrong, so that `validation` tells all faults at once, whatever came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from salus.fhir import xhtml
from salus.fhir.definitions import Member, Type, definition, resource_types
from salus.fhir.exact_json import DEEPEST, MOST_MEMBERS, decimal
from salus.kernel.errors import InvalidInput

NAMESPACE = "http://hl7.org/fhir"
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"  # a hint for editors
_INTEGERS = {"integer", "positiveInt", "unsignedInt"}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,300})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,300})(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_NO_CHARACTER = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_LEFT_OUT = f'<div xmlns="{xhtml.NAMESPACE}">The narrative is not well-formed.</div>'


def parse(content: bytes) -> Any:
    """The value that JSON would hold. Raises InvalidInput; entities and document types are refused."""
    parser = DefusedXMLParser(target=_Tree(), forbid_dtd=True, encoding="utf-8")
    try:
        parser.feed(content)
        root = parser.close()
    except DefusedXmlException:
        raise InvalidInput("XML with a document type or entities is not read") from None
    except ParseError as error:
        line, column = error.position
        raise InvalidInput(f"not XML in UTF-8: line {line} column {column}") from None
    except ValueError:  # an encoding that nobody knows
        raise InvalidInput("not XML in UTF-8") from None
    return _resource(root)


def dump(body: dict[str, Any], *, indent: int = 0) -> str:
    """A resource in XML; ``indent`` of each level, 0: all in one line."""
    return '<?xml version="1.0" encoding="UTF-8"?>' + "".join(_Writer(indent).resource(body, 0))


class _Tree(TreeBuilder):
    """Elements within the bounds that JSON has too, checked while they come in."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: Any, attributes: Any, /) -> Any:
        self._depth += 1
        self._count += 1
        if self._depth > DEEPEST:
            raise InvalidInput(f"nested deeper than {DEEPEST} levels")
        if self._count > MOST_MEMBERS:
            raise InvalidInput(f"more than {MOST_MEMBERS} elements: split it")
        return super().start(tag, attributes)

    def end(self, tag: Any, /) -> Any:
        self._depth -= 1
        return super().end(tag)


def _name(element: Element) -> str:
    """Of an element of FHIR; of another namespace a name that no type has."""
    namespace, _, name = str(element.tag).rpartition("}")
    return name if namespace == f"{{{NAMESPACE}" else f"{name} of another namespace"


def _resource(element: Element) -> dict[str, Any]:
    name = _name(element)
    if name not in resource_types():
        raise InvalidInput(f"the element must be a resource of R4 in the namespace {NAMESPACE}")
    return {"resourceType": name, **_members(element, definition(name))}


def _members(element: Element, type: Type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in element.attrib.items():
        if name != _SCHEMA:
            known = name in type.members and type.members[name].attribute
            found[name if known else f"@{name}"] = value
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        found["text between elements"] = True  # no type has it: the validation says where
    children: dict[str, list[Element]] = {}
    for child in element:
        name = "div" if child.tag == f"{{{xhtml.NAMESPACE}}}div" else _name(child)
        children.setdefault(name, []).append(child)
    for name, same in children.items():
        member = type.members.get(name)
        if member is None or member.attribute:
            found[name if member is None else f"<{name}>"] = True
        else:
            found |= _held(name, same, member)
    return found


def _held(name: str, elements: list[Element], member: Member) -> dict[str, Any]:
    if not member.primitive:
        values = [_complex(element, member) for element in elements]
        return {name: values if member.many or len(values) > 1 else values[0]}
    if member.type == "xhtml":
        texts = [xhtml.text_of(element) for element in elements]
        return {name: texts if len(texts) > 1 else texts[0]}
    values = [_value(element.get("value"), member.type) for element in elements]
    beside = [_beside(element) for element in elements]
    found: dict[str, Any] = {}
    many = member.many or len(values) > 1
    if any(value is not None for value in values) or not any(beside):
        found[name] = values if many else values[0]
    if any(beside):
        found[f"_{name}"] = beside if many else beside[0]
    return found


def _complex(element: Element, member: Member) -> dict[str, Any]:
    if member.type != "Resource":
        return _members(element, definition(member.type))
    if len(element) != 1:
        raise InvalidInput(f"{member.name} holds one resource", at=member.name)
    return _resource(element[0])


def _beside(element: Element) -> dict[str, Any] | None:
    attributes = {name: value for name, value in element.attrib.items() if name != "value"}
    if not attributes and not len(element) and not (element.text or "").strip():
        return None
    bare = Element(element.tag, attributes)
    bare.text = element.text
    bare.extend(element)
    return _members(bare, definition("Element"))


def _value(text: str | None, type: str) -> Any:
    """As JSON has it; what does not fit stays text, and the validation says so."""
    if text is None:
        return None
    if type == "boolean":
        return {"true": True, "false": False}.get(text, text)
    whole = type in _INTEGERS or (type == "decimal" and "." not in text)
    if whole and _INTEGER.fullmatch(text):
        return int(text)
    if type == "decimal" and _DECIMAL.fullmatch(text):
        return decimal(text)
    return text


class _Writer:
    def __init__(self, indent: int) -> None:
        self._indent = indent

    def resource(self, body: dict[str, Any], depth: int) -> Iterator[str]:
        name = body["resourceType"]
        yield from self._element(name, body, definition(name), depth, f' xmlns="{NAMESPACE}"')

    def _element(
        self, name: str, value: dict[str, Any], type: Type, depth: int, more: str = ""
    ) -> Iterator[str]:
        """``more``: attributes that are known already."""
        children: list[str] = []
        for member in type.members.values():
            held, beside = value.get(member.name), value.get(f"_{member.name}")
            if member.attribute:
                more += f' {member.name}="{_escaped(held)}"' if held is not None else ""
            elif held is not None or beside is not None:
                children += self._member(member, held, beside, depth + 1)
        yield f"{self._line(depth)}<{name}{more}"
        if children:
            yield ">"
            yield from children
            yield f"{self._line(depth)}</{name}>"
        else:
            yield "/>"

    def _member(self, member: Member, held: Any, beside: Any, depth: int) -> Iterator[str]:
        if not member.many:
            held, beside = [held], [beside]
        held = held or [None] * len(beside)
        beside = beside or [None] * len(held)
        for value, its in zip(held, beside, strict=True):
            if member.type == "xhtml":
                yield self._line(depth) + _div(value)
            elif member.primitive:
                written = f' value="{_escaped(value)}"' if value is not None else ""
                element = definition("Element")
                yield from self._element(member.name, its or {}, element, depth, written)
            elif member.type == "Resource":
                yield f"{self._line(depth)}<{member.name}>"
                yield from self.resource(value, depth + 1)
                yield f"{self._line(depth)}</{member.name}>"
            else:
                yield from self._element(member.name, value, definition(member.type), depth)

    def _line(self, depth: int) -> str:
        return "\n" + " " * (self._indent * depth) if self._indent else ""


def _escaped(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
    text = escape(_NO_CHARACTER.sub("\ufffd", value))
    # A reader would make spaces of them.
    return text.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")


def _div(text: str) -> str:
    try:
        return xhtml.normal(text)
    except ValueError:
        return _LEFT_OUT  # of what was imported before narratives were checked
