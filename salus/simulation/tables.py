"""From the arrays of the world to rows of the real tables: people and what belongs to each of them.

Nothing that lies after the end of the simulated time is known: such rows are left out, such ends are open.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.contrib.auth.hashers import make_password

from salus.audit.models import Agent, EventKind
from salus.country.lu import MATRICULE_SYSTEM
from salus.kernel.search_key import search_key
from salus.mpi.keys import name_keys
from salus.simulation import binary_copy as copy
from salus.simulation.affiliations import affiliations
from salus.simulation.binary_copy import Column
from salus.simulation.calibration import CALIBRATION
from salus.simulation.demo_people import EMAILS, PASSWORD
from salus.simulation.events import Events
from salus.simulation.lives import World
from salus.simulation.matricules import matricules
from salus.simulation.names import name_table, places, street_line
from salus.simulation.sampling import mixed
from salus.simulation.timeline import DAY, FIRST, NEVER, NO_DAY, Ints, day_of

_UNUSABLE = "!"  # Django's mark of an account without a password


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows for one table of the database."""

    name: str
    columns: dict[str, Column]

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())).lengths)


class Names:
    """Names as text, with their search keys."""

    def __init__(self) -> None:
        self._texts = name_table().texts
        self._keys: dict[str, str] = {}
        self._found_by: dict[tuple[str, str, str], list[str]] = {}

    def text(self, first: int, second: int = -1) -> str:
        if first < 0:
            return ""
        return f"{self._texts[first]} {self._texts[second]}" if second >= 0 else self._texts[first]

    def texts(self, first: Ints, second: Ints) -> list[str]:
        return [self.text(a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True)]

    def key(self, text: str) -> str:
        if text not in self._keys:
            self._keys[text] = search_key(text)
        return self._keys[text]

    def found_by(self, given: str, family: str, birth_family: str) -> list[str]:
        names = given, family, birth_family
        if names not in self._found_by:
            self._found_by[names] = name_keys(given, family, [birth_family])
        return self._found_by[names]


def until(instants: Ints, end: int) -> Ints:
    """Instants as known at ``end``: what comes later has not happened."""
    return np.where(instants < end, instants, NEVER)


def people_tables(world: World, who: Ints, serials: Ints, names: Names, end: int) -> list[Table]:
    """All rows of these people that depend on nobody else."""
    who = who[world.people.registered[who] < end]
    return [
        *_persons(world, who, serials, names, end),
        _residences(world, who, end),
        _affiliations(world, who, end),
        *_accounts(world, who, names, end),
        _records(world, who, end),
        event_table(
            [
                _by_system(world.people.registered, EventKind.PERSON_REGISTERED, who),
                _by_system(world.people.opened, EventKind.RECORD_OPENED, who),
            ],
            end,
        ),
    ]


def _by_system(instants: Ints, kind: EventKind, who: Ints) -> Events:
    who = who[instants[who] < NEVER]
    return Events(
        kind=kind, agent=Agent.SYSTEM, at=instants[who], person=who, system="social-security"
    )


