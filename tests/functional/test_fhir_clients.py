"""Clients that others wrote, over a running site, as software of a hospital: Python's fhirpy, npm's fhir-kit-client.

Each does by its own code what its documentation promises, and fails where it does not understand us.
"""

import asyncio
import json
import re
import subprocess
from base64 import b64decode
from dataclasses import asdict
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from authlib.integrations.requests_client import OAuth2Session
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import (
    AuthorizationError,
    ForbiddenError,
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)

from salus.kernel.postgres import login
from salus.simulation.demo_people import EMAILS
from tests.conftest import Site, salus
from tests.fhir_nation import PDF, reference
from tools.assets import program

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/how-to/register-software.md"
SCOPE = (
    "system/Patient.crus system/DocumentReference.crs system/Binary.r"
    " system/Practitioner.cruds system/Organization.cruds system/Location.cruds"
)
DIRECTORY = "urn:test:hospital:directory"
NUMBERS = "urn:test:hospital"
SOMEBODY: LiteralString = """
    select r.person_id from shared_record_record r
    where not exists (select from access_accountperson p join accounts_account a on a.id = p.account_id
        where p.person_id = r.person_id and a.email = any (%(known)s))
      and not exists (select from shared_record_closure c where c.record_id = r.person_id)
    order by r.person_id limit 1
"""
HOSPITAL: LiteralString = (
    "select id from directory_organization where type = 'hospital' order by id limit 1"
)


@pytest.fixture(scope="module")
def person(site: Site) -> int:
    """Somebody with an open record whom no other test knows."""
    return _only(site, SOMEBODY)


@pytest.fixture(scope="module")
def registered(site: Site) -> dict[str, str]:
    done = salus(
        *("client", "create", "--name", "ward", "--scope", SCOPE),
        *("--organization", str(_only(site, HOSPITAL)), "--identifier-system", NUMBERS),
        data=site.data,
    )
    assert done.returncode == 0, done.stderr
    client = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    for command in (
        ("add-source", "hospital", "--title", "Hospital", "--system", DIRECTORY),
        ("let-feed", "hospital", "--client", client["client_id"]),
    ):
        done = salus("directory", *command, data=site.data)
        assert done.returncode == 0, done.stderr
    return client


@pytest.fixture(scope="module")
def token(site: Site, registered: dict[str, str]) -> str:
    with OAuth2Session(*registered.values(), scope=SCOPE) as session:
        endpoint = f"{site.url}/oauth/token"
        granted = session.fetch_token(endpoint, grant_type="client_credentials")
    return str(granted["access_token"])


def _only(site: Site, sql: LiteralString) -> int:
    with psycopg.connect(**asdict(login(site.data, "superuser"))) as connection:
        row = connection.execute(sql, {"known": list(EMAILS.values())}).fetchone()
    assert row
    return int(row[0])


@pytest.fixture
def client(site: Site, token: str) -> SyncFHIRClient:
    return SyncFHIRClient(f"{site.url}/fhir", authorization=f"Bearer {token}")


@pytest.fixture
def number() -> str:
    return str(uuid4())


def newborn(number: str, **changed: Any) -> dict[str, Any]:
    return {
        "identifier": [{"system": NUMBERS, "value": number}],
        "name": [{"use": "official", "family": "Reuter", "given": ["Lou"]}],
        "birthDate": "2025-01-15",
        "gender": "female",
        **changed,
    }


# fhirpy


def test_fhirpy_registers_finds_and_changes_a_patient(client: SyncFHIRClient, number: str) -> None:
    patient = client.resource("Patient", **newborn(number)).save()
    assert patient["meta"]["versionId"] == "1"
    patients = client.resources("Patient")
    by_number = patients.search(identifier=f"{NUMBERS}|{number}")
    assert by_number.get()["id"] == patient.id
    assert by_number.count() == 1
    by_name = patients.search(family="reut", birthdate="2025-01-15").fetch()
    assert patient.id in [found.id for found in by_name]
    patient["name"][0]["given"] = ["Lou", "Marie"]
    patient.update()
    assert patient["meta"]["versionId"] == "2"
    read = client.reference("Patient", patient.id).to_resource()
    assert read["name"][0]["given"] == ["Lou", "Marie"]
    assert read.refresh()["meta"]["versionId"] == "2"
    again, created = by_number.update(client.resource("Patient", **newborn(number)))
    assert (again.id, created) == (patient.id, False)
    assert read.refresh()["name"][0]["given"] == ["Lou"]


def test_fhirpy_creates_on_a_condition(site: Site, token: str, number: str) -> None:
    client = SyncFHIRClient(
        f"{site.url}/fhir",
        authorization=f"Bearer {token}",
        extra_headers={"If-None-Exist": f"identifier={NUMBERS}|{number}"},
    )
    first, second = (client.resource("Patient", **newborn(number)).save() for _ in range(2))
    assert first.id == second.id


def test_a_condition_where_none_is_heard_is_refused(client: SyncFHIRClient, number: str) -> None:
    """fhirpy's own way, which R4 does not know: to take no notice would create what was to be found."""
    found = client.resources("Patient").search(identifier=f"{NUMBERS}|{number}")
    with pytest.raises(OperationOutcome, match="If-None-Exist"):
        found.get_or_create(client.resource("Patient", **newborn(number)))
    assert found.first() is None


