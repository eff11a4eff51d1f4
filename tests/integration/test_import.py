"""Taking in Bundles: what each resource becomes, what is left out and why, and that nothing is half done."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.importing import ACTOR, import_bundle
from salus.directory.models import ChangeSet, Organization, Practitioner, PractitionerRole
from salus.fhir.transaction import Tally
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, SalusError
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.models import Person, PersonIdentifier, Residence
from salus.mpi.queries import person_identified
from salus.shared_record.models import Document, Record
from salus.shared_record.queries import documents_of, open_document
from salus.vaccination.models import Immunization
from tests.fhir_bundles import Resource, bundle, encoded, reference, url, visit

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    """Each test starts from an empty installation."""
    with rolled_back():
        yield


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def import_resources(resources: dict[str, Resource]) -> Tally:
    return import_bundle(encoded(bundle(resources)))


def the_person() -> int:
    person = person_identified([("urn:test:patients", "P-1")])
    assert person is not None
    return person


def everything() -> dict[str, int]:
    """How many rows there are; of all persons, whom this test may see."""
    with finding_in(Scope.INDEX):
        people = list(Person.objects.values_list("pk", flat=True))
    with rows_of(people):
        models = (Person, PersonIdentifier, Residence, Practitioner, Organization, Record, Document)
        return {model.__name__: model._base_manager.count() for model in (*models, Immunization)}


def test_a_visit_becomes_rows() -> None:
    tally = import_resources(visit())
    assert dict(tally.created) == {
        ("Patient", "person"): 1,
        ("Patient", "shared record"): 1,
        ("Organization", "organisation"): 1,
        ("Practitioner", "professional"): 1,
        ("Encounter", "document"): 1,
        ("Condition", "in a document"): 1,
        ("Observation", "in a document"): 1,
        ("CarePlan", "in a document"): 1,
        ("Goal", "in a document"): 1,
        ("Immunization", "in a document"): 1,
        ("Immunization", "vaccination"): 1,
    }
    assert dict(tally.there) == {}
    assert dict(tally.not_used) == {
        ("AllergyIntolerance", "belongs to no encounter that was filed"): 1,
        ("Claim", "financial"): 1,
    }


def test_the_patient_is_a_person_of_the_index() -> None:
    import_resources(visit())
    with rows_of([the_person()]):
        person = Person.objects.get()
        home = Residence.objects.get()
    assert (person.family, person.given, person.birth_family) == ("Braun", "Ada Maria", "Weis")
    assert (person.birth_date, person.gender) == (date(1980, 2, 29), "female")
    assert person.received == visit()["patient"]
    assert (home.country, home.municipality, home.line) == ("FR", "Metz", "1, rue du Test")


def test_places_and_professionals_are_in_the_directory() -> None:
    import_resources(visit())
    doctor = Practitioner.objects.get(system="urn:test:doctors", value="D-1")
    assert (doctor.family, doctor.prefix, doctor.profession) == ("Klein", "Dr.", "17561000")
    place = Organization.objects.get(system="urn:test:places", value="H-1")
    assert (place.name, place.type) == ("Test hospital", "hospital")


def role(**more: Any) -> Resource:
    return {
        "resourceType": "PractitionerRole",
        "practitioner": reference("doctor"),
        "organization": reference("hospital"),
        "period": {"start": "2019-01-01"},
    } | more


def test_a_role_is_taken_in_one_change_set_with_those_whom_it_names() -> None:
    tally = import_resources({"role": role()} | visit())
    assert tally.created["PractitionerRole", "role"] == 1
    work = PractitionerRole.objects.get()
    assert (work.practitioner.value, work.organization.value) == ("D-1", "H-1")
    assert (work.since, work.until) == (date(2019, 1, 1), None)
    (change_set,) = ChangeSet.objects.all()
    assert (change_set.how, change_set.lines.count()) == ("file", 3)
    again = import_resources({"role": role()} | visit())
    assert again.there["PractitionerRole", "role"] == 1
    assert ChangeSet.objects.count() == 1  # nothing was said


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"practitioner": {"display": "the doctor"}}, "does not say its practitioner"),
        ({"organization": reference("doctor")}, "does not say its organization"),
    ],
)
def test_a_role_that_leads_nowhere_is_not_used(changes: dict[str, Any], reason: str) -> None:
    tally = import_resources(visit() | {"role": role(**changes)})
    assert tally.not_used["PractitionerRole", reason] == 1


def test_a_role_of_one_who_is_nameless_is_not_used() -> None:
    resources = visit() | {"role": role()}
    resources["hospital"]["name"] = ""
    tally = import_resources(resources)
    assert tally.not_used["PractitionerRole", "does not say its organization"] == 1


def test_the_dose_is_a_historical_act() -> None:
    import_resources(visit())
    with rows_of([the_person()]):
        dose = Immunization.objects.get()
    assert (dose.act_type, dose.occurred_on) == ("historical", date(2020, 3, 1))
    assert (dose.vaccine_code, dose.lot_number, dose.dose_number) == ("140", "L7", 2)
    assert dose.practitioner_id == Practitioner.objects.get(value="D-1").pk


def test_the_visit_is_a_document_that_can_be_read() -> None:
    import_resources(visit())
    (summary,) = documents_of(actor=ACTOR, person=the_person(), at=now())
    assert (summary.title, summary.created_on) == ("Check up", date(2020, 3, 1))
    assert (summary.professional, summary.organization) == ("Dr. Jo Klein", "Test hospital")
    opened = open_document(actor=ACTOR, person=the_person(), document=summary.id, at=now())
    assert opened.media_type == "application/fhir+json" and opened.content
    received = [entry["resource"] for entry in json.loads(opened.content)["entry"]]
    assert visit()["pressure"] in received


def test_twice_is_once() -> None:
    first = import_resources(visit())
    rows = everything()
    again = import_resources(visit())
    assert everything() == rows
    assert again.there == first.created and not again.created
    assert again.not_used == first.not_used


def test_references_by_identifier_reach_what_an_earlier_file_brought() -> None:
    resources = visit()
    import_resources({name: resources.pop(name) for name in ("hospital", "doctor")})
    by_identifier = {"reference": "Practitioner?identifier=urn:test:doctors|D-1"}
    resources["visit"]["participant"] = [{"individual": by_identifier}]
    resources["dose"]["performer"] = [{"actor": by_identifier}]
    place = {"reference": "Organization?identifier=urn:test:places|H-1"}
    resources["visit"]["serviceProvider"] = place
    import_resources(resources)
    (summary,) = documents_of(actor=ACTOR, person=the_person(), at=now())
    assert (summary.professional, summary.organization) == ("Dr. Jo Klein", "Test hospital")


def test_a_patient_of_an_earlier_file_is_reached_by_identifier() -> None:
    resources = visit()
    import_resources({"patient": resources.pop("patient")})
    subject = {"reference": "Patient?identifier=urn:test:patients|P-1"}
    for resource in resources.values():
        for name in ("subject", "patient"):
            if name in resource:
                resource[name] = subject
    assert import_resources(resources).created["Encounter", "document"] == 1
    (summary,) = documents_of(actor=ACTOR, person=the_person(), at=now())
    opened = open_document(actor=ACTOR, person=the_person(), document=summary.id, at=now())
    assert opened.content
    composition = json.loads(opened.content)["entry"][0]["resource"]
    assert composition["subject"]["identifier"]["value"] == "P-1"


def test_resources_without_identifier_are_known_by_their_url() -> None:
    resources = visit()
    for name in ("patient", "hospital", "doctor"):
        del resources[name]["identifier"]
    import_resources(resources)
    assert not import_resources(resources).created
    assert person_identified([("urn:ietf:rfc:3986", url("patient"))])


def _change(name: str, /, **members: Any) -> Callable[[dict[str, Resource]], None]:
    return lambda resources: resources[name].update(members)


@pytest.mark.parametrize(
    ("change", "type", "reason"),
    [
        (_change("dose", status="not-done"), "Immunization", "status is not-done"),
        (_change("dose", status="entered-in-error"), "Immunization", "entered in error"),
        (
            _change("dose", occurrenceDateTime="2020-03"),
            "Immunization",
            "the day of the vaccination is not known",
        ),
        (
            _change("dose", vaccineCode={"text": "flu"}),
            "Immunization",
            "the vaccine is not coded",
        ),
        (_change("hospital", name=""), "Organization", "has no name"),
        (_change("doctor", name=[]), "Practitioner", "has no name"),
        (_change("visit", status="planned"), "Encounter", "status is planned"),
        (_change("visit", period={}), "Encounter", "the day of the encounter is not known"),
        (
            _change("visit", status="cancelled"),
            "Observation",
            "belongs to no encounter that was filed",
        ),
        (_change("claim", resourceType="Spaceship"), "Spaceship", "no service takes it"),
    ],
)
def test_what_is_of_no_use_is_named_and_counted(
    change: Callable[[dict[str, Resource]], None], type: str, reason: str
) -> None:
    resources = visit()
    if type == "Immunization":
        del resources["dose"]["encounter"]
    change(resources)
    assert import_resources(resources).not_used[type, reason] == 1


def test_a_record_that_the_patient_closed_takes_no_document() -> None:
    resources = visit()
    without = {name: resources[name] for name in ("patient",)}
    import_resources(without)
    with rows_of([the_person()]):
        Record.objects.get(pk=the_person()).closures.create(closed_at=now())
    tally = import_resources(resources)
    reason = "the person's record takes no documents now"
    assert tally.not_used["Encounter", reason] == 1
    assert ("Encounter", "document") not in tally.created


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_change("patient", name=[]), r"entry\[0\]\.resource\.name: missing"),
        (_change("patient", name=[{"text": "Ada"}]), r"name\[0\]\.family: missing"),
        (_change("patient", name={"family": "Braun"}), r"name: an array is expected"),
        (_change("patient", birthDate=""), r"birthDate: a full date is needed"),
        (_change("patient", birthDate="1980-02"), r"birthDate: a full date is needed"),
        (_change("patient", birthDate="0000-13-45"), r"birthDate: no such day"),
        (_change("patient", birthDate="9999-01-01"), r"birthDate: lies in the future"),
        (_change("patient", deceasedDateTime="1970-01-01"), r"deceasedDateTime: lies before birth"),
        (_change("patient", gender="F"), r"gender: must be one of"),
        (
            _change("patient", identifier=[{"system": "urn:oid:1.3.182.4.4", "value": "123"}]),
            r"identifier: a matricule has 13 digits",
        ),
        (
            _change("patient", name=[{"family": "B" * 2000}]),
            r"name\[0\]\.family: longer than 250 characters",
        ),
        (_change("patient", name=[{"family": "B\0"}]), r"family: holds a character that is none"),
        (_change("doctor", name=[{"given": ["Jo"]}]), r"entry\[2\]\.resource\.name\[0\]\.family"),
        (_change("visit", subject=reference("doctor")), r"subject: must refer to a Patient"),
        (_change("visit", subject={}), r"subject: must refer to a Patient"),
        (_change("visit", period={"start": "2999-01-01"}), r"period: .* lies in the future"),
        (_change("doctor", gender="F"), r"entry\[2\]\.resource\.gender: must be one of"),
        (_change("visit", status="done"), r"entry\[3\]\.resource\.status: must be one of"),
        (
            _change("visit", serviceProvider={"reference": "Organization?identifier=urn:x|1"}),
            r"serviceProvider\.reference: no Organization has this identifier: import the file",
        ),
        (_change("dose", patient={}), r"patient: must refer to a Patient"),
        (_change("dose", occurrenceDateTime="1979-01-01"), r"occurrenceDateTime: .* before birth"),
        (_change("dose", occurrenceDateTime=""), r"the day"),
        (_change("dose", notGiven=False, status="", date="2020"), r"status: .*is this FHIR R4"),
    ],
)
def test_a_broken_file_changes_nothing_and_says_where(
    change: Callable[[dict[str, Resource]], None], complaint: str
) -> None:
    resources = visit()
    change(resources)
    if complaint == "the day":
        del resources["dose"]["occurrenceDateTime"]
        complaint = r"occurrenceDateTime: missing \(is this FHIR R4\?\)"
    with pytest.raises(InvalidInput, match=complaint) as refused:
        import_resources(resources)
    assert "Braun" not in str(refused.value)
    assert not any(everything().values())


@pytest.mark.parametrize("name", ["visit", "dose"])
def test_the_identity_of_another_persons_row_is_refused(name: str) -> None:
    import_resources(visit())
    resources = visit()
    resources["patient"] |= {
        "identifier": [{"system": "urn:test:patients", "value": "P-2"}],
        "name": [{"family": "Anders", "given": ["Niels"]}],  # or the two would be one
        "birthDate": "1950-05-05",
    }
    if name == "dose":
        del resources["visit"], resources["diagnosis"], resources["pressure"], resources["plan"]
        del resources["dose"]["encounter"]
    rows = everything()
    with pytest.raises(InvalidInput, match="identifier: the same as that of another person's"):
        import_resources(resources)
    assert everything() == rows


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        10**40,
        "",
        "x",
        "0000-13-45",
        "2999-01-01",
        "urn:uuid:none",
        "Patient/none",
        "Patient?identifier=a|b",
        "\0",
        "\ud800",
        "A" * 5000,
        [],
        [[]],
        {},
        {"reference": "#x"},
    ]
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in list(members):
        yield value, key
        if isinstance(member, dict | list):
            yield from _places(member)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_leaves_half_a_file_or_a_traceback(data: st.DataObject) -> None:
    body = bundle(visit())
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(list(_places(body))))
        if data.draw(st.booleans()):
            del container[key]
        else:
            container[key] = deepcopy(data.draw(JUNK))  # a later damage may go into it
    content = encoded(body)
    cut = data.draw(st.integers(1, len(content)) | st.just(len(content)))
    with rolled_back():
        first = _imported(content[:cut])
        if first is None:
            assert not any(everything().values())
        else:
            rows = everything()
            again = import_bundle(content[:cut])
            assert everything() == rows
            assert not again.created and again.there == first.created + first.there


def _imported(content: bytes) -> Tally | None:
    """What was taken in; None when the file was refused in one line."""
    try:
        return import_bundle(content)
    except SalusError as error:
        if "\n" in str(error):
            raise
        return None
