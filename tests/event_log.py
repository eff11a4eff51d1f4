"""A small event log for tests that damage it, and how a superuser would."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from salus.audit import log, merkle
from salus.audit.actions import record
from salus.audit.findings import Fault, Verdict
from salus.audit.heads import Copies
from salus.audit.log import Connection
from salus.audit.models import EventKind
from salus.audit.sequencer import sequence
from salus.audit.verification import verify
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.postgres import login
from salus.kernel.rows import rows_of
from salus.kernel.signing import Signer

SYSTEM = Actor(role=Role.SYSTEM, system="test")
EVENTS = 700  # two full tiles and a part
SECRET = "c2VjcmV0LW9mLWEtdGVzdC1vZi10aGUtZXZlbnQtbG8"  # 32 bytes, as a secret of the data folder
TABLES = ("audit_event", "audit_tile", "audit_head", "audit_pruning")


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


@contextmanager
def a_log(database: Path) -> Iterator[Log]:
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


@contextmanager
def as_it_was(whole: Log) -> Iterator[None]:
    """Put rows and copies back at the end."""
    folder = whole.copies.keys_file.parent
    files = {file: file.read_bytes() for file in folder.iterdir()}
    yield
    for table in TABLES:
        whole.execute(f"delete from {table}")
        whole.execute(f"insert into {table} select * from saved_{table}")
    for file in folder.iterdir():
        file.unlink()
    for file, content in files.items():
        file.write_bytes(content)


def write(count: int) -> None:
    """Events as the site writes them, in one transaction."""
    with rows_of(range(1, count + 1)):
        for number in range(count):
            record(
                actor=SYSTEM,
                kind=EventKind.INDEX_REQUEST,
                at=now() - timedelta(days=number % 90),
                person=number + 1,
            )


def swap_hashes(whole: Log, number: int) -> None:
    whole.execute(
        "update audit_tile set hashes = substring(hashes from 33 for 32)"
        " || substring(hashes for 32) || substring(hashes from 65) where level = 0 and number = %s",
        number,
    )


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
