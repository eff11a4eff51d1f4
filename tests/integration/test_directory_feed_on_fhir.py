"""Software that feeds the directory on FHIR (IHE mCSD, ITI-130): what it says, and of whom it may not speak."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client as Browser

from salus.accounts.models import Client
from salus.directory.actions import let_feed, roll_back, source_named
from salus.directory.models import ChangeSet, Practitioner, Statement
from salus.kernel.clock import now
from tests import software
from tests.fhir_directory import fill_directory

OWN, FOREIGN = "https://college.example/members", "https://salus.example/a"
SNOMED = "http://snomed.info/sct"
COLLEGE, AUTHORITY, NOBODY = "college", "authority", "nobody"
Told = tuple[int, Any, dict[str, str]]


@pytest.fixture(scope="module", autouse=True)
def tokens(database: Path) -> dict[str, str]:
    """Of the college's software, the authority's, and of one that feeds nothing."""
    fill_directory()
    at = software.organization("feeder")
    found = {}
    for name, system in ((COLLEGE, OWN), (AUTHORITY, ""), (NOBODY, "")):
        registered = software.registered(at, scope="system/*.cruds")
        client = Client.objects.get(client_id=registered.client_id)
        if name != NOBODY:
            source_named(name, system=system, at=now())
            let_feed(source=name, client=client.pk, is_authority=name == AUTHORITY)
        found[name] = software.ask(registered)["access_token"]
    return found


@pytest.fixture(autouse=True)
def ask(tokens: dict[str, str]) -> Iterator[Any]:
    """What a request comes to, of the college's software unless it is said: status, body, headers."""

    def asked(
        method: str, path: str, body: Any = None, *, who: str = COLLEGE, **headers: str
    ) -> Told:
        answer = Browser(SERVER_NAME="localhost").generic(
            method,
            f"/fhir/{path}".rstrip("/"),
            json.dumps(body) if body else b"",
            content_type="application/fhir+json" if body else "",
            headers={name.replace("_", "-"): value for name, value in headers.items()}
            | {"authorization": f"Bearer {tokens[who]}"},
        )
        told = json.loads(answer.content) if answer.content else None
        return answer.status_code, told, dict(answer.headers)

    with transaction.atomic():
        yield asked
        transaction.set_rollback(True)


def practitioner(value: str = "1", system: str = OWN, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": system, "value": value}],
        "active": True,
        "name": [{"family": "Weber", "given": ["Léa"]}],
        "telecom": [{"system": "phone", "value": "+352 27 12 34"}],
        "qualification": [{"code": {"coding": [{"system": SNOMED, "code": "62247001"}]}}],
        "communication": [{"coding": [{"system": "urn:ietf:bcp:47", "code": "pt"}]}],
        **more,
    }


def organization(value: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "identifier": [{"system": OWN, "value": value}],
        "name": "Cabinet de la Gare",
        "type": [{"coding": [{"code": "practice"}]}],
        **more,
    }


def made(ask: Any, body: dict[str, Any] | None = None) -> dict[str, Any]:
    body = body or practitioner()
    status, told, _ = ask("POST", body["resourceType"], body)
    assert status == 201, told
    return dict(told)


def issue(told: Any) -> tuple[str, str]:
    (one,) = told["issue"]
    return one["code"], one.get("expression", [""])[0]


def test_an_entry_is_created_and_is_found(ask: Any) -> None:
    status, told, headers = ask("POST", "Practitioner", practitioner())
    assert (status, told["meta"]["versionId"]) == (201, "1")
    assert headers["Location"].endswith(f"Practitioner/{told['id']}/_history/1")
    found = ask("GET", f"Practitioner?identifier={OWN}|1")[1]
    assert found["entry"][0]["resource"] == told
    change_set = ChangeSet.objects.latest("pk")
    assert (change_set.source.name, change_set.how) == (COLLEGE, "feed")


def test_an_entry_that_is_there_is_not_created_again(ask: Any) -> None:
    made(ask)
    assert issue(ask("POST", "Practitioner", practitioner())[1])[0] == "conflict"
    condition = f"identifier={OWN}|1"
    status, told, _ = ask("POST", "Practitioner", practitioner(), if_none_exist=condition)
    assert (status, told["identifier"][0]["value"]) == (200, "1")


