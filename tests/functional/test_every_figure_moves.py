"""Each figure and chart of the report moves by exactly one when a user does one thing, and by nothing on a retry.

The acts go through what users have: the pages in Chromium, FHIR with a token, HL7 v2, `salus import` and `salus
directory`. The report is the command's own, of the running month (provisional). A figure whose interface comes with a
later issue is a strict xfail below: that issue adds its act here, and must then remove the line.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from tests.conftest import Site
from tests.functional.insurance_checks import asks_at_the_counter, laboratory_software_asks
from tests.functional.world import World, moved
from tests.mllp import pdq


@pytest.fixture(scope="module")
def world(own_site: Site, browser: Browser) -> Iterator[World]:
    world = World(own_site, browser)
    yield world
    world.end()


def patient_opens_document(world: World) -> Callable[[], None]:
    return world.user("patient").link("/documents/", ".row__title")


def professional_opens_document(world: World) -> Callable[[], None]:
    patient = world.person("patient")
    return world.user("physician").link(f"/people/{patient}/", "a[href*='/documents/']")


def professional_searches(world: World) -> Callable[[], None]:
    return world.user("physician").form("/patients/", "/patients/", family="Weber")


def hospital_software_searches(world: World) -> Callable[[], None]:
    """With a token of its own, over FHIR."""
    return world.software(
        organization=_hospital(world), scope="system/Patient.rs", path="Patient?family=Weber"
    )


def hospital_software_asks_by_hl7v2(world: World) -> Callable[[], None]:
    """On a line that it opened with its certificate (IHE PDQ)."""
    return world.sender(
        organization=_hospital(world),
        scope="system/Patient.rs",
        message=pdq("@PID.5.1.1^Weber", "@PID.5.2^Marie"),
    )


def _hospital(world: World) -> int:
    return int(
        world.value(
            "select id from directory_organization where type = 'hospital'"
            " and deregistered_at is null order by id limit 1"
        )
    )


def declare(world: World, *, declared_before: bool) -> Callable[[], None]:
    """The patient declares somebody; whether others had declared the same one decides what moves."""
    practitioner = world.value(
        f"""
        select id from directory_practitioner p where deregistered_at is null
        and {"" if declared_before else "not"} exists (select from access_trustedprofessional t
            where t.practitioner_id = p.id and until is null and t.person_id <> %(person)s)
        and not exists (select from access_trustedprofessional t
            where t.practitioner_id = p.id and t.person_id = %(person)s)
        order by id desc limit 1
        """,
        person=world.person("partner"),
    )
    return world.user("partner").form(
        f"/directory/professionals/{practitioner}/", "/circle/declare/"
    )


def first_declaration(world: World) -> Callable[[], None]:
    world.rows.execute(
        "update access_trustedprofessional set until = now() where person_id = %s and until is null",
        [world.person("partner")],
    )
    return declare(world, declared_before=True)


def declaration_of_a_new_professional(world: World) -> Callable[[], None]:
    first_declaration(world)()  # the patient has somebody already
    return declare(world, declared_before=False)


def names_assistant(world: World) -> Callable[[], None]:
    matricule, family = world.rows.execute(
        """
        select i.value, p.family from mpi_person p join mpi_personidentifier i on i.person_id = p.id
        where deceased_on is null and birth_date < '1990-01-01' and i.system like 'urn:oid:%%'
        and p.id not in (select assistant_id from access_assistant) and p.id <> %s
        order by p.id limit 1
        """,
        [world.person("mother")],
    ).fetchone() or pytest.fail("nobody is left to be an assistant")
    return world.user("mother").form(
        "/assistants/", "/assistants/", matricule=matricule, family=family
    )


def closes_record(world: World) -> Callable[[], None]:
    return world.user("commuter").form("/settings/", "/record/close/")


def _patient_without_vaccination_record(world: World) -> int:
    """Somebody of the physician's circle, after their record was left out by the simulation."""
    physician = world.practitioner("physician")
    return int(
        world.value(
            """
            select t.person_id from access_trustedprofessional t
            join shared_record_record r on r.person_id = t.person_id
            where practitioner_id = %(physician)s and until is null
            and not exists (select from vaccination_vaccinationrecord v where v.person_id = t.person_id)
            and not exists (select from shared_record_closure c
                            where c.record_id = t.person_id and reopened_at is null)
            order by 1 limit 1
            """,
            physician=physician,
        )
    )


def opens_vaccination_record(world: World) -> Callable[[], None]:
    patient = _patient_without_vaccination_record(world)
    return world.user("physician").form(
        f"/people/{patient}/", f"/people/{patient}/vaccinations/open/"
    )


