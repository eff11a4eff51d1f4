"""Weights by Fellegi and Sunter (A Theory for Record Linkage, 1969), calculated by hand."""

from dataclasses import replace
from datetime import date

import pytest

from salus.mpi.matching.levels import Field, Level
from salus.mpi.matching.model import Model, Odds, Terms
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band, Match, score

# Powers of two, so that every weight is a whole number of bits.
MODEL = Model(
    prior=1 / (1 + 2**10),  # odds 1 to 1024: -10 bits
    fields={
        Field.GIVEN: {
            Level.EQUAL: Odds(m=1 / 2, u=1 / 64, r=1 / 64),  # 5 bits
            Level.DIFFERS: Odds(m=1 / 16, u=1 / 2, r=1 / 2),  # -3 bits
        },
        Field.FAMILY: {
            Level.EQUAL: Odds(m=1 / 2, u=1 / 128, r=1 / 2),  # 6 bits, for relatives as well
            Level.DIFFERS: Odds(m=1 / 8, u=1 / 2, r=1 / 4),
        },
        Field.BIRTH_DATE: {
            Level.EQUAL: Odds(m=1 / 2, u=2**-13, r=2**-7),  # 12 bits; 6 for twins
            Level.DIFFERS: Odds(m=1 / 32, u=1 / 2, r=1 / 2),
        },
        Field.STREET: {
            Level.EQUAL: Odds(m=1 / 2, u=2**-9, r=1 / 2)
        },  # 8 bits, for relatives as well
    },
    terms={Field.FAMILY: Terms(frequency={"weber": 1 / 16}, rare=1 / 1024)},
    link=8.0,
    review=-4.0,
    relatives=0.0,
)
ANNE = Traits(given="Anne", family="Reding", birth_date=date(1957, 3, 12))


def weights(match: Match) -> dict[str, float]:
    return {line.field: line.weight for line in match.evidence if line.level != "not known"}


def test_the_weight_is_the_prior_and_the_log_of_each_bayes_factor() -> None:
    match = score(ANNE, replace(ANNE, given="Paul"), MODEL)
    # log2((1/16) / (1/2)) = -3; a rare name weighs log2((1/2) / (1/1024)) = 9; log2((1/2) / 2^-13) = 12
    assert weights(match) == {"given": -3, "family": 9, "birth_date": 12}
    assert match.weight == pytest.approx(-10 - 3 + 9 + 12)
    assert match.probability == pytest.approx(2**8 / (2**8 + 1))


def test_a_frequent_name_weighs_less() -> None:
    weber = replace(ANNE, family="Weber")
    assert weights(score(weber, weber, MODEL))["family"] == 3  # log2((1/2) / (1/16))


def test_what_relatives_share_is_taken_off() -> None:
    # Two relatives rather than two strangers: given 0, family log2((1/2) / (1/1024)) = 9, date 6, street 8 bits.
    at_home = replace(ANNE, street="rue de la Gare", house_number="12")
    match = score(at_home, at_home, replace(MODEL, relatives=2**-13))
    assert weights(match)["household"] == pytest.approx(-10.0, abs=0.002)  # log2(1 + 2^23 / 2^13)
    assert match.weight == pytest.approx(-10 + 5 + 9 + 12 + 8 - 10, abs=0.002)


def test_the_bands_begin_at_their_thresholds() -> None:
    at_home = replace(ANNE, street="rue de la Gare", house_number="12")
    weight = score(at_home, at_home, MODEL).weight
    assert weight == pytest.approx(24.0)
    for link, review, band in [
        (weight, 0.0, Band.LINK),
        (weight + 0.01, weight, Band.REVIEW),
        (weight + 0.01, weight + 0.01, Band.NEW),
    ]:
        assert score(at_home, at_home, replace(MODEL, link=link, review=review)).band is band


def test_the_order_of_the_two_records_does_not_matter() -> None:
    other = Traits(given="Reding", family="Ane", street="rue de la Gare")
    assert score(ANNE, other, MODEL) == score(other, ANNE, MODEL)
