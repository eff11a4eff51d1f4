"""Which rows of the index are one human being (Link; ADR 0023)."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.models import BigIntegerField, Value

from salus.kernel.rows import (
    PERSONS,
    Answers,
    Beside,
    Scope,
    finding_in,
    rows_and,
    rows_found,
    rows_of,
)


@dataclass(frozen=True, kw_only=True)
class Identities:
    """One human being: the number under which they are known, and those of all their rows, it first."""

    root: int
    all: tuple[int, ...]

    @property
    def others(self) -> tuple[int, ...]:
        return self.all[1:]


# Whether a link in force leads to or from the row: of nearly everybody none does.
IS_LINKED = """(exists (select from mpi_link where person_id = {person} and ended_at is null)
    or exists (select from mpi_link where target_id = {person} and ended_at is null))"""
_ANY_LINKED = IS_LINKED.format(person="any ('{{{persons}}}'::bigint[])")


NOBODY = 0  # no row's number
_IDENTIFIED = f"""
    select array[coalesce((
        select person_id from mpi_personidentifier where system = %(system)s and value = %(value)s
    ), {NOBODY})]
"""  # noqa: S608  # its parts are ours
_IS_FOUND_LINKED = IS_LINKED.format(person=f"any ({PERSONS})")

# `union`, not `union all`: a ring, which no action makes, would not be walked for ever. Each step asks for the links
# of one row, by a subquery that the planner cannot turn into a join: it would read all links, of which it may think
# that they are few.
_TREES = """
    with recursive above (asked, id, up) as (
        select id, id, (select target_id from mpi_link where person_id = asked.id and ended_at is null)
        from unnest(%s::bigint[]) as asked (id)
        union
        select asked, up, (select target_id from mpi_link where person_id = above.up and ended_at is null)
        from above where up is not null
    ), below (asked, root, id) as (
        select asked, id, id from above where up is null
        union
        select asked, root, link.person_id from below cross join lateral (
            select person_id from mpi_link where target_id = below.id and ended_at is null offset 0
        ) link
    )
    select asked, root, array_agg(id order by id <> root, id) from below group by asked, root
"""


def humans(persons: Collection[int]) -> Mapping[int, Identities]:
    """Each of these persons -> the human being whose row it is. A row that is not there is its own."""
    if not persons:
        return {}
    with (
        finding_in(Scope.INDEX),
        connection.cursor() as cursor,
    ):  # whose rows to show is the question
        cursor.execute(_TREES, [list(persons)])
        return {
            asked: Identities(root=root, all=tuple(members))
            for asked, root, members in cursor.fetchall()
        }


def identities_of(person: int) -> Identities:
    """The human being whose row this is."""
    return humans([person])[person]


def patient_is(human: Identities) -> dict[str, Value]:
    """For `annotate`, of a model with the attribute ``patient``: as whom the index knows the row's person now."""
    return {"patient": Value(human.root, output_field=BigIntegerField())}


def root_of(person: int) -> int:
    """The number under which the human being whose row this is is known."""
    with rows_of_human(person) as human:
        return human.root


def one_of_each(persons: Collection[int]) -> set[int]:
    """These persons, but of each human being one row."""
    if len(persons) < 2:
        return set(persons)
    return {human.root for human in humans(persons).values()}


@contextmanager
def rows_of_human(person: int) -> Iterator[Identities]:
    """All rows of the human being whose row this is, for one transaction.

    It costs no round trip more than `rows_of`, unless there is a link.
    """
    with rows_and([person], ask=IS_LINKED.format(person=int(person))) as (linked,):
        if not linked:
            yield Identities(root=person, all=(person,))
            return
        human = identities_of(person)
        with rows_of(human.all):
            yield human


@contextmanager
def rows_of_identified(
    system: str, value: str, *, ask: str, beside: Beside
) -> Iterator[tuple[Identities | None, Answers, Answers]]:
    """As `rows_of_human`, of the one who has this identifier; None: nobody has, which takes as long.

    And what the SQL expressions of ``ask`` say among these rows, and those ``beside``, without a further round trip.
    """
    asked = {"system": system, "value": value}
    all_ = f"{_IS_FOUND_LINKED}, {ask}"
    with rows_found(_IDENTIFIED, asked, scope=Scope.INDEX, ask=all_, beside=beside) as (
        found,
        (linked, *said),
        done,
    ):
        if not linked:
            human = Identities(root=found[0], all=tuple(found)) if found != [NOBODY] else None
            yield human, tuple(said), done
            return
        human = identities_of(found[0])
        with rows_and(human.all, ask=ask) as of_all:
            yield human, of_all, done


@contextmanager
def rows_of_humans(persons: Collection[int]) -> Iterator[list[Identities]]:
    """All rows of the human beings whose rows these are, each human being once; as above."""
    persons = sorted(persons)
    ask = _ANY_LINKED.format(persons=",".join(str(int(person)) for person in persons))
    with rows_and(persons, ask=ask) as (linked,):
        if not linked:
            yield [Identities(root=person, all=(person,)) for person in persons]
            return
        found = {human.root: human for human in humans(persons).values()}
        with rows_of([identity for human in found.values() for identity in human.all]):
            yield list(found.values())
