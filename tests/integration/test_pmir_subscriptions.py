"""IHE PMIR over HTTP: Subscribe to Patient Updates (ITI-94); the cases stand in docs/reference/ihe-patient-index.md.
Who subscribed here listens on this machine, as in demo mode it may."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from salus.accounts.models import Subscription
from salus.accounts.notifying import ATTEMPTS
from salus.audit.models import Event, EventKind
from salus.fhir import validation, xml
from salus.fhir.resource import Body
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.mpi.models import Receipt
from tests.fhir_client import Fhir
from tests.patient_index import RED, also_known, fed, hospital, links, number, registered, somebody
from tests.subscribing import Listener, listening, work

pytestmark = pytest.mark.usefixtures("nation")
FEED = "urn:ihe:iti:pmir:2019:patient-feed"
JSON, XML = "application/fhir+json", "application/fhir+xml"


@pytest.fixture(scope="module")
def client(nation: object) -> Fhir:
    return hospital()


def patients(listener: Listener) -> list[Body]:
    """Of the newest message."""
    bundle = json.loads(listener.heard[-1].content)
    assert validation.faults(bundle) == []
    header, history = (entry["resource"] for entry in bundle["entry"])
    assert header["eventUri"] == FEED
    return [entry["resource"] for entry in history["entry"]]


@pytest.fixture
def listener(nation: object) -> Iterator[Listener]:
    with listening() as told:
        yield told


def subscription(url: str, **changed: Any) -> Body:
    channel = {
        "type": "message",
        "endpoint": url,
        "payload": JSON,
        "header": ["Authorization: Bearer hush"],
    } | changed.pop("channel", {})
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "contact": [{"system": "phone", "value": "+352 1"}],
        "reason": "Our wards.",
        "criteria": "Patient",
        "channel": {name: value for name, value in channel.items() if value},
        **changed,
    }


def subscribed(client: Fhir, url: str, **changed: Any) -> Body:
    answer = client.post("Subscription", subscription(url, **changed))
    assert answer.status == 201, answer.body
    return answer.body


def test_who_subscribed_is_told_of_new_people_and_of_changes(
    client: Fhir, listener: Listener
) -> None:
    made = subscribed(client, listener.url)
    assert (made["status"], made["meta"]["versionId"]) == ("active", "1")
    body = somebody()
    record = fed(client, body).body
    work()
    (told,) = listener.heard
    headers = told.headers
    assert headers["Authorization"] == "Bearer hush"
    assert headers["Content-Type"] == f"{JSON}; charset=utf-8"
    assert [one["id"] for one in patients(listener)] == [record["id"]]
    fed(client, {**body, "gender": "other"})
    work()
    (patient,) = patients(listener)
    assert (patient["gender"], len(listener.heard)) == ("other", 2)
    with rows_of([int(record["id"])]):
        events = Event.objects.filter(kind=EventKind.PERSON_TOLD, person_id=record["id"])
        assert [event.agent for event in events] == ["hospital"] * 2


def test_who_subscribed_is_told_of_links_and_confirms(client: Fhir, listener: Listener) -> None:
    body = somebody()
    root = registered(body)
    made = subscribed(client, listener.url, criteria=f"Patient?_id={root}")
    record = fed(client, also_known(body, RED)).body
    work()
    told = {one["id"]: links(one) for one in patients(listener)}
    assert told == {
        str(root): {f"Patient/{record['id']}": "seealso"},
        record["id"]: {f"Patient/{root}": "refer"},
    }
    with rows_of([int(record["id"]), root]):
        receivers = Receipt.objects.exclude(confirmed_at=None).values_list("receiver", flat=True)
        assert {f"Subscription/{made['id']}", "patient-feed"} <= set(receivers)


@pytest.mark.parametrize("criteria", ["_id", "identifier", "organization", "other"])
def test_criteria_narrow_what_is_told(client: Fhir, listener: Listener, criteria: str) -> None:
    body = somebody(managingOrganization={"reference": "Organization/1"})
    record = fed(client, body).body
    asked = {
        "_id": f"_id={record['id']}",
        "identifier": f"identifier={number(body)}",
        "organization": "organization=Organization/1",
        "other": "identifier=urn:oid:2.999.5|",
    }[criteria]
    subscribed(client, listener.url, criteria=f"Patient?{asked}")
    fed(client, somebody())
    fed(client, {**body, "gender": "other"})
    work()
    assert len(listener.heard) == (0 if criteria == "other" else 1)


def test_a_rest_hook_hears_that_there_is_something(client: Fhir, listener: Listener) -> None:
    subscribed(client, listener.url, channel={"type": "rest-hook", "payload": ""})
    fed(client, somebody())
    work()
    (told,) = listener.heard
    assert (told.content, told.headers["Authorization"]) == (b"", "Bearer hush")


def test_a_message_goes_out_in_xml(client: Fhir, listener: Listener) -> None:
    subscribed(client, listener.url, channel={"payload": XML})
    fed(client, somebody())
    work()
    assert xml.parse(listener.heard[0].content)["type"] == "message"


def test_who_does_not_confirm_is_asked_again_and_given_up(client: Fhir, listener: Listener) -> None:
    made = subscribed(client, listener.url)
    listener.status = 302  # nobody follows it
    fed(client, somebody())
    work()
    assert len(listener.heard) == 1
    listener.status = 200
    work()
    assert len(listener.heard) == 2
    listener.status = 500
    fed(client, somebody())
    work()  # from here on as if it had been tried often
    with connection.cursor() as cursor:
        cursor.execute(
            "update procrastinate_jobs set attempts = %s where status = 'todo'", [ATTEMPTS - 1]
        )
    work()
    read = client.get(f"Subscription/{made['id']}").body
    assert (read["status"], read["error"]) == ("error", "the endpoint answers 500")
    heard = len(listener.heard)
    fed(client, somebody())
    work()
    assert len(listener.heard) == heard
    listener.status = 200
    again = client.put(f"Subscription/{made['id']}", {**read, "status": "requested"})
    assert (again.status, again.body["status"]) == (200, "active")
    assert "error" not in again.body
    fed(client, somebody())
    work()
    assert len(listener.heard) == heard + 1


def test_a_subscription_is_read_switched_off_and_deleted(client: Fhir, listener: Listener) -> None:
    made = subscribed(client, listener.url)
    place = f"Subscription/{made['id']}"
    read = client.get(place)
    assert read.body == made
    assert client.get("Subscription", {"status": "active"}).ids == [made["id"]]
    off = client.put(place, {**made, "status": "off"}, If_Match=read.headers["ETag"])
    assert (off.status, off.body["status"]) == (200, "off")
    assert client.put(place, made, If_Match=read.headers["ETag"]).status == 412
    fed(client, somebody())
    work()
    assert listener.heard == []
    assert client.put(place, {**off.body, "status": "requested"}).body["status"] == "active"
    fed(client, somebody())
    work()
    assert listener.heard[0].headers["Authorization"] == "Bearer hush"  # kept, and never shown
    assert client.delete(place).status == 204
    assert client.get(place).status == 404
    fed(client, somebody())
    work()
    assert len(listener.heard) == 1


def test_secrets_are_sealed_and_go_to_no_other_place(client: Fhir, listener: Listener) -> None:
    made = subscribed(client, listener.url)
    assert made["channel"]["header"] == ["Authorization: ***"]
    with connection.cursor() as cursor:
        cursor.execute("select s::text from accounts_subscription s where id = %s", [made["id"]])
        (row,) = cursor.fetchone()
    assert "hush" not in row and b"hush".hex() not in row and listener.url not in row
    elsewhere = {**made, "channel": {**made["channel"], "endpoint": "http://localhost:1/other"}}
    assert client.put(f"Subscription/{made['id']}", elsewhere).status == 422


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "active"},
        {"criteria": "Patient?family=weber"},
        {"criteria": "Patient?identifier:not=1"},
        {"criteria": "Observation"},
        {"end": "2020-01-01T00:00:00Z"},
        {"channel": {"type": "email"}},
        {"channel": {"payload": "text/plain"}},
        {"channel": {"endpoint": "http://example.org/feed"}},
        {"channel": {"endpoint": "https://10.0.0.1/feed"}},
        {"channel": {"endpoint": "https://me:secret@example.org/feed"}},
        {"channel": {"endpoint": "file:///etc/passwd"}},
        {"channel": {"header": ["Host: example.org"]}},
        {"channel": {"header": ["X: a\r\nY: b"]}},
        {"channel": {"header": ["Authorization: ***"]}},
    ],
    ids=str,
)
def test_what_cannot_be_subscribed_to_is_refused(
    client: Fhir, listener: Listener, changed: Body
) -> None:
    answer = client.post("Subscription", subscription(listener.url, **changed))
    assert answer.status in (400, 422), answer.body
    assert answer.body["issue"][0]["expression"][0].startswith("Subscription")


def test_nobody_is_called_within_a_private_network(client: Fhir) -> None:
    """The name is looked up where it is called, and all that it leads to must be of the internet."""
    with override_settings(DEMO=False):
        local = subscription("https://localhost/feed")
        assert client.post("Subscription", local).status == 422
    with override_settings(DEMO=True):
        made = subscribed(client, "http://localhost:9/feed")
    fed(client, somebody())
    with override_settings(DEMO=False):
        work()
    read = client.get(f"Subscription/{made['id']}").body
    assert read["status"] == "active"  # and is tried again
    with connection.cursor() as cursor:
        cursor.execute("select attempts from procrastinate_jobs where task_name ~ 'notify'")
        assert cursor.fetchall() == [(1,)]
        cursor.execute("delete from procrastinate_jobs where status = 'todo'")
    assert client.delete(f"Subscription/{made['id']}").status == 204


def test_one_software_does_not_see_anothers(client: Fhir, listener: Listener) -> None:
    made = subscribed(client, listener.url)
    other = hospital()
    assert other.get(f"Subscription/{made['id']}").status == 404
    assert other.get("Subscription").ids == []
    assert other.put(f"Subscription/{made['id']}", made).status == 405
    assert other.delete(f"Subscription/{made['id']}").status == 404
    for client_without in (
        hospital("system/Subscription.cruds"),  # that may not read Patients
        hospital("system/Subscription.rs system/Patient.rs"),
        hospital(purpose=PurposeOfUse.COVERAGE),
    ):
        answer = client_without.post("Subscription", subscription(listener.url))
        assert answer.status == 403


def test_software_that_has_ended_is_told_nothing(listener: Listener) -> None:
    client = hospital()
    made = subscribed(client, listener.url)
    with connection.cursor() as cursor:
        cursor.execute(
            "update accounts_client set ended_at = %s where id ="
            " (select client_id from accounts_subscription where id = %s)",
            [now(), made["id"]],
        )
    fed(hospital(), somebody())
    work()
    assert listener.heard == []
    assert Subscription.objects.get(pk=made["id"]).status == "active"
