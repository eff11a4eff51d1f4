"""Documents filed by software on FHIR: once, in its own name, opened by their one door."""

from base64 import b64decode, b64encode
from datetime import UTC, timedelta
from hashlib import sha1
from typing import Any
from uuid import uuid4

import pytest

from salus.access.actions import declare_professional
from salus.access.models import AccountPractitioner, TrustedProfessional
from salus.access.queries import actor_of
from salus.audit.models import EventKind
from salus.country.lu import PROVIDER_SYSTEM
from salus.directory.models import Practitioner, PractitionerRole
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.shared_record.actions import close_record, reopen_record
from tests.fhir_client import app_of, scopes, software
from tests.fhir_nation import (
    PDF,
    account,
    another_laboratory,
    events,
    laboratory,
    person_of,
    reference,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("nation")


@pytest.fixture
def patient(nation: object) -> int:
    return person_of("patient")


def test_software_files_a_document_and_reads_it_back(patient: int) -> None:
    lab = software(laboratory())
    filed = lab.post("DocumentReference", reference(patient))
    assert filed.status == 201, filed.body
    number = filed.body["id"]
    assert filed.headers["Location"].endswith(f"/DocumentReference/{number}/_history/1")
    again = lab.get(f"DocumentReference/{number}").body
    assert again == filed.body
    attachment = again["content"][0]["attachment"]
    assert attachment["creation"] == "2024-12-01"
    assert (attachment["size"], attachment["language"]) == (len(PDF), "fr")
    assert again["author"][0]["reference"] == f"Organization/{laboratory()}"
    opened = lab.get(attachment["url"], Accept="application/pdf")
    assert (opened.content, opened.headers["Content-Type"]) == (PDF, "application/pdf")
    as_resource = lab.get(attachment["url"]).body
    assert b64decode(as_resource["data"]) == PDF
    assert as_resource["securityContext"] == {"reference": f"DocumentReference/{number}"}
    filing, *_ = events(patient, EventKind.DOCUMENT_FILED)
    assert (filing.document_id, filing.organization_id) == (int(number), laboratory())
    assert f"/documents/{number}/" in signed_in("patient").get("/documents/").content.decode()


def test_software_sees_its_own_filings_alone(patient: int) -> None:
    lab, other = software(laboratory()), software(another_laboratory())
    sent = reference(patient)
    number = lab.post("DocumentReference", sent).body["id"]
    identifier = "|".join(sent["masterIdentifier"].values())
    assert number in lab.get("DocumentReference", {"patient": patient}).ids
    assert lab.get("DocumentReference", {"identifier": identifier}).ids == [number]
    assert number not in other.everything("DocumentReference", {"patient": patient})
    assert other.get("DocumentReference", {"identifier": identifier}).ids == []
    assert other.get("DocumentReference", {"_id": number}).ids == []
    refused = [other.get(f"DocumentReference/{number}"), other.get(f"Binary/{number}")]
    absent = [other.get("DocumentReference/999999999"), other.get("Binary/999999999")]
    assert [answer.status for answer in refused + absent] == [404] * 4
    assert [answer.body for answer in refused] == [answer.body for answer in absent]


def test_the_same_document_again_is_the_same_document(patient: int) -> None:
    lab, other = software(laboratory()), software(another_laboratory())
    sent = reference(patient)
    first = lab.post("DocumentReference", sent)
    assert lab.post("DocumentReference", sent).body["id"] == first.body["id"]
    changed = sent | {"content": reference(patient, PDF + b"!")["content"]}
    assert lab.post("DocumentReference", changed).status == 409
    assert other.post("DocumentReference", sent).status == 409
    elsewhere = sent | {"subject": {"reference": f"Patient/{person_of('commuter')}"}}
    assert lab.post("DocumentReference", elsewhere).status == 409
    assert len([e for e in events(patient, EventKind.DOCUMENT_FILED) if not e.denied]) == len(
        {e.document_id for e in events(patient, EventKind.DOCUMENT_FILED) if not e.denied}
    )


def test_a_retry_of_a_request_without_an_identifier_files_once(patient: int) -> None:
    lab, sent = software(laboratory()), reference(patient, masterIdentifier=None)
    request = str(uuid4())
    first, second = (lab.post("DocumentReference", sent, X_Request_Id=request) for _ in range(2))
    assert first.body["id"] == second.body["id"]
    assert first.body["masterIdentifier"]["value"] == f"urn:uuid:{request}"


def test_a_new_version_replaces_the_old_one(patient: int) -> None:
    lab = software(laboratory())
    first = lab.post("DocumentReference", reference(patient)).body["id"]
    replacing = [{"code": "replaces", "target": {"reference": f"DocumentReference/{first}"}}]
    second = lab.post("DocumentReference", reference(patient, relatesTo=replacing))
    assert second.status == 201, second.body
    assert second.body["relatesTo"] == replacing
    old = lab.get(f"DocumentReference/{first}").body
    assert (old["status"], old["meta"]["versionId"]) == ("superseded", "2")
    history = lab.get(f"DocumentReference/{first}/_history").body["entry"]
    assert [e["resource"]["status"] for e in history] == ["superseded", "current"]
    assert lab.get(f"DocumentReference/{first}/_history/1").body["status"] == "current"
    newer = lab.get("DocumentReference", {"patient": patient, "relatesto": first})
    assert newer.ids == [second.body["id"]]
    assert lab.get(f"Binary/{first}", Accept="*/*").content == PDF
    assert lab.post("DocumentReference", reference(patient, relatesTo=replacing)).status == 409


def test_nobody_replaces_what_another_organisation_filed(patient: int) -> None:
    first = software(laboratory()).post("DocumentReference", reference(patient)).body["id"]
    replacing = [{"code": "replaces", "target": {"reference": f"DocumentReference/{first}"}}]
    other = software(another_laboratory())
    assert other.post("DocumentReference", reference(patient, relatesTo=replacing)).status == 409
    lab = software(laboratory())
    assert lab.get(f"DocumentReference/{first}").body["status"] == "current"


def test_a_document_in_another_organisations_name_is_refused(patient: int) -> None:
    author = [{"reference": f"Organization/{another_laboratory()}"}]
    answer = software(laboratory()).post("DocumentReference", reference(patient, author=author))
    assert answer.status == 403
    refusal, *_ = events(patient, EventKind.DOCUMENT_FILED)
    assert (refusal.denied, refusal.organization_id) == (True, laboratory())


def test_an_author_works_or_worked_where_the_software_is(patient: int) -> None:
    lab = software(laboratory())
    own = PractitionerRole.objects.filter(organization=laboratory()).first()
    assert own
    stranger = Practitioner.objects.exclude(roles__organization=laboratory()).first()
    assert stranger
    contained = {
        "resourceType": "Practitioner",
        "id": "author",
        "identifier": [{"system": own.practitioner.system, "value": own.practitioner.value}],
    }
    authors: list[tuple[dict[str, Any], int]] = [
        ({"reference": f"Practitioner/{own.practitioner_id}"}, 201),
        ({"identifier": contained["identifier"][0], "type": "Practitioner"}, 201),
        ({"reference": "#author"}, 201),
        ({"reference": f"Practitioner/{stranger.pk}"}, 422),
        ({"reference": "Practitioner/999999999"}, 422),
    ]
    for author, status in authors:
        is_contained = author.get("reference") == "#author"
        sent = reference(patient, author=[author], contained=[contained] if is_contained else None)
        answer = lab.post("DocumentReference", sent)
        assert answer.status == status, answer.body
        if status == 201:
            assert answer.body["author"][0]["reference"] == f"Practitioner/{own.practitioner_id}"


def test_a_closed_record_takes_and_gives_nothing(patient: int) -> None:
    lab = software(laboratory())
    number = lab.post("DocumentReference", reference(patient)).body["id"]
    own = actor_of(account("patient").pk, at=now())
    assert own
    close_record(actor=own, person=patient, at=now())
    answers = [
        lab.post("DocumentReference", reference(patient)),
        lab.get("DocumentReference", {"patient": patient}),
        lab.get(f"DocumentReference/{number}"),
        lab.get(f"Binary/{number}"),
    ]
    reopen_record(actor=own, person=patient, at=now())
    assert [answer.status for answer in answers] == [409, 200, 404, 404]
    assert "entry" not in answers[1].body  # as where it has filed nothing, and as for nobody
    for kind in (EventKind.DOCUMENT_FILED, EventKind.RECORD_VIEWED, EventKind.DOCUMENT_OPENED):
        refusal = next(event for event in events(patient, kind) if event.denied)
        assert refusal.organization_id == laboratory()


def test_a_professional_whom_software_names_reads_while_declared(patient: int) -> None:
    with rows_of([patient]):
        declared = list(TrustedProfessional.objects.values_list("practitioner", flat=True))
    role = PractitionerRole.objects.filter(
        until=None, practitioner__deregistered_at=None, organization__type="practice"
    ).exclude(practitioner__in=declared)[0]
    number = f"{PROVIDER_SYSTEM}|{role.practitioner.value}"
    practice = software(role.organization_id, professional=number)
    assert practice.get("DocumentReference", {"patient": patient}).status == 404
    own = actor_of(account("patient").pk, at=now())
    assert own
    declare_professional(actor=own, person=patient, practitioner=role.practitioner_id, at=now())
    assert practice.get("DocumentReference", {"patient": patient}).ids
    filed = practice.post("DocumentReference", reference(patient))
    assert filed.status == 201, filed.body
    assert [author["reference"] for author in filed.body["author"]] == [
        f"Practitioner/{role.practitioner_id}",
        f"Organization/{role.organization_id}",
    ]


def test_a_professional_files_in_the_own_name_and_a_patient_does_not_file(patient: int) -> None:
    doctor = app_of(account("physician"), scope=scopes("user"))
    filed = doctor.post("DocumentReference", reference(patient))
    bound = AccountPractitioner.objects.get(account=account("physician"))
    assert filed.status == 201, filed.body
    assert filed.body["author"][0]["reference"] == f"Practitioner/{bound.practitioner_id}"
    other = Practitioner.objects.exclude(pk=bound.practitioner_id)[0]
    author = [{"reference": f"Practitioner/{other.pk}"}]
    assert doctor.post("DocumentReference", reference(patient, author=author)).status == 403
    own = app_of(account("patient"), scope=scopes("user"))
    assert own.post("DocumentReference", reference(patient)).status == 403


def test_a_narrow_scope_files_one_category_and_reads_nothing(patient: int) -> None:
    scope = "system/DocumentReference.c?category=26436-6"
    lab = software(laboratory(), scope=scope)
    filed = lab.post("DocumentReference", reference(patient))
    assert (filed.status, filed.body) == (201, {})  # whoever may not read is not shown it
    note = {"coding": [{"system": "http://loinc.org", "code": "11488-4"}]}
    other = reference(patient, type=note, category=[note])
    assert lab.post("DocumentReference", other).status == 403
    assert lab.get("DocumentReference", {"patient": patient}).status == 403


WRONG = {
    "status": {"status": "superseded"},
    "docStatus": {"docStatus": "preliminary"},
    "type": {"type": {"coding": [{"system": "http://loinc.org", "code": "1-1"}]}},
    "category": {"category": [{"coding": [{"system": "http://loinc.org", "code": "11488-4"}]}]},
    "a label that could not be kept": {
        "securityLabel": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
                        "code": "V",
                    }
                ]
            }
        ]
    },
    "no subject": {"subject": None},
    "a subject elsewhere": {"subject": {"reference": "https://elsewhere.example/Patient/1"}},
    "no content": {"attachment": {"data": None}},
    "another media type": {"attachment": {"contentType": "text/plain"}},
    "not what it says to be": {"attachment": {"contentType": "application/fhir+json"}},
    "another hash": {"attachment": {"hash": b64encode(sha1(b"other").digest()).decode()}},
    "another size": {"attachment": {"size": 1}},
    "no language": {"attachment": {"language": None}},
    "a day to come": {
        "attachment": {"creation": (now() + timedelta(days=2)).astimezone(UTC).isoformat()}
    },
    "a relation that is not kept": {
        "relatesTo": [{"code": "appends", "target": {"reference": "DocumentReference/1"}}]
    },
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_kept_as_it_is_meant_is_refused(
    patient: int, changed: dict[str, Any]
) -> None:
    changed = dict(changed)
    attachment = changed.pop("attachment", {})
    sent = reference(patient, **changed)
    content = sent["content"][0]["attachment"] | attachment
    sent["content"] = [{"attachment": {n: v for n, v in content.items() if v is not None}}]
    answer = software(laboratory()).post("DocumentReference", sent)
    assert answer.status in (400, 422), answer.body
    assert answer.body["issue"][0]["expression"][0].startswith("DocumentReference")


