"""Writers that come and go as they like: each committed event is one leaf, none is skipped, none comes twice."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salus.audit import log, sequencer
from salus.audit.findings import numbers
from salus.audit.heads import Copies
from salus.audit.log import Connection
from salus.audit.sequencer import TransactionsRestarted
from salus.audit.verification import verify
from salus.kernel.postgres import login
from salus.kernel.signing import Signer

SECRET = "c2VjcmV0LW9mLWEtdGVzdC1vZi10aGUtZXZlbnQtbG8"
WRITERS = 3
INSERT = "insert into audit_event (at, kind, agent) select now(), 'sign_in', 'patient' from generate_series(1, %s)"


class World:
    """Writers with transactions under way, and the sequencer beside them."""

    def __init__(self, data: Path, folder: Path, stack: ExitStack) -> None:
        self._data = data
        self._copies = Copies(folder / "heads")
        self._copies.make()
        self._signer = Signer(SECRET, self._copies.keys_file)
        self.superuser = stack.enter_context(closing(self._connect("superuser")))
        self._sequencer = stack.enter_context(closing(self._connect("sequencer")))
        self.writers = [
            stack.enter_context(closing(psycopg.connect(**asdict(login(data, "app")))))
            for _ in range(WRITERS)
        ]

    def _connect(self, role: str) -> Connection:
        return log.connect(login(self._data, role))

    def write(self, writer: int, count: int) -> None:
        self.writers[writer].execute(INSERT, [count])

    def sequence(self, page: int = log.PAGE) -> int:
        return sequencer.sequence(self._sequencer, self._signer, self._copies, page=page)

    def logged(self) -> list[int]:
        """The ids of the log; as many as it has leaves."""
        ids = [
            number
            for tile in log.tiles(self.superuser, 0)
            if tile.events
            for number in numbers(tile.events.ids)
        ]
        assert len(ids) == log.end(self.superuser)[0]
        return sorted(ids)

    def committed(self) -> list[int]:
        rows = self.superuser.execute("select id from audit_event order by id")
        return [number for (number,) in rows]

    def check(self) -> None:
        verdict = verify(lambda: self._connect("sequencer"), self._copies)
        assert verdict.findings == []


@pytest.fixture
def world(database: Path) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield World(database, Path(folder), stack)


@pytest.fixture(autouse=True)
def _empty(database: Path) -> Iterator[None]:
    yield
    empty(database)


def empty(database: Path) -> None:
    with closing(log.connect(login(database, "superuser"))) as superuser:
        for table in ("audit_event", "audit_tile", "audit_head"):
            superuser.execute(f"delete from {table}".encode())


def test_an_event_that_is_committed_late_holds_back_those_behind_it(world: World) -> None:
    world.write(0, 1)
    world.write(1, 2)
    world.writers[1].commit()
    assert world.sequence() == 0
    world.writers[0].commit()
    assert world.sequence() == 3
    assert world.logged() == world.committed()
    world.check()


def test_what_was_rolled_back_is_not_in_the_log(world: World) -> None:
    world.write(0, 5)
    world.write(1, 2)
    world.writers[0].rollback()
    world.writers[1].commit()
    assert world.sequence() == 2
    assert world.logged() == world.committed()


def test_a_savepoint_is_of_its_transaction(world: World) -> None:
    with world.writers[0].transaction():
        world.write(0, 1)
        with world.writers[0].transaction():
            world.write(0, 1)
        assert world.sequence() == 0
    assert world.sequence() == 2
    world.check()


@pytest.mark.parametrize("page", [pytest.param(1, marks=pytest.mark.prove), 100, 256, 300, 1000])
def test_rounds_of_any_size_make_the_same_log(world: World, page: int) -> None:
    for count in (1, 255, 256, 600, 1):
        world.write(0, count)
        world.writers[0].commit()
    assert world.sequence(page=page) == 1113
    assert world.logged() == world.committed()
    world.check()


def test_a_database_that_counts_anew_is_refused(world: World) -> None:
    world.write(0, 1)
    world.writers[0].commit()
    world.sequence()
    world.superuser.execute("update audit_tile set xid = '9000000000000'")
    with pytest.raises(TransactionsRestarted):
        world.sequence()


def test_the_sequencer_changes_no_event_and_no_head(world: World, database: Path) -> None:
    with psycopg.connect(**asdict(login(database, "sequencer")), autocommit=True) as role:
        for statement in (
            "update audit_event set denied = true",
            "delete from audit_event",
            "insert into audit_event (at, kind, agent) values (now(), 'sign_in', 'patient')",
            "update audit_head set at = now()",
            "delete from audit_head",
            "delete from audit_tile",
            "update audit_tile set number = 1",
            "insert into audit_pruning (month, statement) values ('2020-01-01', '{}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                role.execute(statement.encode())


@pytest.mark.parametrize("role", ["app", "loader", "reporter"])
def test_nobody_else_writes_the_log(database: Path, role: str) -> None:
    with psycopg.connect(**asdict(login(database, role)), autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        for statement in (
            "insert into audit_tile (level, number, hashes) values (1, 0, sha256('x'))",
            "update audit_tile set hashes = sha256('x')",
            "insert into audit_head (size, at, root, signature) values (1, now(), sha256('x'), '')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


@pytest.mark.parametrize("column", ["id", "xid", "salt"])
def test_the_web_cannot_choose_an_events_place(database: Path, column: str) -> None:
    with (
        psycopg.connect(**asdict(login(database, "app"))) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(
            f"insert into audit_event (at, kind, agent, {column})"
            " values (now(), 'sign_in', 'patient', default)".encode()
        )


Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "commit", "roll back", "sequence"]),
        st.integers(0, WRITERS - 1),
        st.integers(1, 300),
    ),
    max_size=25,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_whatever_writers_do(database: Path, steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        world = World(database, Path(folder), stack)
        for act, writer, count in steps:
            match act:
                case "write":
                    world.write(writer, count)
                case "commit":
                    world.writers[writer].commit()
                case "roll back":
                    world.writers[writer].rollback()
                case _:
                    world.sequence(page=count)
                    assert set(world.logged()) <= set(world.committed())
        for connection in world.writers:
            connection.commit()
        world.sequence()
        assert world.logged() == world.committed()
        world.check()
    empty(database)
