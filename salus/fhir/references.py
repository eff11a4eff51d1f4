"""What a Reference in a received resource means: of this server, contained, or told by an identifier.

https://hl7.org/fhir/R4/references.html
"""

import re
from collections.abc import Callable

from salus.fhir.datatypes import identifiers
from salus.fhir.element import Element
from salus.fhir.resource import Call

Find = Callable[[str, str], int | None]  # system, value of an identifier -> row

_LOCAL = re.compile(r"([A-Z][A-Za-z]{1,63})/([1-9][0-9]{0,17})(?:/_history/[^/]+)?", re.ASCII)


def row_meant(
    call: Call, resource: Element, reference: Element, *, type: str, find: Find
) -> int | None:
    """The row of this type; None when it is a resource of another type. Raises InvalidInput.

    That a row has such a number is not looked up: whether there is one may not be the sender's to know.
    """
    url = reference.text("reference", most=1000)
    if url.startswith("#"):
        return _contained(resource, reference, url[1:], type, find)
    if url:
        parts = _LOCAL.fullmatch(url.removeprefix(f"{call.base}/"))
        if not parts:
            raise reference.wrong("reference", "not a resource of this server")
        return int(parts[2]) if parts[1] == type else None
    if reference.text("type") not in ("", type):
        return None
    told = reference.child("identifier")
    return _found(reference, [(told.required("system"), told.required("value"))], type, find)


def _contained(
    resource: Element, reference: Element, name: str, type: str, find: Find
) -> int | None:
    for one in resource.children("contained"):
        if one.text("id") == name:
            if one.text("resourceType") != type:
                return None
            return _found(reference, identifiers(one), type, find)
    raise reference.wrong("reference", "nothing of this id is contained")


def _found(
    reference: Element, known_as: list[tuple[str, str]], type: str, find: Find
) -> int | None:
    for system, value in known_as:
        if row := find(system, value):
            return row
    raise reference.wrong("identifier", f"no {type} is known by it")
