"""What the decision stands on: periods of cover from the register, licences from the directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from salus.directory.history import histories
from salus.directory.models import Kind, Practitioner
from salus.directory.models import Licence as LicenceRow
from salus.directory.rules import state_on
from salus.eligibility.models import Delivery
from salus.eligibility.rules import Licence, Period, Prescriber
from salus.kernel.prepared import preparing_cursor
from salus.mpi.identities import NOBODY, rows_of_humans, rows_of_identified
from salus.mpi.queries import people_called


@dataclass(frozen=True, kw_only=True)
class Insured:
    """Somebody with the periods that the register has for any of their rows in the index."""

    persons: tuple[int, ...]  # of the one human being, the root first; none: not known
    periods: tuple[Period, ...]
    heard: datetime | None  # as `heard`
    is_watched: bool  # WatchedPerson


@contextmanager
def insured(system: str, value: str) -> Iterator[Insured]:
    """The person with this identifier, in whose rows the transaction then is. Nobody known is nobody insured."""
    with rows_of_identified(system, value) as human:
        yield _insured(human.all if human else ())


@contextmanager
def insured_called(family: str, given: str, birth_date: date) -> Iterator[tuple[Insured, bool]]:
    """The only person of this name and birth date, as `insured`; and whether there are several: then it is none."""
    found = people_called(family=family, given=given, birth_date=birth_date)
    with rows_of_humans(found[:1] if len(found) == 1 else ()) as humans:
        yield _insured(humans[0].all if humans else ()), len(found) > 1


_PERIODS = """
    select cover.since, cover.until,
        (select max(as_of) from eligibility_delivery where applied_at is not null),
        exists (select from eligibility_watchedperson watched
            where watched.person_id = any (%(persons)s::bigint[]) and watched.until is null)
    from (select 1) one
    left join eligibility_affiliation cover
        on cover.person_id = any (%(persons)s::bigint[]) and not cover.withdrawn
"""


def _insured(persons: tuple[int, ...]) -> Insured:
    with preparing_cursor() as cursor:
        # Nobody is asked for as anybody is: the time of an answer must not tell who is known.
        cursor.execute(_PERIODS, {"persons": list(persons or (NOBODY,))})
        rows = cursor.fetchall()
    return Insured(
        persons=persons,
        periods=tuple(Period(since=since, until=until) for since, until, *_ in rows if since),
        heard=rows[0][2],
        is_watched=rows[0][3],
    )


def heard() -> datetime | None:
    """Until when the register has told all that it knew."""
    told = Delivery.objects.filter(applied_at__isnull=False).aggregate(Max("as_of"))
    newest: datetime | None = told["as_of__max"]
    return newest


def prescriber(system: str, value: str, *, day: date) -> tuple[int | None, Prescriber | None]:
    """The professional's row who answers for all of theirs, and what the directory says of the day; None: not known."""
    named = Practitioner.objects.filter(system=system, value=value)
    found = named.values_list("same_as", "pk").first()
    if found is None:
        return None, None
    root = found[0] or found[1]
    rows = [root, *Practitioner.objects.filter(same_as=root).values_list("pk", flat=True)]
    states = [state_on(said, day) for said in histories(Kind.PRACTITIONER, rows).values()]
    known = [state for state in states if state]
    if not known:
        return root, None
    return root, Prescriber(
        profession=known[0]["profession"],
        is_out=all(state.get("status", "active") != "active" for state in known),
        licences=_licences(rows, day),
    )


def _licences(practitioners: list[int], day: date) -> tuple[Licence, ...]:
    ids = LicenceRow.objects.filter(practitioner__in=practitioners).values_list("pk", flat=True)
    states = [state_on(said, day) for said in histories(Kind.LICENCE, list(ids)).values()]
    return tuple(
        Licence(
            country=state["country"],
            profession=state["profession"],
            status=state.get("status", "active"),
            limits=tuple(state.get("limits", ())),
        )
        for state in states
        if state
    )