def _persons(world: World, who: Ints, serials: Ints, names: Names, end: int) -> list[Table]:
    people = world.people
    family = names.texts(people.family[who], people.family_2[who])
    given = names.texts(people.given[who], people.given_2[who])
    death = np.where(people.death[who] < end // DAY, people.death[who], NO_DAY)
    none = np.full(len(who), -1, dtype=np.int64)
    birth_family = names.texts(people.birth_family[who], none)
    person = Table(
        name="mpi_person",
        columns={
            "id": copy.keys(who),
            "family": copy.words(family),
            "given": copy.words(given),
            "birth_family": copy.words(birth_family),
            "birth_date": copy.dates(people.birth[who]),
            "gender": copy.words(["male", "female"], people.female[who].astype(np.int64)),
            "multiple_birth": copy.smallints(people.twin[who], null=0),
            "household": copy.keys(people.household[who]),
            "deceased_on": copy.dates(death),
            "registered_at": copy.instants(people.registered[who]),
            "family_key": copy.words([names.key(text) for text in family]),
            "given_key": copy.words([names.key(text) for text in given]),
        },
    )
    identifier = Table(
        name="mpi_personidentifier",
        columns={
            "id": copy.keys(who),
            "person_id": copy.keys(who),
            "system": copy.same(MATRICULE_SYSTEM, len(who)),
            "value": copy.words(matricules(world, who, serials)),
        },
    )
    found_by = list(map(names.found_by, given, family, birth_family))
    times = [len(keys) for keys in found_by]
    name_key = Table(
        name="mpi_namekey",
        columns={
            "person_id": copy.keys(np.repeat(who, times)),
            "birth_date": copy.dates(np.repeat(people.birth[who], times)),
            "key": copy.words([key for keys in found_by for key in keys]),
        },
    )
    return [person, name_key, identifier]


def _residences(world: World, who: Ints, end: int) -> Table:
    """One row, or two for those who lived to see their household move."""
    people, homes = world.people, world.homes
    home = people.household[who]
    since, moved = day_of(people.registered[who]), homes.moved[home].astype(np.int64)
    moved = np.where(moved < end // DAY, moved, NO_DAY)
    sees = (moved < NO_DAY) & (since < moved) & (people.death[who] > moved)
    later = (moved < NO_DAY) & (since >= moved)
    # Who died before the household moved stays where the household is counted on the calibration day.
    first = np.where(
        later | (~sees & (moved < NO_DAY)), homes.place[home], homes.place_before[home]
    )
    died_before = (people.death[who] <= moved) & (moved < NO_DAY) & (moved >= _calibration(world))
    first = np.where(died_before, homes.place_before[home], first)
    rows = np.concatenate([np.arange(len(who)), np.flatnonzero(sees)])
    second = np.arange(len(rows)) >= len(who)
    place = np.where(second, homes.place[home[rows]], first[rows])
    line = mixed(home[rows] * 2 + second, 29) >> np.uint64(16)
    where = places()
    countries = [where.country[p] for p in place.tolist()]
    return Table(
        name="mpi_residence",
        columns={
            "id": copy.bigints(np.where(second, len(people), 0) + who[rows] + 1),
            "person_id": copy.keys(who[rows]),
            "country": copy.words(where.country, place),
            "postal_code": copy.words(where.postal_code, place),
            "municipality": copy.words(where.municipality, place),
            "line": copy.words(
                [street_line(c, m) for c, m in zip(countries, line.tolist(), strict=True)]
            ),
            "since": copy.dates(np.where(second, moved[rows], since[rows])),
            "until": copy.dates(np.where(~second & sees[rows], moved[rows], NO_DAY)),
        },
    )


def _calibration(world: World) -> int:
    return int(world.line.first_days[CALIBRATION - FIRST + 1])


def _affiliations(world: World, who: Ints, end: int) -> Table:
    """What the register has told of them by the last day that is lived."""
    everything = affiliations(world)
    rows, _ = everything.of(who)
    told = everything.taken(rows)
    known, until = told.known_on(end // DAY)
    rows = rows[known]
    return Table(
        name="eligibility_affiliation",
        columns={
            "id": copy.keys(rows),
            "person_id": copy.keys(told.person[known]),
            "key": copy.words([str(number) for number in (rows + 1).tolist()]),
            "since": copy.dates(told.since[known]),
            "until": copy.dates(until[known]),
            "withdrawn": copy.booleans(told.withdrawn[known]),
        },
    )


def _accounts(world: World, who: Ints, names: Names, end: int) -> list[Table]:
    activated = until(world.activated_at[who], end)
    active = activated < NEVER
    demo = {person: EMAILS[part] for part, person in world.cast.accounts.items()}
    emails = [
        demo.get(person) or _email(world, person, names) if is_active else ""
        for person, is_active in zip(who.tolist(), active.tolist(), strict=True)
    ]
    account = account_table(
        ids=who + 1,
        kind="patient",
        emails=emails,
        passwords=[_password(email) for email in emails],
        created=world.people.registered[who] + 1_000_000,
        activated=activated,
        deleted=until(world.deleted_at[who], end),
    )
    bound = Table(
        name="access_accountperson",
        columns={"account_id": copy.keys(who), "person_id": copy.keys(who)},
    )
    return [account, bound, verified_emails(who + 1, emails)]


def _email(world: World, person: int, names: Names) -> str:
    given, family = world.people.given[person], world.people.family[person]
    text = f"{names.key(names.text(given))}.{names.key(names.text(family))}".replace(" ", "-")
    return f"{text}.{person + 1}@mail.example"


def _password(email: str) -> str:
    return make_password(PASSWORD) if email in EMAILS.values() else _UNUSABLE


def account_table(
    *,
    ids: Ints,
    kind: str,
    emails: Sequence[str],
    passwords: Sequence[str],
    created: Ints,
    activated: Ints,
    deleted: Ints,
) -> Table:
    """Accounts; those without an e-mail address have "" in ``emails``."""
    has = np.array([bool(email) for email in emails], dtype=bool)
    subject = np.stack([mixed(ids, 37), mixed(ids, 41)], axis=1)
    return Table(
        name="accounts_account",
        columns={
            "id": copy.bigints(ids),
            "password": copy.words(passwords),
            "subject": copy.uuids(subject),
            "kind": copy.same(kind, len(ids)),
            "email": copy.words(emails, np.where(has, np.arange(len(ids)), -1)),
            "created_at": copy.instants(created),
            "activated_at": copy.instants(activated),
            "deleted_at": copy.instants(deleted),
        },
    )


def verified_emails(ids: Ints, emails: Sequence[str]) -> Table:
    """What allauth wants to know of those who can sign in: the demo people."""
    at = [number for number, email in enumerate(emails) if email in EMAILS.values()]
    return Table(
        name="account_emailaddress",
        columns={
            "user_id": copy.bigints(ids[at]),
            "email": copy.words([emails[i] for i in at]),
            "verified": copy.booleans(np.ones(len(at), dtype=bool)),
            "primary": copy.booleans(np.ones(len(at), dtype=bool)),
        },
    )


def _records(world: World, who: Ints, end: int) -> Table:
    opened = until(world.people.opened[who], end)
    who, opened = who[opened < NEVER], opened[opened < NEVER]
    return Table(
        name="shared_record_record",
        columns={"person_id": copy.keys(who), "opened_at": copy.instants(opened)},
    )


def event_table(groups: Sequence[Events], end: int) -> Table:
    """Events of all kinds in one table, in the order of time; ids are the database's."""
    known = [np.flatnonzero(group.at < end) for group in groups]

    def joined(name: str) -> Ints:
        columns = [getattr(group, name) for group in groups]
        return np.concatenate(
            [
                np.full(len(rows), -1) if column is None else column[rows]
                for column, rows in zip(columns, known, strict=True)
            ]
        )

    def labels(texts: list[str | None]) -> Column:
        spread = np.repeat(np.arange(len(groups)), [len(k) for k in known])
        table = np.array([-1 if text is None else i for i, text in enumerate(texts)])
        return copy.words([text or "" for text in texts], table[spread][order])

    at = joined("at")
    order = np.argsort(at, kind="stable")
    return Table(
        name="audit_event",
        columns={
            "at": copy.instants(at[order]),
            "kind": labels([group.kind.value for group in groups]),
            "agent": labels([group.agent.value for group in groups]),
            "system": labels([group.system for group in groups]),
            "account_id": copy.keys(joined("account")[order]),
            "practitioner_id": copy.keys(joined("practitioner")[order]),
            "organization_id": copy.keys(joined("organization")[order]),
            "person_id": copy.keys(joined("person")[order]),
            "document_id": copy.keys(joined("document")[order] - 1),
            # As the database's default would give it, but that, asked for each row, slows COPY.
            "salt": copy.uuids(
                np.frombuffer(os.urandom(16 * len(order)), np.uint64).reshape(-1, 2)
            ),
        },
    )
