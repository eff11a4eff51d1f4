"""Versions of the directory on FHIR (IHE mCSD, ITI-91), replayed from what was said, and resources as of a day."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from fhir.resources.R4B import get_fhir_model_class

from salus.directory.actions import change, roll_back, source_named
from salus.directory.lines import Line
from salus.directory.models import ChangeSet, How, Kind, Practitioner, PractitionerRole
from salus.directory.projecting import turn_of_day
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from tests.fhir_directory import fill_directory

ACTOR = Actor(role=Role.SYSTEM, system="test")
AT = datetime(2025, 3, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SYSTEM = "https://register.example/numbers"
WEBER: dict[str, Any] = {"family": "Weber", "given": "Léa", "profession": "62247001"}


@pytest.fixture(scope="module", autouse=True)
def directory(database: Path) -> None:
    fill_directory()


@pytest.fixture(autouse=True)
def rolled_back(directory: None) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def said(
    kind: Kind, value: str = "1", *, at: datetime = AT, since: Any = None, **fields: Any
) -> int:
    line = Line(number=1, kind=kind, system=SYSTEM, value=value, said=fields, since=since)
    source = source_named("register", system=SYSTEM, at=at)
    (entry,) = change(actor=ACTOR, at=at, source=source, how=How.FEED, lines=[line])
    return entry


def get(path: str) -> tuple[int, Any]:
    answer = Client().get(f"/fhir/{path}", headers={"host": "localhost"})
    return answer.status_code, json.loads(answer.content)


def history(path: str) -> list[Any]:
    status, bundle = get(path)
    assert status == 200, bundle
    get_fhir_model_class("Bundle").model_validate(bundle)
    return list(bundle.get("entry", ()))


def told(entries: list[Any]) -> list[tuple[str, str, str]]:
    """Method, id and version of each."""
    return [
        (
            one["request"]["method"],
            one["fullUrl"].rpartition("/")[2],
            one["response"]["etag"].strip('W/"'),
        )
        for one in entries
    ]


def test_versions_are_what_was_shown() -> None:
    weber = said(Kind.PRACTITIONER, **WEBER)
    first = get(f"Practitioner/{weber}")[1]
    said(Kind.PRACTITIONER, at=AT + DAY, family="Wagner")
    second = get(f"Practitioner/{weber}")[1]
    said(Kind.PRACTITIONER, at=AT + 2 * DAY, status="ended")
    entries = history(f"Practitioner/{weber}/_history")
    assert told(entries) == [
        ("DELETE", str(weber), "3"),
        ("PUT", str(weber), "2"),
        ("POST", str(weber), "1"),
    ]
    assert [one.get("resource") for one in entries] == [None, second, first]
    assert [one["meta"]["versionId"] for one in (first, second)] == ["1", "2"]
    assert get(f"Practitioner/{weber}/_history/1") == (200, first)
    assert get(f"Practitioner/{weber}/_history/3")[0] == 410
    assert get(f"Practitioner/{weber}/_history/4")[0] == 404
    assert get(f"Practitioner/{weber}")[0] == 410


def test_the_newest_version_of_everything_is_what_is_read() -> None:
    for kind in ("Practitioner", "Organization", "PractitionerRole", "Location"):
        shown = [one["resource"] for one in get(f"{kind}?_count=200")[1]["entry"]]
        for body in shown:
            newest = history(f"{kind}/{body['id']}/_history")[0]["resource"]
            assert newest == body


def test_what_is_shown_with_another_changes_with_it() -> None:
    weber = said(Kind.PRACTITIONER, **WEBER)
    licence: dict[str, Any] = {"practitioner": weber, "profession": "62247001", "country": "LU"}
    said(Kind.LICENCE, at=AT + DAY, **licence)
    said(Kind.LICENCE, at=AT + 2 * DAY, status="suspended")
    bodies = [one["resource"] for one in history(f"Practitioner/{weber}/_history")]
    statuses = [body["qualification"][0].get("extension") for body in bodies]
    assert [one and one[0]["extension"][0]["valueCode"] for one in statuses] == [
        "suspended",
        "active",
        None,
    ]
    assert bodies[0] == get(f"Practitioner/{weber}")[1]
    role = PractitionerRole.objects.filter(profession="", until=None)[0]
    before = get(f"PractitionerRole/{role.pk}")[1]
    line = Line(
        number=1,
        kind=Kind.PRACTITIONER,
        entry=role.practitioner_id,
        said={"profession": "46255001"},
    )
    source = source_named("register", at=AT)
    change(actor=ACTOR, at=AT, source=source, how=How.AUTHORITY, lines=[line])
    after = get(f"PractitionerRole/{role.pk}")[1]
    assert after["code"] != before["code"]
    assert int(after["meta"]["versionId"]) == int(before["meta"]["versionId"]) + 1
    newest, previous, *_ = history(f"PractitionerRole/{role.pk}/_history")
    assert (newest["resource"], previous["resource"]) == (after, before)


def test_what_was_taken_back_stays_in_the_history() -> None:
    weber = said(Kind.PRACTITIONER, **WEBER)
    said(Kind.PRACTITIONER, at=AT + DAY, family="Wagner")
    wrong = ChangeSet.objects.latest("pk").pk
    roll_back(actor=ACTOR, at=AT + 2 * DAY, change_set=wrong, reason="wrong file")
    names = [
        one["resource"]["name"][0]["family"] for one in history(f"Practitioner/{weber}/_history")
    ]
    assert names == ["Weber", "Wagner", "Weber"]


def test_what_begins_on_a_day_is_a_version_of_that_day() -> None:
    weber = said(Kind.PRACTITIONER, **WEBER)
    said(Kind.PRACTITIONER, at=AT + DAY, since=(AT + 9 * DAY).date(), family="Wagner")
    assert get(f"Practitioner/{weber}")[1]["name"][0]["family"] == "Weber"
    turn_of_day(at=AT + 9 * DAY)
    assert get(f"Practitioner/{weber}")[1]["name"][0]["family"] == "Wagner"
    names = [
        one["resource"]["name"][0]["family"] for one in history(f"Practitioner/{weber}/_history")
    ]
    assert names == ["Wagner", "Weber"]


def test_whoever_follows_the_directory_hears_what_changed_since() -> None:
    """IHE mCSD, ITI-91."""
    before = AT - DAY
    weber, other = (said(Kind.PRACTITIONER, value, **WEBER) for value in ("1", "2"))
    said(Kind.PRACTITIONER, "1", at=AT + DAY, family="Wagner")
    said(Kind.PRACTITIONER, "2", at=AT + 2 * DAY, status="ended")
    expected = [
        ("DELETE", str(other), "2"),
        ("PUT", str(weber), "2"),
        ("POST", str(other), "1"),
        ("POST", str(weber), "1"),
    ]
    asked = before.isoformat().replace("+", "%2B")
    assert told(history(f"Practitioner/_history?_since={asked}")) == expected
    later = (AT + 2 * DAY).isoformat().replace("+", "%2B")
    assert told(history(f"Practitioner/_history?_since={later}")) == expected[:1]
    paged, path = list[Any](), f"Practitioner/_history?_since={asked}&_count=1"
    while path:
        status, bundle = get(path)
        assert (status, len(bundle["entry"])) == (200, 1)
        paged += bundle["entry"]
        following = [one["url"] for one in bundle["link"] if one["relation"] == "next"]
        path = "".join(
            urlsplit(url).path.removeprefix("/fhir/") + "?" + urlsplit(url).query
            for url in following
        )
    assert told(paged) == expected


def test_the_whole_history_is_every_version_of_everybody() -> None:
    count = sum(
        1 + len(set(changes)) for changes in Practitioner.objects.values_list("changes", flat=True)
    )
    found, path = 0, "Practitioner/_history?_count=30"
    while path:
        bundle = get(path)[1]
        found += len(bundle["entry"])
        following = [one["url"] for one in bundle["link"] if one["relation"] == "next"]
        path = "".join("Practitioner/_history?" + urlsplit(url).query for url in following)
    gone = Practitioner.objects.exclude(deregistered_at=None).count()
    assert found == count + gone  # three went without a word (tests.fhir_directory)
    assert found > Practitioner.objects.count() > 30


@pytest.mark.parametrize("query", ["_since=yesterday", "_at=2025", "_page_token=none", "_count=x"])
def test_what_is_no_history_is_refused(query: str) -> None:
    assert get(f"Practitioner/_history?{query}")[0] == 400


def test_as_of_a_day_and_as_known_at_an_instant() -> None:
    weber = said(Kind.PRACTITIONER, **WEBER)
    said(Kind.PRACTITIONER, at=AT + 9 * DAY, since=(AT + 2 * DAY).date(), family="Wagner")

    def family(day: datetime, known: datetime | None = None) -> Any:
        query = f"day={day.date()}"
        query += f"&known={known.isoformat().replace('+', '%2B')}" if known else ""
        status, body = get(f"Practitioner/{weber}/$as-of?{query}")
        return body["name"][0]["family"] if status == 200 else status

    assert [family(AT + n * DAY) for n in (0, 1, 2, 5)] == ["Weber", "Weber", "Wagner", "Wagner"]
    assert family(AT + 5 * DAY, AT + 5 * DAY) == "Weber"  # it was not known yet
    assert family(AT + 5 * DAY, AT - DAY) == 404
    assert get(f"Practitioner/{weber}/$as-of?day=soon")[0] == 400
    assert get(f"Practitioner/{weber}/$as-of")[0] == 400
    assert get("Practitioner/999999/$as-of?day=2025-01-01")[0] == 404


def test_a_period_ends_with_its_last_day() -> None:
    weber = said(Kind.PRACTITIONER, **WEBER)
    house = said(Kind.ORGANIZATION, name="Clinic", type="hospital")
    began, over = (now() - 9 * DAY).date(), (now() + 9 * DAY).date()
    role = said(Kind.ROLE, since=began, practitioner=weber, organization=house)
    said(Kind.ROLE, since=over, status="ended")
    last = over - DAY
    period = {"start": began.isoformat(), "end": last.isoformat()}
    assert get(f"PractitionerRole/{role}")[1]["period"] == period
    for day, status in ((last, 200), (over, 404)):
        assert get(f"PractitionerRole/{role}/$as-of?day={day}")[0] == status, day


def test_restricted_fields_are_in_no_version() -> None:
    said(Kind.PRACTITIONER, **WEBER, birth_date="1970-01-31", private_telephone="+352 9999")
    (entry,) = Practitioner.objects.filter(system=SYSTEM).values_list("pk", flat=True)
    for path in ("", "/_history", "/$as-of?day=2025-03-03"):
        text = json.dumps(get(f"Practitioner/{entry}{path}")[1])
        assert "Weber" in text
        assert "1970" not in text
        assert "9999" not in text


def test_a_duplicate_is_answered_for_by_its_root() -> None:
    root, other = (said(Kind.PRACTITIONER, value, **WEBER) for value in ("1", "2"))
    source = source_named("register", at=AT)
    same = Line(number=1, kind=Kind.PRACTITIONER, entry=other, said={"same_as": root})
    change(actor=ACTOR, at=AT + DAY, source=source, how=How.AUTHORITY, lines=[same])
    body = get(f"Practitioner/{other}")[1]
    assert body["id"] == str(root)
    assert [one["value"] for one in body["identifier"]] == ["1", "2"]
    assert history(f"Practitioner/{root}/_history")[0]["resource"] == body
    found = get(f"Practitioner?identifier={SYSTEM}|2")[1]["entry"]
    assert [one["resource"] for one in found] == [body]
    assert told(history(f"Practitioner/{other}/_history"))[0][0] == "DELETE"
    assert get(f"Practitioner/{other}/_history/1")[1]["name"][0]["family"] == "Weber"
