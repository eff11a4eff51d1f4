"""The matcher on people of the region who are hard to tell apart: what holds for each pair, whatever the seed.

SALUS_REGIONAL_SEED repeats a run. The quality as a whole is benchmarks/regional.py, which the long test runs;
SALUS_REGIONAL_LOG takes its page.
"""

import os
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import regional
from benchmarks.regional_set.deviations import DEVIATIONS, written
from benchmarks.regional_set.humans import humans
from benchmarks.regional_set.judged import judge, lower_bound
from benchmarks.regional_set.pairs import Labelled, different_people, same_people
from benchmarks.regional_set.record import by_the_register
from benchmarks.regional_set.strangers import KINDS, Region
from salus.kernel.search_key import search_key
from salus.mpi.matching.model import default_model
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band, score
from salus.simulation.names import name_table

SEED = int(os.environ.get("SALUS_REGIONAL_SEED") or random.randrange(2**32))
LOG = os.environ.get("SALUS_REGIONAL_LOG")
PAIRS = 2_000

MODEL = default_model()
# As learned of files that show hardly any relatives: the next one has twins.
FEW_RELATIVES = replace(MODEL, relatives=0.01 * MODEL.prior)
MODELS = [MODEL, FEW_RELATIVES]
FILLERS: Mapping[str, tuple[Any, ...]] = {
    "given": ("Inconnu", "XXX", "Bébé", "."),
    "family": ("Inconnue", "Unbekannt", "n/a", "---"),
    "birth_date": (date(1900, 1, 1), date(1, 1, 1)),
    "street": ("xxx", "inconnue", "."),
    "postal_code": ("0000", "99999"),
    "city": ("inconnu", "xxx"),
    "phone": ("00000000", "999999", "+352 000000"),
    "email": ("inconnu@inconnu.lu", "test@test.com"),
    "national_id": ("9999999999999", "0000000000000", "1234567890123"),
}


@pytest.fixture(scope="module")
def region() -> Region:
    print(f"SALUS_REGIONAL_SEED={SEED}")
    return Region(humans(SEED, denominator=400))


@pytest.fixture(scope="module", params=[False, True], ids=["realistic", "harsh"])
def strangers(region: Region, request: pytest.FixtureRequest) -> list[Labelled]:
    return list(islice(different_people(region, f"{SEED}", harsh=request.param), PAIRS))


@pytest.fixture(scope="module")
def same(region: Region) -> list[Labelled]:
    return list(islice(same_people(region, f"{SEED}"), PAIRS))


