"""What the directory's pages show of an entry and of a search, in the real database."""

import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import vobject
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from salus.audit.models import Event
from salus.directory.models import Kind
from salus.kernel.clock import now
from tests.directory_pages import (
    DENTIST,
    ESCH,
    EVERY_DAY,
    NUMBER,
    dentist,
    page,
    practice,
    say,
    visitor,
    words,
    works,
)


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def drawing(html: str) -> str:
    start = html.index('<svg viewBox="0 0 360')
    return html[start : html.index("</svg>", start)]


def addresses(html: str, css_class: str) -> list[str]:
    part = html[html.index(f'class="{css_class}"') :]
    found = re.findall(r'href="(\?[^"]*)"', part[: part.index("</ul>")])
    return [one.replace("&amp;", "&") for one in found]


class TestAProfessional:
    def test_says_where_when_and_how_sure(self) -> None:
        who, where = dentist(), practice()
        hours = [
            {"daysOfWeek": EVERY_DAY, "availableStartTime": "08:00", "availableEndTime": "12:00"}
        ]
        works(who, where, new_patients=True, telephone="+352 26 54 32", hours=hours)
        say(
            Kind.LICENCE,
            since=date(2015, 9, 1),
            practitioner=who,
            profession=DENTIST,
            country="LU",
        )
        before = f"{now():%A}"
        html = page(f"/directory/professionals/{who}/")
        text = words(html)
        for said in (
            "Dr Ana Ferreira",
            "Cabinet du Parc",
            "Esch-sur-Alzette",
            "are accepted confirmed 3 May 2025",
            "Portuguese, French",
            "Licensed in Luxembourg Dentist, since 1 September 2015",
            "08:00–12:00",
        ):
            assert said in text
        assert 'href="tel:+352265432"' in html
        today = re.findall(r'<tr aria-current="date"><th[^>]*>(\w+)', html)
        assert today in ([before], [f"{now():%A}"])  # it may have become midnight

    def test_keeps_to_itself_what_is_not_public(self) -> None:
        who = dentist(private_telephone="+352 621 000 111", birth_date="1971-02-03")
        html = page(f"/directory/professionals/{who}/")
        assert "621 000" not in html
        assert "1971" not in html

    @pytest.mark.parametrize("status", ["suspended", "retired", "deceased"])
    def test_that_does_not_practise_is_said_without_a_reason(self, status: str) -> None:
        who, where = dentist(), practice()
        works(who, where)
        assert "1 entry" in words(page("/directory/?text=ferreira"))
        say(
            Kind.PRACTITIONER,
            who,
            since=date(2025, 1, 1),
            status=status,
            status_reason="lost the licence",
        )
        text = words(page(f"/directory/professionals/{who}/"))
        assert "Not practising at present." in text
        for hidden in (status, "licence", "Cabinet du Parc", "Portuguese"):
            assert hidden not in text
        assert "No entry fits" in words(page("/directory/?text=ferreira"))
        assert "Ferreira" not in words(page(f"/directory/organizations/{where}/"))
        for suffix in ("/", ".vcf"):
            answer = visitor().get(f"/directory/professionals/{who}{suffix}")
            assert answer["X-Robots-Tag"] == "noindex"
            assert b"Parc" not in answer.content

    def test_whose_suspension_is_over_practises(self) -> None:
        who = dentist()
        for status, since in (("suspended", date(2025, 1, 1)), ("active", date(2025, 4, 1))):
            say(Kind.PRACTITIONER, who, since=since, status=status)
        text = words(page(f"/directory/professionals/{who}/"))
        assert "may practise" in text
        assert "Not practising" not in text

    def test_that_is_a_duplicate_leads_to_the_one_that_is_shown(self) -> None:
        shown = dentist()
        double = dentist()
        works(double, practice())
        say(Kind.PRACTITIONER, double, same_as=shown)
        answer = visitor().get(f"/directory/professionals/{double}/")
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"/directory/professionals/{shown}/",
        )
        assert "Cabinet du Parc" in page(f"/directory/professionals/{shown}/")

    def test_that_never_was_is_not_there(self) -> None:
        assert visitor().get("/directory/professionals/987654/").status_code == 404

    def test_goes_into_a_telephone(self) -> None:
        who = dentist()
        works(who, practice("Cabinet; du Parc"), telephone="+352 26 54 32")
        answer = visitor().get(f"/directory/professionals/{who}.vcf")
        assert answer["Content-Disposition"] == 'attachment; filename="dr-ana-ferreira.vcf"'
        card = vobject.readOne(answer.content.decode())
        assert card.fn.value == "Dr Ana Ferreira"
        assert (card.n.value.family, card.n.value.given) == ("Ferreira", "Ana")
        assert card.org.value == ["Cabinet; du Parc"]
        assert card.tel.value == "+352 26 54 32"
        assert card.adr.value.city == "Esch-sur-Alzette"
        assert card.url.value.endswith(f"/directory/professionals/{who}/")