def test_fhirpy_files_documents_and_turns_their_pages(client: SyncFHIRClient, person: int) -> None:
    filed = [client.resource(**_typed(reference(person))).save() for _ in range(3)]
    documents = client.resources("DocumentReference").search(patient=f"Patient/{person}")
    listed = [document.id for document in documents.limit(1).fetch_all()]
    assert {document.id for document in filed} <= set(listed)
    assert len(listed) == len(set(listed)) == documents.search(_total="accurate").count()
    opened = client.execute(filed[0]["content"][0]["attachment"]["url"], method="get")
    assert b64decode(opened["data"]) == PDF
    patient = documents.include("DocumentReference", "subject").limit(1).fetch_raw()
    modes = [entry["search"]["mode"] for entry in patient["entry"]]
    assert modes == ["match", "include"]


def _typed(resource: dict[str, Any]) -> dict[str, Any]:
    """With the type under the name that fhirpy gives it."""
    return {("resource_type" if n == "resourceType" else n): v for n, v in resource.items()}


def test_fhirpy_matches_and_cross_references(client: SyncFHIRClient, number: str) -> None:
    address = [{"line": ["4, rue des Mérovingiens"], "city": "Bertrange", "country": "LU"}]
    named = [{"use": "official", "family": f"Wolterding {number[:8]}", "given": ["Pélagie"]}]
    said = newborn(number, name=named, address=address, birthDate="1961-08-30")
    patient = client.resource("Patient", **said).save()
    asked = {"resourceType": "Patient", **said, "identifier": []}
    del asked["identifier"]
    parameters = [{"name": "resource", "resource": asked}]
    body = {"resourceType": "Parameters", "parameter": parameters}
    found = client.execute("Patient/$match", method="post", data=body)
    assert [entry["resource"]["id"] for entry in found["entry"]] == [patient.id]
    assert found["entry"][0]["search"]["extension"][0]["valueCode"] == "certain"
    query = {"sourceIdentifier": f"{NUMBERS}|{number}"}
    told = client.execute("Patient/$ihe-pix", method="get", params=query)
    assert [one["valueReference"]["reference"] for one in told["parameter"]] == [
        f"Patient/{patient.id}"
    ]
    query = {"sourceIdentifier": "urn:oid:2.999.77|1"}
    with pytest.raises(OperationOutcome, match="Assigning Authority not found"):
        client.execute("Patient/$ihe-pix", method="get", params=query)


def test_fhirpy_keeps_its_entries_in_the_directory(client: SyncFHIRClient, number: str) -> None:
    """IHE mCSD: it finds, follows and feeds."""
    own = [{"system": DIRECTORY, "value": number}]
    kind = [{"coding": [{"code": "practice"}]}]
    ward = client.resource("Organization", identifier=own, name=f"Ward {number}", type=kind).save()
    where = client.resource(
        "Location",
        identifier=own,
        name="North",
        status="active",
        managingOrganization=ward.to_reference(),
        position={"latitude": 12.5, "longitude": 100.25},
    ).save()
    near = client.resources("Location").search(near="12.51|100.25|2|km")
    assert [one.id for one in near.include("Location", "organization").fetch()] == [where.id]
    ward["name"] = f"Wards {number}"
    ward.update()
    assert ward["meta"]["versionId"] == "2"
    versions = client.execute(f"Organization/{ward.id}/_history", method="get")["entry"]
    assert [one["resource"]["name"] for one in versions] == [f"Wards {number}", f"Ward {number}"]
    where.delete()  # type: ignore[no-untyped-call]
    asked = {"_since": ward["meta"]["lastUpdated"]}
    followed = client.execute("Location/_history", method="get", params=asked)["entry"]
    assert followed[0]["request"] == {"method": "DELETE", "url": f"Location/{where.id}"}
    with pytest.raises(ResourceNotFound):
        where.refresh()


def test_fhirpy_understands_what_is_refused(
    site: Site, client: SyncFHIRClient, person: int, number: str
) -> None:
    with pytest.raises(ResourceNotFound):
        client.reference("Patient", "999999999").to_resource()
    with pytest.raises(ForbiddenError):
        client.resources("Immunization").search(patient=person).fetch()
    with pytest.raises(AuthorizationError):
        SyncFHIRClient(f"{site.url}/fhir").reference("Patient", str(person)).to_resource()
    with pytest.raises(OperationOutcome) as refused:
        client.resource("Patient", **newborn(number, gender="unheard")).save()
    (issue,) = refused.value.resource["issue"]
    assert (issue["code"], issue["expression"]) == ("code-invalid", ["Patient.gender"])
    for one in (number, str(uuid4())):
        client.resource("Patient", **newborn(one)).save()
    patients = client.resources("Patient")
    both = patients.search(family="Reuter", given="Lou", birthdate="2025-01-15")
    with pytest.raises(MultipleResourcesFound):
        both.update(client.resource("Patient", **newborn(str(uuid4()))))


