"""The stewards' desk: what waits, who decides, what comes of it, what is written down."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from salus.accounts.actions import end_staff, register_staff
from salus.accounts.models import Account, AccountKind
from salus.audit.models import Event, EventKind
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.kernel.rows import Scope, finding_in
from salus.mpi import merging
from salus.mpi.models import Pair
from tests.conftest import as_role
from tests.links import SYSTEM, Evidence, Match, linked, one, registered

EVIDENCE = (
    Evidence("given", "similar", 3.7),
    Evidence("birth_date", "equal", 11.2),
    Evidence("street", "differs", -2.0),
)
TWINS = Match(weight=4.0, evidence=EVIDENCE, guards=("multiple birth order differs",))


@pytest.fixture(scope="module")
def anna(database: Path) -> Browser:
    return steward("anna")


@pytest.fixture(scope="module")
def ben(database: Path) -> Browser:
    return steward("ben")


def steward(name: str) -> Browser:
    account = Account.objects.create(
        kind=AccountKind.STEWARD,
        email=f"{name}@agency.example",
        created_at=now(),
        activated_at=now(),
    )
    browser = Browser(SERVER_NAME="localhost", headers={"accept-language": "en"})
    browser.force_login(account)
    return browser


@pytest.fixture(autouse=True)
def _empty_queue(database: Path) -> Iterator[None]:
    yield
    with as_role("superuser"):
        Pair.objects.filter(link=None).delete()


def queued(*, match: Match | None = TWINS, **said: Any) -> int:
    """A pair of two entries of the index."""
    pair = merging.queue_pair(
        at=now(),
        person=registered(family="Weber-Klein", **said),
        target=registered(family="Weber", given="Ana"),
        match=match,
    )
    assert pair
    return pair


def row(pair: int) -> Pair:
    with finding_in(Scope.INDEX):
        return Pair.objects.get(pk=pair)


def text(browser: Browser, address: str) -> str:
    page = browser.get(address)
    assert page.status_code == 200, page.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def says(browser: Browser, pair: int, act: str, **more: str) -> Any:
    return browser.post(f"/stewards/pairs/{pair}/", {"act": act, **more})


def events(kind: EventKind, *, repeated: bool = False) -> list[Event]:
    with as_role("superuser"):
        return list(Event.objects.filter(kind=kind, repeated=repeated).order_by("id"))


def test_an_empty_queue_says_so_and_names_nobody_in_the_log(anna: Browser) -> None:
    before = len(events(EventKind.PAIR_SHOWN))
    assert "Nothing waits here" in text(anna, "/stewards/")
    assert len(events(EventKind.PAIR_SHOWN)) == before


def test_the_queue_shows_what_waits_and_one_event_names_all_of_it(anna: Browser) -> None:
    pairs = [queued(), queued(match=None)]
    before = len(events(EventKind.PAIR_SHOWN))
    page = text(anna, "/stewards/")
    assert "All 2" in page
    assert "Anna Weber-Klein · Ana Weber" in page
    (shown,) = events(EventKind.PAIR_SHOWN)[before:]
    assert set(shown.persons or ()) == {p for n in pairs for p in (row(n).one_id, row(n).other_id)}
    assert shown.account_id == Account.objects.get(email="anna@agency.example").pk


def test_the_queue_is_filtered_and_put_in_order(anna: Browser) -> None:
    light, heavy = queued(), queued(match=Match(weight=9.5))
    says(anna, light, "unsure")
    assert f"/stewards/pairs/{heavy}/" not in anna.get("/stewards/?waiting=unsure").content.decode()
    page = anna.get("/stewards/?order=heaviest").content.decode()
    assert page.index(f"/pairs/{heavy}/") < page.index(f"/pairs/{light}/")
    oldest = anna.get("/stewards/").content.decode()
    assert oldest.index(f"/pairs/{light}/") < oldest.index(f"/pairs/{heavy}/")


def test_a_pair_stands_side_by_side_with_what_speaks_for_and_against(anna: Browser) -> None:
    pair = queued(given="Ana")
    before = len(events(EventKind.PAIR_SHOWN))
    page = text(anna, f"/stewards/pairs/{pair}/")
    assert "Family name differs Weber-Klein Weber" in page
    assert re.search(r"Given name Ana Ana", page)
    assert "Twins: the order of birth differs." in page
    assert "Date of birth the same +11.2" in page
    assert "Together +4.0 bits" in page
    assert "Date of birth: the same" in page  # in the drawing
    (shown,) = events(EventKind.PAIR_SHOWN)[before:]
    named = {shown.person_id, *(shown.persons or ())}
    assert named == {row(pair).one_id, row(pair).other_id}


def test_to_join_takes_two_stewards(anna: Browser, ben: Browser) -> None:
    pair = queued()
    says(anna, pair, "same")
    assert "It takes another steward" in text(anna, f"/stewards/pairs/{pair}/")
    assert says(anna, pair, "confirm").status_code == 409
    assert row(pair).link_id is None
    assert "anna@agency.example said on" in text(ben, f"/stewards/pairs/{pair}/")
    joined = says(ben, pair, "confirm")
    link = row(pair).link_id
    assert joined["Location"] == f"/stewards/links/{link}/"
    assert one(row(pair).one_id) == {row(pair).one_id, row(pair).other_id}
    story = text(anna, joined["Location"])
    assert "anna@agency.example said that they are one person" in story
    assert "ben@agency.example confirmed it" in story


def test_a_proposal_is_taken_back_or_not_confirmed(anna: Browser, ben: Browser) -> None:
    pair = queued()
    for who in (anna, ben):
        says(anna, pair, "same")
        says(who, pair, "decline")
        assert row(pair).judgement == "unsure"
    assert "ben@agency.example was unsure" in text(anna, f"/stewards/pairs/{pair}/")


def test_different_leaves_the_queue_for_ever(anna: Browser) -> None:
    pair = queued()
    says(anna, pair, "different")
    assert "Nothing waits here" in text(anna, "/stewards/")
    assert "never comes back" in text(anna, f"/stewards/pairs/{pair}/")
    assert says(anna, pair, "same").status_code == 409
    judged = row(pair)
    again = merging.queue_pair(at=now(), person=judged.one_id, target=judged.other_id)
    assert again is None


def test_what_was_decided_leads_to_the_next_pair(anna: Browser) -> None:
    first, second = queued(), queued()
    assert says(anna, first, "unsure")["Location"] == f"/stewards/pairs/{second}/"
    assert says(anna, second, "same")["Location"] == "/stewards/"


def test_what_is_no_judgement_is_not_there(anna: Browser) -> None:
    assert says(anna, queued(), "merge").status_code == 404
    assert anna.get("/stewards/pairs/999999/").status_code == 404


def test_a_retry_of_a_judgement_counts_once(anna: Browser) -> None:
    pair, intent = queued(), "7f9c1f5e-0d0c-4f0e-9a52-3d1b0a4a8c11"
    before = len(events(EventKind.PAIR_JUDGED))
    for _ in range(2):
        says(anna, pair, "unsure", r=intent)
    assert len(events(EventKind.PAIR_JUDGED)) == before + 1


def test_what_speaks_against_it_is_joined_with_a_reason_only(anna: Browser, ben: Browser) -> None:
    pair = queued(gender="male")
    says(anna, pair, "same")
    assert "The sex differs." in text(ben, f"/stewards/pairs/{pair}/")
    refused = says(ben, pair, "confirm")
    assert refused.status_code == 200
    assert "This field is required." in refused.content.decode()
    assert row(pair).link_id is None
    says(ben, pair, "confirm", reason="the hospital wrote it down wrongly")
    assert "the hospital wrote it down wrongly" in text(
        ben, f"/stewards/links/{row(pair).link_id}/"
    )


def test_the_preview_says_whose_word_would_be_taken(anna: Browser) -> None:
    national = registered(serial=301, given="Maria", family="Schmit")
    hospital = registered(given="Marie", family="Schmit")
    pair = merging.queue_pair(at=now(), person=national, target=hospital, match=TWINS)
    page = text(anna, f"/stewards/pairs/{pair}/")
    assert f"Both would be known as number {national}." in page
    assert f"Maria Schmit Entry {national}: the national register says so" in page
    assert f"Entry {hospital} says: Marie Schmit" in page


def test_an_automatic_join_explains_itself_and_is_undone_with_a_reason(anna: Browser) -> None:
    older, newer = registered(), registered()
    link = linked(newer, older)
    address = f"/stewards/links/{link}/"
    page = text(anna, address)
    assert "Joined automatically" in page
    assert "+8.0" in page
    assert f"1 entry would leave number {older} and be known as number {newer}." in page
    assert "This field is required." in anna.post(address, {"reason": ""}).content.decode()
    assert one(older) == {older, newer}
    assert anna.post(address, {"reason": "two sisters"})["Location"] == address
    assert one(older) == {older}
    page = text(anna, address)
    assert "two sisters" in page
    assert "+8.0" in page  # for ever
    assert anna.post(address, {"reason": "again"}).status_code == 409


def test_the_history_has_what_was_done_newest_first(anna: Browser, ben: Browser) -> None:
    pair = queued()
    says(anna, pair, "same")
    says(ben, pair, "confirm")
    page = text(ben, "/stewards/history/")
    assert page.index("Joined by two stewards") < page.index(
        "anna@agency.example · the same person"
    )
    link = row(pair).link_id
    anna.post(f"/stewards/links/{link}/", {"reason": "two cousins"})
    page = text(ben, "/stewards/history/")
    assert page.index("two cousins") < page.index("Joined by two stewards")


def test_two_entries_found_by_hand_are_proposed(anna: Browser, ben: Browser) -> None:
    persons = [registered(family="Zwickau", given=given) for given in ("Eva", "Ewa")]
    sent = anna.post("/stewards/search/", {"family": "zwickau"})
    assert sent["Location"] == "/stewards/search/"
    page = text(anna, "/stewards/search/")
    assert "Eva Zwickau" in page
    for person in persons:
        anna.post("/stewards/search/choose/", {"person": person})
    assert "Given name differs Eva Ewa" in text(anna, "/stewards/search/compare/")
    proposed = anna.post("/stewards/search/compare/")
    found = re.fullmatch(r"/stewards/pairs/(\d+)/", proposed["Location"])
    assert found
    assert row(int(found[1])).judgement == "same"
    assert anna.get("/stewards/search/compare/")["Location"] == "/stewards/search/"
    says(ben, int(found[1]), "confirm")
    assert one(persons[0]) == set(persons)
    link = row(int(found[1])).link_id
    anna.get("/stewards/search/?new")
    anna.post("/stewards/search/", {"family": "zwickau"})
    assert f"/stewards/links/{link}/" in anna.get("/stewards/search/").content.decode()


def test_an_entry_is_left_out_again_and_two_at_most_are_chosen(anna: Browser) -> None:
    persons = [registered() for _ in range(3)]
    for person in persons:
        anna.post("/stewards/search/choose/", {"person": person})
    assert anna.session["stewards_chosen"] == persons[1:]
    anna.post("/stewards/search/choose/", {"person": persons[1]})
    assert anna.session["stewards_chosen"] == persons[2:]


def test_the_quality_of_the_month_counts_joins_and_separations(anna: Browser) -> None:
    def this_month() -> list[int]:
        page = anna.get("/stewards/quality/").content.decode()
        row = re.search(r"<tbody>\s*<tr>.*?</tr>", page, re.DOTALL)
        assert row
        return [int(number) for number in re.findall(r"<td>(\d+)</td>", row[0])]

    before, pair = this_month(), queued()
    link = linked(registered(), registered())
    anna.post(f"/stewards/links/{link}/", {"reason": "two"})
    says(anna, pair, "different")
    after = this_month()
    assert [b - a for a, b in zip(before, after, strict=True)][:2] == [1, 1]
    assert after[3] >= before[3] + 1


def test_no_other_role_sees_the_desk(anna: Browser, database: Path) -> None:
    pair = queued()
    account = Account.objects.create(
        kind=AccountKind.AGENCY, email="klein@agency.example", created_at=now(), activated_at=now()
    )
    agency = Browser(SERVER_NAME="localhost")
    agency.force_login(account)
    for address in ("/stewards/", f"/stewards/pairs/{pair}/", "/stewards/history/"):
        assert agency.get(address).status_code == 404
    assert anna.get("/desk/").status_code == 404


def test_a_steward_who_left_sees_nothing_any_more(database: Path) -> None:
    left = steward("carla")
    assert left.get("/stewards/").status_code == 200
    Account.objects.filter(email="carla@agency.example").update(deleted_at=now())
    assert left.get("/stewards/").status_code == 302


def signs_in(email: str, password: str) -> int:
    browser = Browser(SERVER_NAME="localhost")
    browser.post("/sign-in/", {"login": email, "password": password})
    return browser.get("/stewards/").status_code


def test_a_steward_gets_an_account_without_a_nation_and_loses_it(database: Path) -> None:
    email, before = "dora@agency.example", len(events(EventKind.STAFF_CHANGED))
    password = register_staff(
        actor=SYSTEM, kind=AccountKind.STEWARD, email="Dora@agency.example", at=now()
    )
    assert signs_in(email, password) == 200
    with pytest.raises(Conflict):
        register_staff(actor=SYSTEM, kind=AccountKind.AGENCY, email=email, at=now())
    with pytest.raises(InvalidInput):
        register_staff(actor=SYSTEM, kind=AccountKind.PATIENT, email="e@agency.example", at=now())
    end_staff(actor=SYSTEM, email=email, at=now())
    assert signs_in(email, password) == 302
    with pytest.raises(NotFound):
        end_staff(actor=SYSTEM, email=email, at=now())
    assert len(events(EventKind.STAFF_CHANGED)) == before + 2
