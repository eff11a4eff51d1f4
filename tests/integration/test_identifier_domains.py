"""Each system of identifiers belongs to one organisation: through every door a sender feeds, changes and replaces
what has a number of its own, and nothing else (ADR 0040)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from salus.access.models import IdentifierDomain
from salus.accounts.models import Account, Client
from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM
from salus.directory.models import Organization
from salus.fhir.resource import Body
from salus.kernel.errors import Conflict, InvalidInput
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.identities import identities_of
from salus.mpi.models import Person, PersonIdentifier
from salus.mpi.queries import person_identified
from salus.simulation.demo_people import EMAILS
from tests.conftest import salus
from tests.fhir_client import Answer, Fhir, app_of, software
from tests.fhir_patients import events
from tests.integration.test_pmir import sent
from tests.mllp import SCOPE as OVER_MLLP
from tests.mllp import adt, asked, edge_for, listening, pid, told
from tests.patient_index import BLUE, RED, SCOPE, fed, number, registered, somebody
from tests.software import registered as client_of

pytestmark = pytest.mark.usefixtures("nation")


@dataclass(frozen=True, kw_only=True)
class House:
    """A hospital, with its software on both kinds of lines."""

    organization: int
    fhir: Fhir
    port: int


@pytest.fixture(scope="module")
def red(nation: object) -> Iterator[House]:
    yield from _house(0, RED)


@pytest.fixture(scope="module")
def blue(nation: object) -> Iterator[House]:
    yield from _house(1, BLUE)


def _house(place: int, system: str) -> Iterator[House]:
    hospitals = Organization.objects.filter(type="hospital", deregistered_at=None)
    organization = hospitals.order_by("pk").values_list("pk", flat=True)[place]
    fhir = software(organization, scope=SCOPE, domains=[system])
    client = client_of(organization, scope=OVER_MLLP)
    with listening(edge_for(client.client_id).answer) as port:
        yield House(organization=organization, fhir=fhir, port=port)


@pytest.fixture
def theirs(red: House) -> Body:
    """Somebody whom the red hospital keeps."""
    body = somebody()
    assert fed(red.fhir, body).status == 201
    return body


def person(body: Body, system: str = RED) -> int:
    found = person_identified([(system, number(body, system).partition("|")[2])])
    assert found
    return found


def kept(of: int) -> Any:
    """All that the index has of the record."""
    with rows_of([of]):
        row = Person.objects.filter(pk=of).values().get()
        numbers = PersonIdentifier.objects.filter(person=of).order_by("pk")
        return row, list(numbers.values_list("system", "value")), identities_of(of)


def people() -> int:
    with finding_in(Scope.INDEX):
        return Person.objects.count()


def refused(answer: Answer, status: int, code: str) -> bool:
    (issue,) = answer.body["issue"]
    return (answer.status, issue["code"]) == (status, code)


def cx(body: Body, system: str = RED) -> str:
    value = number(body, system).partition("|")[2]
    return f"{value}^^^&{system.removeprefix('urn:oid:')}&ISO"


def replaces(body: Body, survivor: Body, system: str) -> Body:
    (other,) = survivor["identifier"]
    link = {"other": {"identifier": other}, "type": "replaced-by"}
    return {**body, "active": False, "link": [link]}


WRITES: dict[str, Callable[[House, Body], Answer]] = {
    "update": lambda house, body: house.fhir.put(
        f"Patient/{person(body)}", {**body, "id": str(person(body)), "gender": "other"}
    ),
    "conditional update": lambda house, body: fed(house.fhir, {**body, "gender": "other"}),
    "update with a number of its own": lambda house, body: house.fhir.put(
        f"Patient/{person(body)}",
        {
            **body,
            "id": str(person(body)),
            "identifier": [*body["identifier"], *somebody()["identifier"]],
        },
    ),
}


@pytest.mark.parametrize("door", WRITES)
def test_what_another_sender_keeps_is_not_changed(blue: House, theirs: Body, door: str) -> None:
    before, changes = kept(person(theirs)), events(EventKind.PERSON_CHANGED)
    assert refused(WRITES[door](blue, theirs), 403, "forbidden")
    assert kept(person(theirs)) == before
    assert events(EventKind.PERSON_CHANGED) == changes


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_nor_by_a_message(blue: House, theirs: Body, method: str) -> None:
    before = kept(person(theirs))
    answer = sent(blue.fhir, (method, {**theirs, "gender": "other"}))
    assert refused(answer, 422, "business-rule")
    (expression,) = answer.body["issue"][0]["expression"]
    assert expression == "Bundle.entry[1].resource.entry[0].resource.identifier"
    assert kept(person(theirs)) == before


@pytest.mark.parametrize("event", ["A01", "A08"])
def test_nor_over_mllp(blue: House, theirs: Body, event: str) -> None:
    before = kept(person(theirs))
    for version, place in (("2.3.1", 1), ("2.5", 2)):
        answer = asked(blue.port, adt(event, pid(cx(theirs)), version=version))
        assert told(answer) == ("AE", "103")
        assert str(answer.segment("ERR")(place)(1)(1)) == "PID"
    assert kept(person(theirs)) == before


def test_nobody_is_registered_by_anothers_numbers(blue: House, theirs: Body) -> None:
    there = people()
    for body in (somebody(), somebody(identifier=[{"system": "urn:nobodys", "value": "1"}])):
        assert refused(blue.fhir.post("Patient", body), 422, "business-rule")
    assert refused(fed(blue.fhir, somebody()), 422, "business-rule")
    assert refused(sent(blue.fhir, ("POST", somebody())), 422, "business-rule")
    assert told(asked(blue.port, adt("A04", pid(cx(somebody()))))) == ("AE", "103")
    assert people() == there


def test_the_words_of_another_house_are_its_own(red: House, blue: House) -> None:
    """A namespace (HD.1) is read within the house that says it, whoever spells it out."""
    said = adt("A04", pid("77^^^KIS", name="Wortmann^Wim", born="19510203", address=""))
    assert told(asked(red.port, said)) == ("AA", "")
    system = f"urn:salus:organization:{red.organization}:KIS"
    known = person_identified([(system, "77")])
    assert known
    before = kept(known)
    body = somebody(identifier=[{"system": system, "value": "77"}])
    assert fed(blue.fhir, body, system).status == 403
    assert fed(red.fhir, {**body, "gender": "male"}, system).status == 200
    assert kept(known) != before


def test_the_registers_entry_is_the_registers(red: House) -> None:
    body = somebody()
    entry = registered(body)
    before = kept(entry)
    changed = {**body, "id": str(entry)}
    assert refused(red.fhir.put(f"Patient/{entry}", changed), 403, "forbidden")
    (_system, value), *_ = before[1]
    numbered = {**body, "identifier": [{"system": MATRICULE_SYSTEM, "value": value}]}
    assert refused(fed(red.fhir, numbered, MATRICULE_SYSTEM), 403, "forbidden")
    assert refused(red.fhir.post("Patient", numbered), 409, "conflict")
    assert told(asked(red.port, adt("A08", pid(f"{value}^^^LU")))) == ("AE", "103")
    assert kept(entry) == before


def test_numbers_of_others_are_mentioned_and_overwrite_nothing(
    red: House, blue: House, theirs: Body
) -> None:
    """A mention says who may be meant: the two become one by the matcher, and each keeps its own numbers."""
    before = kept(person(theirs))
    mine = {"system": BLUE, "value": f"own-{person(theirs)}"}
    body = {**theirs, "identifier": [mine, *theirs["identifier"]], "gender": "female"}
    assert fed(blue.fhir, body, BLUE).status == 201
    own = person(body, BLUE)
    assert own != person(theirs)
    assert kept(own)[1] == [(BLUE, mine["value"])]
    assert kept(person(theirs))[:2] == before[:2]
    assert identities_of(own).root == identities_of(person(theirs)).root
    assert fed(blue.fhir, {**body, "gender": "unknown"}, BLUE).status == 200
    assert kept(person(theirs))[:2] == before[:2]


@pytest.mark.parametrize("survivor_is_mine", [True, False])
def test_a_sender_replaces_within_its_own_records(
    blue: House, theirs: Body, survivor_is_mine: bool
) -> None:
    own = somebody()
    own["identifier"] = [{"system": BLUE, "value": number(own).partition("|")[2]}]
    assert fed(blue.fhir, own, BLUE).status == 201
    before = kept(person(own, BLUE)), kept(person(theirs))
    survivor, replaced = (own, theirs) if survivor_is_mine else (theirs, own)
    systems = (BLUE, RED) if survivor_is_mine else (RED, BLUE)
    gone = person(replaced, systems[1])
    body = replaces(replaced, survivor, systems[0])
    put = blue.fhir.put(f"Patient/{gone}", {**body, "id": str(gone)})
    assert refused(put, 403, "forbidden")
    status = (
        422 if survivor_is_mine else 403
    )  # whom a message is about is known by the sender's number
    assert sent(blue.fhir, ("PUT", body)).status == status
    said = adt(
        "A40",
        f"PID|1||{cx(survivor, systems[0])}||Zwilling^Anna",
        more=f"MRG|{cx(replaced, systems[1])}\r",
    )
    answer = asked(blue.port, said)
    assert told(answer) == ("AE", "103")
    assert str(answer.segment("ERR")(1)(1)(1)) == ("MRG" if survivor_is_mine else "PID")
    assert (kept(person(own, BLUE)), kept(person(theirs))) == before


def test_whom_the_index_numbered_is_changed_by_who_registered_them(red: House, blue: House) -> None:
    """A newborn, or a visitor by a passport, of whom no hospital has a number yet."""
    passport = {"system": "http://hl7.org/fhir/sid/passport-USA", "value": "X1234567"}
    newborn, visitor = somebody(), somebody(identifier=[passport])
    del newborn["identifier"]
    for body in (newborn, visitor):
        made = red.fhir.post("Patient", body)
        assert made.status == 201, made.body
        address = f"Patient/{made.body['id']}"
        assert refused(blue.fhir.put(address, made.body), 403, "forbidden")
        own = {"system": RED, "value": f"at-last-{made.body['id']}"}
        named = {**made.body, "identifier": [*made.body["identifier"], own]}
        assert red.fhir.put(address, named).status == 200
        assert person_identified([(RED, own["value"])]) == int(made.body["id"])


def test_an_app_of_a_professional_speaks_for_no_house(red: House, theirs: Body) -> None:
    account = Account.objects.get(email=EMAILS["physician"])
    app = app_of(account, scope="user/Patient.crus", maker=red.organization)
    there = people()
    assert app.post("Patient", somebody()).status in (403, 422)
    before = kept(person(theirs))
    assert app.put(f"Patient/{person(theirs)}", {**theirs, "id": str(person(theirs))}).status == 403
    assert (kept(person(theirs)), people()) == (before, there)


# Who gets a system


def test_a_system_is_of_one_organisation(red: House, blue: House) -> None:
    clients = Client.objects.count()
    with pytest.raises(Conflict, match="another organisation"):
        client_of(blue.organization, scope=OVER_MLLP, domains=["urn:oid:2.999.3", RED])
    for wrong in ("2.999.4", "urn:oid:2.999 .4", f"urn:salus:organization:{red.organization}:X"):
        with pytest.raises(InvalidInput):
            client_of(blue.organization, scope=OVER_MLLP, domains=[wrong])
    with pytest.raises(InvalidInput, match="organisation"):
        client_of(
            None,
            scope="patient/Patient.rs",
            domains=["urn:oid:2.999.4"],
            redirect_uris=("https://app.example/cb",),
            is_public=True,
        )
    assert Client.objects.count() == clients
    assert not IdentifierDomain.objects.filter(system__startswith="urn:oid:2.999.3").exists()
    client_of(red.organization, scope=OVER_MLLP, domains=[RED, "urn:oid:2.999.5"])
    owners = IdentifierDomain.objects.filter(organization=red.organization)
    assert set(owners.values_list("system", flat=True)) == {RED, "urn:oid:2.999.5"}


def test_the_command_line_names_the_systems(red: House, nation: Any) -> None:
    create = ("client", "create", "--name", "kis", "--scope", OVER_MLLP, "--organization")
    system = "urn:oid:2.999.6"
    named = ("--identifier-system", system)
    assert salus(*create, f"{red.organization}", *named, data=nation).returncode == 0
    assert IdentifierDomain.objects.get(system=system).organization_id == red.organization
    other = Organization.objects.filter(type="laboratory", deregistered_at=None)[0].pk
    done = salus(*create, f"{other}", *named, data=nation)
    assert (done.returncode, done.stdout) == (1, "")
    assert "another organisation" in done.stderr
