"""How far two records agree, and what keeps them from being linked."""

from dataclasses import replace
from datetime import date

import pytest

from salus.kernel.errors import InvalidInput
from salus.mpi.matching.levels import Field, Level, compare
from salus.mpi.matching.model import Model, default_model
from salus.mpi.matching.prepared import prepare
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band, score

MODEL = default_model()
ANNE = Traits(
    given="Anne",
    family="Weber",
    birth_date=date(1957, 3, 12),
    sex="female",
    street="rue de la Gare",
    house_number="12",
    postal_code="1234",
    city="Luxembourg",
    phone="621123456",
)


@pytest.mark.parametrize(
    ("field", "one", "other", "level"),
    [
        (Field.GIVEN, Traits(given="Anne"), Traits(given="ANNE"), Level.EQUAL),
        (Field.GIVEN, Traits(given="Jean-Pierre"), Traits(given="Jean"), Level.PART),
        (Field.GIVEN, Traits(given="Jean-Pierre"), Traits(given="Jean-Marc"), Level.DIFFERS),
        (Field.GIVEN, Traits(given="Christine"), Traits(given="Christiane"), Level.SIMILAR),
        (Field.GIVEN, Traits(given="Catherine"), Traits(given="Cahterine"), Level.SIMILAR),
        (Field.GIVEN, Traits(given="Filipe"), Traits(given="Philippe"), Level.SOUNDS_ALIKE),
        (Field.GIVEN, Traits(given="A."), Traits(given="Anne"), Level.INITIAL),
        (Field.GIVEN, Traits(given="Anne"), Traits(given="Paul"), Level.DIFFERS),
        (Field.GIVEN, Traits(given="Anne"), Traits(given="inconnue"), Level.NOT_KNOWN),
        (Field.FAMILY, Traits(family="d'Almeida"), Traits(family="Dalmeida"), Level.EQUAL),
        (Field.FAMILY, Traits(family="Weber-Muller"), Traits(family="Muller"), Level.PART),
        (
            Field.FAMILY,
            Traits(family="Reding", birth_family="Weber"),
            Traits(family="Weber"),
            Level.PART,
        ),
        (
            Field.FAMILY,
            Traits(family="Weber"),
            Traits(family="Reding", former_families=("Weber",)),
            Level.PART,
        ),
        (
            Field.BIRTH_DATE,
            Traits(birth_text="1957-03-12"),
            Traits(birth_text="1957-12-03"),
            Level.SWAPPED,
        ),
        (
            Field.BIRTH_DATE,
            Traits(birth_text="1957-03-12"),
            Traits(birth_text="1957-03-13"),
            Level.SIMILAR,
        ),
        (
            Field.BIRTH_DATE,
            Traits(birth_text="1957-03-12"),
            Traits(birth_text="1975-03-12"),
            Level.SIMILAR,
        ),
        (
            Field.BIRTH_DATE,
            Traits(birth_text="1957-03-12"),
            Traits(birth_text="1982-03-12"),
            Level.RESEMBLES,
        ),
        (
            Field.BIRTH_DATE,
            Traits(birth_text="1957-01-01"),
            Traits(birth_text="1957-03-12"),
            Level.YEAR_ONLY,
        ),
        (
            Field.BIRTH_DATE,
            Traits(birth_text="1957-01-01"),
            Traits(birth_text="1957-01-01"),
            Level.YEAR_ONLY,
        ),
        (
            Field.BIRTH_DATE,
            Traits(birth_text="1957"),
            Traits(birth_text="1957-03-12"),
            Level.YEAR_ONLY,
        ),
        (
            Field.BIRTH_DATE,
            Traits(birth_text="1957"),
            Traits(birth_text="1958-03-12"),
            Level.DIFFERS,
        ),
        (Field.HOUSE_NUMBER, Traits(house_number="12"), Traits(house_number="12a"), Level.SIMILAR),
        (Field.PHONE, Traits(phone="621123456"), Traits(phone="621123465"), Level.SIMILAR),
    ],
)
def test_levels(field: Field, one: Traits, other: Traits, level: Level) -> None:
    assert compare(prepare(one), prepare(other))[field] is level
    assert compare(prepare(other), prepare(one))[field] is level


def test_swapped_names_are_seen_as_such() -> None:
    levels = compare(
        prepare(Traits(given="Anne", family="Weber")), prepare(Traits(given="Wéber", family="Anne"))
    )
    assert levels[Field.GIVEN] is levels[Field.FAMILY] is Level.SWAPPED


def test_one_person_in_two_spellings_is_linked() -> None:
    again = replace(ANNE, family="WÉBER", street="r. de la gare", phone="+352 621 123 456")
    match = score(ANNE, again, MODEL)
    assert (match.band, match.guards) == (Band.LINK, ())


def test_what_is_not_known_says_nothing() -> None:
    evidence = {line.field: line for line in score(ANNE, replace(ANNE, phone=""), MODEL).evidence}
    assert (evidence["phone"].level, evidence["phone"].weight) == ("not known", 0.0)


HARD = {
    "twins": replace(ANNE, given="Claire"),
    "twins of one sound": replace(ANNE, given="Anna"),
    "twin of the other sex": replace(ANNE, given="Andy", sex="male"),
    "twins without a given name yet": replace(ANNE, given="Bébé"),
    "mother and daughter": replace(ANNE, birth_date=date(1982, 7, 1)),
    "mother and daughter of one birthday": replace(ANNE, birth_date=date(1987, 3, 12)),
    "neighbour of one date": replace(ANNE, given="Rosa", family="Lopes"),
    "one with nothing but the address": Traits(
        street="rue de la Gare", house_number="12", postal_code="1234", phone="621123456"
    ),
    "another's number": replace(ANNE, national_id="1957031299999"),
}


@pytest.mark.parametrize("other", HARD.values(), ids=HARD.keys())
def test_address_phone_and_date_are_never_enough(other: Traits) -> None:
    one = replace(ANNE, national_id="1957031212345")
    assert score(one, other, MODEL).band is not Band.LINK
    assert score(other, one, MODEL).band is not Band.LINK


def test_twins_are_not_linked_where_files_show_no_relatives_either() -> None:
    drawn = replace(MODEL, relatives=MODEL.prior / 100)
    assert score(ANNE, replace(ANNE, given="Claire"), drawn).band is not Band.LINK
    assert score(ANNE, replace(ANNE, birth_date=date(1982, 7, 1)), drawn).band is not Band.LINK


def test_orders_among_twins_that_differ_keep_from_linking() -> None:
    first = replace(ANNE, multiple_birth=1)
    assert score(first, first, MODEL).band is Band.LINK
    match = score(first, replace(ANNE, multiple_birth=2), MODEL)
    assert (match.band, match.guards) == (Band.REVIEW, ("multiple birth order differs",))


def test_a_model_is_the_same_after_it_was_kept() -> None:
    assert Model.load(MODEL.dump()) == MODEL


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"prior": "x"}', "null"])
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Model.load(text)
