"""The world keeps the plan for any seed, and demo people have their parts in each."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from salus.country.lu import check_matricule
from salus.kernel.month import Month
from salus.simulation.calibration import CALIBRATION, EXACT, ROUNDED, plan, proportion
from salus.simulation.documents import documents, versions_per_month
from salus.simulation.lives import Links, World, make_world
from salus.simulation.matricules import matricules, serial_numbers
from salus.simulation.names import name_table, places
from salus.simulation.providers import DEMO_PHYSICIAN, GENERAL_PRACTITIONER
from salus.simulation.sampling import ScaleTooSmall, enrol, generator
from salus.simulation.timeline import FIRST, NEVER, Timeline, first_day
from salus.simulation.vaccinations import acts

UNTIL = Month(2025, 6)
ZONE = ZoneInfo("Europe/Luxembourg")
Instants = npt.NDArray[np.int64]


def world_of(seed: int, denominator: int) -> World:
    chosen = plan(denominator=denominator, until=UNTIL)
    return make_world(chosen, Timeline(UNTIL, ZONE), seed)


@pytest.fixture(scope="module", params=[(1, 1000), (2, 1000), (3, 400), (4, 150)], ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return world_of(*request.param)


def in_force(world: World, since: Instants, until: Instants) -> npt.NDArray[np.bool_]:
    end = world.line.starts[CALIBRATION - FIRST + 1]
    both: npt.NDArray[np.bool_] = (since < end) & (until >= end)
    return both


def never(instants: Instants) -> Instants:
    return np.full(len(instants), NEVER)


def test_stocks_of_the_calibration_month(world: World) -> None:
    people, providers = world.people, world.providers

    def links(rows: Links) -> npt.NDArray[np.bool_]:
        return in_force(world, rows.since, rows.until)

    counted = {
        "records_total": in_force(world, people.opened, never(people.opened)).sum(),
        "patient_accounts_total": in_force(world, world.activated_at, world.deleted_at).sum(),
        "professional_accounts_total": in_force(
            world, providers.practitioners.activated, never(providers.practitioners.activated)
        ).sum(),
        "professionals_registered_total": in_force(
            world, providers.practitioners.registered, providers.practitioners.deregistered
        ).sum(),
        "records_closed": in_force(world, world.closures.since, world.closures.until).sum(),
        "assistants_declared_total": len(np.unique(world.assistants.who[links(world.assistants)])),
        "professionals_declared_total": len(np.unique(world.circle.who[links(world.circle)])),
        "patients_with_declared_professional_total": len(
            np.unique(world.circle.person[links(world.circle)])
        ),
        "vaccination_records_total": in_force(
            world, world.vaccinated_at, never(world.vaccinated_at)
        ).sum(),
        "vaccinations_total": in_force(world, acts(world).recorded, acts(world).in_error).sum(),
        "record_transfer_consents_total": in_force(
            world, world.consents.since, world.consents.until
        ).sum(),
        "mail_users_total": in_force(world, providers.mail.since, providers.mail.until).sum(),
        "file_share_users_total": in_force(
            world, providers.shares.since, providers.shares.until
        ).sum(),
    }
    denominator = world.plan.denominator
    assert {name: int(count) for name, count in counted.items()} == {
        name: proportion((EXACT | ROUNDED)[name], denominator) for name in counted
    }


def test_residence_at_the_calibration_month(world: World) -> None:
    end = world.line.starts[CALIBRATION - FIRST + 1]
    home = world.people.household
    day = world.line.first_days[CALIBRATION - FIRST + 1]
    homes = world.homes
    place = np.where(homes.moved < day, homes.place, homes.place_before)[home]
    groups = np.bincount(places().group[place[world.people.opened < end]], minlength=5)
    assert groups.tolist() == list(world.plan.residence.values())


def test_documents_of_all_months(world: World) -> None:
    current, holders = 0, np.zeros(len(world.people), dtype=bool)
    for month in range(CALIBRATION - FIRST + 1):
        filed = documents(world, month)
        assert len(filed) == versions_per_month(world.plan)[month]
        stays = filed.ended == NEVER
        current += int(stays.sum())
        holders[filed.person[stays]] = True
    assert current == world.plan.total("documents")
    assert holders.sum() == world.plan.total("document_holders")


@pytest.mark.parametrize("denominator", [10, pytest.param(1, marks=pytest.mark.prove)])
def test_no_two_people_have_one_matricule(denominator: int) -> None:
    world = world_of(1, denominator)
    numbers = world.people.birth.astype(np.int64) * 1000 + serial_numbers(world)
    assert len(np.unique(numbers)) == len(numbers)


def test_who_was_born_before_2014_has_an_older_number(world: World) -> None:
    """Odd for men, even for women, and with the check digit modulo 11."""
    who = np.flatnonzero(world.people.birth < first_day(2014, 1))
    numbers = matricules(world, who, serial_numbers(world))
    today = date(2026, 1, 1)
    assert [check_matricule(number[:11], today=today) for number in numbers] == numbers
    assert [int(number[9]) % 2 == 0 for number in numbers] == world.people.female[who].tolist()


def test_demo_people_have_their_parts(world: World) -> None:
    cast, texts = world.cast, name_table().texts
    assert texts[world.people.family[cast.patient]] == "Weber"
    assert cast.partner in world.assistants.who[world.assistants.person == cast.patient]
    for patient in cast.circle:
        assert DEMO_PHYSICIAN in world.circle.who[world.circle.person == patient]
    assert world.closures.until[world.closures.person == cast.closer].tolist() == [NEVER]
    assert (world.vaccinated[cast.vaccinated] < world.line.months).all()
    assert (world.activated[cast.account] < world.line.months).all()
    assert len(cast.children) > 0
    practitioners = world.providers.practitioners
    assert practitioners.profession[DEMO_PHYSICIAN] == GENERAL_PRACTITIONER
    assert practitioners.activated[DEMO_PHYSICIAN] < NEVER


def test_each_piece_of_work_has_a_seed_of_its_own() -> None:
    def first(seed: int, name: str) -> float:
        return generator(seed, name).random()

    assert first(1, "events/2024-12") == first(1, "events/2024-12")
    others = {first(1, "events/2024-12"), first(1, "events/2024-11"), first(2, "events/2024-12")}
    assert len(others) == 3


def test_a_tiny_share_of_the_nation_is_refused() -> None:
    with pytest.raises(ScaleTooSmall):
        enrol(
            np.array([0.5]),
            start=np.array([0]),
            last=np.array([9]),
            counts=np.array([1, 1, 0], dtype=np.int64),
        )
