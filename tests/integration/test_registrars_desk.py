"""The authority's desk of the directory: what waits, what it would do, who decides, what is written down."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client as Browser

from salus.accounts.models import Account, AccountKind
from salus.audit.models import Event, EventKind
from salus.directory.actions import source_named
from salus.directory.history import as_of
from salus.directory.models import (
    ChangeLine,
    ChangeSet,
    Endpoint,
    How,
    Kind,
    Organization,
    Practitioner,
    PractitionerRole,
    Statement,
)
from salus.kernel.clock import now
from tests.conftest import as_role
from tests.registers import (
    AT,
    COLLEGE,
    WEBER,
    a_line,
    applied,
    decides,
    plain,
    proposed,
    staff,
    text,
)


@pytest.fixture
def rolled_back(database: Path) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def anna(rolled_back: None) -> Browser:
    return staff(AccountKind.REGISTRAR)


def first_line(change_set: int) -> int:
    return ChangeLine.objects.filter(change_set=change_set).earliest("number").pk


def of_weber() -> str:
    return f"/directory/desk/entries/Practitioner/{Practitioner.objects.get(value='1').pk}/"


def test_an_empty_queue_says_so(anna: Browser) -> None:
    assert "Nothing waits here" in text(anna, "/directory/desk/")
    assert "The directory's desk" in text(anna, "/")


def test_what_waits_stands_in_the_queue_by_where_it_came_from(anna: Browser) -> None:
    proposed(a_line(), a_line(2, value="2", said={}))
    page = text(anna, "/directory/desk/?waiting=registers")
    assert "College of physicians: members.csv" in page
    assert "1 new, 1 refused" in page
    assert "Nothing waits here" in text(anna, "/directory/desk/?waiting=corrections")


def test_a_file_is_looked_at_line_by_line_and_put_in_force(anna: Browser) -> None:
    applied(a_line())
    lines = [a_line(said=WEBER | {"family": "Muller"}), a_line(2, value="2", said={"family": "X"})]
    change_set = proposed(*lines)
    page = text(anna, f"/directory/desk/sets/{change_set}/")
    assert "Family name Weber Muller" in page
    assert "Profession: is missing of a new entry" in page
    refused = text(anna, f"/directory/desk/sets/{change_set}/?outcome=refused")
    assert "Muller" not in refused
    assert Practitioner.objects.get().family == "Weber"
    answer = decides(anna, change_set, "apply", ends="0")
    assert answer["Location"] == f"/directory/desk/sets/{change_set}/"
    assert Practitioner.objects.get().family == "Muller"
    assert "In force" in text(anna, f"/directory/desk/sets/{change_set}/")


def test_what_is_not_public_is_shown_of_one_line_alone(anna: Browser) -> None:
    applied(a_line(), a_line(2, value="2"))
    private = {"private_telephone": "+352 691 999 999"}
    change_set = proposed(a_line(said=private), a_line(2, value="2", said=private))
    page = text(anna, f"/directory/desk/sets/{change_set}/")
    assert "691" not in page
    assert "Not public: show this line alone" in page
    page = text(anna, f"/directory/desk/sets/{change_set}/?line={first_line(change_set)}")
    assert "+352 691 000 111 +352 691 999 999" in page


def test_a_file_that_ends_entries_asks_for_their_number(anna: Browser) -> None:
    applied(a_line(), a_line(2, value="2"), a_line(3, value="3"))
    change_set = proposed(a_line(), complete=True)
    assert "2 entries would leave the directory" in text(
        anna, f"/directory/desk/sets/{change_set}/"
    )
    for wrong in ("", "0", "3", "x"):
        page = decides(anna, change_set, "apply", ends=wrong)
        assert page.status_code == 200
    assert "This is not the number of entries that would end." in plain(
        decides(anna, change_set, "apply", ends="3")
    )
    assert Practitioner.objects.filter(deregistered_at=None).count() == 3
    assert decides(anna, change_set, "apply", ends="2").status_code == 302
    assert Practitioner.objects.filter(deregistered_at=None).count() == 1


def test_what_is_declined_or_taken_back_has_a_reason(anna: Browser) -> None:
    change_set = proposed(a_line())
    assert decides(anna, change_set, "decline", reason=" ").status_code == 200
    assert ChangeSet.objects.get(pk=change_set).declined_at is None
    decides(anna, change_set, "decline", reason="Not the right file.")
    assert "Not the right file." in text(anna, f"/directory/desk/sets/{change_set}/")
    other = proposed(a_line())
    decides(anna, other, "apply", ends="0")
    page = text(anna, f"/directory/desk/sets/{other}/")
    assert "All that it said of 1 entry is left out" in page
    assert "1 of which nothing else speaks is not shown any more" in page
    decides(anna, other, "roll-back", reason="An old file.")
    assert Practitioner.objects.get().deregistered_at
    assert "taken back" in text(anna, f"/directory/desk/sets/{other}/")
    assert "taken back" in text(anna, "/directory/desk/?waiting=decided")


def test_what_was_decided_is_not_decided_again(anna: Browser) -> None:
    change_set = proposed(a_line())
    decides(anna, change_set, "apply", ends="0")
    assert decides(anna, change_set, "apply", ends="0").status_code == 409
    assert decides(anna, change_set, "decline", reason="x").status_code == 409
    assert decides(anna, change_set, "burn", reason="x").status_code == 404
    assert decides(anna, 10**9, "apply", ends="0").status_code == 404


def test_what_came_into_force_meanwhile_is_told(anna: Browser) -> None:
    change_set = proposed(a_line())
    address = f"/directory/desk/sets/{change_set}/"
    assert "Since it came" not in text(anna, address)
    decides(anna, proposed(a_line(value="2")), "apply", ends="0")
    assert "Since it came, 1 other change set came into force" in text(anna, address)


def test_an_entry_shows_all_that_was_said_in_both_times(anna: Browser) -> None:
    applied(a_line())
    wrong = applied(a_line(said={"family": "Wagner"}), at=datetime(2025, 3, 10, 12, tzinfo=UTC))
    decides(anna, wrong, "roll-back", reason="A namesake.")
    page = text(anna, of_weber())
    assert "Family name Weber" in page
    assert "+352 691 000 111" in page
    assert "taken back on" in page
    assert "A namesake." in page
    assert "from 10 March 2025" in page
    # As people read them, and not as the database keeps them.
    known = "Family name: Weber Given name: Léa Profession: General practitioner Private telephone"
    assert known in page
    then = text(anna, of_weber() + "?day=2025-03-12&known=2025-03-12")
    assert "Family name Wagner" in then
    before = text(anna, of_weber() + "?day=2025-03-12&known=2025-03-09")
    assert "Family name Weber" in before


def test_a_suspension_is_proposed_looked_at_and_ends_early_without_undoing_what_follows(
    anna: Browser,
) -> None:
    applied(a_line(), a_line(said={"status": "retired"}, number=2, since=date(2099, 6, 1)))
    weber = Practitioner.objects.get()
    suspended = {"since": "2098-01-01", "until": "", "status_reason": "Inquiry 12"}
    answer = anna.post(of_weber() + "suspend/", suspended)
    change_set = ChangeSet.objects.latest("pk")
    assert (change_set.how, change_set.applied_at) == (How.AUTHORITY, None)
    assert answer["Location"] == f"/directory/desk/sets/{change_set.pk}/"
    assert "Status active suspended" in text(anna, answer["Location"])
    decides(anna, change_set.pk, "apply", ends="0")
    weber.refresh_from_db()
    assert (weber.out_since, weber.out_until) == (date(2098, 1, 1), None)
    assert as_of(Kind.PRACTITIONER, weber.pk, day=date(2098, 5, 1))["status_reason"] == "Inquiry 12"
    assert anna.post(of_weber() + "resume/", {"since": "2097-01-01"}).status_code == 200
    anna.post(of_weber() + "resume/", {"since": "2098-03-01"})
    decides(anna, ChangeSet.objects.latest("pk").pk, "apply", ends="0")
    weber.refresh_from_db()
    assert (weber.out_since, weber.out_until) == (date(2098, 1, 1), date(2098, 3, 1))
    on = {day: as_of(Kind.PRACTITIONER, weber.pk, day=day).get("status") for day in DAYS}
    assert on == dict(zip(DAYS, ("suspended", "active", "retired"), strict=True))


DAYS = (date(2098, 2, 1), date(2098, 4, 1), date(2099, 7, 1))


def test_a_name_changes_from_a_day_on(anna: Browser) -> None:
    applied(a_line())
    form = {"honorific": "Dr", "given": "Léa", "family": "Weber-Muller", "since": "2025-09-01"}
    assert anna.post(of_weber() + "rename/", form | {"family": ""}).status_code == 200
    anna.post(of_weber() + "rename/", form)
    decides(anna, ChangeSet.objects.latest("pk").pk, "apply", ends="0")
    assert Practitioner.objects.get().full_name == "Dr Léa Weber-Muller"
    weber = Practitioner.objects.get().pk
    assert as_of(Kind.PRACTITIONER, weber, day=date(2025, 8, 31))["family"] == "Weber"


def test_who_retires_leaves_on_the_day(anna: Browser) -> None:
    applied(a_line())
    anna.post(of_weber() + "leave/", {"status": "retired", "since": "2025-09-01"})
    decides(anna, ChangeSet.objects.latest("pk").pk, "apply", ends="0")
    assert Practitioner.objects.get().status == "retired"


def test_a_role_goes_on_as_another(anna: Browser) -> None:
    place = {"type": "practice"}
    role = {"practitioner": f"{COLLEGE}|1"}
    applied(
        a_line(),
        a_line(2, "A", Kind.ORGANIZATION, said=place | {"name": "Old practice"}),
        a_line(3, "B", Kind.ORGANIZATION, said=place | {"name": "New practice"}),
        a_line(4, "R1", Kind.ROLE, said=role | {"organization": f"{COLLEGE}|A"}),
        a_line(5, "R2", Kind.ROLE, said=role | {"organization": f"{COLLEGE}|B"}),
    )
    old, new = (PractitionerRole.objects.get(value=value) for value in ("R1", "R2"))
    address = f"/directory/desk/entries/PractitionerRole/{old.pk}/"
    assert "New practice (R2)" in text(anna, address + "succeed/")
    assert anna.post(address + "succeed/", {"successor": "999999999"}).status_code == 200
    anna.post(address + "succeed/", {"successor": new.pk, "since": "2025-10-01"})
    decides(anna, ChangeSet.objects.latest("pk").pk, "apply", ends="0")
    old.refresh_from_db()
    assert (old.successor_id, old.until) == (new.pk, date(2025, 10, 1))
    assert "Successor Léa Weber · New practice" in text(anna, address)


def test_an_entry_is_shown_as_another_and_is_not_after_all(anna: Browser) -> None:
    applied(a_line(), a_line(2, value="2", said=WEBER | {"given": "Lea"}))
    root = Practitioner.objects.get(value="2")
    assert "joined with no other" in plain(anna.post(of_weber() + "part/"))
    for wrong, why in (("9", "No other entry has this"), ("1", "No other entry has this")):
        assert why in plain(anna.post(of_weber() + "join/", {"other": wrong}))
    anna.post(of_weber() + "join/", {"other": f"{COLLEGE}|2"})
    decides(anna, ChangeSet.objects.latest("pk").pk, "apply", ends="0")
    assert Practitioner.objects.get(value="1").same_as_id == root.pk
    assert "Same as Lea Weber" in text(anna, of_weber())
    anna.post(of_weber() + "part/")
    decides(anna, ChangeSet.objects.latest("pk").pk, "apply", ends="0")
    assert Practitioner.objects.get(value="1").same_as_id is None


def test_entries_that_look_alike_are_proposed_and_judged(anna: Browser) -> None:
    born = WEBER | {"birth_date": "1970-02-03"}
    applied(a_line(said=born), a_line(2, value="2", said=born))
    one, other = Practitioner.objects.order_by("value").values_list("pk", flat=True)
    address = "/directory/desk/duplicates/"
    assert "Léa Weber · Léa Weber Professional · the same date of birth" in text(anna, address)
    pair = {"kind": "Practitioner", "root": one, "duplicate": other}
    sent = anna.post(address, pair | {"act": "same"})
    waiting = ChangeSet.objects.latest("pk")
    assert sent["Location"] == f"/directory/desk/sets/{waiting.pk}/"
    assert Practitioner.objects.get(pk=other).same_as_id is None
    decides(anna, waiting.pk, "decline", reason="A sister.")
    anna.post(address, pair | {"act": "apart"})
    assert "No two entries look alike" in text(anna, address)
    for wrong in ({"act": "burn"}, {"kind": "Endpoint"}, {"root": "9" * 30}):
        assert anna.post(address, pair | {"act": "same"} | wrong).status_code == 404


def test_a_registers_file_is_brought_at_the_desk(anna: Browser) -> None:
    source_named("college", title="College of physicians", system=COLLEGE, at=AT)
    source_named("authority", title="The authority", at=AT)
    page = text(anna, "/directory/desk/upload/")
    assert "College of physicians" in page
    assert "The authority" not in page
    content = b"identifier,family,given,profession\n7,Weber,Eva,62247001\n8,,Ana,62247001\n"

    def brought(content: bytes) -> Any:
        file = SimpleUploadedFile("members.csv", content)
        form = {"source": source_named("college", at=AT).pk, "kind": "Practitioner"}
        return anna.post("/directory/desk/upload/", form | {"file": file})

    assert "The submitted file is empty" in plain(brought(b""))
    first = brought(content)["Location"]
    page = text(anna, first)
    assert "College of physicians: members.csv" in page
    assert "1 new, 1 refused" in page
    assert hashlib.sha256(content).hexdigest() in page
    again = text(anna, brought(content)["Location"])
    assert f"The same file Change set {first.split('/')[-2]}" in again
    assert not Practitioner.objects.exists()


def test_stale_addresses_are_listed_with_what_is_wrong(anna: Browser) -> None:
    assert "Every address answers" in text(anna, "/directory/desk/endpoints/")
    applied(
        a_line(1, "A", Kind.ORGANIZATION, said={"type": "hospital", "name": "Clinic"}),
        a_line(
            2,
            "E",
            Kind.ENDPOINT,
            said={
                "organization": f"{COLLEGE}|A",
                "connection_type": "hl7-fhir-rest",
                "address": "https://clinic.example/fhir",
            },
        ),
    )
    Endpoint.objects.update(checked_at=now(), failures=3, fault="timeout")
    page = text(anna, "/directory/desk/endpoints/")
    assert "Clinic https://clinic.example/fhir does not answer no answer in time" in page


def test_acts_fit_the_kind_of_entry(anna: Browser) -> None:
    applied(a_line(2, "A", Kind.ORGANIZATION, said={"type": "practice", "name": "Practice"}))
    place = f"/directory/desk/entries/Organization/{Organization.objects.get().pk}/"
    assert anna.get(place).status_code == 200
    for act in ("suspend", "resume", "leave", "rename", "succeed"):
        assert anna.get(f"{place}{act}/").status_code == 404
    assert anna.get("/directory/desk/entries/Wizard/1/").status_code == 404


def test_entries_are_found_by_name_and_identifier_also_when_they_have_left(anna: Browser) -> None:
    applied(a_line(), a_line(2, "A", Kind.ORGANIZATION, said={"type": "practice", "name": "Weber"}))
    applied(a_line(said={"status": "retired"}))
    page = text(anna, "/directory/desk/entries/?q=lea+web")
    assert "Léa Weber" in page
    assert "has left" in page
    assert "Professional" in text(anna, "/directory/desk/entries/?q=1")
    assert "No entry fits" in text(anna, "/directory/desk/entries/?q=zzz")


@pytest.mark.usefixtures("rolled_back")
@pytest.mark.parametrize("kind", [AccountKind.AGENCY, AccountKind.STEWARD])
def test_other_staff_reach_none_of_it(kind: AccountKind) -> None:
    change_set = proposed(a_line())
    applied(a_line(value="1"))
    browser = staff(kind)
    for address in (
        "/directory/desk/",
        "/directory/desk/entries/",
        f"/directory/desk/sets/{change_set}/",
        of_weber(),
        of_weber() + "suspend/",
    ):
        assert browser.get(address).status_code == 404
        assert browser.post(address, {"act": "apply", "ends": "0"}).status_code == 404
    assert ChangeSet.objects.get(pk=change_set).applied_at is None


@pytest.mark.usefixtures("rolled_back")
def test_no_decision_without_the_token_of_its_form() -> None:
    change_set = proposed(a_line())
    browser = staff(AccountKind.REGISTRAR)
    browser.handler.enforce_csrf_checks = True
    assert decides(browser, change_set, "apply", ends="0").status_code == 403
    assert ChangeSet.objects.get(pk=change_set).applied_at is None


@pytest.fixture
def kept(database: Path) -> Iterator[Browser]:
    """A registrar in whose test everything stays: nobody sees events before they are committed."""
    yield staff(AccountKind.REGISTRAR)
    with as_role("superuser"):
        for table in (Statement, ChangeLine, ChangeSet, Practitioner):
            table.objects.all().delete()
        Account.objects.filter(kind=AccountKind.REGISTRAR).delete()


def shown_events() -> list[int | None]:
    with as_role("superuser"):
        events = Event.objects.filter(kind=EventKind.DIRECTORY_SHOWN).order_by("id")
        return list(events.values_list("practitioner_id", flat=True))


def test_who_sees_what_is_not_public_leaves_an_event_that_says_of_whom(kept: Browser) -> None:
    applied(a_line(), a_line(2, value="2"))
    private = {"private_telephone": "+352 691 999 999"}
    change_set = proposed(a_line(said=private), a_line(2, value="2", said=private))
    weber = Practitioner.objects.get(value="1").pk
    kept.get(f"/directory/desk/sets/{change_set}/")
    kept.get("/directory/desk/entries/?q=weber")
    assert shown_events() == []
    kept.get(f"/directory/desk/sets/{change_set}/?line={first_line(change_set)}")
    assert shown_events() == [weber]
    kept.get(of_weber())
    assert shown_events() == [weber, weber]
