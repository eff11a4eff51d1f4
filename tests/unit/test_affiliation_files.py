"""Files of the social-security register as they are read, and what is too unlikely to be applied unseen."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest

from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.eligibility.register.files import read_lines
from salus.eligibility.register.messages import End, Line, Message
from salus.eligibility.register.rules import reason_to_hold
from salus.kernel.errors import InvalidInput

SYSTEM = "urn:test:people"
HEADER = "key,value,since,until,withdrawn,sequence"
WHOLE = "2026-11-28T02:00:00+01:00"
MESSAGE: dict[str, Any] = {"key": "K", "value": "1", "since": "2024-02-29", "sequence": 7}
READ = Message(
    key="K",
    system=SYSTEM,
    value="1",
    since=date(2024, 2, 29),
    until=None,
    withdrawn=False,
    sequence=7,
)


def read(*lines: str | bytes, full: bool = False, end: str = "\n") -> list[Line | End]:
    content = end.encode().join(
        line if isinstance(line, bytes) else line.encode() for line in lines
    )
    return list(read_lines(BytesIO(content), system=SYSTEM, full=full))


def read_json(*said: Any, full: bool = False) -> list[Line | End]:
    return read(*map(json.dumps, said), full=full)


def messages(lines: Iterable[Line | End]) -> list[Message | None]:
    return [line.message for line in lines if isinstance(line, Line)]


def problem(line: Line | End) -> str:
    assert isinstance(line, Line) and line.message is None
    return line.problem


def test_a_table_and_objects_say_the_same() -> None:
    end = End(lines=1, sequence=None, as_of=datetime(2026, 11, 28, 1, tzinfo=UTC))
    expected: list[Line | End]
    expected = [Line(number=2, message=READ), end]
    assert read(HEADER, "K,1,2024-02-29,,,7", f"#end,1,,{WHOLE}") == expected
    expected = [Line(number=1, message=READ), end]
    assert read_json(MESSAGE, {"end": {"lines": 1, "asOf": WHOLE}}) == expected


def test_columns_come_in_any_order_with_windows_lines_and_a_byte_order_mark() -> None:
    lines = read(
        "\ufeffsequence,withdrawn,until,since,value,key,system",
        f"7,True,2024-03-01,2024-02-29,1,K,{SYSTEM}",
        f"8,1,2024-03-01,2024-02-29,1,K,{SYSTEM}",
        "9,0,,2024-02-29,1,K,urn:others",
        end="\r\n",
    )
    first, second, third = messages(lines)
    assert first and second and third
    assert (first.until, first.withdrawn, first.system) == (date(2024, 3, 1), True, SYSTEM)
    assert (second.withdrawn, second.sequence) == (True, 8)
    assert (third.withdrawn, third.system) == (False, "urn:others")


def test_a_full_file_speaks_up_to_one_sequence_and_its_lines_need_none() -> None:
    line, end = read("key,value,since", "K,1,2024-02-29", f"#end,1,12,{WHOLE}", full=True)
    assert isinstance(line, Line) and line.message and line.message.sequence is None
    assert isinstance(end, End) and end.sequence == 12
    for wrong in (f"#end,1,,{WHOLE}", f"#end,1,0,{WHOLE}"):
        with pytest.raises(InvalidInput, match="sequence"):
            read("key,value,since", wrong, full=True)
    with pytest.raises(InvalidInput, match="has no column sequence"):
        read("key,value,since", "K,1,2024-02-29")


def test_a_number_is_read_as_the_index_keeps_it() -> None:
    kept = matricule(date(1980, 1, 1), 1)
    spaced = f"{kept[:4]} {kept[4:8]} {kept[8:]}"
    for system, value in ((MATRICULE_SYSTEM, kept), (SYSTEM, spaced)):
        (message,) = messages(read_json(MESSAGE | {"system": system, "value": spaced}))
        assert message and message.value == value


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"key": ""}, "key"),
        ({"key": " K"}, "key"),
        ({"key": "K" * 201}, "key"),
        ({"key": "K\x00"}, "key"),
        ({"key": "K\ud800"}, "key"),
        ({"key": 1}, "key"),
        ({"value": None}, "value"),
        ({"system": 5}, "system"),
        ({"since": None}, "since: is missing"),
        ({"since": "20240229"}, "since"),
        ({"since": "2024-W09-4"}, "since"),
        ({"since": "2023-02-29"}, "since"),
        ({"since": 20240229}, "since"),
        ({"until": "2024-02-29"}, "until"),
        ({"until": "2024-02-28"}, "until"),
        ({"withdrawn": "perhaps"}, "withdrawn"),
        ({"withdrawn": 2}, "withdrawn"),
        ({"sequence": None}, "sequence"),
        ({"sequence": 0}, "sequence"),
        ({"sequence": -1}, "sequence"),
        ({"sequence": True}, "sequence"),
        ({"sequence": 7.0}, "sequence"),
        ({"sequence": "٧"}, "sequence"),
        ({"sequence": 2**63}, "sequence"),
        ({"sequence": "9" * 20}, "sequence"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_cannot_be_so_is_refused_with_the_name_of_the_column(
    said: dict[str, Any], where: str
) -> None:
    (line,) = read_json(MESSAGE | said)
    assert where in problem(line)


def test_what_can_be_so() -> None:
    for said in ({"key": "K" * 200}, {"sequence": 2**63 - 1}, {"sequence": "7"}, {"system": ""}):
        assert None not in messages(read_json(MESSAGE | said))


def test_a_refused_line_says_which_period_it_was_about_and_how_it_came() -> None:
    lines = read(HEADER, "K,1,never,,,7", "K2,1,2024-02-29", b"K\xff,1,2024-02-29,,,7")
    assert [(line.number, line.key, line.text) for line in lines if isinstance(line, Line)] == [
        (2, "K", "K,1,never,,,7"),
        (3, "K2", "K2,1,2024-02-29"),
        (4, "K\udcff", "K\udcff,1,2024-02-29,,,7"),
    ]
    lines = read(
        '{"key": "K", "since": 1}',
        "",
        '{"key": "L", "more": 1}',
        "[]",
        "{",
        '{"key": 5}',
        "[" * 9_000,
    )
    assert [(line.number, line.key) for line in lines if isinstance(line, Line)] == [
        (1, "K"),
        (3, "L"),
        (4, ""),
        (5, ""),
        (6, ""),
        (7, ""),
    ]
    assert all(map(problem, lines))


@pytest.mark.parametrize(
    "lines",
    [
        ["value,since,sequence"],
        ["key,value,since,sequence,name"],
        [""],
        [HEADER, f"#end,-1,,{WHOLE}"],
        [HEADER, "#end,0,,2026-11-28T02:00:00"],
        [HEADER, "#end,0,,"],
        [HEADER, "#end"],
        ['{"end": 1}'],
        ['{"end": {"lines": 0, "asOf": 5}}'],
        [HEADER, f'K,"{"1" * 200_000}",2024-02-29,,,7'],
    ],
)
def test_what_is_no_such_file_is_refused_whole(lines: list[str]) -> None:
    with pytest.raises(InvalidInput):
        read(*lines)


@pytest.mark.parametrize("before", [[HEADER, "K,1,2024-02-29,,,7"], [json.dumps(MESSAGE)]])
def test_a_piece_of_a_long_line_is_no_line(before: list[str]) -> None:
    long = "x" * 10_000 + before[-1]
    with pytest.raises(InvalidInput, match=f"line {len(before) + 1}"):
        read(*before, long)
    assert len(read(*before, long[:9_998])) == 2


@pytest.mark.parametrize(
    ("lines", "refused"), [(10, 5), (600, 6), (2_900, 29), (5_700, 57), (1_200_000, 12_000)]
)
def test_a_file_is_held_when_more_than_one_in_a_hundred_lines_is_refused(
    lines: int, refused: int
) -> None:
    known = {"lines": lines, "withdrawn": 0, "in_state": 0}
    assert reason_to_hold(refused=refused, **known) == ""
    assert reason_to_hold(refused=refused + 1, **known).startswith(f"{refused + 1} of {lines} ")


@pytest.mark.parametrize(
    ("in_state", "withdrawn"), [(0, 5), (300, 6), (1_450, 29), (1_200_000, 24_000)]
)
def test_a_file_is_held_when_it_withdraws_more_than_two_in_a_hundred_periods(
    in_state: int, withdrawn: int
) -> None:
    known = {"lines": 1_200_000, "refused": 0, "in_state": in_state}
    assert reason_to_hold(withdrawn=withdrawn, **known) == ""
    held = reason_to_hold(withdrawn=withdrawn + 1, **known)
    assert held == f"{withdrawn + 1} of {in_state} periods would be withdrawn"
