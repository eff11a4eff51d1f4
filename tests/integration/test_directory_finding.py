"""Finding professionals and organisations, in the real database: what is typed, and who is found."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from salus.directory.actions import apply, change, join, part, propose, roll_back, source_named
from salus.directory.finding import Question, Sense, find
from salus.directory.finding.asking import COUNTED
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.directory.models.finding import Listing
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import InvalidInput

ACTOR = Actor(role=Role.SYSTEM, system="test")
AT = datetime(2025, 3, 3, 12, tzinfo=UTC)  # a Monday
SYSTEM = "https://college.example/members"
DENTIST, NURSE = "106289002", "106292003"


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


NUMBER = count(1)


def said(kind: Kind, *, since: date | None = None, value: str = "", **fields: Any) -> int:
    """Say it and return the row id of the entry."""
    value = value or f"{kind}-{next(NUMBER)}"
    line = Line(number=1, kind=kind, system=SYSTEM, value=value, said=fields, since=since)
    (entry,) = change(
        actor=ACTOR,
        at=AT,
        source=source_named("college", system=SYSTEM, at=AT),
        how=How.AUTHORITY,
        lines=[line],
    )
    return entry


def organization(name: str = "Cabinet du Parc", **fields: Any) -> int:
    given = {
        "type": "practice",
        "country": "LU",
        "postal_code": "L-4002",
        "municipality": "Esch-sur-Alzette",
    }
    return said(Kind.ORGANIZATION, name=name, **given | fields)


def professional(
    family: str, given: str = "Léa", *, at: int = 0, role: Any = None, **fields: Any
) -> int:
    who = said(Kind.PRACTITIONER, family=family, given=given, **{"profession": DENTIST} | fields)
    if at:
        said(Kind.ROLE, practitioner=who, organization=at, since=date(2020, 1, 1), **role or {})
    return who


def names(text: str = "", **fields: Any) -> list[str]:
    return [hit.name for hit in find(Question(text=text, **fields), at=AT).hits]


@pytest.mark.parametrize(
    "typed",
    [
        "Gonçalves Müller",
        "goncalves muller",
        "Mueller, Gonçalves",
        "Müller-Gonçalves José",
        "José de Gonçalves",
        "Gonclaves Muler",
        "Gonzalves",
        "Dr Jose Goncalves-Muller",
        "Goncal",
    ],
)
def test_a_name_is_found_however_it_is_written(typed: str) -> None:
    professional("de Gonçalves-Müller", "José")
    professional("Weber")
    assert names(typed) == ["José de Gonçalves-Müller"]


def test_exact_before_beginning_before_mistyped() -> None:
    for family in ("Schmitz", "Schmit", "Schmitten", "Schmidt", "Wagner"):
        professional(family)
    assert names("Schmit") == ["Léa Schmit", "Léa Schmitten", "Léa Schmitz", "Léa Schmidt"]
    professional("Weber", "Ann")
    professional("Adam", "Anna")
    assert names("Ann") == ["Ann Weber", "Anna Adam"]


def test_one_field_says_all() -> None:
    esch = organization()
    professional("Weber", at=esch, languages=["pt", "fr"])
    professional("Muller", at=esch, languages=["fr"])
    professional(
        "Wagner", at=organization(municipality="Clervaux", postal_code="L-9710"), languages=["pt"]
    )
    professional("Klein", at=esch, languages=["pt"], profession=NURSE)
    found = find(Question(text="dentsite qui parle portugais à Esch"), at=AT)
    assert [hit.name for hit in found.hits] == ["Léa Weber"]
    assert [(one.sense, one.text) for one in found.understood.taken] == [
        (Sense.PROFESSION, "dentsite"),
        (Sense.LANGUAGE, "portugais"),
        (Sense.PLACE, "Esch"),
    ]
    assert names("Zahnarzt Portugiesisch L-4002") == ["Léa Weber"]


def test_near_before_far() -> None:
    for place in ("Clervaux", "Esch-sur-Alzette", "Luxembourg", "Schifflange"):
        professional(place[:6], at=organization(municipality=place, postal_code="0"))
    assert names("dentiste Esch") == ["Léa Esch-s", "Léa Schiff"]
    assert names("dentiste Esch", within=20.0) == ["Léa Esch-s", "Léa Schiff", "Léa Luxemb"]
    everywhere = find(Question(near=(49.4958, 5.9806)), at=AT)
    assert [hit.name for hit in everywhere.hits if hit.kind is Kind.PRACTITIONER][
        -1
    ] == "Léa Clerva"


def test_who_may_not_practise_is_not_found() -> None:
    professional("Weber")
    said(Kind.PRACTITIONER, value="Practitioner-x", family="Weber", given="Tom", profession=DENTIST)
    said(
        Kind.PRACTITIONER,
        value="Practitioner-x",
        status="suspended",
        since=(AT + timedelta(days=3)).date(),
    )
    assert names("Weber") == ["Léa Weber", "Tom Weber"]
    later = find(Question(text="Weber"), at=AT + timedelta(days=5))
    assert [hit.name for hit in later.hits] == ["Léa Weber"]


def test_a_suspension_counts_from_its_first_day_and_not_on_the_one_that_ends_it() -> None:
    professional("Weber", value="Practitioner-x")
    for days, status in ((3, "suspended"), (6, "active")):
        since = AT.date() + timedelta(days=days)
        said(Kind.PRACTITIONER, value="Practitioner-x", status=status, since=since)
    midnight = datetime(2025, 3, 5, 23, tzinfo=UTC)  # of the sixth, in Luxembourg
    for at, is_found in (
        (midnight - timedelta(seconds=1), True),
        (midnight, False),
        (midnight + timedelta(days=3, seconds=-1), False),
        (midnight + timedelta(days=3), True),
    ):
        assert bool(find(Question(text="Weber"), at=at).hits) is is_found, at


def test_who_speaks_all_that_is_asked_for() -> None:
    professional("Weber", languages=["pt", "fr"])
    professional("Klein", languages=["fr"])
    assert names("portugais", language="fr") == ["Léa Weber"]


def test_whoever_is_counted_is_counted_and_beyond_a_thousand_nobody() -> None:
    Listing.objects.bulk_create(
        Listing(
            kind=Kind.ORGANIZATION,
            entry=10**9 + number,
            name_key="z",
            type="rescue",
            languages=[],
            licences=[],
            opens=[],
            closes=[],
        )
        for number in range(1, COUNTED + 1)
    )
    assert find(Question(type="rescue"), at=AT).total == COUNTED
    organization("Rescue", type="rescue")
    found = find(Question(type="rescue"), at=AT)
    assert (found.total, found.more) == (None, True)


def test_a_distance_is_the_farthest_and_a_page_the_last_when_no_more_follow() -> None:
    practice = organization()
    said(Kind.LOCATION, organization=practice, name="Hall", latitude=49.5, longitude=6.0)
    for family in ("Klein", "Weber"):
        professional(family, at=practice)
    near = (49.5, 6.1)  # 7.2 km to the east
    assert names(near=near, within=7.1, kind=Kind.PRACTITIONER) == []
    assert names(near=near, within=7.3, kind=Kind.PRACTITIONER) == ["Léa Klein", "Léa Weber"]
    pages = [find(Question(profession=DENTIST), at=AT, page=page, size=1) for page in (1, 2)]
    assert [(len(one.hits), one.more) for one in pages] == [(1, True), (1, False)]


def test_a_role_that_ends_takes_its_place_along() -> None:
    esch, clervaux = organization(), organization(municipality="Clervaux", postal_code="L-9710")
    who = professional("Weber", at=esch)
    said(Kind.ROLE, value="moving", practitioner=who, organization=clervaux, since=date(2020, 1, 1))
    assert names("Weber Esch") == names("Weber Clervaux") == ["Léa Weber"]
    said(Kind.ROLE, value="moving", status="ended", since=AT.date())
    assert names("Weber Esch") == ["Léa Weber"]
    assert names(place="Clervaux", profession=DENTIST) == []


def test_an_organisation_that_moves_takes_along_who_works_there() -> None:
    practice = organization(value="moving")
    professional("Weber", at=practice)
    said(Kind.ORGANIZATION, value="moving", municipality="Clervaux", postal_code="L-9710")
    assert names("dentiste Esch") == []
    assert names("dentiste Clervaux") == ["Léa Weber"]


def test_a_location_has_a_position_of_its_own() -> None:
    practice = organization()
    professional("Weber", at=practice)
    said(Kind.LOCATION, organization=practice, name="Nord", latitude=50.05, longitude=6.03)
    assert names("dentiste Esch") == []
    (hit,) = find(Question(text="dentiste Clervaux"), at=AT).hits
    assert (hit.places[0].location_name, hit.places[0].position) == ("Nord", (50.05, 6.03))
    assert hit.distance is not None
    assert hit.distance < 1


def test_what_is_taken_back_is_not_found() -> None:
    source = source_named("college", system=SYSTEM, at=AT)
    who = {"family": "Weber", "given": "Léa", "profession": DENTIST}
    line = Line(number=1, kind=Kind.PRACTITIONER, system=SYSTEM, value="wrong", said=who)
    change_set = propose(actor=ACTOR, at=AT, source=source, how=How.FILE, lines=[line])
    assert names("Weber") == []
    apply(actor=ACTOR, at=AT, change_set=change_set)
    assert names("Weber") == ["Léa Weber"]
    roll_back(actor=ACTOR, at=AT, change_set=change_set, reason="wrong file")
    assert names("Weber") == []


def test_a_duplicate_is_found_as_its_root_by_all_its_names() -> None:
    esch = organization()
    root = professional("Weber", value="root")
    twin = professional("Wéber-Klein", value="twin", at=esch)
    join(actor=ACTOR, at=AT, kind=Kind.PRACTITIONER, duplicate=twin, root=root)
    assert names("Weber") == names("Klein") == names("dentiste Esch") == ["Léa Weber"]
    part(actor=ACTOR, at=AT + timedelta(days=1), kind=Kind.PRACTITIONER, duplicate=twin)
    assert sorted(names("Weber")) == ["Léa Weber", "Léa Wéber-Klein"]
    assert names("dentiste Esch") == ["Léa Wéber-Klein"]


def test_new_patients_are_accepted_at_a_place() -> None:
    esch, clervaux = organization(), organization(municipality="Clervaux", postal_code="L-9710")
    who = professional("Weber", at=esch, role={"new_patients": False})
    said(Kind.ROLE, practitioner=who, organization=clervaux, new_patients=True)
    assert names("dentiste neue Patienten") == ["Léa Weber"]
    assert names("dentiste Esch nouveaux patients") == []
    assert names("dentiste Clervaux nouveaux patients") == ["Léa Weber"]


def test_open_is_asked_in_local_time() -> None:
    hours = [{"daysOfWeek": ["mon"], "availableStartTime": "12:30", "availableEndTime": "13:30"}]
    professional("Weber", at=organization(), role={"hours": hours})
    assert names("Weber", open_at=AT) == ["Léa Weber"]  # one o'clock in Luxembourg
    assert names("Weber", open_at=AT + timedelta(minutes=30)) == []
    assert names("Weber ouvert maintenant") == ["Léa Weber"]
    assert names("Weber", open_at=AT + timedelta(days=1)) == []


def test_a_licence_is_of_a_country() -> None:
    who = professional("Weber")
    said(Kind.LICENCE, value="1", practitioner=who, profession=DENTIST, country="LU")
    said(Kind.LICENCE, value="2", practitioner=who, profession=DENTIST, country="FR")
    assert names("Weber", licence="FR") == ["Léa Weber"]
    assert names("Weber", licence="DE") == []
    said(Kind.LICENCE, value="2", status="ended", since=AT.date())
    assert names("Weber", licence="FR") == []


def test_organisations_are_found_by_kind_and_name() -> None:
    organization("Pharmacie du Cygne", type="pharmacy")
    organization(
        "Pharmacie du Lion", type="pharmacy", municipality="Clervaux", postal_code="L-9710"
    )
    assert names("pharmacie") == ["Pharmacie du Cygne", "Pharmacie du Lion"]
    assert names("Apotheke Cygne") == ["Pharmacie du Cygne"]
    assert names("Apdikt zu Esch") == ["Pharmacie du Cygne"]
    assert names("pharmacie du cygen") == ["Pharmacie du Cygne"]


def test_a_place_that_is_somebodys_name_gives_way_to_the_name() -> None:
    professional("Mersch", "Tom")
    professional("Weber", "Tom", at=organization(municipality="Mersch", postal_code="L-7520"))
    assert names("Tom Mersch") == ["Tom Mersch"]
    assert names("dentiste Mersch") == ["Tom Weber"]
    assert names('dentiste "Mersch"') == ["Tom Mersch"]


def test_a_place_that_only_addresses_know() -> None:
    professional("Weber", at=organization(municipality="Villanova", postal_code="99999"))
    assert names("dentiste Villanova") == ["Léa Weber"]
    assert names(profession=DENTIST, place="99999") == ["Léa Weber"]
    assert names(profession=DENTIST, place="Villanova") == ["Léa Weber"]


def test_restricted_fields_are_not_shown() -> None:
    professional("Weber", private_telephone="+352 621 000 000", birth_date="1970-01-01")
    (hit,) = find(Question(text="Weber"), at=AT).hits
    assert "621" not in repr(hit)
    assert "1970" not in repr(hit)


@pytest.mark.parametrize(
    "wrong",
    [
        {"profession": "nobody"},
        {"type": "castle"},
        {"language": "';--"},
        {"licence": "Lux"},
        {"within": 0.0},
        {"near": (91.0, 0.0)},
        {"text": "x" * 201},
    ],
)
def test_what_cannot_be_asked_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        find(Question(**wrong), at=AT)


@pytest.mark.parametrize(
    "text", ["'", "%", "\\", '"', "\x00", "~", "a" * 200, "Ⅷ ﷽", "- - -", '"""', "L-99999"]
)
def test_anything_may_be_typed(text: str) -> None:
    professional("Weber")
    assert names(text) in ([], ["Léa Weber"])


def test_a_page_beyond_the_last_one_is_empty() -> None:
    professional("Weber")
    found = find(Question(), at=AT, page=1000)
    assert (found.hits, found.total, found.more) == ((), 1, False)
    with pytest.raises(InvalidInput):
        find(Question(), at=AT, page=0)