class TestAnOrganisation:
    def test_shows_what_it_belongs_to_its_parts_services_and_people(self) -> None:
        hospital = practice("Centre hospitalier", type="hospital")
        ward = practice("Cardiologie", type="hospital", part_of=hospital)
        works(dentist("Schmit"), ward)
        say(Kind.SERVICE, organization=ward, name="Consultation du souffle", appointment=True)
        below = page(f"/directory/organizations/{ward}/")
        assert f"/directory/organizations/{hospital}/" in below
        for said in ("Schmit", "Consultation du souffle", "By appointment"):
            assert said in words(below)
        assert f"/directory/organizations/{ward}/" in page(f"/directory/organizations/{hospital}/")

    def test_has_a_page_for_each_place(self) -> None:
        where = practice()
        said: dict[str, Any] = {
            "name": "Site Belval",
            "latitude": 49.504,
            "longitude": 5.944,
            "accessible": True,
        }
        location = say(Kind.LOCATION, organization=where, **said)
        who = dentist()
        works(who, where, location=location)
        html = page(f"/directory/places/{location}/")
        assert f"/directory/professionals/{who}/" in html
        assert "By wheelchair can be reached" in words(html)
        say(Kind.LOCATION, location, since=date(2025, 1, 1), status="ended")
        assert visitor().get(f"/directory/places/{location}/").status_code == 404

    def test_that_has_ended_is_not_there(self) -> None:
        where = practice()
        say(Kind.ORGANIZATION, where, since=date(2025, 1, 1), status="ended")
        for suffix in ("/", ".vcf"):
            answer = visitor().get(f"/directory/organizations/{where}{suffix}")
            assert answer.status_code == 404


