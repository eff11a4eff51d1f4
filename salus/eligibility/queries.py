"""What the decision stands on: periods of cover from the register, licences from the directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from salus.directory.history import licensing
from salus.directory.rules import History, spans, state_on, value_about
from salus.eligibility.models import Affiliation, Delivery
from salus.eligibility.rules import Licence, Period, Registration, Standing
from salus.mpi.identities import rows_of_human
from salus.mpi.queries import people_called, person_identified

_NOBODY = 0  # asked for as anybody is, so that the time of an answer does not tell who is known


@dataclass(frozen=True, kw_only=True)
class Insured:
    """Somebody with the periods that the register has for any of their rows in the index."""

    persons: tuple[int, ...]  # of the one human being, the root first; none: not known
    periods: tuple[Period, ...]


@contextmanager
def insured(system: str, value: str) -> Iterator[Insured]:
    """The person with this identifier, in whose rows the transaction then is. Nobody known is nobody insured."""
    with _insured(person_identified([(system, value)])) as person:
        yield person


@contextmanager
def _insured(person: int | None) -> Iterator[Insured]:
    with rows_of_human(person or _NOBODY) as human:
        rows = Affiliation.objects.filter(person__in=human.all, withdrawn=False)
        periods = tuple(
            Period(since=since, until=until) for since, until in rows.values_list("since", "until")
        )
        yield Insured(persons=human.all if person else (), periods=periods)


@contextmanager
def insured_called(family: str, given: str, birth_date: date) -> Iterator[tuple[Insured, bool]]:
    """The only person of this name and birth date, as `insured`; and whether there are several: then it is none."""
    found = people_called(family=family, given=given, birth_date=birth_date)
    one = found[0] if len(found) == 1 else None
    with _insured(one) as person:
        yield person, len(found) > 1


def heard() -> datetime | None:
    """Until when the register has told all that it knew."""
    told = Delivery.objects.filter(applied_at__isnull=False).aggregate(Max("as_of"))
    newest: datetime | None = told["as_of__max"]
    return newest


def prescriber(
    system: str, value: str, *, day: date
) -> tuple[int | None, tuple[Registration, ...]]:
    """The professional's row who answers for all of theirs, and what the directory says of the day in one query.

    Any row's identifier names them; a licence is of whom the directory names today. None: nobody is known by it.
    """
    root, entries = licensing(system, value)
    return root, tuple(
        Registration(
            profession=value_about(said, "profession", day) or "",
            standing=_standing(said, day),
            licences=tuple(_licence(each, day) for each in licences),
        )
        for said, licences in entries
    )


def _licence(said: History, day: date) -> Licence:
    return Licence(
        country=value_about(said, "country", day) or "",
        profession=value_about(said, "profession", day) or "",
        standing=_standing(said, day),
        limits=tuple(state_on(said, day).get("limits", ())),
    )


def _standing(said: History, day: date) -> Standing:
    """What has no status any more has ended; what had none yet is to come."""
    if status := state_on(said, day).get("status"):
        return Standing.ENDED if status == "retired" else Standing(status)
    was = any(span.since is None or span.since <= day for span in spans(said, "status"))
    return Standing.ENDED if was else Standing.TO_COME
