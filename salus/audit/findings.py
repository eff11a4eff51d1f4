"""What a verification of the log finds, and how rows are held against a tile; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from psycopg.types.multirange import Multirange

from salus.audit.heads import SignedHead
from salus.audit.log import Entry

_SHOWN = 5  # ranges of ids in one line


class Fault(StrEnum):
    EVENT_CHANGED = "event changed"
    EVENT_DELETED = "event deleted"
    EVENT_INSERTED = "event inserted"
    EVENT_MOVED = "event reordered"
    REWRITTEN = "log rewritten"
    TRUNCATED = "log truncated"
    TILE_ALTERED = "tile altered"
    TILE_MISSING = "tile missing"
    HEAD_FORGED = "head not as signed"
    HEAD_MISSING = "head missing"
    COPY_ALTERED = "copied head altered"
    COPY_MISSING = "copied head missing"
    PRUNING_FORGED = "pruning statement not as signed"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong; never with data of a person."""

    fault: Fault
    event: int | None = None  # its id
    tile: tuple[int, int] | None = None  # level and number
    text: str = ""

    def __str__(self) -> str:
        which = [
            *([f"id {self.event}"] if self.event is not None else []),
            *([f"tile {self.tile[1]} of level {self.tile[0]}"] if self.tile else []),
            *([self.text] if self.text else []),
        ]
        return f"{self.fault}: {', '.join(which)}"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    findings: Sequence[Finding]
    events: int  # in the log
    pruned: dict[str, int]  # how many of them were dropped by each rule
    unsequenced: int  # events that are not in the log yet
    window: timedelta  # for how long they may have waited
    head: SignedHead | None  # the newest that holds


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Between a tile and the rows that stand in its place."""

    changed: Sequence[Entry]
    extra: Sequence[Entry]  # the tile does not know them
    missing: frozenset[int]  # ids that the tile knows, and no row has
    lost: frozenset[bytes]  # hashes of the tile that no row has


def compare(hashes: Iterable[bytes], ids: Multirange[int], entries: Sequence[Entry]) -> Difference:
    leaves = set(hashes)
    there = {entry.place.id for entry in entries if entry.leaf in leaves}
    missing = numbers(ids) - there
    changed, extra = [], []
    for entry in entries:
        if entry.leaf in leaves:
            continue
        if entry.place.id in missing:
            missing.discard(entry.place.id)
            changed.append(entry)
        else:
            extra.append(entry)
    return Difference(
        changed=changed,
        extra=extra,
        missing=frozenset(missing),
        lost=frozenset(leaves - {entry.leaf for entry in entries}),
    )


def numbers(ids: Multirange[int]) -> set[int]:
    return {number for span in ids for number in range(span.lower or 0, span.upper or 0)}


def shown(ids: Iterable[Multirange[int]]) -> str:
    """Ids as a reader wants them: the first few ranges."""
    spans = [f"{span.lower}-{(span.upper or 0) - 1}" for some in ids for span in some]
    more = f" and {len(spans) - _SHOWN} ranges more" if len(spans) > _SHOWN else ""
    return ", ".join(spans[:_SHOWN]) + more


def at(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")
