"""The provider directory: what its register says of each entry as statements, and the rows that follow from them.

Rows are what ``salus.directory.projecting`` would write; a test projects all of them and finds nothing to change.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from salus.audit.models import Agent, EventKind
from salus.country.lu import PROVIDER_SYSTEM
from salus.directory.fields import FIELDS
from salus.directory.models import How, Kind
from salus.directory.projecting import TABLES
from salus.simulation import binary_copy as copy
from salus.simulation.events import Events
from salus.simulation.lives import World
from salus.simulation.register import Entries, Said
from salus.simulation.register_of_people import licences, practitioners
from salus.simulation.register_of_places import endpoints, locations, organizations, services
from salus.simulation.register_of_roles import roles
from salus.simulation.tables import Names, Table, event_table
from salus.simulation.timeline import DAY, NEVER, NO_DAY, Ints

REGISTER = "health-directorate"
_GONE = ("ended", "retired", "deceased")
_TIMED = (Kind.ROLE, Kind.LICENCE)  # their rows have the time of the status
_NO_VERSION = 0


@lru_cache(maxsize=1)
def national_register(world: World) -> list[Entries]:
    """All entries of the nation; what is named by another kind comes before it."""
    places, licensed = organizations(world), licences(world)
    return [
        places,
        practitioners(world, licensed),
        locations(world, places),
        licensed,
        roles(world),
        services(world),
        endpoints(world),
    ]


def first_free_ids_of_directory(world: World) -> dict[str, int]:
    register = national_register(world)
    free = {TABLES[each.kind]._meta.db_table: len(each) + 1 for each in register}
    statements = sum(each.statements for each in register)
    return free | {
        "directory_source": 2,
        "directory_changeset": 2,
        "directory_statement": statements + 1,
    }


def register_tables(world: World, names: Names, end: int) -> list[Table]:
    """The register's source and change set, its entries and all that it said of them until ``end``."""
    register = national_register(world)
    return [
        *_source(register),
        *(_entries(each, names, end) for each in register),
        _statements(register, end),
        event_table([_events(register)], end),
    ]


def _source(register: Sequence[Entries]) -> list[Table]:
    """The one change set that is in force: the register's own software tells of each entry as it changes."""
    first = np.array([min(int(each.registered.min()) for each in register)])
    one = np.zeros(1, dtype=np.int64)
    source = Table(
        name="directory_source",
        columns={
            "id": copy.keys(one),
            "name": copy.same(REGISTER, 1),
            "title": copy.same("Registre national des professions de santé", 1),
            "system": copy.same(PROVIDER_SYSTEM, 1),
            "created_at": copy.instants(first),
        },
    )
    change_set = Table(
        name="directory_changeset",
        columns={
            "id": copy.keys(one),
            "source_id": copy.keys(one),
            "how": copy.same(How.FEED, 1),
            "complete": copy.booleans(np.zeros(1, dtype=bool)),
            "file_name": copy.same("", 1),
            "digest": copy.same("", 1),
            "received_at": copy.instants(first),
            "applied_at": copy.instants(first),
            "reason": copy.same("", 1),
        },
    )
    return [source, change_set]


