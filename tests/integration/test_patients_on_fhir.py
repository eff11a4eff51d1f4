"""Patients on FHIR over the nation: who finds whom, what is shown, what a change keeps, and what leaves an event."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest
from fhir.resources.R4B.patient import Patient
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.access.queries import persons_assisted
from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM
from salus.fhir.resource import Body
from salus.fhir.sources import find, is_met
from salus.kernel.actor import Role
from salus.kernel.errors import (
    InvalidInput,
    NotFound,
)
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.fhir.parameters import PARAMETERS, searched
from salus.mpi.fhir.rendering import rendered
from salus.mpi.models import Person
from salus.simulation.demo_people import EMAILS
from tests.fhir_patients import (
    HOSPITAL,
    PATIENTS,
    REGISTER,
    about,
    asked,
    call,
    events,
    found,
    ids,
    of_app,
    search,
    somebody,
    updated,
)

pytestmark = pytest.mark.usefixtures("nation")

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
        updated(body, actor=REGISTER)
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
