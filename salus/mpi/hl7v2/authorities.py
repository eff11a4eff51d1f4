"""Assigning authorities (CX.4, an HD): whose numbers these are, as the index names systems of identifiers by URIs.

An OID, a UUID or a URI means the same whoever says it. A namespace alone is a word of its sender's house, so it is
read within that house: two hospitals may both have a "KIS".
"""

import re

from salus.country import country
from salus.hl7v2.message import Field
from salus.hl7v2.refusal import ErrorCode
from salus.hl7v2.writing import Component
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput
from salus.mpi.permissions import OF_A_HOUSE

_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[\x21-\x7e]+")


def system_of(field: Field, component: int, *, of: Actor) -> str:
    """The URI of the HD in this component; '' when it is empty. Raises FieldWrong for one that is none."""
    try:
        return system(*(field.text(component, part) for part in (1, 2, 3)), of=of)
    except InvalidInput as error:
        raise field.wrong(str(error), component, code=ErrorCode.VALUE) from None


def system(namespace: str, universal: str, kind: str, *, of: Actor) -> str:
    """The same of the parts of an HD. Raises InvalidInput."""
    if not universal:
        return _of_namespace(namespace, of) if namespace else ""
    kind = kind.upper() or ("ISO" if _OID.fullmatch(universal) else "")
    if kind == "ISO" and _OID.fullmatch(universal):
        return f"urn:oid:{universal}"
    if kind in ("UUID", "GUID") and _UUID.fullmatch(universal.lower()):
        return f"urn:uuid:{universal.lower()}"
    if kind == "URI" and _URI.fullmatch(universal):
        return universal
    raise InvalidInput("the universal id of an authority is an OID (ISO), a UUID, or a URI")


def designator(system: str) -> Component:
    """The HD of this URI, with all of its parts that there are."""
    name = country().CODE if system == country().MATRICULE_SYSTEM else ""
    for scheme, kind in (("urn:oid:", "ISO"), ("urn:uuid:", "UUID")):
        if system.startswith(scheme):
            return (name, system.removeprefix(scheme), kind)
    if system.startswith(OF_A_HOUSE):
        name = system.removeprefix(OF_A_HOUSE).partition(":")[2]
    return (name, system, "URI")


def _of_namespace(namespace: str, of: Actor) -> str:
    """The national number's is the code of the country, whoever says it."""
    if namespace == country().CODE:
        return str(country().MATRICULE_SYSTEM)
    return f"{OF_A_HOUSE}{of.organization}:{namespace}"