def test_fhirpy_asks_many_things_at_once(site: Site, token: str, person: int) -> None:
    async def asked() -> tuple[list[Any], list[str], list[str]]:
        client = AsyncFHIRClient(f"{site.url}/fhir", authorization=f"Bearer {token}")
        patient = client.reference("Patient", str(person))
        read = await asyncio.gather(*(patient.to_resource() for _ in range(8)))
        practitioners = client.resources("Practitioner").sort("family")
        paged = [one.id async for one in practitioners.limit(10)]
        whole = [one.id for one in await practitioners.limit(1000).fetch_all()]
        return read, paged, whole

    read, paged, whole = asyncio.run(asked())
    assert [one.id for one in read] == [str(person)] * 8
    assert paged == whole
    assert len(whole) > 10


def test_the_example_of_the_guide_runs(
    site: Site,
    registered: dict[str, str],
    client: SyncFHIRClient,
    number: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    family = f"Guide {number}"
    named = [{"use": "official", "family": family, "given": ["Lou"]}]
    patient = client.resource("Patient", **newborn(number, name=named)).save()
    examples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (example,) = (text for text in examples if "fhirpy" in text)
    exec(example, {"site": site.url, "family": family, "born": "2025-01-15", **registered})
    assert capsys.readouterr().out.split() == [patient.id, "female"]


# fhir-kit-client


@pytest.fixture(scope="module")
def heard(site: Site, token: str, person: int) -> dict[str, Any]:
    """What the script of fhir-kit-client heard, by what it asked."""
    given = {
        "base": f"{site.url}/fhir",
        "token": token,
        "person": str(person),
        "document": reference(person),
        "another": reference(person),
        "directory": DIRECTORY,
    }
    script = ROOT / "tests/functional/fhir_kit_client.mjs"
    done = subprocess.run(
        [*program("node"), str(script)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_fhir_kit_client_finds_where_to_ask_for_a_token(site: Site, heard: dict[str, Any]) -> None:
    assert heard["endpoints"]["tokenUrl"] == f"{site.url}/oauth/token"
    assert heard["endpoints"]["authorizeUrl"] == f"{site.url}/oauth/authorize"
    assert heard["capability"]["fhirVersion"] == "4.0.1"


def test_fhir_kit_client_turns_pages(heard: dict[str, Any]) -> None:
    found, following, before = (_ids(heard[name]) for name in ("found", "next", "previous"))
    assert len(found) == len(following) == 2
    assert not set(found) & set(following)
    assert before == found


def test_fhir_kit_client_files_and_reads(site: Site, heard: dict[str, Any], person: int) -> None:
    created = heard["created"]
    address = f"{site.url}/fhir/DocumentReference/{created['id']}"
    assert heard["location"] == f"{address}/_history/1"
    assert heard["read"] == heard["vread"] == created
    assert _ids(heard["history"]) == [created["id"]]
    assert heard["resolved"]["id"] == str(person)
    assert _ids(heard["posted"]) == [str(person)]


def test_fhir_kit_client_follows_the_directory(heard: dict[str, Any]) -> None:
    created, updated = heard["ward"], heard["changedWard"]
    assert (created["meta"]["versionId"], updated["meta"]["versionId"]) == ("1", "2")
    assert [one["resource"]["name"] for one in heard["wards"]["entry"]] == ["Ward", "Wards"][::-1]
    assert _ids(heard["followed"])[0] == created["id"]
    assert heard["asOf"]["name"] == "Wards"


def test_fhir_kit_client_matches_and_cross_references(heard: dict[str, Any], person: int) -> None:
    assert str(person) in _ids(heard["matched"]) and len(_ids(heard["matched"])) <= 3
    grades = [one["search"]["extension"][0]["valueCode"] for one in heard["matched"]["entry"]]
    assert grades[0] in ("certain", "probable")
    (patient,) = (one for one in heard["crossReferenced"]["parameter"] if one["name"] == "targetId")
    assert patient["valueReference"]["reference"] == f"Patient/{person}"
    assert heard["unknown"]["status"] == 404
    assert heard["unknown"]["outcome"]["issue"][0]["code"] == "not-found"


def test_fhir_kit_client_sends_bundles(heard: dict[str, Any], person: int) -> None:
    known, unknown, found = heard["batch"]["entry"]
    assert known["resource"]["id"] == str(person)
    assert unknown["response"]["status"].startswith("404")
    assert unknown["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert len(_ids(found["resource"])) == 1
    filed, read = heard["transaction"]["entry"]
    assert filed["response"]["status"].startswith("201")
    assert f"DocumentReference/{heard['created']['id']}" not in filed["response"]["location"]
    assert read["resource"]["id"] == heard["created"]["id"]


def test_fhir_kit_client_hears_what_is_refused(heard: dict[str, Any]) -> None:
    refusals = [heard[name] for name in ("without", "wrong")]
    assert [refusal["status"] for refusal in refusals] == [401, 400]
    issues = [refusal["outcome"]["issue"][0]["code"] for refusal in refusals]
    assert issues == ["login", "invalid"]


def _ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle["entry"]]
