"""Professionals' own pages: corrections that wait, what is still right, what nobody has said for a year."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from salus.access.models import AccountPractitioner
from salus.accounts.models import Account, AccountKind
from salus.directory.history import as_of, histories
from salus.directory.models import (
    ChangeSet,
    How,
    Kind,
    Outcome,
    Practitioner,
    PractitionerRole,
)
from salus.directory.rules import confirmed_at
from salus.kernel.clock import now
from tests.registers import COLLEGE, WEBER, a_line, applied, decides, plain, staff, text

OWN = "/directory/me/"
OLD = timedelta(days=400)


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Iterator[None]:
    with transaction.atomic():
        role = {"practitioner": f"{COLLEGE}|1", "organization": f"{COLLEGE}|A"}
        applied(
            a_line(said=WEBER | {"telephone": "+352 27 00 01", "languages": ["fr", "lb"]}),
            a_line(2, "A", Kind.ORGANIZATION, said={"type": "practice", "name": "Practice"}),
            a_line(3, "R", Kind.ROLE, said=role | {"telephone": "+352 27 00 02"}),
            a_line(4, "2", said=WEBER | {"given": "Ana"}),
            a_line(5, "S", Kind.ROLE, said=role | {"practitioner": f"{COLLEGE}|2"}),
            at=now() - OLD,
        )
        yield
        transaction.set_rollback(True)


@pytest.fixture
def lea(rolled_back: None) -> Browser:
    return professional("1")


@pytest.fixture
def anna(rolled_back: None) -> Browser:
    return staff(AccountKind.REGISTRAR)


def professional(value: str) -> Browser:
    account = Account.objects.create(
        kind=AccountKind.PROFESSIONAL,
        email=f"doctor-{value}@praxis.example",
        created_at=now(),
        activated_at=now(),
    )
    AccountPractitioner.objects.create(account=account, practitioner=weber(value))
    browser = Browser(SERVER_NAME="localhost", headers={"accept-language": "en"})
    browser.force_login(account)
    return browser


def weber(value: str = "1") -> Practitioner:
    return Practitioner.objects.get(value=value)


def address(field: str, of: str = "1") -> str:
    return f"{OWN}Practitioner/{weber(of).pk}/{field}/"


def marks(browser: Browser) -> dict[str, str]:
    """By kind and field: what the page's buttons send to confirm it."""
    found = re.findall(r'name="seen" value="([^"]+)"', browser.get(OWN).content.decode())
    return {" ".join(one.split("/")[::2]): one for one in found}


def said_at(field: str) -> Any:
    return confirmed_at(histories(Kind.PRACTITIONER, [weber().pk])[weber().pk], field)


def test_the_own_entry_is_shown_with_what_is_not_public_apart(lea: Browser) -> None:
    page = text(lea, OWN)
    public, private = page.split("You and the authority see this")
    assert "Telephone +352 27 00 01" in public
    assert "+352 691 000 111" not in public
    assert "Private telephone +352 691 000 111" in private
    assert "Role: Léa Weber · Practice" in page
    assert "Ana" not in page


def test_a_correction_waits_and_is_shown_once_the_authority_agrees(
    lea: Browser, anna: Browser
) -> None:
    sent = lea.post(address("telephone"), {"value": " +352 27  55 "})
    assert sent["Location"] == OWN
    waiting = ChangeSet.objects.latest("pk")
    assert (waiting.how, waiting.applied_at) == (How.CORRECTION, None)
    assert weber().telephone == "+352 27 00 01"
    page = text(lea, OWN)
    assert "a correction waits" in page
    assert "Telephone: +352 27 55" in page
    assert "Léa Weber A professional&#x27;s correction" in text(anna, "/directory/desk/")
    decides(anna, waiting.pk, "apply", ends="0")
    assert weber().telephone == "+352 27 55"
    page = text(lea, OWN)
    assert "agreed" in page
    assert "a correction waits" not in page


def test_a_declined_correction_says_why(lea: Browser, anna: Browser) -> None:
    lea.post(address("telephone"), {"value": "+352 27 55"})
    decides(anna, ChangeSet.objects.latest("pk").pk, "decline", reason="Not your number.")
    page = text(lea, OWN)
    assert "Not your number." in page
    assert "a correction waits" not in page


