"""A month of the nation's insurance checks: each is counted once, by whoever asked, whatever was sent again."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from salus.country.lu import MATRICULE_SYSTEM
from salus.kernel.clock import now
from salus.kernel.postgres import login
from tests.durability.client import Software
from tests.durability.ledger import new_request_id
from tests.durability.site import Start

CHECKS = int(os.environ.get("SALUS_CHECKS", "650000"))
AGAIN = 0.03  # are sent once more with the same key
# Of the month's checks, as in the report of December 2024; and at how many lines at once they come.
CALLERS = {"pharmacy": (0.72, 6), "laboratory": (0.26, 2), "rescue": (0.02, 1)}
COUNTED = """
    select agent::text, count(*) from audit_event
    where kind = 'eligibility_check' and at >= %s and not denied and not repeated group by 1
"""
PEOPLE = """
    select value, exists (select from eligibility_affiliation where person_id = i.person_id
        and not withdrawn and since <= current_date and (until is null or until > current_date))
    from mpi_personidentifier i where system = %s order by md5(value) limit 500
"""


@pytest.mark.prove
def test_a_month_of_checks_is_counted_without_a_slip(start: Start, nation: Path) -> None:
    site, begun = start(nation).ready(), now()
    with psycopg.connect(**asdict(login(nation, "superuser")), autocommit=True) as rows:
        rows.execute(
            "insert into eligibility_delivery (kind, as_of, received_at, applied_at)"
            " values ('delta', now() + interval '1 day', now(), now())"
        )
        people = dict(rows.execute(PEOPLE, [MATRICULE_SYSTEM]).fetchall())
        numbers = [*people, *(f"{n:013}" for n in range(50))]  # and some of nobody's

        def ask(caller: str, checks: int) -> Iterator[bool]:
            where = rows.execute(
                "select id from directory_organization where type = %s and deregistered_at is null"
                " order by id limit 1",
                [caller],
            ).fetchone()
            assert where
            software = Software(site.url, nation, int(where[0]))
            for _ in range(checks):
                number, key = random.choice(numbers), new_request_id()
                said = software.asks(number, key)
                yield said == (200, "affiliated" if people.get(number) else "not-affiliated")
                if random.random() < AGAIN:
                    yield software.asks(number, key) == said

        wanted = {
            caller: lines * round(CHECKS * share / lines)
            for caller, (share, lines) in CALLERS.items()
        }
        lines = [
            ask(caller, wanted[caller] // many)
            for caller, (_share, many) in CALLERS.items()
            for _ in range(many)
        ]
        with ThreadPoolExecutor(len(lines)) as pool:
            assert all(pool.map(all, lines))
        counted = Counter(dict(rows.execute(COUNTED, [begun - timedelta(seconds=1)]).fetchall()))
    assert counted == wanted
