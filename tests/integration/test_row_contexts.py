"""Whose rows a transaction may touch: for how long that holds, and that it never reaches another."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest
from django.db import connection, transaction

from salus.kernel.actor import Actor, Role
from salus.kernel.rows import Beside, Scope, acting_as, bindings_of, finding_in, rows_found, rows_of

pytestmark = pytest.mark.usefixtures("nation")

SETTINGS = ("salus.persons", "salus.accounts", "salus.practitioners", "salus.scope")
PATIENT = Actor(role=Role.PATIENT, account=5, person=7)


def people() -> list[int]:
    """The persons who show, at most three."""
    with connection.cursor() as cursor:
        cursor.execute("select id from mpi_person order by id limit 3")
        return [number for (number,) in cursor.fetchall()]


def in_force() -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting(name, true) from unnest(%s::text[]) name", [list(SETTINGS)]
        )
        return [value for (value,) in cursor.fetchall()]


def server_process() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_an_inner_context_replaces_the_outer_one_until_it_ends() -> None:
    with rows_of([1, 2]):
        with rows_of([3]):
            assert people() == [3]
            with finding_in(Scope.INDEX):
                assert people() == [1, 2, 3]
            assert people() == [3]
        assert people() == [1, 2]
        with acting_as(PATIENT):
            assert people() == [7]
        assert people() == [1, 2]
    assert people() == []


def test_whom_an_expression_finds_is_all_that_shows_then() -> None:
    asked = {"id": 2}
    found = "select array(select id from mpi_person where id = %(id)s)"
    with rows_of([1]):
        beside = Beside(
            first="with told as (select %(told)s::int as number)",
            source="from told",
            ask=("number", "number + 1"),
            asked={"told": 7},
        )
        ask = "42, (select count(*) from mpi_person)"
        with rows_found(found, asked, scope=Scope.INDEX, ask=ask, beside=beside) as told:
            assert told == ([2], (42, 1), (7, 8))
            assert people() == [2]
        assert people() == [1]
    with rows_found(found, {"id": -1}, scope=Scope.INDEX, ask="null", beside=Beside()) as told:
        assert told == (people(), (None,), ()) == ([], (None,), ())
    assert people() == []


def test_an_inner_context_that_fails_leaves_the_outer_one_in_force() -> None:
    with rows_of([1, 2]):
        with suppress(LookupError), rows_of([3]):
            raise LookupError
        assert people() == [1, 2]


def test_a_context_within_a_transaction_ends_before_it() -> None:
    with transaction.atomic():
        with rows_of([1]):
            assert people() == [1]
        assert people() == []


def test_a_system_has_no_rows_of_its_own() -> None:
    with acting_as(Actor(role=Role.SYSTEM, system="import")):
        assert people() == []


@pytest.fixture
def pooled(nation: Path) -> Iterator[None]:
    """As the site runs: connections go back to a pool, here of one, and come from it again."""
    connection.close()
    connection.settings_dict["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 1}}
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's wrapper
    connection.settings_dict["OPTIONS"] = {}


def test_nothing_of_a_transaction_reaches_the_next_one_by_the_pool(pooled: None) -> None:
    contexts: tuple[Callable[[], AbstractContextManager[None]], ...] = (
        lambda: rows_of([1]),
        lambda: acting_as(PATIENT),
        lambda: acting_as(Actor(role=Role.PROFESSIONAL, account=1, practitioner=1)),
        lambda: bindings_of([1]),
        lambda: finding_in(Scope.INDEX),
    )
    process = server_process()
    for context in contexts:
        for error in (None, LookupError()):
            with suppress(LookupError), context():
                assert any(in_force())
                if error:
                    raise error
            connection.close()
            assert server_process() == process  # the very same connection
            assert not any(in_force())
            assert people() == []
            connection.close()