def test_one_correction_of_a_field_waits_at_a_time_and_can_be_withdrawn(lea: Browser) -> None:
    lea.post(address("telephone"), {"value": "+352 27 55"})
    assert lea.post(address("telephone"), {"value": "+352 27 66"}).status_code == 409
    assert lea.post(address("email"), {"value": "lea@praxis.example"}).status_code == 302
    first = ChangeSet.objects.filter(how=How.CORRECTION).earliest("pk")
    lea.post(OWN + "withdraw/", {"set": first.pk})
    first.refresh_from_db()
    assert first.declined_at
    assert "withdrawn" in text(lea, OWN)
    assert lea.post(address("telephone"), {"value": "+352 27 66"}).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("telephone", "call me", "Should be a telephone number"),
        ("email", "nobody", "Should be an e-mail address"),
        ("family", "", "Cannot be taken away"),
        ("telephone", "+352 27 00 01", "The directory says so already."),
    ],
)
def test_what_is_wrong_with_a_correction_is_said(
    lea: Browser, field: str, value: str, why: str
) -> None:
    assert why in plain(lea.post(address(field), {"value": value}))
    assert not ChangeSet.objects.filter(how=How.CORRECTION).exists()


def test_languages_and_hours_have_forms_of_their_own(lea: Browser, anna: Browser) -> None:
    form = lea.get(address("languages")).content.decode()
    assert re.search(r'<option value="fr" selected>French', form)
    lea.post(address("languages"), {"language_1": "pt", "language_2": "fr"})
    decides(anna, ChangeSet.objects.latest("pk").pk, "apply", ends="0")
    assert weber().languages == ["pt", "fr"]
    role = PractitionerRole.objects.get(value="R")
    hours = f"{OWN}PractitionerRole/{role.pk}/hours/"
    assert "Write times such as" in plain(lea.post(hours, {"mon": "in the morning"}))
    assert "should end after it begins" in plain(lea.post(hours, {"mon": "12:00-08:00"}))
    lea.post(hours, {"mon": "8:00-12:00, 14:00-18:00", "tue": "08:00 - 12:00"})
    decides(anna, ChangeSet.objects.latest("pk").pk, "apply", ends="0")
    role.refresh_from_db()
    assert role.hours == [
        {
            "daysOfWeek": ["mon", "tue"],
            "availableStartTime": "08:00:00",
            "availableEndTime": "12:00:00",
        },
        {"daysOfWeek": ["mon"], "availableStartTime": "14:00:00", "availableEndTime": "18:00:00"},
    ]
    assert 'value="08:00-12:00, 14:00-18:00"' in lea.get(hours).content.decode()


def test_what_nobody_has_said_for_a_year_is_asked_about(lea: Browser) -> None:
    assert "Of 4 fields of your entry in the directory" in text(lea, "/")
    assert "Nobody has said for a year that 4 fields are right" in text(lea, OWN)
    lea.post(OWN + "confirm/", {"seen": marks(lea)["Practitioner telephone"]})
    assert now() - said_at("telephone") < timedelta(minutes=5)
    assert now() - said_at("languages") > timedelta(days=365)
    assert "Of 3 fields" in text(lea, "/")
    lea.post(OWN + "confirm/", {"seen": list(marks(lea).values())})
    assert "Of 3 fields" not in text(lea, "/")
    confirmation = ChangeSet.objects.latest("pk")
    assert (confirmation.how, bool(confirmation.applied_at)) == (How.CONFIRMATION, True)
    assert {line.outcome for line in confirmation.lines.all()} == {Outcome.SAME}
    assert weber().version is None


def test_a_field_of_which_a_correction_waits_is_not_asked_about(lea: Browser) -> None:
    lea.post(address("telephone"), {"value": "+352 27 55"})
    assert "Nobody has said for a year that 3 fields are right" in text(lea, OWN)
    assert "Of 3 fields" in text(lea, "/")
    assert "Practitioner telephone" not in marks(lea)


