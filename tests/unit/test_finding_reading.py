"""What the words of the directory's one field are taken for, in four languages."""

import pytest
from django.utils import translation

from salus.directory.finding.question import Understood
from salus.directory.finding.reading import as_names, read
from salus.directory.finding.vocabulary import Sense, meanings
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

GP, PAEDIATRICIAN, GYNAECOLOGIST, CARDIOLOGIST = "62247001", "82296001", "83685006", "17561000"
DENTIST, NURSE, MIDWIFE, PHYSIO = "106289002", "106292003", "309453006", "36682004"
BORNE = {name: {name: 0} for name in ("weber", "mersch", "tom", "klein", "german")}


def understood(text: str) -> list[tuple[str, str]]:
    """Each thing understood with its code or place."""
    reading = read(text, names=BORNE)
    return [
        (str(one.sense), one.place or one.codes[0] if one.codes or one.place else "")
        for one in reading.taken
        if one.sense is not Sense.NAME
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("dentiste", DENTIST),
        ("Zahnärztin", DENTIST),
        ("dentist", DENTIST),
        ("Zänndokter", DENTIST),
        ("pédiatre", PAEDIATRICIAN),
        ("Kinderarzt", PAEDIATRICIAN),
        ("pediatrician", PAEDIATRICIAN),
        ("Kannerdokter", PAEDIATRICIAN),
        ("médecin de famille", GP),
        ("Hausarzt", GP),
        ("family doctor", GP),
        ("Hausdokter", GP),
        ("gynéco", GYNAECOLOGIST),
        ("Frauenärztin", GYNAECOLOGIST),
        ("Fraendokter", GYNAECOLOGIST),
        ("cardiologue", CARDIOLOGIST),
        ("Häerzdokter", CARDIOLOGIST),
        ("kiné", PHYSIO),
        ("Krankengymnastik", PHYSIO),
        ("sage-femme", MIDWIFE),
        ("Hebamme", MIDWIFE),
        ("midwife", MIDWIFE),
        ("Hiewan", MIDWIFE),
        ("infirmière", NURSE),
        ("Krankeschwëster", NURSE),
        ("denstite", DENTIST),
        ("pediatre", PAEDIATRICIAN),
        ("Kinderartz", PAEDIATRICIAN),
    ],
)
def test_a_profession_in_everyday_words(text: str, code: str) -> None:
    assert understood(text) == [("profession", code)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pharmacie", "pharmacy"),
        ("Apotheke", "pharmacy"),
        ("Apdikt", "pharmacy"),
        ("hôpital", "hospital"),
        ("Krankenhaus", "hospital"),
        ("Spidol", "hospital"),
        ("maison de soins", "nursing"),
        ("Fleegeheem", "nursing"),
        ("labo", "laboratory"),
    ],
)
def test_a_kind_of_organisation(text: str, code: str) -> None:
    assert understood(text) == [("type", code)]


@pytest.mark.parametrize(
    "text",
    [
        "dentiste qui parle portugais à Esch",
        "Zahnarzt, der Portugiesisch spricht, in Esch an der Alzette",
        "portugiesischsprachiger Zahnarzt Esch",
        "dentist who speaks Portuguese near Esch-sur-Alzette",
        "Zänndokter deen Portugisesch schwätzt zu Esch-Uelzecht",
        "Dentiste PORTUGAISE l-4130",
    ],
)
def test_one_sentence_in_each_language(text: str) -> None:
    reading = read(text, names=BORNE)
    assert sorted(understood(text)) == [
        ("language", "pt"),
        ("place", "Esch-sur-Alzette"),
        ("profession", DENTIST),
    ]
    assert reading.names == ()


@pytest.mark.parametrize(
    "text",
    ["nouveaux patients", "nimmt neue Patienten", "accepts new patients", "hëlt nei Patienten un"],
)
def test_new_patients(text: str) -> None:
    assert understood(f"Weber {text}") == [("new_patients", "")]
    assert read(f"Weber {text}", names=BORNE).names == ("weber",)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Lëtzebuerg", "Luxembourg"),
        ("Luxemburg", "Luxembourg"),
        ("Echternahc", "Echternach"),
        ("Mondorf", "Mondorf-les-Bains"),
        ("Diddeleng", "Dudelange"),
        ("Dudelang", "Dudelange"),
        ("L-1616", "Luxembourg"),
        ("L 9220", "Diekirch"),
        ("9223", "Diekirch"),
        ("Trèves", "Trier"),
        ("54290", "Trier"),
    ],
)
def test_a_place_by_name_or_code_in_any_language(text: str, place: str) -> None:
    assert understood(text) == [("place", place)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Weber", ("weber",)),
        ("Dr Tom Weber", ("tom", "weber")),
        ("doctor Weber", ("weber",)),
        ("de Almeida", ("almeida",)),
        ("Weber-Esch", ("weber", "esch")),
        ('"Esch"', ("esch",)),
        ("Wéber", ("weber",)),
        ("Müller", ("muller",)),
    ],
)
def test_what_is_not_understood_is_a_name(text: str, names: tuple[str, ...]) -> None:
    assert understood(text) == []
    assert read(text, names=BORNE).names == names


def test_a_name_that_is_nearer_than_a_place_is_a_name() -> None:
    assert understood("Merschh") == [("place", "Mersch")]
    assert read("Merschh", names={"merschh": {"merschi": 20}}).names == ("merschh",)


def test_a_place_that_is_somebodys_name_is_doubtful() -> None:
    assert read("Tom Mersch", names=BORNE).doubtful
    assert not read("Tom Esch", names=BORNE).doubtful


def test_what_was_understood_can_be_undone() -> None:
    text = "dentiste Mersch"
    shown = Understood(text=text, taken=read(text, names=BORNE).taken)
    profession, place = shown.taken
    assert shown.without(place) == "dentiste"
    assert shown.as_name(place) == 'dentiste "Mersch"'
    assert read(shown.as_name(place), names=BORNE).names == ("mersch",)
    assert as_names(text).names == ("dentiste", "mersch")
    with translation.override("de"):
        assert [profession.label(), place.label()] == ["Zahnmedizin", "Mersch"]


def test_every_profession_and_kind_has_words() -> None:
    """Not "other", which nobody looks for, nor the physician without a specialty, who is one of the physicians."""
    known = {code for meaning in meanings().values() for code in meaning.codes}
    assert (set(PROFESSIONS) | set(ORGANIZATION_TYPES)) - known == {"other"}
