"""The access matrix: who may do what, as the table in docs/reference says it, and the world in which it is tried.

Each column of a table stands for one actor or for several whose answers are the same; each table has all of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client as Browser

from salus.access.actions.software import request_client
from salus.access.models import Audience, ClientRequest, TrustedProfessional
from salus.access.oauth.actions import Registered, end_client
from salus.access.queries import actor_of
from salus.accounts.models import Account
from salus.accounts.oauth.registration import NewClient
from salus.accounts.oauth.tokens import verified
from salus.audit.models import Event
from salus.directory.actions import propose, source_named
from salus.directory.fhir import RESOURCES as DIRECTORY
from salus.directory.lines import Line
from salus.directory.models import How, Kind, Location, Organization, PractitionerRole
from salus.eligibility.models import Affiliation, Caller
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.merging import queue_pair
from salus.shared_record.models import Document
from salus.shared_record.permissions import is_closed
from salus.simulation.demo_people import EMAILS
from salus.vaccination.models import Immunization
from tests import apps, links, software
from tests.access_matrix_bodies import (
    SOAP_MESSAGE,
    coverage_request,
    document,
    dose,
    message,
    prescriber,
    questions,
    source,
    subscription,
)

TABLE = Path(settings.BASE_DIR) / "docs" / "reference" / "access-matrix.md"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER = "other"  # in a row: the methods that no row of the address names
ABSENT = 10**9

SESSIONS = {  # by the names of the demo people's parts
    "patient": "patient",
    "assistant": "partner",
    "other patient": "closer",
    "physician": "physician",
    "pharmacist": "pharmacist",
    "agency": "agency",
    "steward": "steward",
    "registrar": "registrar",
}
NO_GOOD = ("garbage", "expired", "revoked", "ended")
GOOD = ("narrow", "no purpose", "wide", "patient's app", "physician's app")
ACTORS = ("nobody", *SESSIONS, *NO_GOOD, *GOOD)
COLUMNS = {
    **{actor: (actor,) for actor in ACTORS},
    "no token": ("nobody", *SESSIONS),  # a session opens nothing where tokens are asked for
    "token no good": NO_GOOD,
    "any token": (*NO_GOOD, *GOOD),  # a token opens nothing where sessions are asked for
    "everybody": ACTORS,
}


@dataclass(frozen=True, kw_only=True)
class Row:
    line: int  # in the file
    methods: tuple[str, ...]  # (OTHER,) until `whole`
    address: str  # with samples: /documents/{document}/
    columns: tuple[tuple[str, ...], ...]  # the actors for whom each stands
    statuses: Mapping[str, int]  # by actor

    @property
    def path(self) -> str:
        return self.address.partition("?")[0]


def rows() -> list[Row]:
    """Of all tables. Raises ValueError for a table that is none."""
    found: list[Row] = []
    actors: list[tuple[str, ...]] = []
    for line, text in enumerate(TABLE.read_text().splitlines(), start=1):
        cells = [cell.strip().strip("`") for cell in text.strip("|").split("|")]
        if not text.startswith("|") or set(text) <= set("|-: "):
            continue
        if cells[0] == "method":
            actors = [COLUMNS[name] for name in cells[2:]]
            if sorted(actor for column in actors for actor in column) != sorted(ACTORS):
                raise ValueError(f"line {line}: each actor stands in one column")
        elif cells[0] and actors:
            statuses = zip(actors, map(int, cells[2:]), strict=True)
            found.append(
                Row(
                    line=line,
                    methods=tuple(cells[0].split()),
                    address=cells[1],
                    columns=tuple(actors),
                    statuses={actor: status for column, status in statuses for actor in column},
                )
            )
    return [_whole(row, found) for row in found]


def _whole(row: Row, among: list[Row]) -> Row:
    if row.methods != (OTHER,):
        return row
    named = {method for other in among if other.address == row.address for method in other.methods}
    return replace(row, methods=tuple(method for method in METHODS if method not in named))


@dataclass(frozen=True, kw_only=True)
class World:
    samples: Mapping[str, tuple[str, ...]]  # what stands for {name} in an address, each of them
    cookies: Mapping[str, str]  # of sessions
    tokens: Mapping[str, str]
    bodies: Mapping[str, Any]  # by method and address of a row: a form, or a resource

    def addresses(self, address: str) -> Iterator[str]:
        """Those that a row stands for; KeyError for a sample that is none."""
        name = re.search(r"\{([^}]+)\}", address)
        if name is None:
            yield address
            return
        for number, value in enumerate(self.samples[name[1]]):
            rest = address[name.end() :]
            if its := self.samples.get(f"{name[1]}'s id"):
                rest = rest.replace(f"{{{name[1]}'s id}}", its[number])
            yield from self.addresses(address[: name.start()] + value + rest)


def account(part: str) -> Account:
    return Account.objects.get(email=EMAILS[part])


def person_of(part: str) -> int:
    actor = actor_of(account(part).pk, at=now())
    assert actor and actor.person
    return actor.person


def practitioner_of(part: str) -> int:
    actor = actor_of(account(part).pk, at=now())
    assert actor and actor.practitioner
    return actor.practitioner


def signed_in(part: str) -> Browser:
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(account(part))
    return browser


def _token(client: Registered, **form: str) -> str:
    """Of the real endpoint, with an hour to live: the walk through the matrix may take longer than five minutes."""
    given = software.ask(client, **form)
    assert given["status"] == 200, given
    return _living(given["access_token"], timedelta(hours=1))


def _living(token: str, life: timedelta) -> str:
    read = verified(token, issuer=apps.HERE, audience=apps.BASE, at=now())
    return replace(read, expires_at=now() + life).signed()


def _tokens(laboratory: int) -> dict[str, str]:
    domains = ["urn:test:matrix"]
    wide = software.registered(laboratory, scope="system/*.cruds", domains=domains)
    ended = software.registered(laboratory, scope="system/*.cruds")
    told = {
        "garbage": "eyJhbGciOiJub25lIn0.e30.",
        "expired": _living(_token(wide), timedelta(seconds=-1)),
        "revoked": _token(wide),
        "ended": _token(ended),
        "narrow": _token(software.registered(laboratory, scope="system/Immunization.rs")),
        "no purpose": _token(software.registered(laboratory, scope="system/*.cruds", purposes=())),
        "wide": _token(wide),
    }
    taken_back = software.ask(wide, path="/oauth/revoke", token=told["revoked"])
    assert taken_back["status"] == 200, taken_back
    end_client(actor=software.SYSTEM, at=now(), client_id=ended.client_id)
    for name, part, scope in (
        ("patient's app", "patient", "openid fhirUser launch/patient patient/*.rs"),
        ("physician's app", "physician", "openid fhirUser user/*.rs"),
    ):
        app = apps.registered(scope=scope)
        given = apps.launched(app, signed_in(part), scope=scope)
        assert given["scope"].split()[-1].endswith("/*.rs"), given
        told[name] = _living(given["access_token"], timedelta(hours=1))
    return told


def made() -> World:
    laboratories = Organization.objects.filter(type="laboratory").values_list("pk", flat=True)
    laboratory, another = laboratories[:2]
    patient, physician = person_of("patient"), practitioner_of("physician")
    tokens = _tokens(laboratory)
    stranger = _stranger()
    _filed(_token(software.registered(another, scope="system/DocumentReference.cr")), stranger)
    asked = NewClient(
        name="Labor",
        contact="lab@example.org",
        scope="system/DocumentReference.c",
        purposes=(PurposeOfUse.TREATMENT,),
    )
    request = request_client(
        client=asked, maker="Labor AG", audience=Audience.NOBODY, organization=laboratory, at=now()
    )
    samples = {
        "patient": patient,
        "stranger": stranger,
        "no person": ABSENT,
        "practitioner": physician,
        "no practitioner": ABSENT,
        "organization": laboratory,
        "no organization": ABSENT,
        "counter": Caller.objects.get(
            rights__contains=["prescribing"], client=None
        ).organization_id,
        "place": Location.objects.filter(deregistered_at=None).values_list("pk", flat=True)[0],
        "no place": ABSENT,
        "request": ClientRequest.objects.get(number=request.number).pk,
        "no request": ABSENT,
        "receipt": request.key,
        "no receipt": "x" * len(request.key),
        "no passkey": ABSENT,
        "pair": _pair(),
        "no pair": ABSENT,
        "link": links.linked(links.registered(), links.registered()),
        "no link": ABSENT,
        "change set": _change_set(physician),
        "no change set": ABSENT,
        "role": PractitionerRole.objects.filter(practitioner=physician, deregistered_at=None)[0].pk,
        "no month": "1999-12",
        **_of(patient),
        **{f"stranger's {kind}": number for kind, number in _of(stranger).items()},
        **{f"no {kind}": ABSENT for kind in ("document", "vaccination", "event", "coverage")},
        "software's document": _filed(tokens["wide"], patient),
        "subscription": _subscribed(tokens["wide"]),
        "no subscription": ABSENT,
    }
    listed = {name: (str(value),) for name, value in samples.items()} | _public_types()
    return World(
        samples=listed,
        cookies={
            name: signed_in(part).cookies["sessionid"].value for name, part in SESSIONS.items()
        },
        tokens=tokens,
        bodies={
            **_bodies(patient, physician, person_of("partner")),
            **questions(),
            "PUT /fhir/Subscription/{subscription}": subscription(id=str(samples["subscription"])),
        },
    )


def _pair() -> int:
    """Of two who wait for stewards."""
    pair = queue_pair(at=now(), person=links.registered(), target=links.registered())
    assert pair
    return pair


def _change_set(practitioner: int) -> int:
    """That waits for a registrar."""
    line = Line(
        number=1, kind=Kind.PRACTITIONER, entry=practitioner, said={"telephone": "+352 27 00 00"}
    )
    source = source_named("matrix", at=now())
    return propose(actor=software.SYSTEM, at=now(), source=source, how=How.FEED, lines=[line])


def _stranger() -> int:
    """With a record and vaccinations, and neither a demo person nor with one in the circle."""
    with finding_in(Scope.RECORDS):
        documented = set(Document.objects.filter(ended_at=None).values_list("person", flat=True))
        vaccinated = set(Immunization.objects.values_list("record", flat=True))
    demo = {person_of(part) for part in ("patient", "partner", "mother", "closer", "commuter")}
    professionals = [practitioner_of(part) for part in ("physician", "pharmacist")]
    for person in sorted((documented & vaccinated) - demo):
        with rows_of([person]):
            declared = TrustedProfessional.objects.filter(person=person, until=None)
            is_known = declared.filter(practitioner__in=professionals).exists()
            if not is_known and not is_closed(person):
                return person
    raise AssertionError("the nation has no such person")


def _of(person: int) -> dict[str, int]:
    with rows_of([person]):
        return {
            "document": Document.objects.filter(
                person=person, ended_at=None, documentcontent__isnull=False
            )[0].pk,
            "vaccination": Immunization.objects.filter(record=person)[0].pk,
            "event": Event.objects.filter(person_id=person).latest("at").id,
            "coverage": _covered(person),
        }


def _covered(person: int) -> int:
    row = Affiliation(person_id=person, key=f"matrix-{person}", since=date(2000, 1, 1))
    row.save()
    return row.pk


def _public_types() -> dict[str, tuple[str, ...]]:
    """The types that the table calls public, and those of the directory, each with the id of one that is there."""
    return {
        **_types("public type", "CodeSystem", "Measure", "StructureDefinition"),
        **_types("directory type", *(resource.type for resource in DIRECTORY)),
    }


def _types(sample: str, *types: str) -> dict[str, tuple[str, ...]]:
    browser = Browser(SERVER_NAME="localhost")
    found = [browser.get(f"/fhir/{name}?_count=1").json()["entry"] for name in types]
    ids = tuple(entry[0]["resource"]["id"] for entry in found)
    return {sample: types, f"{sample}'s id": ids}


def _filed(token: str, person: int) -> str:
    return _created(token, "DocumentReference", document(person))


def _subscribed(token: str) -> str:
    return _created(token, "Subscription", subscription())


def _created(token: str, kind: str, body: dict[str, Any]) -> str:
    response = Browser(SERVER_NAME="localhost").post(
        f"/fhir/{kind}",
        body,
        content_type="application/fhir+json",
        headers={"authorization": f"Bearer {token}"},
    )
    assert response.status_code == 201, response.content
    return str(response.json()["id"])


def _bodies(patient: int, physician: int, partner: int) -> dict[str, Any]:
    newcomer = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:test:matrix", "value": "matrix-1"}],
        "name": [{"use": "official", "family": "Zwilling", "given": ["Anna"]}],
        "gender": "female",
        "birthDate": "1980-02-29",
    }
    read = {"request": {"method": "GET", "url": f"Patient/{patient}"}}
    return {
        "POST /circle/": {"name": "hoffmann"},
        "POST /circle/declare/": {"practitioner": physician},
        "POST /circle/end/": {"practitioner": physician},
        "POST /assistants/end/": {"assistant": partner},
        "POST /vaccinations/consent/": {"consent": "give"},
        "POST /patients/": {"family": "weber"},
        "POST /stewards/pairs/{pair}/": {"act": "unsure"},
        "POST /stewards/search/": {"family": "weber"},
        "POST /stewards/search/choose/": {"person": patient},
        "POST /directory/desk/sets/{change set}/": {"act": "apply", "ends": "0"},
        "POST /directory/desk/sets/{no change set}/": {"act": "apply", "ends": "0"},
        "POST /directory/me/Practitioner/{practitioner}/telephone/": {"value": "+352 27 11 11"},
        "POST /directory/me/PractitionerRole/{role}/telephone/": {"value": "+352 27 11 11"},
        "POST /preferences/": {"language": "de", "next": "/"},
        "POST /desk/{request}/": {"act": "refuse", "reason": "Not now."},
        "POST /fhir": {"resourceType": "Bundle", "type": "batch", "entry": [read]},
        "POST /fhir/Patient": newcomer,
        "PUT /fhir/Patient?identifier=matrix-1": newcomer,
        "PUT /fhir/Patient/{patient}": newcomer | {"id": str(patient)},
        "PUT /fhir/Patient/{no person}": newcomer | {"id": str(ABSENT)},
        "POST /fhir/Patient/_search": {"family": "weber"},
        "POST /fhir/Patient/$match": newcomer,
        "POST /fhir/Patient/$ihe-pix": source(patient),
        "POST /fhir/$process-message": message(newcomer),
        "POST /fhir/Subscription": subscription(),
        "PUT /fhir/Subscription/{no subscription}": subscription(id=str(ABSENT)),
        "POST /fhir/DocumentReference/_search": {"patient": patient},
        "POST /fhir/Immunization/_search": {"patient": patient},
        "POST /fhir/DocumentReference": document(patient),
        "POST /fhir/Immunization": dose(patient),
        "POST /eligibility/soap": SOAP_MESSAGE,
        "POST /fhir/Coverage/_search": {"_count": 1},
        "POST /fhir/CoverageEligibilityRequest/$submit": coverage_request(),
        "POST /fhir/$may-prescribe": prescriber(),
    }
