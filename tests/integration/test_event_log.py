"""Each committed event is one leaf of the log, and whatever is done to a row afterwards is named."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salus.audit import log, merkle
from salus.audit.findings import Fault
from salus.audit.log import COLUMNS
from tests.event_log import EVENTS, Log, as_it_was, rewrite, swap_hashes, truncate, write


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


def copied(whole: Log, columns: Sequence[str], event: int) -> bytes:
    """The row as the database copies these columns, without what stands before and behind it."""
    query = f"copy (select {', '.join(columns)} from audit_event where id = {event})"
    with (
        whole.superuser.cursor() as cursor,
        cursor.copy(f"{query} to stdout (format binary)".encode()) as stream,
    ):
        return b"".join(map(bytes, stream))[19:-2]


@pytest.mark.parametrize(
    ("client", "purpose", "columns"),
    [
        ("null", "null", 16),
        ("7", "null", 17),
        ("4294967295", "null", 17),
        ("-1", "null", 17),
        ("7", "'TREAT'", 18),
        ("null", "'PATRQT'", 18),
    ],
)
def test_columns_that_came_later_are_left_out_while_they_are_null(
    whole: Log, client: str, purpose: str, columns: int
) -> None:
    """So a row that was written before them has the leaf that it had."""
    event = whole.ids[7]
    whole.execute(
        f"update audit_event set client_id = {client}, purpose = {purpose}, persons = '{{-1}}'"
        " where id = %s",
        event,
    )
    ((place,),) = whole.rows(
        "select array[xid::text::bigint, id] from audit_event where id = %s", event
    )
    row = log.row_of(whole.superuser, log.Place(*place))  # type: ignore[misc]
    names = (*BEFORE_CLIENTS, "client_id", "purpose")[:columns]
    assert row == copied(whole, names, event)
    assert log.columns_of(row) == names


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
    "client_id": "4294967295",  # whose last bytes look like a null
    "purpose": "'TREAT'",
}
BEFORE_CLIENTS = (
    *("at", "id", "xid", "salt", "kind", "agent", "denied", "repeated", "account_id"),
    *("practitioner_id", "organization_id", "person_id", "document_id", "request_id"),
    *("system", "persons"),
)


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
