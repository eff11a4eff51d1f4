"""Patients on FHIR over the nation: who finds whom, what is shown, what a change keeps, and what leaves an event."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest
from django.db import connection
from fhir.resources.R4B.patient import Patient
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.access.queries import actor_of, persons_assisted
from salus.accounts.models import Account
from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.fhir.element import Element
from salus.fhir.resource import Body, Call, Page, Search
from salus.fhir.searchset import asked_of
from salus.fhir.sources import find, is_met
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
)
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.kernel.scopes import read_scopes
from salus.mpi.actions import register_person
from salus.mpi.fhir import patients
from salus.mpi.fhir.parameters import PARAMETERS, searched
from salus.mpi.fhir.rendering import rendered
from salus.mpi.models import Person, Residence
from salus.simulation.demo_people import EMAILS
from tests.conftest import as_role
from tests.fhir_bundles import bundle, encoded, visit

pytestmark = pytest.mark.usefixtures("nation")

PATIENTS = patients(persons_assisted)
HOSPITAL = Actor(
    role=Role.SOFTWARE,
    client=1,
    organization=1,
    organization_type="hospital",
    purpose=PurposeOfUse.TREATMENT,
    scopes=read_scopes(["system/Patient.cruds"]),
)


def call(actor: Actor, request_id: UUID | None = None) -> Call:
    base = "https://salus.example/fhir"
    return Call(actor=actor, at=now(), request_id=request_id or uuid4(), base=base)


def asked(query: str, actor: Actor = HOSPITAL) -> Search:
    query_pairs = parse_qsl(query, keep_blank_values=True)
    served = {"Patient": PATIENTS}
    return asked_of(query_pairs, PATIENTS, served, call(actor), strict=True).search


def search(wanted: Search, asking: Call) -> Page:
    assert PATIENTS.search
    return PATIENTS.search(asking, wanted)


def found(query: str, actor: Actor = HOSPITAL) -> list[Body]:
    page = search(asked(query, actor), call(actor))
    return [version.body for version in page.matches]


def ids(query: str, actor: Actor = HOSPITAL) -> set[int]:
    return {int(body["id"]) for body in found(query, actor)}


def somebody(part: str = "patient") -> Actor:
    actor = actor_of(Account.objects.get(email=EMAILS[part]).pk)
    assert actor
    return actor


def of_app(actor: Actor, scope: str) -> Actor:
    return replace(
        actor, client=1, scopes=read_scopes([scope]), purpose=PurposeOfUse.PATIENT_REQUEST
    )


def resource(**changed: Any) -> Body:
    """A person nobody knows yet, as software files it."""
    number = str(uuid4())
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:test:fhir", "value": number}],
        "name": [{"use": "official", "family": "Zwilling", "given": ["Anna", "Maria"]}],
        "gender": "female",
        "birthDate": "1980-02-29",
        "address": [{"use": "home", "line": ["1, rue"], "city": "Here", "country": "LU"}],
        "generalPractitioner": [{"reference": "Practitioner/1"}],
        **changed,
    }


def created(body: Body, actor: Actor = HOSPITAL) -> Body:
    assert PATIENTS.create
    return PATIENTS.create(call(actor), Element(path="Patient", value=body)).body


def updated(body: Body, *, version: str | None = None, actor: Actor = HOSPITAL) -> Body:
    assert PATIENTS.update
    element = Element(path="Patient", value=body)
    return PATIENTS.update(call(actor), body["id"], element, version).body


def history(id: str) -> list[Body]:
    assert PATIENTS.history
    return [version.body for version in PATIENTS.history(call(HOSPITAL), id)]


def events(kind: EventKind) -> int:
    with as_role("reporter"):
        return Event.objects.filter(kind=kind, denied=False, repeated=False).count()


def about(person: int) -> Event:
    with rows_of([person]):
        return Event.objects.filter(person_id=person).latest("id")


# Who finds whom


@pytest.fixture(scope="module")
def everybody(nation: object) -> list[tuple[int, Body]]:
    """The nation as Patients, by row; some were changed, one came in a Bundle."""
    for count, person in enumerate((3, 5, 7)):
        body = PATIENTS.read(call(HOSPITAL), str(person)).body
        body["name"] = [{"family": f"Neuer-Name {count}", "given": ["Jean-Paul", "Éric"]}]
        others: list[Body] = [
            {"deceasedBoolean": True},
            {"active": False},
            {"deceasedDateTime": "2024"},
        ]
        body |= others[count]
        updated(body)
    with finding_in(Scope.INDEX):
        numbers = list(Person.objects.values_list("pk", flat=True))
    with rows_of(numbers):
        people = Person.objects.prefetch_related("identifiers", "residences", "former_names")
        return [(person.pk, rendered(person).body) for person in people]


NAMES = ["Neuer", "neuer-name 1", "Weber", "W", "Schmit", "Jean", "Paul", "eric", "Anna", "é", "z"]
VALUES = {
    "family": st.sampled_from(NAMES),
    "family:exact": st.sampled_from([*NAMES, "Neuer-Name 1"]),
    "family:contains": st.sampled_from(NAMES),
    "given": st.sampled_from(NAMES),
    "given:contains": st.sampled_from(NAMES),
    "name": st.sampled_from(NAMES),
    "gender": st.sampled_from(["female", "male", "unknown", "other,male", "|male"]),
    "gender:not": st.sampled_from(["female", "male"]),
    "deceased": st.sampled_from(["true", "false", "maybe"]),
    "active": st.sampled_from(["true", "false"]),
    "birthdate": st.sampled_from(["1980", "ge1990-05", "lt1950", "ne1970", "sa2000-01-01"]),
    "identifier": st.sampled_from(["urn:oid:1.3.182.4.4|", "urn:none|1", "|1"]),
    "identifier:not": st.sampled_from(["urn:oid:1.3.182.4.4|", "1"]),
    "identifier:missing": st.sampled_from(["true", "false"]),
    "_id": st.sampled_from(["3", "3,4,5", "x"]),
    "_lastUpdated": st.sampled_from(["ge2024", "lt2020-01-01T00:00:00Z"]),
}


@settings(max_examples=60)
@given(data=st.data())
def test_the_database_finds_whom_the_plain_meaning_finds(
    everybody: list[tuple[int, Body]], data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3))
    query = "&".join(f"{name}={data.draw(VALUES[name])}" for name in names)
    wanted = replace(asked(query), count=10_000)
    with finding_in(Scope.INDEX):
        rows = find(wanted, searched(Person.objects.all()), parameters=PARAMETERS, order=("id",))
        by_rows = [row.pk for row in rows.rows]
    plain = [number for number, body in everybody if is_met(body, wanted, PARAMETERS)]
    assert sorted(by_rows) == sorted(plain), query


@pytest.mark.parametrize(
    "query",
    [
        "",
        "gender=female",
        "given=Anna",
        "name=Anna",
        "active=true",
        "_lastUpdated=gt2000-01-01",
        "birthdate=gt1900-01-01",
        "birthdate=1980-05",
        "birthdate:missing=false",
        "family:missing=false",
        "family:contains=e",
        "identifier=urn:oid:1.3.182.4.4|",
        "identifier:not=urn:test|1",
        "_id:missing=false",
    ],
)
def test_nobody_walks_through_the_population(query: str) -> None:
    before = events(EventKind.INDEX_REQUEST)
    for actor in (HOSPITAL, somebody("physician")):
        with pytest.raises(InvalidInput, match="say whom you mean"):
            found(query, actor)
    assert events(EventKind.INDEX_REQUEST) == before


def test_more_than_can_be_looked_at_are_not_found() -> None:
    with pytest.raises(InvalidInput, match="more than 50 people fit"):
        found("family=s")


def test_people_come_in_pages_by_name() -> None:
    whole = [body["id"] for body in found("family=we&_count=50")]
    wanted, pages = asked("family=we&_count=3"), []
    while True:
        page = search(wanted, call(HOSPITAL))
        pages.append([version.id for version in page.matches])
        if page.next is None:
            break
        wanted = replace(wanted, position=page.next)
    assert len(whole) > 6 and [one for page in pages for one in page] == whole


def test_a_patient_finds_what_is_theirs_alone() -> None:
    me = of_app(somebody(), "user/Patient.rs")
    assert me.person
    assisted = persons_assisted(me)
    assert ids("", me) == {me.person, *assisted}
    assert ids("", of_app(me, "patient/Patient.rs")) == {me.person}
    assert ids("gender=female", me) <= {me.person, *assisted}
    assert ids(f"_id={me.person + 1}", of_app(me, "patient/Patient.rs")) == set()


def test_what_a_patient_may_not_read_looks_absent_and_is_logged_with_whom_it_is_about() -> None:
    me, other = of_app(somebody(), "patient/Patient.rs"), somebody("mother").person
    for absent in (str(other), "999999999", "0", "x", "01"):
        with pytest.raises(NotFound, match="no such person"):
            PATIENTS.read(call(me), absent)
    event = about(other or 0)
    assert (event.denied, event.account_id, event.kind) == (True, me.account, "record_viewed")
    assert PATIENTS.fetch
    assert [v.id for v in PATIENTS.fetch(call(me), [str(other), str(me.person)])] == [
        str(me.person)
    ]


def test_an_assistant_reads_whom_she_assists_unless_the_app_may_not() -> None:
    for part in EMAILS:
        me = somebody(part)
        if me.role is Role.PATIENT and (assisted := persons_assisted(me)):
            break
    whom = str(min(assisted))
    assert PATIENTS.read(call(of_app(me, "user/Patient.r")), whom).id == whom
    assert about(int(whom)).kind == EventKind.RECORD_VIEWED
    with pytest.raises(NotFound):
        PATIENTS.read(call(of_app(me, "patient/Patient.r")), whom)


# What is shown


def test_everybody_is_a_patient_of_the_standard(everybody: list[tuple[int, Body]]) -> None:
    for _, body in everybody:
        Patient.model_validate(body)


def test_a_registered_person_is_told_whole(everybody: list[tuple[int, Body]]) -> None:
    me = somebody().person or 0
    body = dict(everybody)[me]
    (number,) = body["identifier"]
    assert number["system"] == MATRICULE_SYSTEM
    with rows_of([me]):
        row = Person.objects.get(pk=me)
        home = row.residences.get(until=None)
    assert body["name"][0] == {"use": "official", "family": row.family, "given": row.given.split()}
    assert (body["gender"], body["birthDate"]) == (row.gender, row.birth_date.isoformat())
    assert body["address"][0]["city"] == home.municipality
    assert body["address"][0]["period"] == {"start": home.since.isoformat()}
    assert body["meta"]["versionId"] == "1"
    assert datetime.fromisoformat(body["meta"]["lastUpdated"]) == row.registered_at


def test_what_came_in_a_bundle_loses_the_references_of_that_bundle() -> None:
    from config.importing import import_bundle

    sent = visit()["patient"] | {
        "managingOrganization": {"reference": "urn:uuid:organization", "display": "There"},
        "generalPractitioner": [{"reference": "Practitioner/1"}],
        "link": [{"other": {"reference": "Patient/1"}, "type": "seealso"}],
        "name": [{"family": "Bündel", "given": ["A"]}, {"use": "old", "family": "Früher"}],
    }
    sent["managingOrganization"]["reference"] = "https://elsewhere.example/Organization/1"
    import_bundle(encoded(bundle({"patient": sent})))
    (body,) = found("family=Bündel")
    assert body["managingOrganization"] == sent["managingOrganization"]
    assert not body.keys() & {"generalPractitioner", "link"}
    assert body["name"] == sent["name"]
    assert ids("family=Früher") == {int(body["id"])}


# What software files


def test_a_person_is_filed_once() -> None:
    sent = resource()
    before = events(EventKind.PERSON_REGISTERED)
    body = created(sent)
    assert events(EventKind.PERSON_REGISTERED) == before + 1
    assert about(int(body["id"])).agent == "hospital"
    assert {**sent, "active": True} == {k: v for k, v in body.items() if k not in ("id", "meta")}
    assert body["meta"]["versionId"] == "1"
    assert PATIENTS.read(call(HOSPITAL), body["id"]).body == body
    again = resource(identifier=[*sent["identifier"], {"system": "urn:test", "value": "x"}])
    with pytest.raises(Conflict, match="somebody has one of these identifiers"):
        created(again)


def test_two_at_once_file_one_person() -> None:
    start, sent = Barrier(2), resource()

    def file(_number: int) -> bool:
        start.wait()
        try:
            created(sent)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(file, range(2))) == [False, True]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"identifier": []}, "Patient.identifier: one with system"),
        ({"identifier": [{"system": MATRICULE_SYSTEM, "value": "1234567890123"}]}, "identifier"),
        ({"name": []}, "Patient.name: missing"),
        ({"birthDate": "1980"}, "Patient.birthDate: a full date"),
        ({"birthDate": "2980-01-01"}, "future"),
        ({"deceasedDateTime": "1970-01-01"}, "before birth"),
    ],
)
def test_what_the_index_cannot_hold_is_refused(changed: Body, where: str) -> None:
    with pytest.raises(InvalidInput, match=where):
        created(resource(**changed))


def test_patients_and_the_public_write_nothing() -> None:
    me = of_app(somebody(), "user/Patient.cud")
    with pytest.raises(Forbidden):
        created(resource(), me)
    with pytest.raises(Forbidden):
        updated(resource(id=str(me.person)), actor=me)


def test_a_change_is_the_next_version_and_keeps_the_one_before() -> None:
    first = created(resource())
    before = [events(kind) for kind in EventKind]
    changed = {**first, "name": [{"family": "Neumann", "given": ["Anna"]}], "gender": "other"}
    second = updated(changed, version="1")
    moved = [events(kind) - old for kind, old in zip(EventKind, before, strict=True)]
    assert {k: n for k, n in zip(EventKind, moved, strict=True) if n} == {
        EventKind.PERSON_CHANGED: 1
    }
    assert second["meta"]["versionId"] == "2"
    assert second["meta"]["lastUpdated"] > first["meta"]["lastUpdated"]
    assert history(first["id"]) == [second, first]
    with pytest.raises(PreconditionFailed, match="changed since"):
        updated(changed, version="1")
    with pytest.raises(InvalidInput, match="If-Match"):
        updated(changed, version="one")
    assert updated(changed)["meta"]["versionId"] == "3"
    with pytest.raises(NotFound):
        updated({**changed, "id": "999999999"})


def test_a_registered_person_becomes_version_two(everybody: list[tuple[int, Body]]) -> None:
    first = dict(everybody)[11]
    second = updated({**first, "telecom": [{"system": "phone", "value": "1"}]}, version="1")
    assert history("11") == [second, first]
    assert second["telecom"] and second["identifier"] == first["identifier"]


def test_old_names_are_still_found() -> None:
    body = created(resource(name=[{"family": "Altmann", "given": ["Ida"]}]))
    person = int(body["id"])
    after = updated({**body, "name": [{"family": "Jungmann", "given": ["Ida"]}]})
    assert after["name"][1:] == [{"use": "old", "family": "Altmann", "given": ["Ida"]}]
    assert ids("family=altm") == ids("family=jungm") == {person}
    assert ids("family=altm&birthdate=1980-02-29&gender=female") == {person}
    again = updated({**after, "name": [{"family": "Altmann", "given": ["Ida"]}]})
    assert [name["family"] for name in again["name"]] == ["Altmann", "Jungmann"]
    assert ids("family=jungm") == {person}


def test_identifiers_are_added_and_never_taken() -> None:
    one, other = created(resource()), created(resource())
    mine = one["identifier"][0]
    more = {"system": "urn:test:more", "value": one["id"]}
    after = updated({**one, "identifier": [more]})
    assert after["identifier"] == [more, mine]
    assert ids(f"identifier=urn:test:more|{one['id']}") == {int(one["id"])}
    assert ids(f"identifier={mine['value']}") == {int(one["id"])}
    with pytest.raises(Conflict, match="another person"):
        updated({**one, "identifier": [mine, other["identifier"][0]]})
    assert history(one["id"])[0] == after


def test_a_move_ends_the_old_residence() -> None:
    day = date(2020, 5, 17)
    person, _ = register_person(
        actor=Actor(role=Role.SYSTEM, system="test"),
        at=datetime(2019, 1, 1, tzinfo=now().tzinfo),
        identifiers=[(MATRICULE_SYSTEM, matricule(day, 998))],
        family="Umzug",
        given="U",
        birth_date=day,
        gender="unknown",
    )

    def lives(city: str) -> None:
        body = PATIENTS.read(call(HOSPITAL), str(person)).body
        updated({**body, "address": [{"city": city, "country": "FR"}]})

    lives("Metz")
    with rows_of([person]):
        Residence.objects.filter(person=person).update(since=date(2021, 1, 1))
    today = now().date()
    for city in ("Metz", "Thionville", "Nancy"):
        lives(city)
    with rows_of([person]):
        homes = list(Residence.objects.filter(person=person).order_by("since"))
    assert [(home.municipality, home.since, home.until) for home in homes] == [
        ("Metz", date(2021, 1, 1), today),
        ("Nancy", today, None),
    ]
    body = PATIENTS.read(call(HOSPITAL), str(person)).body
    updated({name: value for name, value in body.items() if name != "address"})
    told = PATIENTS.read(call(HOSPITAL), str(person)).body["address"]
    assert [(home["use"], home["city"]) for home in told] == [("home", "Nancy"), ("old", "Metz")]
    assert told[1]["period"]["end"] == (today - timedelta(days=1)).isoformat()


# What leaves an event


def test_each_answer_is_one_index_request_and_a_retry_is_none() -> None:
    person = somebody().person
    request = uuid4()
    for ask in (
        lambda c: PATIENTS.read(c, str(person)),
        lambda c: search(asked(f"_id={person}"), c),
        lambda c: search(asked("family=we&_count=3"), c),
    ):
        before = events(EventKind.INDEX_REQUEST)
        ask(call(HOSPITAL))
        assert events(EventKind.INDEX_REQUEST) == before + 1
    before = events(EventKind.INDEX_REQUEST)
    for _ in range(2):
        PATIENTS.read(call(HOSPITAL, request), str(person))
    assert events(EventKind.INDEX_REQUEST) == before + 1
    event = about(person or 0)
    assert (event.agent, event.client_id, event.purpose) == ("hospital", 1, "TREAT")


def test_what_patients_read_of_themselves_moves_no_figure() -> None:
    me = of_app(somebody(), "patient/Patient.rs")
    before = events(EventKind.INDEX_REQUEST)
    assert ids("", me) == {me.person}
    PATIENTS.read(call(me), str(me.person))
    assert events(EventKind.INDEX_REQUEST) == before
    assert about(me.person or 0).kind == EventKind.RECORD_VIEWED


@pytest.fixture(autouse=True)
def _all_is_closed() -> Iterator[None]:
    yield
    assert not connection.in_atomic_block
