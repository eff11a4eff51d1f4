"""The keys of the people who were there before there were keys.

By itself, not in one transaction: blocks are committed as they are done. A migration that was killed is run again
by the next command, and goes over the people again without making a key twice.
"""

from django.db import connection, migrations
from tqdm import tqdm

from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.keys import name_keys

_BLOCK = 5_000  # people


def fill(_apps: object, _editor: object) -> None:
    """As owner, whom row-level security binds: in view of those whose keys are made."""
    people = _all_people()
    with tqdm(total=len(people), unit=" people", disable=None) as bar:
        for start in range(0, len(people), _BLOCK):
            block = people[start : start + _BLOCK]
            _fill(block)
            bar.update(len(block))


def _all_people() -> list[int]:
    with finding_in(Scope.INDEX), connection.cursor() as cursor:  # all of them
        cursor.execute("select id from mpi_person order by id")
        return [number for (number,) in cursor]


def _fill(people: list[int]) -> None:
    with rows_of(people), connection.cursor() as cursor:
        cursor.execute(
            """
            select id, birth_date, given, family, array[birth_family] from mpi_person
            where id = any (%s)
            union all
            select person_id, birth_date, former.given, former.family, array[birth_family]
            from mpi_formername former join mpi_person on mpi_person.id = person_id
            where person_id = any (%s)
            """,
            [people, people],
        )
        keys = [
            (person, born, key)
            for person, born, given, family, others in cursor
            for key in name_keys(given, family, others)
        ]
        cursor.execute(
            """
            insert into mpi_namekey (person_id, birth_date, key)
            select * from unnest(%s::bigint[], %s::date[], %s::text[]) on conflict do nothing
            """,
            [list(column) for column in zip(*keys, strict=True)] or [[], [], []],
        )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("mpi", "0005_name_keys"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
