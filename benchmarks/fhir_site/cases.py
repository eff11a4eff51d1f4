"""What is asked: each case through everything below /fhir, and the same of the bare view below /bare."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from salus.country.lu import MATRICULE_SYSTEM
from salus.kernel.postgres import login

SCOPE = "system/Patient.rs system/DocumentReference.crs"
PERSONS = 40
DOCUMENTS = 5  # filed for each of them before anything is measured
CREATE = "create a DocumentReference"
PEOPLE = """
    select p.id, p.family, p.birth_date, i.value
    from mpi_person p
    join mpi_personidentifier i on i.person_id = p.id and i.system = %s
    join shared_record_record r on r.person_id = p.id
    where not exists (select from shared_record_closure where record_id = p.id)
    order by md5(p.id::text) limit %s
"""
LABORATORY = "select id from directory_organization where type = 'laboratory' order by id limit 1"
FAMILIES = """
    select family from directory_practitioner where deregistered_at is null
    group by 1 having count(*) <= 20 order by md5(family) limit %s
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, of the one and of the other."""

    path: str
    bare: str
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    status: int
    asked: Sequence[Asked]


def laboratory(data: Path) -> int:
    with psycopg.connect(**asdict(login(data, "superuser"))) as connection:
        row = connection.execute(LABORATORY).fetchone()
    assert row
    return int(row[0])


def cases(data: Path) -> list[Case]:
    """In the order of the table; before the search of documents some must have been filed."""
    with psycopg.connect(**asdict(login(data, "superuser"))) as connection:
        people = connection.execute(PEOPLE, [MATRICULE_SYSTEM, PERSONS]).fetchall()
        families = connection.execute(FAMILIES, [PERSONS]).fetchall()
    filed = f"/bare/DocumentReference/{laboratory(data)}"
    return [
        _reads("read a Patient", [f"/Patient/{person}" for person, *_ in people]),
        _reads(
            "search a Patient by identifier",
            [_query("Patient", identifier=f"{MATRICULE_SYSTEM}|{number}") for *_, number in people],
        ),
        _reads(
            "search a Patient by name, birthdate",
            [_query("Patient", family=family, birthdate=born) for _, family, born, _ in people],
        ),
        _reads(
            "search DocumentReferences",
            [_query("DocumentReference", patient=person) for person, *_ in people],
            bare=filed,
        ),
        _reads(
            "search Practitioners (public)",
            [_query("Practitioner", family=family) for (family,) in families],
        ),
        Case(
            name=CREATE,
            status=201,
            asked=[
                Asked(path="/fhir/DocumentReference", bare=filed, body=document(person))
                for person, *_ in people
            ],
        ),
    ]


def _reads(name: str, below: Sequence[str], *, bare: str = "") -> Case:
    def asked() -> Iterator[Asked]:
        for address in below:
            path, mark, query = address.partition("?")
            yield Asked(path=f"/fhir{address}", bare=f"{bare or '/bare' + path}{mark}{query}")

    return Case(name=name, status=200, asked=list(asked()))


def _query(type: str, **parameters: object) -> str:
    return f"/{type}?{urlencode(parameters)}"


def document(person: int) -> bytes:
    """A laboratory report of 20 kB; without an identifier each is another one."""
    attachment = {
        "contentType": "application/pdf",
        "language": "fr",
        "data": b64encode(b"%PDF-1.7 " + bytes(20_000)).decode(),
        "title": "Formule sanguine",
        "creation": "2024-12-01",
    }
    resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "26436-6"}]}],
        "subject": {"reference": f"Patient/{person}"},
        "content": [{"attachment": attachment}],
    }
    return json.dumps(resource).encode()
