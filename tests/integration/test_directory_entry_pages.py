"""What the page of one entry says, and what it keeps to itself: of today, of whoever is shown, of where they work."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import vobject
from django.db import transaction
from django.utils.timezone import localdate

from salus.directory.actions import change, roll_back, source_named
from salus.directory.lines import Line
from salus.directory.models import ChangeSet, How, Kind, PractitionerRole
from salus.directory.public.entries import PEOPLE
from tests.directory_pages import (
    ACTOR,
    DENTIST,
    ESCH,
    EVERY_DAY,
    NURSE,
    SAID,
    SYSTEM,
    dentist,
    page,
    practice,
    say,
    visitor,
    words,
    works,
)

HOURS = {"daysOfWeek": EVERY_DAY, "availableStartTime": "08:00", "availableEndTime": "12:00"}


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def of_professional(who: int) -> str:
    return words(page(f"/directory/professionals/{who}/"))


def of_organization(where: int) -> str:
    return words(page(f"/directory/organizations/{where}/"))


def place(organization: int, name: str, **said: Any) -> int:
    return say(Kind.LOCATION, organization=organization, name=name, **said)


def test_licences_are_those_in_force() -> None:
    who = dentist()
    for country, status in (("LU", "active"), ("DE", "suspended"), ("FR", "ended")):
        said: dict[str, Any] = {"profession": DENTIST, "country": country, "status": status}
        say(Kind.LICENCE, practitioner=who, **said)
    text = of_professional(who)
    assert "Licensed in Luxembourg" in text
    assert "Germany" not in text
    assert "France" not in text


def test_who_was_taken_back_never_was() -> None:
    who = dentist()
    roll_back(actor=ACTOR, at=SAID, change_set=ChangeSet.objects.latest("pk").pk, reason="mistaken")
    assert visitor().get(f"/directory/professionals/{who}/").status_code == 404


def test_a_role_without_a_place_is_at_the_only_one() -> None:
    who, where = dentist(), practice()
    works(who, where)
    place(where, "Hall", municipality="Clervaux", postal_code="L-9710", country="LU")
    assert "Clervaux" in of_professional(who)
    place(where, "Annexe", municipality="Vianden", postal_code="L-9401", country="LU")
    text = of_professional(who)
    assert "Esch-sur-Alzette" in text
    assert "Clervaux" not in text


def test_what_is_nearest_to_the_professional_is_said() -> None:
    who, where = dentist(), practice(email="house@parc.example", telephone="+352 10 00")
    hall = place(where, "Hall", hours=[HOURS | {"availableEndTime": "18:00"}])
    works(who, where, location=hall)
    text = of_professional(who)
    for said in ("08:00–18:00", "house@parc.example", "+352 10 00", "Esch-sur-Alzette"):
        assert said in text
    role = PractitionerRole.objects.get(practitioner=who)
    say(Kind.ROLE, role.pk, hours=[HOURS], email="ana@parc.example", telephone="+352 10 01")
    text = of_professional(who)
    for said, before in (
        ("08:00–12:00", "08:00–18:00"),
        ("ana@parc.example", "house@parc.example"),
        ("+352 10 01", "+352 10 00"),
    ):
        assert said in text
        assert before not in text


def test_a_role_counts_until_its_last_day_whenever_the_day_is_turned() -> None:
    who, where = dentist(), practice()
    works(who, where)
    role = PractitionerRole.objects.filter(practitioner=who)
    role.update(ends_on=localdate() + timedelta(days=1))
    assert "Cabinet du Parc" in of_professional(who)
    assert "Ferreira" in of_organization(where)
    role.update(ends_on=localdate())
    assert "Cabinet du Parc" not in of_professional(who)
    assert "Ferreira" not in of_organization(where)


def test_since_when_is_what_the_register_says() -> None:
    given: dict[str, Any] = {"family": "Weber", "given": "Ana", "profession": DENTIST}
    who = say(Kind.PRACTITIONER, since=date(1999, 4, 1), **given)
    assert "In this directory since 1 April 1999" in of_professional(who)
    assert "In this directory since 3 May 2025" in of_professional(dentist())


def test_who_does_not_practise_is_reached_by_nothing() -> None:
    own = {"telephone": "+352 10 00", "email": "ana@parc.example"}
    who = dentist(**own)
    assert "ana@parc.example" in of_professional(who)
    say(Kind.PRACTITIONER, who, since=date(2025, 1, 1), status="suspended")
    for suffix in ("/", ".vcf"):
        answer = visitor().get(f"/directory/professionals/{who}{suffix}").content.decode()
        for said in own.values():
            assert said not in answer


def test_only_what_is_registered_stands_above_and_below() -> None:
    top = practice("Groupe Ancien", type="hospital")
    house = practice("Centre", type="hospital", part_of=top)
    ward = practice("Service clos", part_of=house)
    assert "Groupe Ancien" in of_organization(house)
    assert "Service clos" in of_organization(house)
    for one in (top, ward):
        say(Kind.ORGANIZATION, one, since=date(2025, 1, 1), status="ended")
    text = of_organization(house)
    assert "Groupe Ancien" not in text
    assert "Service clos" not in text


def test_a_ring_of_organisations_ends_where_it_begins() -> None:
    one = practice("Un")
    other = practice("Deux", part_of=one)
    say(Kind.ORGANIZATION, one, part_of=other)
    assert "Deux" in of_organization(one)


def test_many_people_are_turned_by_pages() -> None:
    where, number = practice(), PEOPLE + 2
    person = {"given": "Ana", "profession": NURSE}
    lines = [
        Line(
            number=one,
            kind=Kind.PRACTITIONER,
            system=SYSTEM,
            value=f"N{one}",
            said=person | {"family": f"Nurse {one:03}"},
        )
        for one in range(1, number + 1)
    ]
    roles = [
        Line(
            number=number + one,
            kind=Kind.ROLE,
            system=SYSTEM,
            value=f"R{one}",
            said={"practitioner": f"{SYSTEM}|N{one}", "organization": where},
        )
        for one in range(1, number + 1)
    ]
    source = source_named("college", system=SYSTEM, at=SAID)
    change(actor=ACTOR, at=SAID, source=source, how=How.FILE, lines=[*lines, *roles])
    first = of_organization(where)
    assert first.count("Ana Nurse") == PEOPLE
    assert "Page 1 of 2" in first
    second = words(page(f"/directory/organizations/{where}/?page=2"))
    assert second.count("Ana Nurse") == 2
    assert f"Nurse {number:03}" in second


@pytest.mark.parametrize("suffix", ["/", ".vcf"])
def test_a_duplicate_leads_to_the_one_that_is_shown(suffix: str) -> None:
    for kind, name, make in (
        (Kind.PRACTITIONER, "professionals", dentist),
        (Kind.ORGANIZATION, "organizations", practice),
    ):
        shown, double = make(), make()
        say(kind, double, same_as=shown)
        answer = visitor().get(f"/directory/{name}/{double}{suffix}")
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"/directory/{name}/{shown}{suffix}",
        )


def test_people_of_a_duplicate_work_at_the_one_that_is_shown() -> None:
    shown, double = practice("Cabinet A"), practice("Cabinet B")
    works(dentist(), double)
    say(Kind.ORGANIZATION, double, same_as=shown)
    assert "Ferreira" in of_organization(shown)


def test_a_place_shows_who_works_there_today() -> None:
    where = practice()
    hall = place(where, "Hall", **ESCH)
    works(dentist(), where, location=hall)
    works(dentist("Adam"), where)
    text = words(page(f"/directory/places/{hall}/"))
    assert "Ferreira" in text
    assert "Adam" not in text
    say(Kind.ORGANIZATION, where, since=date(2025, 1, 1), status="ended")
    assert visitor().get(f"/directory/places/{hall}/").status_code == 404


def test_a_card_says_each_number_once() -> None:
    who = dentist(telephone="+352 10 00", email="ana@parc.example")
    for name in ("Cabinet A", "Cabinet B"):
        works(who, practice(name), telephone="+352 10 00", email="ana@parc.example")
    address = f"/directory/professionals/{who}"
    card = vobject.readOne(visitor().get(f"{address}.vcf?from=letter").content.decode())
    assert card.url.value == f"http://localhost{address}/"
    assert [line.value for line in card.contents["tel"]] == ["+352 10 00"]
    assert [line.value for line in card.contents["email"]] == ["ana@parc.example"]
    assert len(card.contents["adr"]) == 2


def test_the_address_to_pass_on_is_the_entrys_alone() -> None:
    where = practice()
    html = page(f"/directory/organizations/{where}/?page=1&from=letter")
    assert f'data-share="http://localhost/directory/organizations/{where}/"' in html
    assert "from=letter" not in words(html)
