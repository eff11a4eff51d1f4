"""The event log: each committed event is one leaf, and whatever is done to the rows afterwards is named."""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salus.audit import log, merkle
from salus.audit.actions import record
from salus.audit.findings import Fault, Verdict
from salus.audit.heads import Copies, add_head, heads_after, sign_head
from salus.audit.log import COLUMNS, Connection
from salus.audit.models import EventKind
from salus.audit.sequencer import LogTruncated, sequence
from salus.audit.verification import verify
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.postgres import login
from salus.kernel.signing import Signer

SYSTEM = Actor(role=Role.SYSTEM, system="test")
EVENTS = 700  # two full tiles and a part
SECRET = "c2VjcmV0LW9mLWEtdGVzdC1vZi10aGUtZXZlbnQtbG8"  # 32 bytes, as a secret of the data folder
OTHER = "YW5vdGhlci1zZWNyZXQtb2YtdGhlLWV2ZW50LWxvZzE"


@dataclass
class Log:
    """An installation's log, seen by a superuser."""

    data: Path
    copies: Copies
    signer: Signer
    superuser: Connection
    sequencer: Connection
    ids: list[int] = field(default_factory=list)  # of the events, as they stand in the log

    def sequence(self, page: int = log.PAGE) -> int:
        return sequence(self.sequencer, self.signer, self.copies, page=page)

    def verify(self) -> Verdict:
        return verify(lambda: log.connect(login(self.data, "sequencer")), self.copies)

    def faults(self) -> set[tuple[Fault, int | None]]:
        return {(finding.fault, finding.event) for finding in self.verify().findings}

    def kinds(self) -> set[Fault]:
        return {fault for fault, _ in self.faults()}

    def execute(self, statement: str, *values: object) -> None:
        self.superuser.execute(statement.encode(), values)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        return list(self.superuser.execute(statement.encode(), values))


TABLES = ("audit_event", "audit_tile", "audit_head", "audit_pruning")


@pytest.fixture(scope="module")
def made(database: Path) -> Iterator[Log]:
    """A log with a few heads: full tiles, a part of one, transactions of one and of many events."""
    with tempfile.TemporaryDirectory() as folder:
        copies = Copies(Path(folder) / "heads")
        copies.make()
        signer = Signer(SECRET, copies.keys_file)
        with (
            log.connect(login(database, "superuser")) as superuser,
            log.connect(login(database, "sequencer")) as sequencer,
        ):
            whole = Log(database, copies, signer, superuser, sequencer)
            for count in (1, 1, 300, 50, 1, 300, 47):
                write(count)
                whole.sequence()
            whole.ids = [
                number
                for (number,) in superuser.execute("select id from audit_event order by xid, id")
            ]
            assert len(whole.ids) == EVENTS
            for table in TABLES:
                whole.execute(f"create table saved_{table} as table {table}")
            yield whole


@pytest.fixture
def whole(made: Log) -> Iterator[Log]:
    """The same, put back as it was afterwards."""
    with as_it_was(made):
        yield made


class as_it_was:  # noqa: N801  # a context manager
    def __init__(self, log: Log) -> None:
        self._log = log
        self._folder = log.copies.keys_file.parent
        self._files = {file: file.read_bytes() for file in self._folder.iterdir()}

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        for table in TABLES:
            self._log.execute(f"delete from {table}")
            self._log.execute(f"insert into {table} select * from saved_{table}")
        for file in self._folder.iterdir():
            file.unlink()
        for file, content in self._files.items():
            file.write_bytes(content)


def write(count: int) -> None:
    """Events as the site writes them, in one transaction."""
    with transaction.atomic():
        for number in range(count):
            record(
                actor=SYSTEM,
                kind=EventKind.INDEX_REQUEST,
                at=now() - timedelta(days=number % 90),
                person=number + 1,
            )


def test_the_log_as_it_was_written_is_whole(whole: Log) -> None:
    verdict = whole.verify()
    assert verdict.findings == []
    assert (verdict.events, verdict.unsequenced) == (EVENTS, 0)
    assert verdict.head
    assert verdict.head.size == EVENTS


def test_each_event_is_one_leaf_in_the_order_of_transactions(whole: Log) -> None:
    leaves = [
        leaf for tile in log.tiles(whole.superuser, 0) for leaf in merkle.hashes_of(tile.hashes)
    ]
    places = whole.rows("select xid::text::bigint, id from audit_event order by xid, id")
    rows = [log.row_of(whole.superuser, log.Place(*place)) for place in places]  # type: ignore[arg-type]
    assert leaves == [merkle.leaf_hash(row or b"") for row in rows]