def records_vaccination(world: World) -> Callable[[], None]:
    patient = world.person("patient")
    user, path = world.user("physician"), f"/people/{patient}/vaccinations/new/"
    user.page.goto(path)
    user.page.locator("form.form").evaluate(
        "(form, path) => form.setAttribute('action', path)", path
    )
    return user.shown_form(
        path,
        act_type="historical",
        vaccine="J07BB02",
        occurred_on="2024-10-10",
    )


def consents_to_transfer(world: World) -> Callable[[], None]:
    world.rows.execute(
        "update vaccination_transferconsent set withdrawn_at = now()"
        " where record_id = %s and withdrawn_at is null",
        [world.person("patient")],
    )
    return world.user("patient").form("/settings/", "/vaccinations/consent/", consent="give")


def _somebody(country: str) -> dict[str, Any]:
    number = str(uuid4())
    return {
        "resourceType": "Patient",
        "id": number,
        "identifier": [{"system": "urn:test", "value": number}],
        "name": [{"family": "Nouveau", "given": ["Noé"]}],
        "gender": "male",
        "birthDate": "1990-02-03",
        "address": [{"country": country, "city": "Anywhere"}],
    }


def arrives_from(country: str) -> Callable[[World], Callable[[], None]]:
    return lambda world: world.bring(_somebody(country))


def first_document_arrives(world: World) -> Callable[[], None]:
    somebody = _somebody("LU")
    world.bring(somebody)()
    encounter = {
        "resourceType": "Encounter",
        "id": str(uuid4()),
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"urn:uuid:{somebody['id']}"},
        "period": {"start": "2024-10-10T09:00:00+02:00", "end": "2024-10-10T09:30:00+02:00"},
        "type": [{"text": "Consultation"}],
    }
    return world.bring(somebody, encounter)


def hospital_sends_who_is_known(world: World) -> Callable[[], None]:
    """As the register has the patient, but for the hospital's own number: nobody has to look at it."""
    return world.bring(_as_registered(world))


def _as_registered(world: World) -> dict[str, Any]:
    family, given, gender, born, line, postal_code, city, country = world.rows.execute(
        """
        select family, given, gender, birth_date::text, line, postal_code, municipality, country
        from mpi_person p join mpi_residence r on r.person_id = p.id and until is null
        where p.id = %s
        """,
        [world.person("closer")],
    ).fetchone() or pytest.fail("the nation has nobody for this act")
    home = {"line": [line], "postalCode": postal_code, "city": city, "country": country}
    return _somebody("LU") | {
        "name": [{"family": family, "given": [given]}],
        "gender": gender,
        "birthDate": born,
        "address": [home],
    }


def steward_parts_what_was_joined_by_itself(world: World) -> Callable[[], None]:
    link = world.value("select max(id) from mpi_link where made_by = 'matcher'")
    user, path = world.user("steward"), f"/stewards/links/{link}/"
    user.page.goto(path)
    user.page.locator("form.decision").evaluate(
        "(form, path) => form.setAttribute('action', path)", path
    )
    send = user.shown_form(path, reason="two people")

    def once_more_is_refused() -> None:
        if world.value("select ended_at is null from mpi_link where id = %(link)s", link=link):
            send()

    return once_more_is_refused


def professional_is_registered(world: World) -> Callable[[], None]:
    """By a file of a register, whose second coming says again what is known."""
    file = world.register_file(str(uuid4()))

    def send() -> None:
        world.brought(file)

    return send


@dataclass(frozen=True, kw_only=True)
class Act:
    prepare: Callable[[World], Callable[[], None]]
    moves: frozenset[str]


def act(prepare: Callable[[World], Callable[[], None]], *moves: str) -> Act:
    return Act(prepare=prepare, moves=frozenset(moves))


