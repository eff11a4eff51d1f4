"""Row-level security: the second wall behind the rights of `salus.access`.

A transaction says whose rows it may touch; the database shows no others. Outside ``rows_of`` there are none.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.migrations import RunSQL

_VISIBLE = "{person} = any ((select nullif(current_setting('salus.persons', true), ''))::bigint[])"


@contextmanager
def rows_of(persons: Collection[int]) -> Iterator[None]:
    """One transaction that may touch these persons' rows, and no others."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            array = "{" + ",".join(str(int(person)) for person in persons) + "}"
            cursor.execute("select set_config('salus.persons', %s, true)", [array])
        yield


def row_security(table: str, *, person: str) -> RunSQL:
    """A migration step that forces row-level security on ``table`` by its column ``person``."""
    return RunSQL(
        [
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            f"create policy person_set on {table} using ({_VISIBLE.format(person=person)})",
        ],
        [
            f"drop policy person_set on {table}",
            f"alter table {table} no force row level security",
            f"alter table {table} disable row level security",
        ],
    )
