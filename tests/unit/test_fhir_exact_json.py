"""JSON from outside: read without loss, and within bounds."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.fhir import exact_json
from salus.kernel.errors import InvalidInput

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
DECIMALS = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=7
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | DECIMALS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


@given(VALUES)
def test_what_is_dumped_is_read_back_exactly(value: Any) -> None:
    again = exact_json.parse(exact_json.dump(value).encode())
    assert again == value
    assert exact_json.dump(again) == exact_json.dump(value)


@given(VALUES)
def test_dump_is_the_json_that_others_read(value: Any) -> None:
    as_floats = json.loads(json.dumps(value, default=float))
    assert json.loads(exact_json.dump(value)) == as_floats


@pytest.mark.parametrize("digits", ["1.50", "0.10000000000000000000001", "100.0", "-0.0"])
def test_a_decimal_keeps_its_digits(digits: str) -> None:
    assert exact_json.dump(exact_json.parse(digits.encode())) == digits


def test_plain_has_floats() -> None:
    assert exact_json.plain({"value": [Decimal("1.50")]}) == {"value": [1.5]}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not JSON: line 1 column 1"),
        (b'{"resourceType": "Bun', "not JSON: line 1"),
        (b"\x1f\x8b\x08\x00", "not text in UTF-8"),
        (b"[" * 10_000 + b"]" * 10_000, "nested deeper"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1, "a": 2}', "same name"),
        (b'{"a": [1, {"b": "x\\u0000"}]}', r"a\[1\].b: holds a character"),
        (b'{"a": "\\ud800"}', "a: holds a character"),
        (b'{"a\\u0000": 1}', "holds a character"),
        (b'{"a": 1e999999999}', "digits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"a": "' + b"x" * (2**20 + 1) + b'"}', "a: longer than"),
        (b" " * (64 * 2**20 + 1), "larger than 64 MiB"),
    ],
    ids=range(14),
)
def test_bad_json_is_refused_in_one_sentence(content: bytes, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint) as refused:
        exact_json.parse(content)
    assert "\n" not in str(refused.value)


def test_a_byte_order_mark_is_no_harm() -> None:
    assert exact_json.parse(b"\xef\xbb\xbf[1]") == [1]