NEW_RECORD = ("records_total", "records_by_residence")
ACTS = {
    "patient opens a document": act(patient_opens_document, "documents_opened_by_patients"),
    "professional opens a document": act(
        professional_opens_document, "documents_opened_by_professionals"
    ),
    "professional searches a patient": act(professional_searches, "index_requests_in_month"),
    "a hospital's software searches one": act(
        hospital_software_searches, "index_requests_in_month"
    ),
    "one asks over HL7 v2": act(hospital_software_asks_by_hl7v2, "index_requests_in_month"),
    "patient declares a first professional": act(
        first_declaration, "patients_with_declared_professional_total"
    ),
    "patient declares one whom nobody had": act(
        declaration_of_a_new_professional,
        "professionals_declared_total",
        "professionals_locked_out_total",  # without an account, as most
    ),
    "patient names an assistant": act(names_assistant, "assistants_declared_total"),
    "patient closes the record": act(closes_record, "records_deactivated_by_patient_share"),
    "physician opens a vaccination record": act(
        opens_vaccination_record,
        "vaccination_records_total",
        "vaccination_records_stock",
        "vaccination_records_by_age",
    ),
    "physician records a vaccination": act(
        records_vaccination,
        "vaccinations_total",
        "vaccinations_recorded",
        "vaccinations_by_type",
        "vaccinations_by_age",
    ),
    "patient consents to transfer": act(consents_to_transfer, "record_transfer_consents_total"),
    "a resident arrives": act(arrives_from("LU"), "records_residence_lu_share", *NEW_RECORD),
    "one from France arrives": act(arrives_from("FR"), "records_residence_fr_share", *NEW_RECORD),
    "one from Belgium arrives": act(arrives_from("BE"), "records_residence_be_share", *NEW_RECORD),
    "one from Germany arrives": act(arrives_from("DE"), "records_residence_de_share", *NEW_RECORD),
    "one from elsewhere arrives": act(
        arrives_from("PT"), "records_residence_other_share", *NEW_RECORD
    ),
    "a first document arrives": act(
        first_document_arrives,
        "documents_total",
        "documents_stock",
        "records_with_document_share",
    ),
    "a hospital sends somebody who is known": act(
        hospital_sends_who_is_known,
        "index_entries_joined_in_month",
        # The law opens a record for whom a Bundle names; rows count, linked or not.
        "records_total",
        "records_by_residence",
        "records_residence_lu_share",
    ),
    "a steward parts what was joined by itself": act(
        steward_parts_what_was_joined_by_itself, "index_joins_undone_in_month"
    ),
    "a pharmacist asks at the counter": act(
        asks_at_the_counter("pharmacist"), "uses_pharmacy_total", "uses_pharmacy_in_month"
    ),
    "a laboratory's software asks": act(
        laboratory_software_asks, "uses_laboratory_total", "uses_laboratory_in_month"
    ),
    "a rescue crew asks at its counter": act(
        asks_at_the_counter("rescuer"), "uses_rescue_total", "uses_rescue_in_month"
    ),
    "a professional is registered": act(
        professional_is_registered, "professionals_registered_total"
    ),
}
AWAITED = {
    "patient_accounts_total": "people's accounts",
    "patient_accounts_activated": "people's accounts",
    "professional_accounts_total": "people's accounts",
    "professional_accounts_activated": "people's accounts",
    "mail_users_total": "secure mail",
    "file_share_users_total": "file share",
}


@pytest.mark.parametrize("name", ACTS)
def test_one_act_moves_its_figures_by_one_and_a_retry_moves_nothing(
    world: World, name: str
) -> None:
    send = ACTS[name].prepare(world)
    before = world.count()
    send()
    after = world.count()
    assert moved(before, after) == dict.fromkeys(ACTS[name].moves, 1)
    send()
    assert moved(after, world.count()) == {}


def test_who_retires_leaves_the_figure_and_a_file_taken_back_takes_its_own_back(
    world: World,
) -> None:
    figure, value = "professionals_registered_total", str(uuid4())
    first = world.count()
    arrival = world.brought(world.register_file(value))
    assert moved(first, world.count()) == {figure: 1}
    world.brought(world.register_file(value, status="retired"))
    assert moved(first, world.count()) == {}
    retirement = int(world.value("select max(id) from directory_changeset"))
    for number, left in ((retirement, {figure: 1}), (arrival, {})):
        world.directory("roll-back", str(number), "--reason", "wrong")
        assert moved(first, world.count()) == left


@pytest.mark.parametrize(
    "indicator",
    [
        *sorted({moved for act in ACTS.values() for moved in act.moves}),
        *(
            pytest.param(
                indicator,
                marks=pytest.mark.xfail(strict=True, reason=f"its interface comes with: {issue}"),
            )
            for indicator, issue in AWAITED.items()
        ),
    ],
)
def test_some_act_moves(indicator: str) -> None:
    assert any(indicator in act.moves for act in ACTS.values())


def test_every_figure_and_chart_is_moved_or_awaited(world: World) -> None:
    indicators = {key.split("/")[0] for key in world.count()}
    assert len(indicators) == 30 + 11
    assert indicators == {moved for act in ACTS.values() for moved in act.moves} | AWAITED.keys()
