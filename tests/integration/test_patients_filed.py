"""Patients that software files and changes: each change a version, nothing taken from anybody, old names found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.fhir.resource import Body
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
)
from salus.kernel.rows import rows_of
from salus.mpi.actions import register_person
from salus.mpi.models import Residence
from tests.fhir_bundles import bundle, encoded, visit
from tests.fhir_patients import (
    HOSPITAL,
    PATIENTS,
    REGISTER,
    about,
    call,
    created,
    events,
    found,
    history,
    ids,
    of_app,
    resource,
    somebody,
    updated,
)

pytestmark = pytest.mark.usefixtures("nation")


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


def test_a_registered_person_becomes_version_two() -> None:
    first = PATIENTS.read(call(HOSPITAL), "11").body
    phone = [{"system": "phone", "value": "1"}]
    second = updated({**first, "telecom": phone}, version="1", actor=REGISTER)
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
        updated({**body, "address": [{"city": city, "country": "FR"}]}, actor=REGISTER)

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
    others = {name: value for name, value in body.items() if name != "address"}
    updated(others, actor=REGISTER)
    told = PATIENTS.read(call(HOSPITAL), str(person)).body["address"]
    assert [(home["use"], home["city"]) for home in told] == [("home", "Nancy"), ("old", "Metz")]
    assert told[1]["period"]["end"] == (today - timedelta(days=1)).isoformat()


@pytest.fixture(autouse=True)
def _all_is_closed() -> Iterator[None]:
    yield
    assert not connection.in_atomic_block