def _entries(entries: Entries, names: Names, end: int) -> Table:
    """The rows of those that are registered by then."""
    who = np.flatnonzero(entries.registered < end)
    said = [_said(entries, i, end) for i in who.tolist()]
    status, since = _status(entries, end)
    changes = [_changes(entries, i, end) for i in who.tolist()]
    model = TABLES[entries.kind]
    columns = {
        "id": copy.keys(who),
        "system": copy.same(entries.system, len(who)),
        "value": copy.words([str(entries.first_value + i) for i in who.tolist()]),
        "registered_at": copy.instants(entries.registered[who]),
        "deregistered_at": copy.instants(np.where(np.isin(status, _GONE), since, NEVER)[who]),
        "version": copy.integers(
            np.array([len(each) + 1 if each else _NO_VERSION for each in changes], dtype=np.int64),
            null=_NO_VERSION,
        ),
        "changed_at": copy.instants(
            np.array([each[-1] if each else NEVER for each in changes], dtype=np.int64)
        ),
        "changes": copy.instant_arrays(changes),
    }
    for name in FIELDS[entries.kind]:
        if field := _field(model, name):
            columns[field.attname] = _column(field, name, said)
    if "status" in columns:
        columns["status"] = copy.words(status[who].tolist())
    for key in ("name_key", "family_key", "given_key"):
        if _field(model, key):
            texts = [one[key.removesuffix("_key")] for one in said]
            columns[key] = copy.words([names.key(text) for text in texts])
    if entries.kind is Kind.PRACTITIONER:
        columns["out_since"] = copy.dates(
            np.where((status != "active") & (since < NEVER), since // DAY, NO_DAY)[who]
        )
    if entries.kind in _TIMED:
        since, over = _time(entries, end)
        columns |= {"since": copy.dates(since[who]), "until": copy.dates(over[who])}
    return Table(name=model._meta.db_table, columns=columns)


def _field(model: Any, name: str) -> Any:
    """The model's field, None when it has none."""
    return next((field for field in model._meta.concrete_fields if field.name == name), None)


def _column(field: Any, name: str, said: Sequence[Said]) -> copy.Column:
    """A field's values as its type of column holds them."""
    return _COLUMNS[field.get_internal_type()]([one.get(name) for one in said])


_COLUMNS: dict[str, Callable[[list[Any]], copy.Column]] = {
    "TextField": lambda values: copy.words([value or "" for value in values]),
    "CharField": lambda values: copy.words([value or "" for value in values]),
    "ArrayField": lambda values: copy.text_arrays([value or [] for value in values]),
    "JSONField": lambda values: copy.json([json.dumps(value or []) for value in values]),
    "ForeignKey": lambda values: copy.keys(
        np.array([(value or 0) - 1 for value in values], dtype=np.int64)
    ),
    "BooleanField": lambda values: copy.flags(
        np.array([-1 if value is None else int(value) for value in values], dtype=np.int64)
    ),
    "FloatField": lambda values: copy.doubles(
        np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    ),
}


def _said(entries: Entries, i: int, end: int) -> Said:
    """What is known of an entry at ``end``."""
    said = entries.said[i]
    for change in entries.later.get(i, ()):
        if change.at < end:
            said = said | change.said
    return said


def _changes(entries: Entries, i: int, end: int) -> list[int]:
    """When each version of an entry after the first began."""
    own = {change.at for change in entries.later.get(i, ())}
    return sorted(at for at in own.union(entries.follows.get(i, ())) if at < end)


def _status(entries: Entries, end: int) -> tuple[Any, Ints]:
    """Of each entry, as known at ``end``: its status, and when that changed last."""
    status = np.full(len(entries), "active", dtype="U9")
    since = np.full(len(entries), NEVER)
    for i, changes in entries.later.items():
        for change in changes:
            if change.at < end and "status" in change.said:
                status[i], since[i] = change.said["status"], change.at
    return status, since


def _time(entries: Entries, end: int) -> tuple[Ints, Ints]:
    """The last time in which each was active: from which day until before which one."""
    since, over = entries.begins.astype(np.int64), np.full(len(entries), NO_DAY, dtype=np.int64)
    for i, changes in entries.later.items():
        for change in changes:
            told = change.said.get("status") if change.at < end else None
            if told == "active":
                since[i], over[i] = change.at // DAY, NO_DAY
            elif told:
                over[i] = change.at // DAY
    return since, over


def _statements(register: Sequence[Entries], end: int) -> Table:
    """In the order in which they became known."""
    kinds, entry, said, since, known = [], [], [], [], []
    for entries in register:
        whole, begins = entries.registered.tolist(), entries.begins.tolist()
        for i, first in enumerate(entries.said):
            identifier = {"system": entries.system, "value": str(entries.first_value + i)}
            told = [(whole[i], begins[i], {"status": "active", **first, "identifier": identifier})]
            told += [
                (change.at, change.at // DAY, change.said) for change in entries.later.get(i, ())
            ]
            for at, day, what in told:
                if at < end:
                    kinds.append(entries.kind.value)
                    entry.append(i)
                    said.append(json.dumps(what, ensure_ascii=False))
                    since.append(day)
                    known.append(at)
    known_at = np.array(known, dtype=np.int64)
    order = np.argsort(known_at, kind="stable")
    ordered = order.tolist()
    return Table(
        name="directory_statement",
        columns={
            "id": copy.keys(np.arange(len(order))),
            "kind": copy.words([kinds[i] for i in ordered]),
            "entry": copy.keys(np.array(entry, dtype=np.int64)[order]),
            "said": copy.json([said[i] for i in ordered]),
            "again": copy.text_arrays([[]] * len(order)),
            "since": copy.dates(np.array(since, dtype=np.int64)[order]),
            "known_at": copy.instants(known_at[order]),
            "change_set_id": copy.keys(np.zeros(len(order), dtype=np.int64)),
        },
    )


def _events(register: Sequence[Entries]) -> Events:
    """One for each time that the register's software told of something."""
    told = [each.registered for each in register]
    later = [
        change.at for each in register for changes in each.later.values() for change in changes
    ]
    return Events(
        kind=EventKind.DIRECTORY_CHANGED,
        agent=Agent.SYSTEM,
        at=np.unique(np.concatenate([*told, np.array(later, dtype=np.int64)])),
        system=REGISTER,
    )
