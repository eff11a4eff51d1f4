"""What row-level security costs: the same reads as app, which is under the policies, and as a role past them.

Each is asked as the one and at once as the other, for the same persons. Printed per read: the time that nine
of ten reads exceed (what else the machine does only adds), the difference, and the ratio; and what it costs
to say whose rows a transaction may touch, which both do.

    .venv/bin/python benchmarks/row_security.py                # a nation of its own at 1/100, gone afterwards
    .venv/bin/python benchmarks/row_security.py --scale 1/10
    .venv/bin/python benchmarks/row_security.py --data var     # an embedded installation; the reads leave events
"""

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any

import django

from salus.kernel.postgres import attached, login
from tools.measuring import installation

GOAL = 0.3  # milliseconds a request, DESIGN's figure
ROOT = Path(__file__).resolve().parents[1]
PERSONS = 40
PAST_THEM = "superuser"


def connect(data: Path, role: str) -> Any:
    """A connection as Django makes them, which `use` puts in the place of its one."""
    from django.db import connection

    known = login(data, role)
    connection.connection = None
    connection.settings_dict.update(
        HOST=known.host, USER=known.user, PASSWORD=known.password, OPTIONS={}
    )
    with connection.cursor() as cursor:
        # Each read ends with an event on the disk, which takes many times what is measured here.
        cursor.execute("set synchronous_commit = off")
    return connection.connection


def use(connected: Any) -> None:
    from django.db import connection

    connection.connection = connected


def milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def reads() -> dict[str, list[Callable[[], object]]]:
    """Each read, once per person: patients with an account and with documents whose content was not simulated."""
    from django.db import connection, transaction

    from salus.access.queries import actor_of, circle_of_trust, who_looked
    from salus.kernel.actor import Actor, Role
    from salus.kernel.clock import now
    from salus.kernel.rows import rows_of
    from salus.mpi.queries import Criteria, search
    from salus.shared_record.queries import documents_of, open_document

    with connection.cursor() as cursor:
        cursor.execute(SOME, [PERSONS])
        rows = cursor.fetchall()
    doctor = Actor(role=Role.PROFESSIONAL, account=1, practitioner=1)
    asked: dict[str, list[Callable[[], object]]] = defaultdict(list)
    for account, person, family, given, matricule, document in rows:
        me = Actor(role=Role.PATIENT, account=account, person=person)

        def find(me: Actor = doctor, **criteria: str) -> object:
            return search(actor=me, criteria=Criteria(**criteria), at=now())

        def add(name: str, read: Callable[..., object], *values: object, **named: object) -> None:
            asked[name].append(lambda: read(*values, **named))

        mine = {"actor": me, "person": person}
        add("who signed in", actor_of, account)
        add("list the documents", lambda mine=mine: documents_of(**mine, at=now()))
        add(
            "open a document's metadata",
            lambda mine=mine, document=document: open_document(**mine, document=document, at=now()),
        )
        add("find by name", find, family=family, given=given)
        add("find by matricule", find, matricule=matricule)
        add("the circle of trust", circle_of_trust, person)
        add("read the log", lambda mine=mine: who_looked(**mine, at=now()))

        def plain() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("select 1")

        def named(person: int = person) -> None:
            with rows_of([person]), connection.cursor() as cursor:
                cursor.execute("select 1")

        add(PLAIN, plain)
        add(NAMED, named)
    return asked


PLAIN, NAMED = "a transaction", "a transaction that says whose"
SOME = """
    select account_id, person_id, family, given, value, min(d.id)
    from access_accountperson a
    join mpi_person p on p.id = a.person_id
    join mpi_personidentifier i using (person_id)
    join shared_record_record r using (person_id)
    join shared_record_document d using (person_id)
    where d.ended_at is null
      and not exists (select from shared_record_documentcontent where document_id = d.id)
      and not exists (select from shared_record_closure where record_id = person_id)
    group by 1, 2, 3, 4, 5 order by md5(person_id::text) limit %s
"""


def measure(data: Path, rounds: int) -> dict[str, dict[str, float]]:
    roles = {role: connect(data, role) for role in (PAST_THEM, "app")}
    use(roles[PAST_THEM])
    asked = reads()
    runs: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in asked}
    for round_ in range(rounds + 1):
        for name, works in asked.items():
            for work in works:
                for role, connected in roles.items():
                    use(connected)
                    spent = milliseconds(work)
                    if round_:  # what is cold is nobody's cost
                        runs[name][role].append(spent)
    return {
        name: {role: quantiles(times, n=10)[0] for role, times in by_role.items()}
        for name, by_role in runs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="an installation that exists")
    parser.add_argument(
        "--scale", default="1/100", help="of the nation that is made without --data"
    )
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with installation(options.data, scale=options.scale) as data:
        os.environ |= {
            "SALUS_DATA": str(data.absolute()),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        with attached(data):
            django.setup()
            cost = measure(data, options.rounds)
    print(f"{'a read':34}{'past them':>12}{'with policies':>16}{'cost':>12}{'ratio':>8}")
    for name, by_role in cost.items():
        past, under = by_role[PAST_THEM], by_role["app"]
        print(f"{name:34}{past:9.2f} ms{under:13.2f} ms{under - past:+9.2f} ms{under / past:8.2f}")
    print(f"to say whose, in each of them: {cost[NAMED]['app'] - cost[PLAIN]['app']:.2f} ms")
    print(f"DESIGN's figure for both together: about {GOAL} ms a request")


if __name__ == "__main__":
    main()
