"""Names, dates and other values of the region in the one form in which they are compared."""

from datetime import date

import pytest

from salus.kernel.spelling.names import name
from salus.mpi.matching.keys import blocking_keys, sounds
from salus.mpi.matching.prepared import birth_digits, prepare
from salus.mpi.matching.record import Traits


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MUELLER"),
        ("Muller", "Müller"),
        ("Jean-Pierre", "Jean Pierre"),
        ("Jean-Pierre", "JEANPIERRE"),
        ("da Silva", "Silva"),
        ("dos Santos", "SANTOS"),
        ("van den Berg", "Berg"),
        ("D'Almeida", "d’Almeida"),
        ("von der Heyde", "Heyde"),
        ("Dr. Weber", "Weber"),
        ("Иванов", "Ivanov"),
        ("Łukasz", "Lukasz"),
        ("Gonçalves", "GONCALVES"),
        ("Groß", "Gross"),
    ],
)
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert name(one).joined == name(other).joined != ""


@pytest.mark.parametrize(
    "filler",
    ["", "  ", "INCONNU", "unknown", "Unbekannt", "n/a", "XXX", "xx", "-", "???", "Bébé", "0"],
)
def test_a_filler_is_no_name(filler: str) -> None:
    assert name(filler).words == ()


@pytest.mark.parametrize("rare", ["Li", "Xu", "Nana", "Aa", "E", "da"])
def test_a_rare_name_is_one(rare: str) -> None:
    assert name(rare).joined


def test_the_name_before_marriage_is_another_of_the_same_person() -> None:
    families = prepare(Traits(family="Muller née Weber", birth_family="Reding")).families
    assert {"muller", "weber", "reding"} <= set(families)


def test_each_part_of_a_double_name_is_one() -> None:
    assert {"weber", "muller", "webermuller"} <= set(
        prepare(Traits(family="Weber-Müller")).families
    )


@pytest.mark.parametrize(
    "alike",
    [
        "Schmit Schmitt Schmidt Chmit",
        "Müller Mueller Muler",
        "Philippe Filipe Philip Filip",
        "Sousa Souza Zousa",
        "Weis Weiss Veiss Weiß",
        "Dupont Dupond",
        "Krier Crier Kryer",
        "Gonçalves Goncalves",
        "Magalhães Magalhaes Magalaes",
        "Schroeder Schröder Schroder Schrœder",
        "Thill Till Tyl",
    ],
)
def test_what_sounds_alike_in_the_region_has_one_key(alike: str) -> None:
    assert len({sounds(spelling) for spelling in alike.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Weber", "Wagner"), ("Klein", "Kremer"), ("Silva", "Santos"), ("Marie", "Anne")],
)
def test_other_names_sound_otherwise(one: str, other: str) -> None:
    assert sounds(one) != sounds(other)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("1957-03-12", "19570312"),
        ("19570312", "19570312"),
        ("12.03.1957", "19570312"),
        ("12/3/1957", "19570312"),
        ("1957/3/12", "19570312"),
        ("12031957", "19570312"),
        ("1957-03-12T00:00:00Z", "19570312"),
        ("1957-13-42", "19571342"),  # no date, yet most of its digits are right
        ("1957", "19570000"),
        ("03-1957", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_birth_dates_as_they_are_typed(text: str, digits: str) -> None:
    assert birth_digits(text) == digits


@pytest.mark.parametrize(
    "filler",
    [
        Traits(birth_date=date(1900, 1, 1)),
        Traits(birth_text="9999-12-31"),
        Traits(birth_text="0000-00-00"),
        Traits(phone="000 000 000"),
        Traits(phone="+352 999999999"),
        Traits(national_id="0000000000000"),
        Traits(national_id="XXXXXXXXXXXXX"),
        Traits(postal_code="0000"),
        Traits(email="unknown@hospital.lu"),
        Traits(street="xxx"),
        Traits(city="inconnu"),
        Traits(sex="unknown"),
    ],
)
def test_fillers_count_as_not_known(filler: Traits) -> None:
    assert prepare(filler) == prepare(Traits())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Traits(street="12, rue de la Gare"), Traits(street="r. de la gare", house_number="12")),
        (Traits(street="Bahnhofstr. 3a"), Traits(street="Bahnhofstraße", house_number="3 A")),
        (Traits(postal_code="L-1234"), Traits(postal_code="1234")),
        (Traits(city="Esch-sur-Alzette"), Traits(city="ESCH/ALZETTE")),
        (Traits(phone="+352 621 123 456"), Traits(phone="621123456")),
        (Traits(phone="00352-26 12 34 56"), Traits(phone="26123456")),
        (Traits(email=" Anne@Post.lu "), Traits(email="anne@post.lu")),
        (Traits(national_id="1957 0312 12345"), Traits(national_id="1957031212345")),
        (Traits(sex="F"), Traits(sex="female")),
        (Traits(sex="männlich"), Traits(sex="M")),
    ],
)
def test_one_value_in_two_spellings(one: Traits, other: Traits) -> None:
    assert prepare(one) == prepare(other) != prepare(Traits())


def test_the_empty_record_meets_nobody() -> None:
    assert blocking_keys(Traits()) == frozenset()


BORN = date(1957, 3, 12)
ANNE = Traits(
    given="Anne Marie",
    family="Weber",
    birth_date=BORN,
    street="rue de la Gare",
    house_number="12",
    postal_code="1234",
    phone="621123456",
)


@pytest.mark.parametrize(
    "again",
    [
        Traits(given="Weber", family="Anne Marie"),  # swapped
        Traits(given="Ann-Marie", family="Veber"),
        Traits(given="Anne", family="Reding", birth_family="Weber"),
        Traits(given="Anne", family="Weber-Reding", birth_date=BORN),
        Traits(given="Axne", birth_date=BORN),
        Traits(family="Wxber", birth_date=BORN),
        Traits(birth_date=BORN, postal_code="L-1234"),
        Traits(given="Marie", postal_code="1234"),
        Traits(street="12, r. de la Gare"),
        Traits(phone="+352 621 123 456"),
    ],
)
def test_records_of_one_person_meet_under_some_key(again: Traits) -> None:
    assert blocking_keys(ANNE) & blocking_keys(again)


def test_strangers_of_one_day_do_not_meet() -> None:
    other = Traits(given="Paulo", family="Lopes", birth_date=BORN, postal_code="9999")
    assert not blocking_keys(ANNE) & blocking_keys(other)
