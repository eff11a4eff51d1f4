"""The nation cut into blocks of rows, in the order in which they can be written."""

from functools import partial

import numpy as np

from salus.kernel.month import Month
from salus.shared_record.store import ContentStore
from salus.simulation.affiliations import affiliations
from salus.simulation.content import content_table
from salus.simulation.documents import documents, versions_per_month
from salus.simulation.events import eligibility_checks, filings, index_requests, openings
from salus.simulation.lives import World
from salus.simulation.load import Work
from salus.simulation.matricules import serial_numbers
from salus.simulation.tables import Names, Table, event_table, people_tables
from salus.simulation.tables_of_directory import first_free_ids_of_directory
from salus.simulation.tables_of_services import (
    choice_tables,
    directory_tables,
    document_table,
    last_staff_id,
    vaccination_tables,
)
from salus.simulation.timeline import FIRST, Ints
from salus.simulation.vaccinations import acts

_PEOPLE = 50_000  # in a block
_ACTS = 100_000
_EVENTS = ("index_requests", "uses_pharmacy", "uses_laboratory", "uses_rescue")
_OPENINGS = ("opened_by_patients", "opened_by_professionals")


def blocks(world: World, until: Month, *, store: ContentStore | None) -> list[Work]:
    """All blocks up to the end of ``until``; what a block holds depends on the world alone.

    Without a store documents have no content.
    """
    line, names, serials = world.line, Names(), serial_numbers(world)
    months = until - FIRST + 1
    end = int(line.starts[months])
    immunizations = acts(world)
    works = [
        Work(
            name="directory",
            stage=0,
            rows=10 * len(world.providers.practitioners),
            make=partial(directory_tables, world, names, end),
        )
    ]
    for start in range(0, len(world.people), _PEOPLE):
        who = np.arange(start, min(start + _PEOPLE, len(world.people)))
        make = partial(people_tables, world, who, serials, names, end)
        works.append(
            Work(name=f"people/{start // _PEOPLE:04}", stage=0, rows=8 * len(who), make=make)
        )
    links = len(world.circle.person) + len(world.assistants.person)
    choices = partial(choice_tables, world, end)
    works.append(Work(name="choices", stage=1, rows=2 * links, make=choices))
    for start in range(0, len(immunizations.person), _ACTS):
        rows = np.arange(start, min(start + _ACTS, len(immunizations.person)))
        make = partial(vaccination_tables, world, rows, end)
        name = f"vaccinations/{start // _ACTS:04}"
        works.append(Work(name=name, stage=2, rows=2 * len(rows), make=make))
    versions = versions_per_month(world.plan)
    for month in np.flatnonzero(versions[:months]).tolist():
        make = partial(_documents, world, names, serials, month, end, store)
        name, count = f"documents/{FIRST + month}", 3 * int(versions[month])
        works.append(Work(name=name, stage=2, rows=count, make=make))
    for month in range(months):
        count = sum(int(world.plan.flows[name][month]) for name in _EVENTS + _OPENINGS)
        if count:
            make = partial(_events, world, month, end)
            works.append(Work(name=f"events/{FIRST + month}", stage=2, rows=count, make=make))
    return works


def _documents(
    world: World,
    names: Names,
    serials: Ints,
    month: int,
    end: int,
    store: ContentStore | None,
) -> list[Table]:
    filed = documents(world, month)
    tables = [document_table(filed, end), event_table(filings(world, filed), end)]
    if store:
        tables.append(content_table(world, filed, names, serials, store, pack=month + 1))
    return tables


def _events(world: World, month: int, end: int) -> list[Table]:
    groups = (
        openings(world, month) + index_requests(world, month) + eligibility_checks(world, month)
    )
    return [event_table(groups, end)]


def first_free_ids(world: World) -> dict[str, int]:
    """For each table with ids given by the simulation: the first id that it leaves free."""
    people, providers = len(world.people), world.providers
    return {
        table: count + 1
        for table, count in {
            "mpi_person": people,
            "mpi_personidentifier": people,
            "mpi_residence": 2 * people,
            "eligibility_affiliation": len(affiliations(world)),
            "accounts_account": last_staff_id(world),
            "secure_mail_mailidentity": len(providers.mail.since),
            "file_share_shareuser": len(providers.shares.since),
            "access_trustedprofessional": len(world.circle.person),
            "access_assistant": len(world.assistants.person),
            "shared_record_closure": len(world.closures.person),
            "vaccination_transferconsent": len(world.consents.person),
            "vaccination_immunization": len(acts(world).person),
            "shared_record_document": int(versions_per_month(world.plan).sum()),
        }.items()
    } | first_free_ids_of_directory(world)