def test_the_right_hash_is_taken(patient: int) -> None:
    told = {"hash": b64encode(sha1(PDF).digest()).decode(), "size": len(PDF)}
    lab = software(laboratory())
    assert lab.post("DocumentReference", reference(patient, attachment=told)).status == 201


def test_a_person_without_a_record_looks_like_nobody(patient: int) -> None:
    lab = software(laboratory())
    answers = [lab.post("DocumentReference", reference(person)) for person in (10**9, 10**10)]
    assert [answer.status for answer in answers] == [404, 404]


def test_a_conditional_create_files_once_and_keeps_the_event_of_a_refusal(patient: int) -> None:
    lab, sent = software(laboratory()), reference(patient)
    identifier = "identifier=" + "|".join(sent["masterIdentifier"].values())
    first = lab.post("DocumentReference", sent, If_None_Exist=identifier)
    second = lab.post("DocumentReference", sent, If_None_Exist=identifier)
    assert (first.status, second.status) == (201, 200)
    assert first.body["id"] == second.body["id"]
    refused = reference(patient, author=[{"reference": f"Organization/{another_laboratory()}"}])
    identifier = "identifier=" + "|".join(refused["masterIdentifier"].values())
    before = len(events(patient, EventKind.DOCUMENT_FILED))
    assert lab.post("DocumentReference", refused, If_None_Exist=identifier).status == 403
    refusal, *others = events(patient, EventKind.DOCUMENT_FILED)
    assert refusal.denied and len(others) == before


def test_an_emergency_is_no_purpose_of_documents_yet(patient: int) -> None:
    hurried = software(laboratory(), purpose=PurposeOfUse.EMERGENCY)
    assert hurried.get("DocumentReference", {"patient": patient}).status == 403
    assert hurried.post("DocumentReference", reference(patient)).status == 403
