"""By which numbers the index knows people: both forms of the matricule, foreign numbers, temporary ones."""

from datetime import date

import pytest

from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.country.lu.identifiers import TEMPORARY_SYSTEM
from salus.fhir.resource import Body
from salus.kernel.errors import InvalidInput
from salus.mpi.queries import person_summary
from tests.fhir_patients import (
    created,
    events,
    found,
    ids,
    resource,
    somebody,
    updated,
)

pytestmark = pytest.mark.usefixtures("nation")
TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
FRENCH = "urn:oid:1.2.250.1.213.1.4.8"
BELGIAN = "https://www.ehealth.fgov.be/standards/fhir/core/NamingSystem/ssin"
GERMAN = "http://fhir.de/sid/gkv/kvid-10"
ITALIAN = "http://hl7.it/sid/codiceFiscale"
PASSPORT = "http://hl7.org/fhir/sid/passport-PRT"


def number(system: str, value: str) -> Body:
    return {"system": system, "value": value}


@pytest.mark.parametrize("asked", [f"{MATRICULE_SYSTEM}|", ""])
def test_the_older_number_finds_who_has_the_newer(asked: str) -> None:
    me = somebody().person or 0
    newer = person_summary(me).matricule
    for typed in (newer, newer[:11], f"{newer[:4]} {newer[4:8]} {newer[8:11]}"):
        assert ids(f"identifier={asked}{typed}") == {me}
    assert ids(f"identifier={asked}{newer[:10]}") == set()


def test_a_number_is_kept_in_one_spelling_and_shown_once() -> None:
    number_of = matricule(date(1980, 5, 17), 985)
    spaced = f"{number_of[:4]} {number_of[4:8]} {number_of[8:]}"
    body = created(resource(identifier=[number(MATRICULE_SYSTEM, spaced)]))
    assert [one["value"] for one in body["identifier"][:-1]] == [spaced]
    assert body["identifier"][-1]["system"] == TEMPORARY_SYSTEM  # whose sender has no number
    assert ids(f"identifier={number_of}") == {int(body["id"])}


def test_numbers_of_several_countries_stand_side_by_side() -> None:
    sent = [
        number(FRENCH, "2 55 08 14 168 025 38"),
        {**number(PASSPORT, "n 123456"), "period": {"start": "2020-01-01", "end": "2030-01-01"}},
        number("urn:hospital", "0815"),
    ]
    body = created(resource(identifier=sent))
    french, passport, local = body["identifier"]
    assert french["type"]["coding"] == [{"system": TYPES, "code": "NI"}]
    assert french["assigner"] == {"display": "Institut national de la statistique"}
    assert passport["type"]["coding"] == [{"system": TYPES, "code": "PPN"}]
    assert passport["period"] == {"start": "2020-01-01", "end": "2030-01-01"}
    assert local == sent[2]
    for asked in (f"{FRENCH}|255081416802538", f"{PASSPORT}|N123456", "0815"):
        assert ids(f"identifier={asked}") == {int(body["id"])}


@pytest.mark.parametrize(
    ("system", "value", "says"),
    [
        (MATRICULE_SYSTEM, "1893120105742", "Luhn.*perhaps digit 12 is wrong"),
        (MATRICULE_SYSTEM, "1893120150732", "digits 9 and 10 are swapped"),
        (MATRICULE_SYSTEM, "20042405123", "a company"),
        (FRENCH, "255081416802539", "France"),
        (BELGIAN, "85073003329", "Belgium"),
        (GERMAN, "A123456789", "KVNR"),
        (ITALIAN, "RCCMNL83S18D968H", "Italy"),
        (PASSPORT, "?", "passport"),
        (TEMPORARY_SYSTEM, "T123456780", "temporary"),
    ],
)
def test_a_wrong_number_is_refused_by_its_check_and_never_repeated(
    system: str, value: str, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says) as refusal:
        created(resource(identifier=[number(system, value)]))
    assert refusal.value.at == "Patient.identifier"
    assert value not in str(refusal.value)


def test_who_has_no_number_yet_gets_a_temporary_one() -> None:
    """A newborn, a visitor; the lasting number is added when it is known."""
    before = events(EventKind.PERSON_REGISTERED)
    one, other = (created(resource(identifier=[])) for _ in range(2))
    assert events(EventKind.PERSON_REGISTERED) == before + 2
    (first,), (second,) = one["identifier"], other["identifier"]
    assert first["system"] == second["system"] == TEMPORARY_SYSTEM
    assert first["value"] != second["value"]
    assert first["type"]["coding"] == [{"system": TYPES, "code": "PNT"}]
    lasting = matricule(date(1980, 5, 17), 984)
    changed = updated({**one, "identifier": [number(MATRICULE_SYSTEM, lasting)]})
    assert {n["value"] for n in changed["identifier"]} == {lasting, first["value"]}
    for asked in (first["value"], lasting):
        assert ids(f"identifier={asked}") == {int(one["id"])}


def test_a_wrong_number_finds_nobody() -> None:
    me = person_summary(somebody().person or 0).matricule
    wrong = me[:-1] + str((int(me[-1]) + 1) % 10)
    assert found(f"identifier={MATRICULE_SYSTEM}|{wrong}") == []