def test_each_number_is_of_what_is_listed_below_it(lea: Browser) -> None:
    page = lea.get(OWN).content.decode()
    assert page.count("over a year") == 4
    for part in page.split('<section class="stack" aria-labelledby="entry-')[1:]:
        listed = part.count("Still right<")
        said = re.findall(r"All (\d+) fields are still right", part)
        assert said == ([str(listed)] if listed > 1 else [])


def test_what_changed_since_it_was_shown_is_not_confirmed(lea: Browser) -> None:
    shown = marks(lea)["Practitioner telephone"]
    applied(a_line(said={"telephone": "+352 27 99"}), at=now())
    page = lea.post(OWN + "confirm/", {"seen": shown}, follow=True)
    assert "Something has changed since" in plain(page)
    assert weber().telephone == "+352 27 99"
    assert not ChangeSet.objects.filter(how=How.CONFIRMATION).exists()


def test_nobody_speaks_of_anothers_entry(lea: Browser) -> None:
    other = PractitionerRole.objects.get(value="S")
    anas = professional("2")
    anas.post(address("telephone", of="2"), {"value": "+352 27 77"})
    waiting = ChangeSet.objects.latest("pk")
    forged = [
        (address("telephone", of="2"), {"value": "+352 1 2 3"}),
        (f"{OWN}PractitionerRole/{other.pk}/telephone/", {"value": "+352 1 2 3"}),
        (address("profession"), {"value": "82296001"}),
        (address("status"), {"value": "active"}),
        (f"{OWN}Organization/1/telephone/", {"value": "+352 1 2 3"}),
        (f"{OWN}Wizard/1/telephone/", {"value": "+352 1 2 3"}),
        (OWN + "withdraw/", {"set": waiting.pk}),
        (OWN + "withdraw/", {"set": "9" * 19}),
        (OWN + "withdraw/", {"set": "9" * 30}),
        (OWN + "confirm/", {"seen": marks(anas)["Practitioner languages"]})
        if "Practitioner languages" in marks(anas)
        else (OWN + "confirm/", {"seen": f"PractitionerRole/{other.pk}/telephone/0"}),
        (OWN + "confirm/", {"seen": f"Practitioner/{weber().pk}/family/0"}),
        (OWN + "confirm/", {"seen": "nonsense"}),
        (OWN + "confirm/", {"seen": "Practitioner/" + "9" * 19 + "/telephone/0"}),
        (OWN + "confirm/", {"seen": "Practitioner/" + "9" * 5000 + "/telephone/0"}),
    ]
    for where, form in forged:
        assert lea.post(where, form).status_code == 404, where
    for where, _ in forged[:6]:
        assert lea.get(where).status_code == 404, where
    assert "+352 27 77" in text(anas, OWN)
    assert "+352 27 77" not in text(lea, OWN)
    waiting.refresh_from_db()
    assert waiting.declined_at is None
    assert ChangeSet.objects.filter(how__in=(How.CORRECTION, How.CONFIRMATION)).count() == 1


def test_a_role_that_is_over_is_spoken_of_no_more(lea: Browser) -> None:
    role = PractitionerRole.objects.get(value="R")
    where = f"{OWN}PractitionerRole/{role.pk}/telephone/"
    assert lea.get(where).status_code == 200
    seen = marks(lea)["PractitionerRole telephone"]
    # Known ahead, and the day is not turned yet.
    ended = a_line(1, "R", Kind.ROLE, said={"status": "ended"}, since=now().date())
    applied(ended, at=now() - OLD)
    assert lea.post(where, {"value": "+352 27 55"}).status_code == 404
    assert lea.post(OWN + "confirm/", {"seen": seen}).status_code == 404
    assert "Practice" not in text(lea, OWN)
    assert as_of(Kind.ROLE, role.pk, day=now().date())["status"] == "ended"


def test_staff_have_no_own_entry_and_nobody_acts_without_the_token_of_a_form(
    anna: Browser, lea: Browser
) -> None:
    assert anna.get(OWN).status_code == 404
    assert anna.post(address("telephone"), {"value": "+352 27 55"}).status_code == 404
    lea.handler.enforce_csrf_checks = True
    for where in (address("telephone"), OWN + "confirm/", OWN + "withdraw/"):
        assert lea.post(where, {"value": "+352 27 55"}).status_code == 403
