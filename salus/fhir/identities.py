"""A business identifier as one text, the form in which rows keep what a sender calls a resource.

A URI stands by itself, anything else as ``system|value``.
"""

from django.db.models import Q

from salus.fhir.conditions import NOTHING, Condition, each
from salus.fhir.criteria import Coded, Value
from salus.fhir.datatypes import URI
from salus.fhir.element import Element
from salus.fhir.resource import Body


def identity(system: str, value: str) -> str:
    return value if system in ("", URI) else f"{system}|{value}"


def identifier(text: str) -> Body:
    system, bar, value = text.rpartition("|")
    return {"system": system, "value": value} if bar else {"system": URI, "value": text}


def identity_of(identifier: Element) -> str:
    value = identifier.required("value")
    if "|" in value:
        raise identifier.wrong("value", "must not hold |")
    return identity(identifier.text("system"), value)


def asked_for(value: Value) -> str | None:
    """What a value of a search asks for, when it says all of it."""
    if not isinstance(value, Coded) or not value.code:
        return None
    return identity(value.system or "", value.code)


def identified(column: str) -> Condition:
    """A column of such texts, null where the sender gave none; for rows of few people: no index serves a part of it."""

    def ask(value: Value) -> Q:
        match value:
            case Coded(system=None, code=str(code)):
                return Q(**{column: code}) | Q(**{f"{column}__endswith": f"|{code}"})
            case Coded(system=str(system), code=None):
                if system == URI:
                    return ~_none(column) & ~Q(**{f"{column}__contains": "|"})
                return Q(**{f"{column}__startswith": f"{system}|"})
            case Coded(system=str(system), code=str(code)) if system:
                return Q(**{column: identity(system, code)})
        return NOTHING

    return each(ask, missing=_none(column))


def _none(column: str) -> Q:
    return Q(**{f"{column}__isnull": True})
