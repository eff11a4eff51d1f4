"""Bringing what arrived into the state, in the same transaction."""

from collections.abc import Iterator

from django.db import connection
from django.db.backends.utils import CursorWrapper

from salus.kernel.rows import Scope, finding_in

# Not named by a full file, nor said after it. A line that was refused names its period too: misspelt is not withdrawn.
_UNNAMED = """
    from eligibility_affiliation known
    where not withdrawn and sequence <= %(sequence)s
        and not exists (select from arriving where arriving.key = known.key)
"""
_WOULD_GO = """
    select count(*) from eligibility_affiliation known join arriving on arriving.key = known.key
    where not known.withdrawn and (outcome = 'waiting' or outcome = 'applied' and arriving.withdrawn)
"""
# Whose cover changes: of whom a period was, and of whom it is.
_TOUCHED = """
    insert into touched select person from arriving where outcome = 'applied'
    union
    select known.person_id from eligibility_affiliation known join arriving on arriving.key = known.key
    where outcome in ('applied', 'waiting')
"""
_WRITE = """
    insert into eligibility_affiliation (person_id, key, since, until, sequence, withdrawn)
    select person, key, since, until, sequence, withdrawn from arriving where outcome = 'applied'
    on conflict (key) do update set person_id = excluded.person_id, since = excluded.since,
        until = excluded.until, sequence = excluded.sequence, withdrawn = excluded.withdrawn
"""
_STEPS = (
    _WRITE,
    # The period is somebody else's, whom nobody has registered yet.
    """
    update eligibility_affiliation known set withdrawn = true, sequence = arriving.sequence
    from arriving where arriving.key = known.key and outcome = 'waiting'
    """,
    """
    delete from eligibility_waitingperiod waits using arriving
    where arriving.key = waits.key and outcome = 'applied'
    """,
    """
    insert into eligibility_waitingperiod
        (key, system, value, since, until, withdrawn, sequence, delivery_id)
    select key, system, value, since, until, withdrawn, sequence, %(delivery)s
    from arriving where outcome = 'waiting'
    on conflict (key) do update set system = excluded.system, value = excluded.value, since = excluded.since,
        until = excluded.until, withdrawn = excluded.withdrawn, sequence = excluded.sequence,
        delivery_id = excluded.delivery_id
    """,
)
_STEPS_OF_FULL = (
    f"insert into touched select person_id {_UNNAMED}",
    f"""
    update eligibility_affiliation set withdrawn = true, sequence = %(sequence)s
    where id in (select id {_UNNAMED})
    """,  # noqa: S608
    """
    delete from eligibility_waitingperiod waits where sequence <= %(sequence)s
    and not exists (select from arriving where arriving.key = waits.key)
    """,
)
_NOTICES = """
    insert into eligibility_notice
        (delivery_id, line, outcome, key, system, value, since, until, withdrawn, sequence, problem, text)
    select %(delivery)s, line, outcome, key, coalesce(system, ''), coalesce(value, ''), since, until, withdrawn,
        sequence, problem, text
    from arriving where not (%(full)s and outcome = 'repeated') order by line
"""


def would_go(*, whole: int | None) -> tuple[int, int]:
    """How many of the periods in state would be withdrawn, and how many there are.

    ``whole``: sequence of the full file that this is, if none newer was applied.
    """
    with finding_in(Scope.REGISTER), connection.cursor() as cursor:
        cursor.execute(_WOULD_GO)
        gone: int = cursor.fetchone()[0]
        if whole is not None:
            cursor.execute(f"select count(*) {_UNNAMED}", {"sequence": whole})
            gone += cursor.fetchone()[0]
        cursor.execute("select count(*) from eligibility_affiliation where not withdrawn")
        return gone, cursor.fetchone()[0]


def write(*, delivery: int, full: bool, whole: int | None) -> None:
    """Afterwards `touched` are the people whose cover may have changed."""
    with finding_in(Scope.REGISTER), connection.cursor() as cursor:
        _touch_nobody(cursor)
        cursor.execute(_TOUCHED)
        if whole is not None:
            for step in _STEPS_OF_FULL:
                cursor.execute(step, {"sequence": whole})
        for step in _STEPS:
            cursor.execute(step, {"delivery": delivery})
        cursor.execute(_NOTICES, {"delivery": delivery, "full": full})


def _touch_nobody(cursor: CursorWrapper) -> None:
    cursor.execute("drop table if exists touched")
    cursor.execute("create temporary table touched (person bigint not null) on commit drop")


def touched(at_once: int) -> Iterator[list[int]]:
    """Their rows in the index, so many at a time: it may be everybody, whom memory need not hold."""
    with connection.chunked_cursor() as cursor:
        cursor.execute("select distinct person from touched order by person")
        while rows := cursor.fetchmany(at_once):
            yield [person for (person,) in rows]


_WAITED = """
    create temporary table waited on commit drop as
    select key, system, value, sequence, null::bigint as person from eligibility_waitingperiod
"""
_MOVED = """
    with moved as (
        delete from eligibility_waitingperiod waits using waited
        where waited.key = waits.key and person is not null
        returning waits.*, person
    ), noted as (
        insert into eligibility_notice
            (delivery_id, line, outcome, key, system, value, since, until, withdrawn, sequence, problem, text)
        select delivery_id, 0, 'applied', key, system, value, since, until, withdrawn, sequence, '', '' from moved
    ), brought as (
        insert into eligibility_affiliation (person_id, key, since, until, sequence, withdrawn)
        select person, key, since, until, sequence, withdrawn from moved
        on conflict (key) do update set person_id = excluded.person_id, since = excluded.since,
            until = excluded.until, sequence = excluded.sequence, withdrawn = excluded.withdrawn
        returning person_id
    )
    insert into touched select person_id from brought
"""


def bring_in_waiting() -> None:
    """Apply what waited for people who are there now; afterwards they are `touched`."""
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists waited")
        with finding_in(Scope.REGISTER):
            cursor.execute(_WAITED)
        with finding_in(Scope.INDEX):  # the register knows people by their numbers
            cursor.execute(
                """
                update waited set person = known.person_id from mpi_personidentifier known
                where known.system = waited.system and known.value = waited.value
                """
            )
        with finding_in(Scope.REGISTER):
            _touch_nobody(cursor)
            cursor.execute(_MOVED)