class TestASearch:
    def test_says_what_it_understood_and_takes_each_part_back(self) -> None:
        where = practice()
        works(dentist(), where)
        works(dentist("Weber", languages=["de"]), where)
        asked = "text=dentist+who+speaks+Portuguese+near+Esch&page=1&map=49.500,5.980,5.0"
        html = page(f"/directory/?{asked}")
        assert "Dr Ana Ferreira" in words(html)
        assert "Weber" not in words(html)
        without = {
            parse_qs(urlsplit(one).query)["text"][0] for one in addresses(html, "understood")
        }
        assert "who speaks Portuguese near Esch" in without
        of_a_view = ("page=", "map=")  # of another question they would show nothing of use
        assert not [one for one in addresses(html, "understood") for of in of_a_view if of in one]
        assert "dentist who speaks near Esch" in without
        assert "Weber" in words(page("/directory/?text=dentist+who+speaks+near+Esch"))

    def test_that_finds_nobody_can_be_widened(self) -> None:
        works(dentist("Weber", languages=["de"]), practice())
        html = page("/directory/?text=dentist+Portuguese+Esch")
        assert "No entry fits" in words(html)
        wider = {parse_qs(urlsplit(one).query)["text"][0] for one in addresses(html, "understood")}
        assert "dentist Esch" in wider
        assert "Weber" in words(page("/directory/?text=dentist+Esch"))

    def test_is_whole_in_its_address(self) -> None:
        works(dentist(), practice())
        asked = f"?kind={DENTIST}&language=pt&place=Esch-sur-Alzette&within=5&near=49.50,5.98"
        html = page(f"/directory/{asked}")
        assert "Dr Ana Ferreira" in words(html)
        left = addresses(html, "understood")
        for name in ("kind", "language", "place", "within", "near"):
            assert any(name not in parse_qs(urlsplit(one).query) for one in left), name

    def test_tells_from_where_it_measures(self) -> None:
        who, where = dentist(), practice()
        location = say(
            Kind.LOCATION, organization=where, name="Hall", latitude=49.5, longitude=6.0, **ESCH
        )
        works(who, where, location=location)
        assert "7.2 km" in words(page("/directory/?near=49.50,6.10&kind=people"))

    def test_asks_who_is_open_and_who_takes_patients(self) -> None:
        always = [{"daysOfWeek": EVERY_DAY, "allDay": True}]
        where = practice()
        works(dentist("Open"), where, hours=always, new_patients=True)
        works(dentist("Never"), where, new_patients=False)
        for asked in ("open_now=on", "new_patients=on"):
            text = words(page(f"/directory/?kind={DENTIST}&{asked}"))
            assert "Ana Open" in text
            assert "Ana Never" not in text

    def test_helps_with_a_name_that_nobody_bears(self) -> None:
        works(dentist("Muller"), practice())
        text = words(page("/directory/?text=Mullre"))
        assert "Nobody here is called “Mullre”. Shown for: Muller." in text
        assert "Nobody here is called" not in words(page("/directory/?text=muller"))

    def test_numbers_the_map_like_the_list(self) -> None:
        for family, east in (("Adam", 5.98), ("Becker", 6.30)):
            where = practice(family)
            location = say(
                Kind.LOCATION,
                organization=where,
                name=family,
                latitude=49.5,
                longitude=east,
                **ESCH,
            )
            works(dentist(family), where, location=location)
        html = page(f"/directory/?kind={DENTIST}")
        for number, family in ((1, "Adam"), (2, "Becker")):
            assert (
                f'href="#entry-{number}" data-numbers="{number}" aria-label="{number} Dr Ana'
                in html
            )
            assert re.search(rf'id="entry-{number}".{{0,400}}{family}', html, re.DOTALL)
        closer = page(f"/directory/?kind={DENTIST}&map=49.500,5.980,5.0")
        assert re.findall('data-numbers="([0-9 ]+)"', closer) == ["1"]
        other = page(f"/directory/?kind={DENTIST}&map=everything")
        assert drawing(other) == drawing(html) != drawing(closer)

    def test_turns_its_pages(self) -> None:
        where = practice()
        for number in range(23):
            works(dentist(f"Dent{chr(97 + number)}"), where)
        first = page(f"/directory/?kind={DENTIST}")
        assert "23 entries" in words(first)
        second = page(f"/directory/?kind={DENTIST}&page=2")
        assert 'start="21"' in second
        assert second.count('class="hit"') == 3

    def test_costs_the_same_however_many_are_found(self) -> None:
        counts = []
        where = practice()
        for many in (1, 12):
            for _ in range(many):
                works(dentist(f"D{next(NUMBER)}"), where)
            with CaptureQueriesContext(connection) as queries:
                page(f"/directory/?kind={DENTIST}")
            counts.append(len(queries))
        assert counts[0] == counts[1]

    @pytest.mark.parametrize(
        "asked",
        [
            "kind=astrologer",
            "within=0",
            "near=here",
            "near=nan,6",
            "page=-1",
            "page=9999999",
            "map=1",
        ],
    )
    def test_forgives_what_it_cannot_understand(self, asked: str) -> None:
        assert visitor().get(f"/directory/?text=a&{asked}").status_code == 200

    def test_keeps_nothing_of_who_asked(self) -> None:
        before = Event.objects.count()
        answer = visitor().get("/directory/?text=weber&near=49.61,6.13")
        assert Event.objects.count() == before
        assert "sessionid" not in answer.cookies


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Ouvert jour et nuit"),
        ("de", "Tag und Nacht geöffnet"),
        ("lb", "Dag an Nuecht op"),
    ],
)
def test_opening_times_are_said_in_the_readers_language(language: str, said: str) -> None:
    who = dentist()
    works(who, practice(), hours=[{"daysOfWeek": EVERY_DAY, "allDay": True}])
    assert said in words(page(f"/directory/professionals/{who}/", language))