def test_what_is_not_in_the_log_yet_is_counted(whole: Log) -> None:
    write(3)
    verdict = whole.verify()
    assert verdict.findings == []
    assert verdict.unsequenced == 3
    assert verdict.window > timedelta()
    whole.sequence()
    assert whole.verify().unsequenced == 0


CHANGES = {
    "at": "at + interval '1 microsecond'",
    "id": "id + 1000000",
    "xid": "((xid::text::bigint) - 1)::text::xid8",
    "salt": "gen_random_uuid()",
    "kind": "'sign_in'",
    "agent": "'rescue'",
    "denied": "not denied",
    "repeated": "not repeated",
    "account_id": "1",
    "practitioner_id": "1",
    "organization_id": "1",
    "person_id": "person_id + 1",
    "document_id": "1",
    "request_id": "gen_random_uuid()",
    "system": "'tset'",
    "persons": "array[1]",
}


def test_every_column_of_the_table_is_in_the_leaf(whole: Log) -> None:
    columns = whole.rows(
        "select attname::text from pg_attribute where attrelid = 'audit_event'::regclass"
        " and attnum > 0 and not attisdropped"
    )
    assert {name for (name,) in columns} == set(COLUMNS) == set(CHANGES)


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("position", [0, 256, 400, EVENTS - 1])
def test_a_changed_column_is_named(whole: Log, column: str, position: int) -> None:
    event = whole.ids[position]
    whole.execute(f"update audit_event set {column} = {CHANGES[column]} where id = %s", event)
    moved = {
        "id": {(Fault.EVENT_DELETED, event), (Fault.EVENT_INSERTED, event + 1_000_000)},
    }
    found = whole.faults()
    if column == "xid":
        assert found in ({(Fault.EVENT_CHANGED, event)}, {(Fault.EVENT_MOVED, event)})
    elif column == "id" and position == EVENTS - 1:
        # Behind the log's end it looks like one that waits; that it is gone is named all the same.
        assert found == {(Fault.EVENT_DELETED, event)}
    else:
        assert found == moved.get(column, {(Fault.EVENT_CHANGED, event)})


@pytest.mark.parametrize("position", [0, 255, 256, 400, EVENTS - 1])
def test_a_deleted_event_is_named(whole: Log, position: int) -> None:
    event = whole.ids[position]
    whole.execute("delete from audit_event where id = %s", event)
    assert whole.faults() == {(Fault.EVENT_DELETED, event)}


@pytest.mark.parametrize("position", [0, 256, EVENTS - 2])
def test_an_inserted_event_is_named(whole: Log, position: int) -> None:
    whole.execute(
        "insert into audit_event (at, kind, agent, xid, id)"
        " select at, kind, agent, xid, 5000000 from audit_event where id = %s",
        whole.ids[position],
    )
    expected = {(Fault.EVENT_INSERTED, 5_000_000)}
    if (
        position == EVENTS - 2
    ):  # behind the last place: as one that waits, which the next round takes
        expected = set()
    assert whole.faults() == expected


def test_a_doubled_event_is_named(whole: Log) -> None:
    event = whole.ids[300]
    whole.execute(
        "insert into audit_event (at, id, xid, salt, kind, agent, person_id, system)"
        " select at - interval '1 day', id, xid, salt, kind, agent, person_id, system"
        " from audit_event where id = %s",
        event,
    )
    assert whole.faults() == {(Fault.EVENT_INSERTED, event)}


@pytest.mark.parametrize("column", ["id", "xid", "at"])
def test_two_events_swapped_are_named(whole: Log, column: str) -> None:
    first, second = whole.ids[10], whole.ids[500]
    two = f"audit_event where id in ({first}, {second})"
    whole.execute(f"create temporary table two as select * from {two}")
    whole.execute(f"delete from {two}")
    values = (f"{'other' if name == column else 'one'}.{name}" for name in COLUMNS)
    whole.execute(
        f"insert into audit_event ({', '.join(COLUMNS)}) select {', '.join(values)}"
        " from two one join two other on one.id <> other.id"
    )
    whole.execute("drop table two")
    found = whole.faults()
    assert {event for _, event in found} == {first, second}
    # With another id or transaction an event may stand in another place.
    faults = {fault for fault, _ in found}
    assert (Fault.EVENT_MOVED in faults) == (column != "at")
    assert faults <= {Fault.EVENT_CHANGED, Fault.EVENT_MOVED}


