"""What the stewards' desk says of a comparison: every word of the matcher, and bits that add up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import altair as alt
import pytest
from django.utils.translation import override

from salus.kernel.month import Month
from salus.mpi.matching import guards
from salus.mpi.matching.levels import Field, Level
from salus.mpi.models import Link, Pair
from salus.mpi.rules import Contradiction
from salus.mpi.stewards import words
from salus.mpi.stewards.chart import bits, by_month, drawn, percent, waterfall
from salus.mpi.stewards.explanation import Explanation, explained
from salus.mpi.stewards.quality import Quality
from salus.mpi.survivorship import Why

EVIDENCE = [
    {"field": "birth_date", "level": "equal", "weight": 11.2},
    {"field": "household", "level": "shared", "weight": -2.0},
    {"field": "family", "level": "equal", "weight": 8.5},
    {"field": "street", "level": "equal", "weight": 6.0},
    {"field": "phone", "level": "not known", "weight": 0.0},
]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def explanation() -> Explanation:
    found = explained(3.5, {"evidence": EVIDENCE, "guards": ["one of a multiple birth"]})
    assert found
    return found


def said_by_guards() -> set[str]:
    """Every text that the guards may yield."""
    tree = ast.parse(Path(guards.__file__).read_text(encoding="utf-8"))
    texts: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant):
            texts.add(str(node.value.value))
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.JoinedStr):
            texts |= {"birth date not known", "birth date differs"}
    return texts


def test_every_word_of_the_matcher_has_one_of_the_page() -> None:
    assert set(Field) <= set(words.FIELDS)
    assert set(Level) <= set(words.LEVELS)
    assert len(said_by_guards()) > 10
    assert said_by_guards() <= set(words.GUARDS)
    assert set(Contradiction) == set(words.CONTRADICTIONS)
    assert set(Why) == set(words.BELIEVED)
    assert set(Link.MadeBy.values) == set(words.MADE_BY)
    assert set(Pair.Judgement.values) == set(words.JUDGEMENTS)


def test_the_bits_of_all_fields_lead_from_the_prior_to_the_weight(explanation: Explanation) -> None:
    assert explanation.prior == pytest.approx(-20.2)
    reached = explanation.prior
    for step in explanation.steps:
        assert (step.start, step.end) == pytest.approx((reached, reached + step.weight))
        reached = step.end
    assert reached == pytest.approx(explanation.weight)
    assert explanation.silent == ("phone",)


def test_what_a_household_shares_is_taken_off_after_it_was_added(explanation: Explanation) -> None:
    order = [step.field for step in explanation.steps]
    assert order == ["family", "birth_date", "street", "household"]


def test_nobody_compared_what_a_sender_joined() -> None:
    assert explained(None, None) is None


@pytest.mark.parametrize(("weight", "per_hundred"), [(0.0, 50), (1.0, 66.67), (-2000.0, 0)])
def test_each_bit_doubles_the_odds(weight: float, per_hundred: float) -> None:
    found = explained(weight, {"evidence": EVIDENCE, "guards": []})
    assert found
    assert found.percent == pytest.approx(per_hundred, abs=0.01)


def test_what_is_not_certain_is_not_printed_as_certain() -> None:
    assert [percent(share) for share in (50, 99.4, 99.96, 99.9999)] == [
        "50",
        "99.4",
        "99.96",
        "99.9999",
    ]


def test_numbers_are_written_as_the_language_writes_them() -> None:
    with override("de"):
        assert (bits(11.24), bits(-3.06)) == ("+11,2", "−3,1")


def test_the_drawings_keep_to_the_schema(explanation: Explanation) -> None:
    months = [Quality(month=Month(2024, 12), joined=3, parted=1, same=0, different=0)]
    for specification in (waterfall(explanation), by_month(months)):
        alt.LayerChart.from_dict(specification)  # raises where Vega-Lite would not understand it
    svg = drawn(waterfall(explanation))
    assert "+11.2" in svg
    assert "Date of birth: the same" in svg