def test_no_two_people_are_linked(strangers: list[Labelled]) -> None:
    """Twins, father and son, namesakes of one day: a rule holds each back, so none of two thousand slips through.

    What can slip through at all are namesakes of one day whose telephones, drawn at random, are one: 1 in 10^6.
    """
    assert {pair.kinds[0] for pair in strangers} == set(KINDS)
    judged = judge(strangers, MODEL)
    assert judged.linked(at=float("-inf")) == 0
    assert judged.wrong == ()
    relatives = [p for p in strangers if p.kinds[0].startswith(("twins", "parent", "grandparent"))]
    assert judge(relatives[: PAIRS // 4], FEW_RELATIVES).wrong == ()


def test_most_records_of_one_human_being_are_found(same: list[Labelled]) -> None:
    """At least 97 of 100, linked or for review; where 99 are, as the benchmark shows, 2,000 pairs fall below once
    in 10^14 runs. And some are linked: a matcher that links nothing is right about everything."""
    judged = judge(same, MODEL)
    assert judged.raised(MODEL.review) >= 0.97 * PAIRS
    assert judged.linked(MODEL.link) >= 0.7 * PAIRS


def test_either_record_may_come_first(strangers: list[Labelled], same: list[Labelled]) -> None:
    for pair in strangers[:300] + same[:300]:
        one, other = score(pair.one, pair.other, MODEL), score(pair.other, pair.one, MODEL)
        assert one.weight == pytest.approx(other.weight)
        assert (one.band, one.guards) == (other.band, other.guards)
        assert [(e.field, e.level) for e in one.evidence] == [
            (e.field, e.level) for e in other.evidence
        ]


@pytest.mark.parametrize("field", FILLERS)
def test_a_filler_is_worth_no_more_than_nothing(field: str, same: list[Labelled]) -> None:
    blank = getattr(Traits(), field)
    for pair in same[:60]:
        for filler in FILLERS[field]:
            for one, other in (
                (_with(pair.one, field, filler), _with(pair.other, field, filler)),
                (_with(pair.one, field, filler), pair.other),
            ):
                filled = score(one, other, MODEL)
                empty = score(
                    _with(one, field, blank),
                    _with(other, field, blank) if getattr(other, field) == filler else other,
                    MODEL,
                )
                assert filled.weight <= empty.weight + 1e-9
                assert filled.band is empty.band or filled.band is not Band.LINK


names = st.sampled_from(name_table().texts)
days = st.dates(date(1920, 1, 2), date(2024, 12, 31))
households = st.fixed_dictionaries(
    {
        "street": st.sampled_from(["Grand-Rue", "rue de la Gare", "Hauptstraße"]),
        "house_number": st.integers(1, 200).map(str),
        "postal_code": st.sampled_from(["L-1111", "57100", "54290"]),
        "city": st.sampled_from(["Luxembourg", "Thionville", "Trier"]),
        "country": st.sampled_from(["LU", "FR", "DE"]),
        "phone": st.integers(20_000_000, 69_999_999).map(str),
        "email": st.sampled_from(["", "famille@pt.lu"]),
        "sex": st.sampled_from(["male", "female", ""]),
    }
)


@given(households, names, names, names, days)
@settings(max_examples=100, deadline=None)
def test_one_home_and_one_day_are_never_enough(
    home: dict[str, Any], family: str, one: str, other: str, born: date
) -> None:
    """Twins, or guests of one hostel: what they share, a caretaker's telephone too, makes no link."""
    if _plain(one) == _plain(other):
        return
    shared = Traits(**home, birth_date=born, family=family)
    for model in MODELS:
        match = score(replace(shared, given=one), replace(shared, given=other), model)
        assert match.band is not Band.LINK
        assert match.guards


@given(households, names, names, days, st.integers(14, 90))
@settings(max_examples=100, deadline=None)
def test_one_name_and_one_home_are_never_enough(
    home: dict[str, Any], family: str, name: str, born: date, years: int
) -> None:
    """Father and son, even under the father's number and born on one day of the year."""
    shared = Traits(**home, family=family, given=name, national_id="1950031201234")
    later = date(born.year + years, born.month, min(born.day, 28))
    for model in MODELS:
        match = score(replace(shared, birth_date=born), replace(shared, birth_date=later), model)
        assert match.band is not Band.LINK
        assert match.guards


def test_the_same_seed_draws_the_same_pairs(region: Region, same: list[Labelled]) -> None:
    assert list(islice(same_people(region, f"{SEED}"), 50)) == same[:50]
    assert list(islice(same_people(region, f"{SEED} again"), 50)) != same[:50]


def test_deviations_come_about_as_often_as_the_table_says(region: Region) -> None:
    """Of those that nothing later hides, within six standard deviations (false alarm: 1 in 10^8)."""
    shares = {deviation.kind: deviation.realistic for deviation in DEVIATIONS}
    rng, count = random.Random(SEED), 4_000
    seen: Counter[str] = Counter()
    for _ in range(count):
        human = region.anybody(rng)
        seen.update(written(rng, human, by_the_register(human))[1])
    for kind in ("wrong sex", "moved", "no telephone", "no matricule", "matricule mistyped"):
        share = shares[kind]
        spread = (count * share * (1 - share)) ** 0.5
        # A digit that is mistyped as itself is no deviation, nor two equal ones that change places.
        least = 0.7 if kind == "matricule mistyped" else 1
        assert least * count * share - 6 * spread <= seen[kind] <= count * share + 6 * spread


def test_the_lower_bound_is_clopper_and_pearsons() -> None:
    """Against the closed form for none wrong, and the published 0.9999 of 36,887 right ones."""
    assert lower_bound(100, 0) == pytest.approx(0.025 ** (1 / 100))
    assert lower_bound(36_887, 0) >= 0.9999 > lower_bound(36_886, 0)
    assert lower_bound(0, 5) == 0


@pytest.mark.prove
def test_the_goals_are_reached_on_all_pairs() -> None:
    written_to = ["--evidence", LOG] if LOG else []
    assert regional.main(["--seed", str(SEED), *written_to]) == 0


def _with(traits: Traits, field: str, value: Any) -> Traits:
    changed: dict[str, Any] = {field: value}
    return replace(traits, **changed)


def _plain(name: str) -> str:
    """As the matcher sees it: Noël, Noel and Nol are one name."""
    return search_key(name).replace(" ", "").replace("e", "")