def test_an_update_says_all_that_is_shown(ask: Any) -> None:
    """What it leaves out has no value any more; what nobody sees stays."""
    first = made(ask, practitioner(birthDate="1970-01-31"))
    body = practitioner(id=first["id"], name=[{"family": "Wagner", "given": ["Léa"]}])
    del body["telecom"]
    status, told, _ = ask("PUT", f"Practitioner/{first['id']}", body, if_match='W/"1"')
    assert (status, told["meta"]["versionId"]) == (200, "2")
    assert told["name"][0]["family"] == "Wagner"
    assert "telecom" not in told
    assert told["communication"] == first["communication"]
    said = Statement.objects.filter(entry=first["id"], kind="Practitioner").latest("pk").said
    assert said == {"family": "Wagner", "telephone": None}


def test_what_was_read_can_be_sent_back_and_changes_nothing(ask: Any) -> None:
    place = made(ask, organization())
    bodies = [made(ask), place]
    for kind in ("Location", "HealthcareService", "PractitionerRole", "Endpoint", "Organization"):
        found = ask("GET", f"{kind}?_count=200")[1]["entry"]
        bodies += [
            one["resource"] for one in found if "end" not in str(one["resource"].get("period"))
        ]
    for body in bodies:
        status, told, _ = ask("PUT", f"{body['resourceType']}/{body['id']}", body, who=AUTHORITY)
        assert (status, told) == (200, body)


def test_an_update_of_a_version_that_is_not_the_newest_is_refused(ask: Any) -> None:
    first = made(ask)
    body = practitioner(id=first["id"], telecom=[])
    del body["telecom"]
    path = f"Practitioner/{first['id']}"
    assert ask("PUT", path, body, if_match='W/"1"')[0] == 200
    assert ask("PUT", path, body, if_match='W/"1"')[0] == 412
    assert ask("PUT", path, practitioner("2", id=first["id"]))[0] == 422  # the number stays


def test_a_resend_is_answered_alike_and_has_no_second_effect(ask: Any) -> None:
    name = str(uuid4())
    first, second = (ask("POST", "Practitioner", practitioner(), x_request_id=name) for _ in "12")
    assert (first[0], second[0]) == (201, 201)
    assert first[1] == second[1]
    name, path = str(uuid4()), f"Practitioner/{first[1]['id']}"
    body = practitioner(id=first[1]["id"], name=[{"family": "Wagner", "given": ["Léa"]}])
    once = ask("PUT", path, body, x_request_id=name, if_match='W/"1"')
    again = ask("PUT", path, body, x_request_id=name, if_match='W/"1"')
    assert once[:2] == again[:2]
    name = str(uuid4())
    assert [ask("DELETE", path, x_request_id=name)[0] for _ in "12"] == [204, 204]
    assert ChangeSet.objects.filter(source__name=COLLEGE).count() == 3


def test_what_is_deleted_has_ended_and_can_come_back(ask: Any) -> None:
    first = made(ask)
    path = f"Practitioner/{first['id']}"
    assert ask("DELETE", path)[0] == 204
    assert ask("GET", path)[0] == 410
    assert ask("DELETE", path)[0] == 404
    methods = [one["request"]["method"] for one in ask("GET", f"{path}/_history")[1]["entry"]]
    assert methods == ["DELETE", "POST"]
    assert made(ask)["id"] == first["id"]


def test_what_is_not_active_any_more_has_ended(ask: Any) -> None:
    first = made(ask)
    body = practitioner(id=first["id"], active=False)
    status, told, _ = ask("PUT", f"Practitioner/{first['id']}", body)
    assert (status, told["active"], told["meta"]["versionId"]) == (200, False, "2")
    assert ask("GET", f"Practitioner/{first['id']}")[0] == 410


