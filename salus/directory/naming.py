"""How entries are called where other than their own page names them."""

from collections.abc import Collection, Mapping
from typing import Any

from salus.directory.fields import FIELDS
from salus.directory.models import Kind
from salus.directory.projecting import TABLES
from salus.directory.words import KINDS, value_said

Named = tuple[Kind, int]
APART = "apart_from"  # the field that names several of its own kind

_WITH: Mapping[Kind, tuple[str, ...]] = {
    Kind.LICENCE: ("practitioner",),
    Kind.ROLE: ("practitioner", "organization"),
    Kind.ENDPOINT: ("organization",),
}


def names_of(entries: Collection[Named]) -> dict[Named, str]:
    """By kind and row id; one that is not there is left out."""
    found: dict[Named, str] = {}
    for kind in {kind for kind, _ in entries}:
        rows = TABLES[kind].objects.select_related(*_WITH.get(kind, ()))
        for row in rows.filter(pk__in={entry for of, entry in entries if of is kind}):
            found[kind, row.pk] = _name(kind, row)
    return found


def referred(said: Mapping[str, Any], kind: Kind) -> set[Named]:
    """The other entries that values name by row id."""
    return {
        (about.refers, said[name])
        for name, about in FIELDS[kind].items()
        if about.refers and isinstance(said.get(name), int)
    } | {(kind, one) for one in said.get(APART) or ()}


def said_of(kind: Kind, field: str, value: Any, names: Mapping[Named, str]) -> str:
    """A field's value as a page shows it, other entries by their names."""
    about = FIELDS[kind].get(field)
    if about and about.refers and isinstance(value, int):
        return names.get((about.refers, value), str(value))
    if field == APART and value:
        return ", ".join(names.get((kind, one), str(one)) for one in value)
    return value_said(kind, field, value)


def _name(kind: Kind, row: Any) -> str:
    match kind:
        case Kind.PRACTITIONER:
            return str(row.full_name)
        case Kind.LICENCE:
            profession = value_said(kind, "profession", row.profession)
            return f"{row.practitioner.full_name} · {profession} ({row.country})"
        case Kind.ROLE:
            return f"{row.practitioner.full_name} · {row.organization.name}"
        case Kind.ENDPOINT:
            return f"{row.organization.name} · {row.name or row.address}"
        case _:
            return str(row.name or KINDS[kind])
