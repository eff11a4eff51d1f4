"""Row-level security: the second wall behind the rights of `salus.access`.

A transaction says whose rows it may touch; the database shows no others, and takes none for others. Outside
of these contexts there are none. All are local to the transaction, so nothing of them outlives it in the
pool. Each opens a transaction (within one: a savepoint) and, at its end, gives back what was in force before.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.db.migrations import RunSQL

from salus.kernel.actor import Actor
from salus.kernel.prepared import preparing_cursor


class Scope(StrEnum):
    """What may be read of everybody, in order to find somebody. The list is closed: each name is in a policy."""

    INDEX = "index"  # people and their identifiers
    RECORDS = "records"  # documents and vaccinations, to find out whose one is
    REGISTER = "register"  # periods of cover, to be read and written while their register delivers


Answers = tuple[Any, ...]  # of SQL expressions, in their order


@contextmanager
def rows_of(persons: Collection[int]) -> Iterator[None]:
    """These persons' rows: the only ones that can be written."""
    with _in_force(persons=persons):
        yield


@contextmanager
def rows_and(persons: Collection[int], *, ask: str) -> Iterator[Answers]:
    """The same, and what the SQL expressions say among them: both in one round trip."""
    with _in_force(persons=persons, ask=ask) as answers:
        yield answers


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What a statement does besides what it is for, to save a round trip: its `with` and `from`, and what of them
    is read. There is one row, whatever was done."""

    first: str = ""
    source: str = ""
    ask: tuple[str, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def rows_found(
    find: str, asked: Mapping[str, Any], *, scope: Scope, ask: str, beside: Beside
) -> Iterator[tuple[list[int], Answers, Answers]]:
    """The rows of whom the SQL expression ``find`` (bigint[]) finds in the ``scope``, which then is left again.

    Yields these persons and what ``ask`` says among them, then what was done ``beside``: all in one round trip.
    """
    within = connection.in_atomic_block
    with transaction.atomic(), preparing_cursor() as cursor:
        # From left to right, as _READ_AND_SET.
        cursor.execute(
            f"""
            {beside.first}
            select array[{_READ}], concat({_SET_NOTHING}, set_config('salus.scope', '{scope}', true),
                set_config('salus.persons', ({find})::text, true), set_config('salus.scope', '', true)),
                {", ".join([PERSONS, ask, *beside.ask])}
            {beside.source}
            """,
            {**asked, **beside.asked},
        )
        before, _, found, *answers = cursor.fetchone()
        many = len(answers) - len(beside.ask)
        yield found, tuple(answers[:many]), tuple(answers[many:])
        if within:
            _set(before)


@contextmanager
def acting_as(actor: Actor, *, practitioners: Collection[int] = ()) -> Iterator[None]:
    """The actor's own: the person's rows, and which patients declared the practitioner or named the person.

    ``practitioners``: other rows of the same professional in the directory.
    """
    own = {actor.practitioner, *practitioners} if actor.practitioner else ()
    with _in_force(persons=actor.identities, practitioners=own):
        yield


@contextmanager
def bindings_of(accounts: Collection[int], *, scope: Scope | None = None) -> Iterator[None]:
    """Which persons these accounts are bound to and which apps they let in, and nothing else about anybody
    but what is found in the ``scope``."""
    with _in_force(accounts=accounts, scope=scope):
        yield


@contextmanager
def finding_in(scope: Scope) -> Iterator[None]:
    """Read the scope's tables past the person set; each use says why it cannot name the person yet."""
    with _in_force(scope=scope):
        yield


@contextmanager
def _in_force(
    *,
    persons: Collection[int] = (),
    accounts: Collection[int] = (),
    practitioners: Collection[int] = (),
    scope: Scope | None = None,
    ask: str = "null",
) -> Iterator[Answers]:
    within = connection.in_atomic_block
    with transaction.atomic():
        before, answers = _set(
            [_array(persons), _array(accounts), _array(practitioners), scope or ""], ask=ask
        )
        yield answers
        # After an error the savepoint has taken it back already; at the transaction's end it is gone.
        if within:
            _set(before)


_SETTINGS = ("salus.persons", "salus.accounts", "salus.practitioners", "salus.scope")
# A list is worked out from left to right: what is asked at its end is asked under what was set before.
_READ = ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in _SETTINGS)
_READ_AND_SET = "select {}, {}".format(
    _READ, ", ".join(f"set_config('{name}', %s, true)" for name in _SETTINGS)
)
_SET_NOTHING = ", ".join(f"set_config('{name}', '', true)" for name in _SETTINGS)


def _set(values: list[str], *, ask: str = "null") -> tuple[list[str], Answers]:
    """Put the settings in force, in the order of _SETTINGS; returns those of before, and what was asked."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_READ_AND_SET}, {ask}", values)
        row = cursor.fetchone()
    return list(row[: len(_SETTINGS)]), row[2 * len(_SETTINGS) :]


def _array(numbers: Collection[int]) -> str:
    return "{" + ",".join(str(int(number)) for number in numbers) + "}"


# Conditions for policies. A subquery reads its setting once in a statement, and the operators are such that
# an index serves them: `= any` on the keys, `&&` on an array of them.
PERSONS = "(select nullif(current_setting('salus.persons', true), ''))::bigint[]"
_ACCOUNTS = "(select nullif(current_setting('salus.accounts', true), ''))::bigint[]"
_PRACTITIONERS = "(select nullif(current_setting('salus.practitioners', true), ''))::bigint[]"


def person(column: str) -> str:
    return f"{column} = any ({PERSONS})"


def account(column: str) -> str:
    return f"{column} = any ({_ACCOUNTS})"


def practitioner(column: str) -> str:
    return f"{column} = any ({_PRACTITIONERS})"


def found_in(scope: Scope) -> str:
    return f"(select current_setting('salus.scope', true)) = '{scope}'"


def row_security(table: str, *, shown: str, written: str | None = None) -> RunSQL:
    """A migration step that forces row-level security on ``table``.

    ``shown`` is the condition for a row to be read; ``written`` that for one to be inserted or updated, the
    same unless given. Nothing is ever deleted.
    """
    policies = {"person_set": f"using ({shown})"}
    if written:
        policies = {
            "person_shown": f"for select using ({shown})",
            "person_added": f"for insert with check ({written})",
            "person_changed": f"for update using ({written}) with check ({written})",
        }
    return RunSQL(
        [
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            *(f"create policy {name} on {table} {rule}" for name, rule in policies.items()),
        ],
        [
            *(f"drop policy {name} on {table}" for name in policies),
            f"alter table {table} no force row level security",
            f"alter table {table} disable row level security",
        ],
    )
