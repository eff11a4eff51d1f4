"""What arrives, in a table of the transaction's own, and what each line of it would do: one statement a step.

In state is, of each period, its message with the highest sequence, but nothing that an applied full file does not name
and that was not said after it: so the order in which messages come, and how often, makes no difference.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from salus.eligibility.models import Outcome
from salus.eligibility.register.messages import End, Line
from salus.kernel.errors import InvalidInput
from salus.kernel.rows import Scope, finding_in

_COLUMNS = "line, key, system, value, since, until, withdrawn, sequence, problem, text"
_TABLE = """
    create temporary table arriving (
        line bigint not null, key text not null, system text, value text, since date, until date, withdrawn boolean,
        sequence bigint, problem text not null, text text not null, person bigint, outcome text
    ) on commit drop
"""


def arrive(lines: Iterable[Line | End], *, needs_end: bool) -> End | None:
    """Put the lines into the table, as fast as they are read. Raises InvalidInput for a file that was cut short."""
    end, count = None, 0
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists arriving")
        cursor.execute(_TABLE)
        with cursor.copy(f"copy arriving ({_COLUMNS}) from stdin") as stream:
            for line in lines:
                if end is not None:
                    where = "" if isinstance(line, End) else f" (line {line.number})"
                    raise InvalidInput(f"there is more behind the end{where}")
                if isinstance(line, End):
                    end = line
                else:
                    count += 1
                    stream.write(_copied(line))
        cursor.execute("analyze arriving")
    if end is None and needs_end:
        raise InvalidInput("the file has no end: it was cut short")
    if end is not None and end.lines != count:
        raise InvalidInput(f"the file should have {end.lines} lines, and has {count}")
    return end


def _copied(line: Line) -> str:
    """A row of COPY's text format."""
    said = line.message
    if said is None:
        key, problem, text = map(_escaped, (line.key, line.problem, line.text))
        return f"{line.number}\t{key}\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N\t{problem}\t{text}\n"
    key, system, value = map(_escaped, (said.key, said.system, said.value))
    until = said.until or "\\N"
    sequence = "\\N" if said.sequence is None else said.sequence
    withdrawn = "t" if said.withdrawn else "f"
    return f"{line.number}\t{key}\t{system}\t{value}\t{said.since}\t{until}\t{withdrawn}\t{sequence}\t\t\n"


def _escaped(text: str) -> str:
    if not text.isprintable():  # what could not be decoded, and what no text column takes
        text = text.encode(errors="replace").decode().replace("\0", "\ufffd")
        text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
        return text.replace("\r", "\\r")
    return text.replace("\\", "\\\\") if "\\" in text else text


# Of several lines about one period the highest sequence counts, of several of one sequence the first.
_WITHIN = """
    with ranked as (
        select line, row_number() over same_key as place, sequence, first_value(sequence) over same_key as highest,
            row (system, value, since, until, withdrawn) as said,
            first_value(row (system, value, since, until, withdrawn)) over same_key as first_said
        from arriving where problem = ''
        window same_key as (partition by key order by sequence desc, line)
    )
    update arriving set
        outcome = case
            when ranked.sequence < highest then 'late' when said = first_said then 'repeated' else 'refused' end,
        problem = case
            when ranked.sequence < highest or said = first_said then '' else %(conflict)s end
    from ranked where ranked.line = arriving.line and place > 1
"""
_PERSONS = """
    update arriving set person = known.person_id from mpi_personidentifier known
    where known.system = arriving.system and known.value = arriving.value and outcome is null
"""
_DECIDE = """
    update arriving set
        outcome = case
            when is_same and (%(full)s or one.sequence <= greatest(in_state, %(floor)s)) then 'repeated'
            when one.sequence < in_state or one.sequence <= %(floor)s then 'late'
            when one.sequence = in_state then 'refused'
            when person is null then 'waiting'
            else 'applied' end,
        problem = case
            when one.sequence = in_state and one.sequence > %(floor)s and not is_same then %(conflict)s
            else '' end
    from (
        select here.line, here.sequence, greatest(known.sequence, waits.sequence) as in_state,
            case
                when waits.key is not null then
                    (waits.system, waits.value, waits.since, waits.until, waits.withdrawn)
                    is not distinct from (here.system, here.value, here.since, here.until, here.withdrawn)
                when known.key is not null then
                    (known.person_id, known.since, known.until, known.withdrawn)
                    is not distinct from (here.person, here.since, here.until, here.withdrawn)
                else false end as is_same
        from arriving here
        left join eligibility_affiliation known on known.key = here.key
        left join eligibility_waitingperiod waits on waits.key = here.key
        where here.outcome is null
    ) one
    where one.line = arriving.line
"""
_CONFLICT = "sequence: was another message's of this period"


def decide(*, full: bool, sequence: int | None, floor: int) -> None:
    """Write beside each line what it would do. ``floor``: of the newest full file that was applied."""
    said: dict[str, bool | int | str] = {"full": full, "floor": floor, "conflict": _CONFLICT}
    with connection.cursor() as cursor:
        if full:
            cursor.execute("update arriving set sequence = %s", [sequence])
        cursor.execute("update arriving set outcome = 'refused' where problem <> ''")
        cursor.execute(_WITHIN, said)
        with finding_in(Scope.INDEX):  # the register knows people by their numbers
            cursor.execute(_PERSONS)
        with finding_in(Scope.REGISTER):
            cursor.execute(_DECIDE, said)


def outcomes() -> dict[str, int]:
    """Lines by outcome, each named."""
    with connection.cursor() as cursor:
        cursor.execute("select outcome, count(*) from arriving group by outcome")
        counted: dict[str, int] = dict(cursor.fetchall())
    return {outcome: counted.get(outcome, 0) for outcome in Outcome.values}


def refused(most: int) -> list[tuple[int, str]]:
    """The first refused lines, with their reasons."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select line, problem from arriving where outcome = 'refused' order by line limit %s",
            [most],
        )
        return [(line, problem) for line, problem in cursor.fetchall()]


def each() -> list[dict[str, Any]]:
    """Line, key, outcome and problem of all, in their order: of a short one."""
    with connection.cursor() as cursor:
        cursor.execute("select line, key, outcome, problem from arriving order by line")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
