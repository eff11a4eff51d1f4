"""Software that subscribed is told of changes to the directory: cases of docs/reference/ihe-provider-directory.md.
What a register's file says is applied and taken back as who keeps the directory types it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection, transaction

from config.cli import _parser
from config.directory import run
from salus.accounts.models import Client
from salus.accounts.notifying import ATTEMPTS
from salus.directory.actions import forget_heard_announcements, join
from salus.directory.fhir.telling import MISSED_MUCH
from salus.directory.models import Announcement, ChangeSet, Kind, Organization, Practitioner
from salus.fhir import xml
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from tests.fhir_client import Fhir
from tests.software import ask, organization, registered
from tests.subscribing import JSON, Listener, Told, listening, subscribed, subscription, work

COLLEGE = "https://college.example/members"
HEADER = "kind,identifier,family,given,profession,birth_date,practitioner,organization,name,type\n"
SCOPE = "system/Subscription.cruds system/Practitioner.rs system/PractitionerRole.rs system/Organization.rs"
XML = "application/fhir+xml"
ACTOR = Actor(role=Role.SYSTEM, system="test")
_NUMBERS = count(1)


@pytest.fixture(scope="module", autouse=True)
def hospital(database: Path) -> int:
    number = organization("900", "hospital")
    directory("add-source", "college", "--title", "The college", "--system", COLLEGE)
    return number


@pytest.fixture(scope="module")
def client(hospital: int) -> Fhir:
    return software(hospital)


@pytest.fixture
def listener(hospital: int) -> Iterator[Listener]:
    with listening() as told:
        yield told
    forget_heard_announcements(at=now())


def software(organization: int, scope: str = SCOPE) -> Fhir:
    """Of no purpose of use: what it is told is public."""
    return Fhir(token=ask(registered(organization, scope=scope, purposes=()))["access_token"])


def directory(*arguments: str | Path) -> None:
    assert run(_parser().parse_args(["directory", *map(str, arguments)])) == 0


def brought(folder: Path, *rows: str) -> str:
    """A register's file, proposed and applied; the number of the change set."""
    file = folder / "members.csv"
    file.write_text(HEADER + "".join(rows))
    directory("propose", file, "--source", "college")
    number = str(ChangeSet.objects.latest("pk").pk)
    directory("apply", number)
    return number


def person(value: str, family: str = "Weber", given: str = "Léa", born: str = "") -> str:
    return f"Practitioner,{value},{family},{given},62247001,{born},,,,\n"


def a_value() -> str:
    """A number that the college has not given yet."""
    return f"M{next(_NUMBERS)}"


def entry(value: str) -> str:
    return str(Practitioner.objects.get(system=COLLEGE, value=value).pk)


def told(listener: Listener) -> list[tuple[str, str]]:
    """Method and path of each request, which are forgotten."""
    heard = [(one.method, one.path) for one in listener.heard]
    listener.heard.clear()
    return heard


def versions(listener: Listener, path: str) -> list[int]:
    return [
        int(json.loads(one.content)["meta"]["versionId"])
        for one in listener.heard
        if one.path == path
    ]


