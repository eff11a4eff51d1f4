"""Rows that the synthetic nation has none of: of people renamed, of apps let in, of entries that are one person."""

from dataclasses import asdict
from datetime import date
from pathlib import Path

import psycopg

from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.postgres import login
from salus.kernel.rows import rows_of
from salus.mpi.actions import Demographics, change_person
from salus.mpi.models import Link


def change_people() -> None:
    """Three who were renamed: nobody has a former name in the simulation."""
    for person in (11, 12, 13):
        rename(person)


def rename(person: int) -> None:
    change_person(
        actor=Actor(role=Role.SYSTEM, system="test"),
        at=now(),
        person=person,
        version=None,
        identifiers=[],
        demographics=Demographics(
            family="Neuer",
            given="Name",
            birth_family="",
            birth_date=date(1900, 1, 1),
            gender="unknown",
            multiple_birth=None,
            deceased_on=None,
            address=None,
        ),
        former_names=[],
        received={},
        shown=lambda _row: {},
    )


# The nation's people use no apps: everybody with an account lets one in.
_APPS = """
    with app as (
        insert into accounts_client (client_id, name, contact, grant_types, redirect_uris, scope, purposes,
            token_endpoint_auth_method, tls_thumbprints, requested_at)
        values ('app', 'App', '', '{authorization_code}', '{}', '', '{}', 'none', '{}', now()) returning id
    )
    insert into access_appauthorization
        (family, account_id, client_id, person_id, scope, session, since, last_used_at, expires_at)
    select gen_random_uuid(), account_id, app.id, person_id, '', '', now(), now(), now()
    from app, access_accountperson
"""


def let_in_apps(data: Path) -> None:
    with psycopg.connect(**asdict(login(data, "superuser")), autocommit=True) as rows:
        rows.execute(_APPS)
        rows.execute("analyze access_appauthorization")


# Three of the nation's last people are three of its first, and somebody was told; of three others nobody knows yet.
_LINKS = """
    insert into mpi_link (person_id, target_id, made_by, made_at, ended_reason)
    select (select max(id) from mpi_person) - n, 20 + n, 'sender', now(), '' from generate_series(1, 3) n;
    insert into mpi_receipt (link_id, person_id, ended, receiver, since)
    select id, person_id, false, 'test', made_at from mpi_link;
    insert into mpi_pair (one_id, other_id, found_at)
    select 30 + n, 40 + n, now() from generate_series(1, 3) n;
    analyze mpi_link, mpi_pair, mpi_receipt
"""


def link_people(data: Path) -> None:
    with psycopg.connect(**asdict(login(data, "superuser")), autocommit=True) as rows:
        rows.execute(_LINKS)


def link_to(person: int, *, another: int = 50) -> None:
    """One of the nation is another row of this person."""
    with rows_of([person, another]):
        Link.objects.create(
            person_id=another, target_id=person, made_by=Link.MadeBy.SENDER, made_at=now()
        )


def watch_people(data: Path) -> None:
    """Three of the nation, whose checks of eligibility are looked at."""
    with psycopg.connect(**asdict(login(data, "superuser")), autocommit=True) as rows:
        rows.execute(
            "insert into eligibility_watchedperson (person_id, since)"
            " select 50 + n, now() from generate_series(1, 3) n"
        )