def test_a_transaction_is_one_change_set(ask: Any) -> None:
    """A whole practice, whose parts name each other; taken back as a whole."""
    place = {
        "resourceType": "Location",
        "identifier": [{"system": OWN, "value": "1"}],
        "name": "Gare",
        "status": "active",
        "managingOrganization": {"reference": "urn:uuid:1"},
        "position": {"longitude": 6.13, "latitude": 49.6},
    }
    role = {
        "resourceType": "PractitionerRole",
        "identifier": [{"system": OWN, "value": "1"}],
        "period": {"start": "2024-05-01"},
        "practitioner": {"reference": "urn:uuid:2"},
        "organization": {"reference": "urn:uuid:1"},
        "location": [{"reference": "urn:uuid:3"}],
    }
    bodies = (organization(), practitioner(), place, role)
    entries = [
        {
            "fullUrl": f"urn:uuid:{number}",
            "resource": body,
            "request": {"method": "POST", "url": body["resourceType"]},
        }
        for number, body in enumerate(bodies, start=1)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    status, told, _ = ask("POST", "", bundle)
    assert status == 200, told
    assert [one["response"]["status"] for one in told["entry"]] == ["201 Created"] * 4
    (change_set,) = ChangeSet.objects.filter(source__name=COLLEGE)
    assert list(change_set.lines.order_by("number").values_list("number", flat=True)) == [
        1,
        2,
        3,
        4,
    ]
    near = ask("GET", "Location?near=49.61|6.13|3|km&_include=Location:organization")[1]
    assert [one["resource"]["resourceType"] for one in near["entry"]] == [
        "Location",
        "Organization",
    ]
    roll_back(actor=software.SYSTEM, at=now(), change_set=change_set.pk, reason="a try")
    assert ask("GET", f"Practitioner?identifier={OWN}|1")[1]["total"] == 0


def test_a_transaction_that_fails_changes_nothing(ask: Any) -> None:
    bodies = (practitioner(), practitioner("2", name=[{"given": ["Léa"]}]))
    entries = [
        {"resource": body, "request": {"method": "POST", "url": "Practitioner"}} for body in bodies
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    status, told, _ = ask("POST", "", bundle)
    assert status == 422
    assert issue(told)[1].startswith("Bundle.entry[1].resource.name")
    assert not ChangeSet.objects.filter(source__name=COLLEGE).exists()


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"identifier": []}, "Practitioner.identifier"),
        ({"name": [{"text": "Léa"}]}, "Practitioner.name[0].family"),
        ({"telecom": [{"system": "email", "value": "lea"}]}, "Practitioner.telecom"),
        (
            {"communication": [{"coding": [{"code": "klingon"}]}]},
            "Practitioner.communication",
        ),
        ({"qualification": [{"code": {"text": "a doctor"}}]}, "Practitioner.code"),
    ],
)
def test_what_is_wrong_is_told_where(ask: Any, more: dict[str, Any], place: str) -> None:
    body = {name: value for name, value in practitioner(**more).items() if value}
    status, told, _ = ask("POST", "Practitioner", body)
    assert (status, issue(told)) == (422, ("business-rule", place))


def test_a_reference_to_nothing_is_told(ask: Any) -> None:
    body = organization(partOf={"reference": "Organization/999999"})
    status, told, _ = ask("POST", "Organization", body)
    assert (status, issue(told)[1]) == (422, "Organization.partOf.reference")


def test_software_speaks_of_its_own_sources_entries(ask: Any) -> None:
    foreign = Practitioner.objects.filter(system=FOREIGN, deregistered_at=None, same_as=None)[0]
    body = practitioner(foreign.value, FOREIGN, id=str(foreign.pk))
    path = f"Practitioner/{foreign.pk}"
    assert ask("PUT", path, body)[0] == 403
    assert ask("DELETE", path)[0] == 403
    assert ask("POST", "Practitioner", practitioner("new", FOREIGN))[0] == 403
    number = [{"system": FOREIGN, "value": "licence-1"}]
    code = practitioner()["qualification"][0]["code"]
    licensed = practitioner(qualification=[{"identifier": number, "code": code}])
    mine = made(ask)
    assert ask("PUT", f"Practitioner/{mine['id']}", licensed | {"id": mine["id"]})[0] == 403
    assert ask("PUT", path, body, who=AUTHORITY)[0] == 200


def test_software_that_feeds_nothing_changes_nothing(ask: Any) -> None:
    for method, path, body in (
        ("POST", "Practitioner", practitioner()),
        ("PUT", "Practitioner/1", practitioner(id="1")),
        ("DELETE", "Practitioner/1", None),
    ):
        assert ask(method, path, body, who=NOBODY)[0] == 403


def test_licences_are_said_with_their_holder(ask: Any) -> None:
    def licence(status: str) -> dict[str, Any]:
        told = [
            {"url": "status", "valueCode": status},
            {"url": "whereValid", "valueCodeableConcept": {"coding": [{"code": "LU"}]}},
        ]
        url = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification"
        return {
            "extension": [{"url": url, "extension": told}],
            "identifier": [{"system": OWN, "value": "licence-1"}],
            "code": practitioner()["qualification"][0]["code"],
        }

    mine = made(ask, practitioner(qualification=[licence("active")]))
    path, found = (
        f"Practitioner/{mine['id']}",
        f"Practitioner?identifier={OWN}|1&licence-country=LU",
    )
    assert ask("GET", found)[1]["total"] == 1
    body = practitioner(id=mine["id"], qualification=[licence("suspended")])
    assert ask("PUT", path, body)[1]["meta"]["versionId"] == "2"
    assert ask("GET", found)[1]["total"] == 0
    told = ask("PUT", path, practitioner(id=mine["id"]))[1]  # it is not named any more
    assert "identifier" not in told["qualification"][0]