def swap_hashes(whole: Log, number: int) -> None:
    whole.execute(
        "update audit_tile set hashes = substring(hashes from 33 for 32)"
        " || substring(hashes for 32) || substring(hashes from 65) where level = 0 and number = %s",
        number,
    )


@pytest.mark.parametrize("number", [0, 1, 2])
def test_swapped_hashes_of_a_tile_are_named_and_no_event(whole: Log, number: int) -> None:
    swap_hashes(whole, number)
    (finding,) = whole.verify().findings
    assert (finding.fault, finding.tile) == (Fault.TILE_ALTERED, (0, number))


@pytest.mark.parametrize(
    "change",
    ["ids = ids + int8multirange(int8range(900000, 900001))", "id = id - 3", "id = id + 3"],
)
@pytest.mark.parametrize("number", [0, 1])
def test_what_a_tile_says_of_its_events_is_checked(whole: Log, number: int, change: str) -> None:
    whole.execute(f"update audit_tile set {change} where level = 0 and number = {number}")
    found = whole.verify().findings
    assert {(finding.fault, finding.tile) for finding in found} == {
        (Fault.TILE_ALTERED, (0, number))
    }


@pytest.mark.parametrize("number", [0, 1])
def test_a_deleted_tile_is_named(whole: Log, number: int) -> None:
    whole.execute("delete from audit_tile where level = 0 and number = %s", number)
    (finding,) = whole.verify().findings
    assert (finding.fault, finding.tile) == (Fault.TILE_MISSING, (0, number))
    assert finding.text == "its events are unchanged"


def test_an_altered_tile_above_the_events_is_named(whole: Log) -> None:
    swap_hashes_above = (
        "update audit_tile set hashes = substring(hashes from 33) || substring(hashes for 32)"
    )
    whole.execute(f"{swap_hashes_above} where level = 1")
    assert whole.kinds() == {Fault.TILE_ALTERED}
    whole.execute("delete from audit_tile where level = 1")
    assert whole.kinds() == {Fault.TILE_MISSING}


def rewrite(whole: Log, position: int, *, above: bool) -> int:
    """Change an event and its leaf, and the hash above it; returns the event's id."""
    event = whole.ids[position]
    whole.execute("update audit_event set agent = 'rescue' where id = %s", event)
    ((place,),) = whole.rows(
        "select array[xid::text::bigint, id] from audit_event where id = %s", event
    )
    row = log.row_of(whole.superuser, log.Place(*place))  # type: ignore[misc]
    number, place_in_tile = divmod(position, merkle.WIDTH)
    whole.execute(
        "update audit_tile set hashes = overlay(hashes placing %s from %s for 32)"
        " where level = 0 and number = %s",
        merkle.leaf_hash(row or b""),
        place_in_tile * 32 + 1,
        number,
    )
    if above:
        root = merkle.tile_root(log.hashes_of_tile(whole.superuser, 0, number))
        whole.execute(
            "update audit_tile set hashes = overlay(hashes placing %s from %s for 32)"
            " where level = 1",
            root,
            number * 32 + 1,
        )
    return event


@pytest.mark.parametrize(
    ("position", "good", "bad"), [(0, 0, 1), (100, 2, 302), (400, 353, 653), (690, 653, 700)]
)
def test_a_rewritten_log_is_bracketed_by_its_heads(
    whole: Log, position: int, good: int, bad: int
) -> None:
    rewrite(whole, position, above=position < 512)
    (finding,) = whole.verify().findings
    assert finding.fault == Fault.REWRITTEN
    assert f"({bad} events), which does not fit" in finding.text
    assert (f"({good} events) and that" in finding.text) == bool(good)


def test_a_changed_event_with_its_leaf_is_bracketed_and_its_tile_named(whole: Log) -> None:
    rewrite(whole, 100, above=False)
    found = {(finding.fault, finding.tile) for finding in whole.verify().findings}
    assert found == {(Fault.REWRITTEN, None), (Fault.TILE_ALTERED, (0, 0))}


def head(whole: Log, position: int) -> int:
    return list(heads_after(whole.superuser, 0))[position].size


@pytest.mark.parametrize("position", [0, 3, -1])
def test_a_head_signed_by_another_key_is_named(whole: Log, position: int, tmp_path: Path) -> None:
    size = head(whole, position)
    forged = sign_head(Signer(OTHER, tmp_path / "k"), size=size, root=bytes(32), at=now())
    whole.execute("delete from audit_head where size = %s", size)
    add_head(whole.superuser, forged)
    assert whole.kinds() == {Fault.HEAD_FORGED}


