"""The directory over FHIR: what comes along, what is left out, how pages link, and at what cost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from fhir.resources.R4B import get_fhir_model_class

from salus.directory.actions import register_practitioner
from salus.directory.fhir import RESOURCES
from salus.directory.models import Practitioner, PractitionerRole
from salus.fhir import validation
from salus.fhir.page_token import LASTS
from salus.fhir.resource import Body, Call
from salus.fhir.search import WrongParameter
from salus.fhir.searchset import asked_of, searchset
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import Gone, InvalidInput
from salus.kernel.scopes import read_scopes
from tests.fhir_directory import CALL, fill_directory

SERVED = {resource.type: resource for resource in RESOURCES}
HERE = "http://localhost/fhir"


@pytest.fixture(scope="module", autouse=True)
def directory(database: Path) -> None:
    fill_directory()


def get(path: str, **headers: str) -> tuple[int, Any]:
    answer = Client().get(f"/fhir/{path}", headers={"host": "localhost", **headers})
    return answer.status_code, json.loads(answer.content)


def found(path: str) -> Body:
    status, bundle = get(path)
    assert status == 200, bundle
    get_fhir_model_class("Bundle").model_validate(bundle)
    return dict(bundle)


def by_mode(bundle: Body, mode: str) -> list[str]:
    return [
        f"{entry['resource']['resourceType']}/{entry['resource'].get('id')}"
        for entry in bundle.get("entry", ())
        if entry["search"]["mode"] == mode
    ]


def links(bundle: Body) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in bundle["link"]}


def asked_at(url: str) -> str:
    assert url.startswith(f"{HERE}/")
    return url.removeprefix(f"{HERE}/")


@pytest.mark.parametrize("type", SERVED)
def test_every_resource_is_well_formed(type: str) -> None:
    bundle = found(f"{type}?_count=200")
    assert bundle["total"] == len(bundle["entry"])
    for entry in bundle["entry"]:
        body = entry["resource"]
        get_fhir_model_class(type).model_validate(body)
        validation.check(body, type=type)
        assert get(f"{type}/{body['id']}") == (200, body)


def test_a_professional_is_shown_as_on_the_page(directory: None) -> None:
    row = Practitioner.objects.filter(deregistered_at=None, prefix="Dr").first()
    assert row is not None
    body = get(f"Practitioner/{row.pk}")[1]
    assert body["name"][0]["text"] == row.full_name
    assert not {"birthDate", "address"} & body.keys()


def test_who_is_not_registered_any_more_is_not_shown() -> None:
    gone = Practitioner.objects.exclude(deregistered_at=None).values_list("pk", flat=True)
    assert len(gone) == 3
    for one in gone:
        assert get(f"Practitioner/{one}")[0] == 410
        assert found(f"Practitioner?_id={one}")["total"] == 0
        assert found(f"PractitionerRole?practitioner={one}")["total"] == 0
    assert found("PractitionerRole?practitioner.family=a&_count=0")["total"] >= 0


# What comes along


def test_what_roles_refer_to_comes_along_once() -> None:
    bundle = found(
        "PractitionerRole?_include=PractitionerRole:organization"
        "&_include=PractitionerRole:practitioner:Practitioner&_count=30"
    )
    roles = [e["resource"] for e in bundle["entry"] if e["search"]["mode"] == "match"]
    wanted = {role[end]["reference"] for role in roles for end in ("practitioner", "organization")}
    along = by_mode(bundle, "include")
    assert sorted(along) == sorted(wanted)


def test_roles_come_along_with_what_they_refer_to_and_lead_on() -> None:
    some = by_mode(found("Organization?_count=2"), "match")
    ids = ",".join(name.partition("/")[2] for name in some)
    bundle = found(
        f"Organization?_id={ids}&_revinclude=PractitionerRole:organization"
        "&_include:iterate=PractitionerRole:practitioner"
    )
    assert by_mode(bundle, "match") == some
    along = by_mode(bundle, "include")
    roles = by_mode(found(f"PractitionerRole?organization={ids}"), "match")
    assert roles
    assert [name for name in along if name.startswith("PractitionerRole/")] == roles
    people = {get(role)[1]["practitioner"]["reference"] for role in roles}
    assert {name for name in along if name.startswith("Practitioner/")} == people
    assert not any(name.startswith("Organization/") for name in along)


def test_what_the_profile_names_comes_along() -> None:
    """IHE mCSD, 2:3.90.4.1.2.2 and 2.3."""
    bundle = found("Location?_include=Location:organization&_include:iterate=Organization:endpoint")
    places = [one["resource"] for one in bundle["entry"] if one["search"]["mode"] == "match"]
    along = by_mode(bundle, "include")
    assert {one["managingOrganization"]["reference"] for one in places} <= set(along)
    assert any(name.startswith("Endpoint/") for name in along)
    back = found("Organization?_revinclude=Location:organization")
    assert set(by_mode(bundle, "match")) == set(by_mode(back, "include"))
    parts = found("Organization?_revinclude:iterate=Organization:partof&partof:missing=true")
    named = {one["resource"].get("partOf", {}).get("reference") for one in parts["entry"]} - {None}
    assert named
    assert named <= set(by_mode(parts, "match"))


@pytest.mark.parametrize(
    "near",
    ["49.6", "49.6|6.1|5|parsec", "91|6.1", "49.6|181|5", "49.6|6.1|-5", "a|b", "49.6|6.1|5|km|x"],
)
def test_a_place_that_is_none_is_refused(near: str) -> None:
    status, outcome = get(f"Location?near={near}")
    assert (status, outcome["issue"][0]["expression"]) == (400, ["http.near"])


def test_a_target_that_is_not_asked_for_does_not_come_along() -> None:
    bundle = found("PractitionerRole?_include=PractitionerRole:organization:Practitioner")
    assert by_mode(bundle, "include") == []


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("Practitioner", 3),
        ("Practitioner?name=weber&_sort=-_lastUpdated,family&_total=accurate", 4),
        ("Practitioner?_count=0", 1),
        ("PractitionerRole", 1),
        (
            "PractitionerRole?_include=PractitionerRole:organization"
            "&_include=PractitionerRole:practitioner",
            8,
        ),
        (
            "Organization?_revinclude=PractitionerRole:organization"
            "&_include:iterate=PractitionerRole:practitioner",
            8,
        ),
        ("Practitioner?_has:PractitionerRole:practitioner:organization.name=weber", 3),
        ("Organization?address-city=lux", 5),
    ],
)
def test_an_answer_takes_a_fixed_number_of_queries(path: str, queries: int) -> None:
    for count in ("", "3"):
        limited = f"{path}{'&' if '?' in path else '?'}_count={count}" if count else path
        if count and "_count" in path:
            continue
        with CaptureQueriesContext(
            connection,
        ) as sent:
            found(limited)
        assert len([one for one in sent if "directory_" in one["sql"]]) == queries


# What is left out, and what of it is said


def test_a_summary_says_that_it_is_one() -> None:
    def entries(query: str) -> list[Body]:
        return [entry["resource"] for entry in found(f"PractitionerRole?{query}")["entry"]]

    whole = entries("_count=5")
    tag = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
        "code": "SUBSETTED",
    }
    for query, names in (
        ("_elements=period", {"period"}),
        ("_elements=PractitionerRole.code,active", {"code", "active"}),
        ("_summary=text", set[str]()),
    ):
        for body, full in zip(entries(f"{query}&_count=5"), whole, strict=True):
            assert body.keys() == names | {"resourceType", "id", "meta"}
            assert body["meta"]["tag"] == [tag]
            assert all(body[name] == full[name] for name in names)
    assert {name for body in whole for name in body} - {
        name for body in entries("_count=5&_summary=true") for name in body
    } == {"extension", "healthcareService", "availableTime"}
    for query in ("_summary=false", "_summary=data"):  # nothing of it is left out
        assert entries(f"{query}&_count=5") == whole
    assert "entry" not in found("PractitionerRole?_summary=count")


def test_a_total_is_counted_when_it_is_asked_for_or_known() -> None:
    assert "total" not in found("Practitioner?_count=5")
    assert "total" not in found("Practitioner?_count=5&_total=none")
    for query in ("_count=5&_total=accurate", "_count=5&_total=estimate", "_count=0", "_count=50"):
        assert found(f"Practitioner?{query}")["total"] == 40


def test_what_is_not_understood_is_left_out_and_said() -> None:
    bundle = found("Practitioner?family=weber&colour=red&_contained=true&_include=X:y&_text=a")
    (warning,) = (
        entry["resource"] for entry in bundle["entry"] if entry["search"]["mode"] == "outcome"
    )
    texts = [issue["details"]["text"] for issue in warning["issue"]]
    assert all(
        name in text
        for name, text in zip(("colour", "_contained", "_include", "_text"), texts, strict=True)
    )
    assert links(bundle)["self"] == f"{HERE}/Practitioner?family=weber"
    for name in ("colour", "_contained"):
        status, outcome = get(f"Practitioner?{name}=true", prefer="handling=strict")
        assert (status, outcome["issue"][0]["expression"]) == (400, [f"http.{name}"])


def test_a_search_by_post_is_the_same() -> None:
    answer = Client().post(
        "/fhir/Practitioner/_search?_count=3",
        urlencode({"family": "weber", "_sort": "-given"}),
        content_type="application/x-www-form-urlencoded",
        headers={"host": "localhost"},
    )
    assert answer.status_code == 200
    by_get = found("Practitioner?_count=3&family=weber&_sort=-given")
    assert json.loads(answer.content)["entry"] == by_get["entry"]


# Links


def test_pages_do_not_move_when_rows_are_written_in_between() -> None:
    """What was there all the time is shown once; what is new is shown where it belongs, or not."""
    whole = by_mode(found("Practitioner?_sort=family&_count=200"), "match")
    page = found("Practitioner?_sort=family&_count=10")
    seen = by_mode(page, "match")
    first = True
    while following := links(page).get("next"):
        if first:  # before what was shown, after it, and one that was shown goes
            for family in ("Aaa", "Zzz"):
                register_practitioner(
                    actor=Actor(role=Role.SYSTEM, system="test"),
                    at=now(),
                    system="https://salus.example/new",
                    value=family,
                    family=family,
                    given="New",
                    profession="62247001",
                )
            shown = int(seen[-1].partition("/")[2])
            Practitioner.objects.filter(pk=shown).update(deregistered_at=now())
            first = False
        page = found(asked_at(following))
        seen += by_mode(page, "match")
    assert [name for name in seen if name in whole] == whole
    assert len(seen) == len(whole) + 1  # Zzz, and not Aaa


def personal(actor: Actor | None = None, later: timedelta = timedelta()) -> tuple[Any, Call]:
    """The professionals, as if they were not public."""
    resource = replace(SERVED["Practitioner"], public=False)
    return resource, replace(CALL, actor=actor, at=CALL.at + later)


def client(number: int) -> Actor:
    return Actor(
        role=Role.SOFTWARE, client=number, organization=1, scopes=read_scopes(["system/*.rs"])
    )


def answered(query: list[tuple[str, str]], resource: Any, call: Call) -> Body:
    asked = asked_of(query, resource, SERVED, call, strict=False)
    return searchset(asked, resource.search(call, asked.search), resource, SERVED, call)


def tokens(bundle: Body) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for relation, url in links(bundle).items():
        yield relation, parse_qsl(urlsplit(url).query)


def test_links_carry_no_personal_value() -> None:
    resource, call = personal(client(1))
    query = [("family", "muller"), ("given:contains", "jean"), ("_count", "1"), ("_sort", "given")]
    bundle = answered(query, resource, call)
    assert {"self", "first", "next"} <= links(bundle).keys()
    for relation, said in tokens(bundle):
        assert [name for name, _value in said] == ["_page_token"]
        assert "muller" not in links(bundle)[relation].casefold()
        again = answered(said, resource, call)
        assert (relation == "next") is (again["entry"] != bundle["entry"])


def test_a_link_opens_for_whom_it_was_given_and_for_a_time() -> None:
    resource, call = personal(client(1))
    bundle = answered([("family", "muller"), ("_count", "1")], resource, call)
    said = dict(tokens(bundle))["next"]
    assert answered(said, *personal(client(1), LASTS))["entry"]
    with pytest.raises(Gone):
        answered(said, *personal(client(1), LASTS + timedelta(seconds=1)))
    ((name, token),) = said
    for actor, kind, sent in (
        (client(2), "Practitioner", token),
        (None, "Practitioner", token),
        (client(1), "Organization", token),
        (client(1), "Practitioner", token[:-2] + ("AA" if token[-2:] != "AA" else "BB")),
        (client(1), "Practitioner", "not-a-token"),
        (client(1), "Practitioner", "é"),
    ):
        with pytest.raises(InvalidInput):
            answered([(name, sent)], SERVED[kind], replace(CALL, actor=actor))


def test_a_link_is_followed_as_it_is() -> None:
    resource, call = personal(client(1))
    bundle = answered([("family", "muller"), ("_count", "1")], resource, call)
    said = dict(tokens(bundle))["next"]
    for more in (said[0], ("_count", "9")):
        with pytest.raises(WrongParameter):
            answered([*said, more], resource, call)


def test_roles_that_ended_are_not_shown() -> None:
    shown = found("PractitionerRole?_count=200")["total"]
    current = PractitionerRole.objects.filter(
        until=None, practitioner__deregistered_at=None, organization__deregistered_at=None
    ).exclude(ends_on__lte=now().date())
    assert shown == current.count() < PractitionerRole.objects.count()
    assert found(f"PractitionerRole?date=lt{date(2024, 12, 1)}&_count=0")["total"] == 0