def test_a_file_is_told_entry_by_entry_and_so_is_its_roll_back(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    known, new = a_value(), a_value()
    brought(tmp_path, person(known, "Weber"))
    subscribed(client, listener.url)
    change_set = brought(tmp_path, person(known, "Weis"), person(new, born="1970-05-06"))
    work()
    places = [f"Practitioner/{entry(value)}" for value in (known, new)]
    assert [(one.method, one.path) for one in listener.heard] == [("PUT", one) for one in places]
    for one in listener.heard:
        assert one.headers["Content-Type"] == f"{JSON}; charset=utf-8"
        assert json.loads(one.content) == client.get(one.path).body
        assert "1970-05-06" not in one.content.decode()  # which is not public
    listener.heard.clear()
    directory("roll-back", change_set, "--reason", "the wrong file")
    work()
    assert [(one.method, one.path) for one in listener.heard] == [
        ("PUT", places[0]),
        ("DELETE", places[1]),
    ]
    assert json.loads(listener.heard[0].content)["name"][0]["family"] == "Weber"
    assert listener.heard[1].content == b""
    work()
    assert len(listener.heard) == 2


def test_without_a_payload_it_hears_once_and_where_to_ask(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    subscribed(client, listener.url, payload="")
    values = [a_value(), a_value()]
    brought(tmp_path, *map(person, values))
    work()
    (ping,) = listener.heard
    assert (ping.method, ping.path, ping.content) == ("POST", "", b"")
    assert asked_by_link(client, ping) == {("POST", entry(one)) for one in values}


def asked_by_link(client: Fhir, ping: Told) -> set[tuple[str, str]]:
    """What is answered where the Link of a ping leads to."""
    address, _, relation = ping.headers["Link"].partition(">; ")
    assert relation == 'rel="version-history"'
    parts = urlsplit(address.removeprefix("<"))
    assert parts.path == "/fhir/Practitioner/_history"
    query = {name: one for name, (one,) in parse_qs(parts.query).items()}
    bundle = client.get("Practitioner/_history", query | {"_count": "200"})
    assert bundle.status == 200, bundle.body
    return {
        (one["request"]["method"], one["fullUrl"].rpartition("/")[2])
        for one in bundle.body["entry"]
    }


def test_a_search_narrows_what_is_told_and_what_leaves_it_is_told_once_more(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    value, other = a_value(), a_value()
    subscribed(client, listener.url, "Practitioner?family=zimm&active=true")
    brought(tmp_path, person(value, "Zimmer"), person(other, "Weber"))
    place = f"Practitioner/{entry(value)}"
    work()
    assert told(listener) == [("PUT", place)]
    brought(tmp_path, person(value, "Weber"))  # it would keep a Zimmer
    work()
    assert told(listener) == [("PUT", place)]
    brought(tmp_path, person(value, "Weis"))
    work()
    assert told(listener) == []


def test_what_ended_before_it_was_told_of_is_deleted(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    subscribed(client, listener.url, "Practitioner?family=xylander")
    value = a_value()
    change_set = brought(tmp_path, person(value, "Xylander"))
    directory("roll-back", change_set, "--reason", "the wrong file")
    listener.status = 404  # it never had it
    work()
    assert told(listener) == [("DELETE", f"Practitioner/{entry(value)}")]
    work()
    assert told(listener) == []  # a 404 to a deletion was heard


def test_what_is_shown_with_another_entry_is_told_with_it(
    client: Fhir, listener: Listener, hospital: int, tmp_path: Path
) -> None:
    root, duplicate, role = a_value(), a_value(), a_value()
    works = f"PractitionerRole,{role},,,,,{root},|,,\n".replace("|", f"{COLLEGE}|H")
    house = "Organization,H,,,,,,,Clinic,hospital\n"
    brought(tmp_path, house, person(root), person(duplicate), works)
    subscribed(client, listener.url)
    subscribed(client, listener.url, "PractitionerRole?specialty:missing=true")
    join(
        actor=ACTOR,
        at=now(),
        kind=Kind.PRACTITIONER,
        root=int(entry(root)),
        duplicate=int(entry(duplicate)),
    )
    work()
    assert sorted(told(listener)) == [
        ("DELETE", f"Practitioner/{entry(duplicate)}"),
        ("PUT", f"Practitioner/{entry(root)}"),
    ]


def test_a_silent_receiver_hears_all_that_it_missed_in_order(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    first, second, third = (a_value() for _ in range(3))
    subscribed(client, listener.url)
    brought(tmp_path, person(first), person(second), person(third))
    places = [f"Practitioner/{entry(value)}" for value in (first, second, third)]
    listener.answer = lambda told: 503 if told.path == places[1] else 200
    work()
    assert told(listener) == [("PUT", places[0]), ("PUT", places[1])]
    brought(tmp_path, person(second, "Weis"))
    brought(tmp_path, person(second, "Wagner"), person(first, "Wagner"))
    listener.answer = None
    work()
    assert listener.heard[0].path == places[1]  # from where it stood
    assert {one.path for one in listener.heard} == set(places)
    for place in places:
        heard = versions(listener, place)
        assert heard == sorted(heard)
        assert heard[-1] == int(client.get(place).body["meta"]["versionId"])
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where status = 'todo'")
        assert cursor.fetchone() == (0,)


def test_while_it_is_silent_its_jobs_do_not_pile_up(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    subscribed(client, listener.url)
    listener.status = 500
    value = a_value()
    for family in ("Weber", "Weis", "Wagner", "Wolff"):
        brought(tmp_path, person(value, family))
        work(early=False)
        with connection.cursor() as cursor:  # so that none of it is due while this runs
            cursor.execute("update procrastinate_jobs set scheduled_at = now() + interval '1 day'")
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where task_name = 'directory_feed:notify'"
        )
        assert cursor.fetchone() == (1,)
    assert len(listener.heard) == 1  # who does not answer is not asked again by each change


def test_who_does_not_answer_is_given_up_and_told_what_to_ask(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    made = subscribed(client, listener.url)
    listener.status = 500
    missed, later = a_value(), a_value()
    brought(tmp_path, person(missed))
    work()
    with connection.cursor() as cursor:  # as if it had been tried often
        cursor.execute(
            "update procrastinate_jobs set attempts = %s where status = 'todo'", [ATTEMPTS - 1]
        )
    work()
    read = client.get(f"Subscription/{made['id']}").body
    said, _, question = read["error"].partition("; what it missed: ")
    assert (read["status"], said) == ("error", "the endpoint answers 500")
    answer = client.get(question)
    assert entry(missed) in {one["resource"]["id"] for one in answer.body["entry"]}
    listener.status, listener.heard = 200, []
    again = client.put(f"Subscription/{made['id']}", {**read, "status": "requested"})
    assert (again.status, again.body["status"]) == (200, "active")
    brought(tmp_path, person(later))
    work()
    assert told(listener) == [("PUT", f"Practitioner/{entry(later)}")]


def test_who_missed_much_is_told_to_ask(client: Fhir, listener: Listener, tmp_path: Path) -> None:
    subscribed(client, listener.url, "Organization?_lastUpdated=ge2020-01-01")
    rows = [f"Organization,X{n},,,,,,,Cabinet {n},practice\n" for n in range(MISSED_MUCH + 1)]
    change_set = brought(tmp_path, *rows)
    work()
    (ping,) = listener.heard
    assert (ping.method, ping.path, ping.content) == ("POST", "", b"")
    assert "/fhir/Organization/_history?_since=" in ping.headers["Link"]
    listener.heard.clear()
    brought(tmp_path, rows[0].replace("Cabinet", "Praxis"))
    work()
    number = Organization.objects.get(system=COLLEGE, value="X0").pk
    assert told(listener) == [("PUT", f"Organization/{number}")]
    assert ChangeSet.objects.get(pk=change_set).applied_at


def test_in_xml(client: Fhir, listener: Listener, tmp_path: Path) -> None:
    subscribed(client, listener.url, payload=XML)
    value = a_value()
    brought(tmp_path, person(value))
    work()
    (one,) = listener.heard
    assert xml.parse(one.content) == client.get(f"Practitioner/{entry(value)}").body


def test_who_subscribes_while_a_change_is_under_way_has_it_or_is_told(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    value = a_value()

    def subscribe_and_copy() -> int:
        try:
            subscribed(client, listener.url)
            return len(client.get("Practitioner", {"identifier": f"{COLLEGE}|{value}"}).ids)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            brought(tmp_path, person(value))  # nobody has subscribed: nothing is announced
            copied = pool.submit(subscribe_and_copy)
            while not copied.done() and not _somebody_waits():
                pass
        has = copied.result()
    work()
    assert has + len(listener.heard) == 1


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_locks where not granted)")
        return bool(cursor.fetchone()[0])


def test_announcements_are_kept_until_everybody_has_heard(
    client: Fhir, listener: Listener, tmp_path: Path
) -> None:
    brought(tmp_path, person(a_value()))
    assert not Announcement.objects.exists()  # nobody subscribes
    subscribed(client, listener.url)
    with listening(among_others=True) as other:
        subscribed(client, other.url)
        other.status = 500
        brought(tmp_path, person(a_value()))
        work()
        assert len(listener.heard) == 1
        forget_heard_announcements(at=now())
        assert Announcement.objects.exists()
        other.status, other.heard = 200, []
        work()
        assert len(other.heard) == 1
        forget_heard_announcements(at=now())
        assert not Announcement.objects.exists()


def test_who_may_be_told(client: Fhir, listener: Listener, hospital: int, tmp_path: Path) -> None:
    may_search = "system/Subscription.cruds system/Practitioner.s"
    some = "system/Subscription.cruds system/Practitioner.rs?family=weber"
    for scope in (may_search, some, "system/Subscription.cruds system/Organization.rs"):
        asked = subscription(listener.url, "Practitioner")
        assert software(hospital, scope).post("Subscription", asked).status == 403
    # A Patient is no entry of the directory: the purpose of use must be stated.
    of_patients = software(hospital, "system/Subscription.cruds system/Patient.rs")
    assert of_patients.post("Subscription", subscription(listener.url, "Patient", "")).status == 403
    ends = registered(hospital, scope=SCOPE, purposes=())
    subscribed(Fhir(token=ask(ends)["access_token"]), listener.url)
    Client.objects.filter(client_id=ends.client_id).update(ended_at=now())
    brought(tmp_path, person(a_value()))
    work()
    assert listener.heard == []


@pytest.mark.parametrize(
    ("criteria", "channel"),
    [
        ("PractitionerRole?practitioner.family=weber", {}),
        ("Practitioner?_has:PractitionerRole:practitioner:role=1", {}),
        ("PractitionerRole?_include=PractitionerRole:organization", {}),
        ("Practitioner?_sort=family", {}),
        ("Practitioner?birthdate=1970", {}),
        ("Practitioner?", {}),
        ("Licence", {}),
        ("Practitioner", {"type": "message"}),
        ("Practitioner", {"payload": "text/csv"}),
    ],
    ids=str,
)
def test_what_cannot_be_subscribed_to_is_refused(
    client: Fhir, listener: Listener, criteria: str, channel: dict[str, str]
) -> None:
    asked = subscription(listener.url, criteria)
    answer = client.post("Subscription", {**asked, "channel": asked["channel"] | channel})
    assert answer.status in (400, 422), answer.body
    assert answer.body["issue"][0]["expression"][0].startswith("Subscription")