@pytest.mark.parametrize(
    "column", ["at = at + interval '1 s'", "root = sha256('x')", "size = size + 1"]
)
def test_an_altered_head_is_named(whole: Log, column: str) -> None:
    whole.execute(f"update audit_head set {column} where size = 302")
    assert Fault.HEAD_FORGED in whole.kinds()


@pytest.mark.parametrize("position", [0, 3, -1])
def test_a_deleted_head_is_named(whole: Log, position: int) -> None:
    whole.execute("delete from audit_head where size = %s", head(whole, position))
    assert whole.kinds() == {Fault.HEAD_MISSING}


def test_altered_copies_are_named(whole: Log) -> None:
    (file,) = whole.copies.keys_file.parent.glob("*.jsonl")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines[:3], *lines[4:]]))
    assert whole.kinds() == {Fault.COPY_MISSING}
    file.write_text("".join([*lines[:3], "garbage\n", *lines[4:]]))
    assert whole.kinds() == {Fault.COPY_ALTERED, Fault.COPY_MISSING}
    altered = json.loads(lines[3]) | {"root": "00" * 32}
    file.write_text("".join([*lines[:3], json.dumps(altered) + "\n", *lines[4:]]))
    assert whole.kinds() == {Fault.COPY_ALTERED}
    file.unlink()
    assert whole.kinds() == {Fault.COPY_MISSING}


def truncate(whole: Log, size: int) -> None:
    """Cut the log back to where an older head stood, as if the rest had never been."""
    kept = whole.ids[:size]
    whole.execute("delete from audit_event where id <> all(%s)", kept)
    whole.execute("delete from audit_head where size > %s", size)
    whole.execute("delete from audit_tile")
    edge = merkle.Edge(0, lambda level, number: b"")
    leaves = [entry.leaf for entry in log.entries(whole.superuser, log.Place(0, 0))]
    tiles = [*edge.append(b"".join(leaves)), *edge.unfilled()]
    for level, number, hashes in tiles:
        ids = kept[number * 256 : (number + 1) * 256] if level == 0 else []
        events = None
        if level == 0:
            (last,) = whole.rows(
                "select xid::text::bigint, id from audit_event where id = %s", ids[-1]
            )
            events = log.Events(last=log.Place(*last), ids=log.ranges(ids))  # type: ignore[arg-type]
        tile = log.Tile(level=level, number=number, hashes=hashes, events=events)
        log.add_tiles(whole.superuser, [tile])


@pytest.mark.parametrize("size", [2, 302, 653])
def test_a_truncated_log_is_told_by_the_copied_heads(whole: Log, size: int) -> None:
    truncate(whole, size)
    (finding,) = whole.verify().findings
    assert finding.fault == Fault.TRUNCATED
    assert f"there are {size};" in finding.text


def test_a_truncated_log_does_not_grow_again(whole: Log) -> None:
    truncate(whole, 302)
    write(600)
    with pytest.raises(LogTruncated):
        whole.sequence()


def test_a_rewritten_log_does_not_grow(whole: Log) -> None:
    rewrite(whole, 100, above=True)
    write(1)
    with pytest.raises(LogTruncated):
        whole.sequence()


MUTATIONS: dict[str, Callable[[Log, int], object]] = {
    "change": lambda whole, position: whole.execute(
        "update audit_event set person_id = 4711 where id = %s", whole.ids[position]
    ),
    "delete": lambda whole, position: whole.execute(
        "delete from audit_event where id = %s", whole.ids[position]
    ),
    "insert": lambda whole, position: whole.execute(
        "insert into audit_event (at, kind, agent, xid, id) select at, kind, agent, xid, -id"
        " from audit_event where id = %s",
        whole.ids[position],
    ),
    "rewrite": lambda whole, position: rewrite(whole, position, above=position < 512),
    "tile": lambda whole, position: swap_hashes(whole, position // 256),
    "truncate": lambda whole, position: truncate(whole, position + 1),
}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(MUTATIONS)), position=st.integers(0, EVENTS - 2))
def test_every_mutation_is_found(made: Log, kind: str, position: int) -> None:
    with as_it_was(made):
        MUTATIONS[kind](made, position)
        found = made.verify().findings
        assert found
        if kind in ("change", "delete"):
            assert {finding.event for finding in found} == {made.ids[position]}
        if kind == "insert":
            assert {finding.event for finding in found} == {-made.ids[position]}
    assert made.verify().findings == []
