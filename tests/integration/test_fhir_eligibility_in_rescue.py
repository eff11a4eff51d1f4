"""On FHIR: looking somebody up by name and birth date, and answers that are signed."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from salus.country.lu import MATRICULE_SYSTEM
from salus.eligibility.fhir.vocabulary import PROOF
from salus.eligibility.models import LookUp, Right
from salus.eligibility.proofs import read_proof
from salus.fhir.validation import faults
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from tests.eligibility import affiliate, register_heard
from tests.fhir_client import Fhir
from tests.fhir_eligibility import (
    caller,
    counting,
    identifier,
    looked_up,
    number_of,
    request,
    said,
    signed,
    submit,
    where,
)
from tests.links import registered

pytestmark = pytest.mark.usefixtures("database")
NOBODY = (MATRICULE_SYSTEM, "0000000000000")
BORN = "1957-03-09"
HERE = "CoverageEligibilityRequest"


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    register_heard(now())


@pytest.fixture(scope="module")
def crew(database: Path) -> tuple[Fhir, Actor]:
    return caller("rescue")


@pytest.fixture
def zoe() -> tuple[int, str]:
    """Insured, and her family name, which nobody else has."""
    name = f"Schmitz{uuid4().hex}"
    person = registered(family=name, given="Zoë Marie", birth_date=date(1957, 3, 9))
    affiliate(person, date(2000, 1, 1))
    return person, name


def test_a_name_and_a_birth_date_find_and_owe_a_check(
    crew: tuple[Fhir, Actor], zoe: tuple[int, str]
) -> None:
    fhir, actor = crew
    person, name = zoe
    sent = looked_up(name, "Zoé", BORN, identifier=[{"system": "urn:x", "value": name}])
    with counting(1, "rescue"):
        answer = submit(fhir, sent)
        assert submit(fhir, sent).body == answer.body
    assert answer.status == 200 and not faults(answer.body)
    assert answer.body["contained"] == sent["contained"]
    assert answer.body["patient"] == {"reference": "#who"}
    assert said(answer.body)["status"] == "affiliated"
    assert answer.body["insurance"][0]["inforce"] is True
    owed = LookUp.objects.filter(caller__client=actor.client, checked_at=None)
    assert owed.get().mission == "M-1"
    submit(fhir, request(number_of(person)))
    assert not owed.exists()


def test_of_several_none_is_told(crew: tuple[Fhir, Actor], zoe: tuple[int, str]) -> None:
    registered(family=zoe[1], given="Zoé", birth_date=date(1957, 3, 9))
    told = submit(crew[0], looked_up(zoe[1], "Zoé", BORN))
    assert told.status == 200 and not faults(told.body)
    assert told.body["outcome"] == "error" and "insurance" not in told.body
    assert said(told.body)["reason"] == "several-people"
    one = submit(crew[0], looked_up(zoe[1], "Zoë Marie", BORN)).body
    assert said(one)["status"] == "affiliated"


def test_the_day_may_be_said_when_it_is_today(
    crew: tuple[Fhir, Actor], zoe: tuple[int, str]
) -> None:
    today = now().date()
    for day, status in ((today, 200), (today - timedelta(1), 422)):
        sent = looked_up(zoe[1], "Zoé", BORN, servicedDate=day.isoformat())
        assert submit(crew[0], sent).status == status


def who(**changed: Any) -> dict[str, Any]:
    """What is contained, changed."""
    (whom,) = looked_up("Schmitz", "Zoé", BORN)["contained"]
    whom |= changed
    return {"contained": [{name: value for name, value in whom.items() if value}]}


def info(**identifier: str) -> dict[str, Any]:
    return {"supportingInfo": [{"sequence": 1, "information": {"identifier": identifier}}]}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        (who(name=None), "contained[0].name"),
        (who(name=[{"family": "Schmitz"}]), "contained[0].name[0].given"),
        (who(name=[{"given": ["Zoé"]}]), "contained[0].name[0].family"),
        (who(birthDate=None), "contained[0].birthDate"),
        (who(birthDate="1957"), "contained[0].birthDate"),
        (who(birthDate="1899-12-31"), "contained[0].birthDate"),
        (who(gender="female"), "contained[0].gender"),
        ({"contained": None, "patient": {"reference": "#"}}, "contained"),
        (who(resourceType="Person", birthDate=None), "contained"),
        (signed({}), "extension"),
        ({"supportingInfo": None}, "supportingInfo"),
        ({"supportingInfo": info(value="1")["supportingInfo"] * 2}, "supportingInfo"),
        (info(system="urn:x"), "supportingInfo[0].information.identifier.value"),
        (info(value="x" * 65), "supportingInfo[0].information.identifier.value"),
    ],
)
def test_a_look_up_that_is_none_is_refused_with_its_place(
    crew: tuple[Fhir, Actor], changed: dict[str, Any], place: str
) -> None:
    with counting(0, "rescue"):
        answer = submit(crew[0], looked_up("Schmitz", "Zoé", BORN, **changed))
    assert where(answer) == (422, [f"{HERE}.{place}"])


def test_it_is_asked_by_right_by_itself_and_by_nothing_else(crew: tuple[Fhir, Actor]) -> None:
    narrow, _ = caller(rights=[Right.AFFILIATION])
    sent = looked_up("Schmitz", "Zoé", BORN)
    assert submit(narrow, sent).status == 403
    lines = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": sent}]}
    lines["entry"][0]["fullUrl"] = f"urn:uuid:{uuid4()}"  # type: ignore[index]
    (line,) = submit(crew[0], lines).body["entry"]
    (issue,) = line["response"]["outcome"]["issue"]
    assert issue["expression"] == ["Bundle.entry[0].resource.contained"]
    del sent["contained"]
    numbered = sent | {"patient": {"identifier": identifier(NOBODY)}}
    assert where(submit(crew[0], numbered)) == (422, [f"{HERE}.supportingInfo"])


# Signed


def test_an_answer_is_signed_where_that_is_asked_for_by_right(
    crew: tuple[Fhir, Actor], zoe: tuple[int, str]
) -> None:
    number = number_of(zoe[0])
    answer = submit(crew[0], signed(request(number)))
    assert answer.status == 200 and not faults(answer.body)
    proof = read_proof(said(answer.body)["proof"], at=now())
    assert (proof.value, proof.status, proof.day) == (number[1], "affiliated", now().date())
    for extension in (
        {"url": PROOF, "valueBoolean": False},
        {"url": "urn:x", "valueBoolean": True},
    ):
        told = submit(crew[0], request(number, extension=[extension]))
        assert told.status == 200 and "proof" not in said(told.body)
    narrow, _ = caller(rights=[Right.AFFILIATION])
    assert submit(narrow, signed(request(number))).status == 403


def test_in_a_collection_each_line_is_signed_by_itself(crew: tuple[Fhir, Actor]) -> None:
    lines = [signed(request(NOBODY)), request(NOBODY)]
    entries = [{"fullUrl": f"urn:uuid:{uuid4()}", "resource": line} for line in lines]
    sent = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    told = [one["resource"] for one in submit(crew[0], sent).body["entry"]]
    assert ["proof" in said(one) for one in told] == [True, False]
