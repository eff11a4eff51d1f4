"""The simulation's fast paths against slow plain ones."""

import struct
from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from salus.simulation import binary_copy as copy
from salus.simulation.calibration import largest_remainder
from salus.simulation.sampling import enrol
from salus.simulation.timeline import NEVER, NO_DAY, NO_MONTH

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
ROW = st.tuples(
    st.integers(-1, 2**40),  # a key's index, -1: null
    TEXT,
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.none() | st.integers(1, 30_000),
    st.booleans(),
)
ERA = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Row = tuple[int, str, datetime | None, date | None, int | None, bool]


def plain(rows: list[Row]) -> bytes:
    """The COPY stream, value by value as the manual says."""
    stream = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
    for key, text, at, day, number, flag in rows:
        fields = [
            None if key < 0 else struct.pack(">q", key + 1),
            text.encode(),
            None if at is None else struct.pack(">q", (at - ERA) // MICROSECOND),
            None if day is None else struct.pack(">i", (day - date(2000, 1, 1)).days),
            None if number is None else struct.pack(">h", number),
            struct.pack(">?", flag),
        ]
        stream += struct.pack(">h", len(fields))
        for value in fields:
            stream += struct.pack(">i", -1 if value is None else len(value)) + (value or b"")
    return stream + struct.pack(">h", -1)


@given(st.lists(ROW, max_size=20))
def test_binary_copy_is_what_the_manual_says(rows: list[Row]) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    columns = [
        copy.keys(np.array([row[0] for row in rows], dtype=np.int64)),
        copy.words([row[1] for row in rows]),
        copy.instants(
            np.array(
                [NEVER if row[2] is None else (row[2] - epoch) // MICROSECOND for row in rows],
                dtype=np.int64,
            )
        ),
        copy.dates(
            np.array(
                [NO_DAY if row[3] is None else (row[3] - epoch.date()).days for row in rows],
                dtype=np.int64,
            )
        ),
        copy.smallints(np.array([row[4] or 0 for row in rows], dtype=np.int64), null=0),
        copy.booleans(np.array([row[5] for row in rows], dtype=bool)),
    ]
    assert b"".join(copy.encode(columns)) == plain(rows)


@given(st.integers(0, 10**7), st.lists(st.floats(0.01, 1000), min_size=1, max_size=12))
def test_largest_remainder_adds_up_and_is_off_by_less_than_one(
    total: int, weights: list[float]
) -> None:
    parts = largest_remainder(total, weights)
    quota = total * np.array(weights) / sum(weights)
    assert parts.sum() == total
    assert (np.abs(parts - quota) < 1 + 1e-6).all()


PERSON = st.tuples(st.floats(0, 1), st.integers(0, 12), st.integers(0, 20))


@given(st.lists(PERSON, min_size=1, max_size=40), st.lists(st.integers(0, 3), max_size=12))
def test_enrolment_takes_month_by_month_those_with_the_smallest_keys(
    people: list[tuple[float, int, int]], counts: list[int]
) -> None:
    keys, start, last = (np.array(column) for column in zip(*people, strict=True))
    taken = dict.fromkeys(range(len(people)), NO_MONTH)
    owed = 0
    for month, count in enumerate(counts):
        owed += count
        ready = sorted(
            (key, number)
            for number, (key, first, final) in enumerate(people)
            if first <= month <= final and taken[number] == NO_MONTH
        )
        for _, number in ready[:owed]:
            taken[number] = month
        owed -= len(ready[:owed])
    if len(set(keys.tolist())) < len(keys) or owed:
        return  # ties are anybody's; too few people is an error, see the unit tests
    found = enrol(keys, start=start, last=last, counts=np.array(counts, dtype=np.int64))
    assert found.tolist() == list(taken.values())
