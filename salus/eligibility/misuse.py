"""What looks like misuse: seen in the check itself where it needs to know who is asked about, afterwards by numbers.

A finding is a question to the caller, no verdict: somebody of the agency looks at it.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import product
from statistics import median

from django.db import connection, transaction
from django.db.models import Count

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory import duplicates
from salus.directory.history import histories
from salus.directory.models import Kind
from salus.directory.rules import state_on
from salus.eligibility.models import Finding, LookUp, Usage, WatchedPerson
from salus.eligibility.permissions import check_agency
from salus.eligibility.queries import Insured
from salus.eligibility.rescue import OWED_WITHIN
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from salus.kernel.rows import rows_of
from salus.mpi.identities import humans, rows_of_human
from salus.mpi.models import Residence
from salus.mpi.queries import people_called

_OTHERWISE = "the agency decides whose checks are looked at"
# Ours: rather a few findings too many than a caller that tries numbers out for a month.
_DAYS_BEFORE, _LEAST_DAYS = 28, 7
_FAR_MORE, _MANY = 5, 100
_MOSTLY, _TRIES = 0.5, 50
_TIMES_KEPT = 50
DAYS_OPEN = 4  # a day's numbers change until its look-ups are owed no more


def look_at(actor: Actor, caller: int, person: Insured, *, at: datetime) -> None:
    """Note what the check of this person tells; within its transaction and the person's rows."""
    if person.is_watched:
        _note(caller, Finding.Rule.WATCHED, at)
    if actor.practitioner and person.persons:
        own = _behind(actor)
        if own & set(person.persons):
            _note(caller, Finding.Rule.SELF, at)
        elif _lives_with(own, person.persons):
            _note(caller, Finding.Rule.FAMILY, at)


def look_back(*, day: date, at: datetime) -> int:
    """Find what only numbers tell, of one day and of look-ups that were never checked; returns how many findings."""
    found = 0
    for usage in Usage.objects.filter(day=day).select_related("caller").iterator():
        for rule, times in _signs(usage):
            found += _found(usage.caller_id, rule, day, times)
    owed = LookUp.objects.filter(checked_at=None, at__date=day, at__lte=at - OWED_WITHIN)
    for caller, times in owed.values_list("caller").annotate(Count("pk")):
        found += _found(caller, Finding.Rule.OWED, day, times)
    return found


def review(*, actor: Actor, finding: int, outcome: str, at: datetime) -> None:
    """Close a finding with what came out. Raises Forbidden, InvalidInput, NotFound, Conflict."""
    if actor.role is not Role.AGENCY:
        raise Forbidden("the agency looks at what looks like misuse")
    if not outcome.strip():
        raise InvalidInput("say what came out", at="outcome")
    with transaction.atomic():
        row = Finding.objects.select_for_update().filter(pk=finding).first()
        if row is None:
            raise NotFound("no such finding")
        if row.reviewed_at:
            raise Conflict("somebody has looked at it already")
        row.reviewed_at, row.reviewed_by_id, row.outcome = at, actor.account, outcome.strip()
        row.save(update_fields=["reviewed_at", "reviewed_by", "outcome"])
        record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)


def watch(*, actor: Actor, person: int, at: datetime) -> None:
    """Have each check about the person looked at, from now on."""
    check_agency(actor, _OTHERWISE)
    with rows_of_human(person) as human:
        if not WatchedPerson.objects.filter(person__in=human.all, until=None).exists():
            WatchedPerson.objects.create(person_id=human.root, since=at)
            record(actor=actor, kind=EventKind.PERSON_CHANGED, at=at, person=human.root)


def end_watch(*, actor: Actor, person: int, at: datetime) -> None:
    """Raises NotFound."""
    check_agency(actor, _OTHERWISE)
    with rows_of_human(person) as human:
        watched = WatchedPerson.objects.filter(person__in=human.all, until=None)
        if not watched.update(until=at):
            raise NotFound("that person is not watched")
        record(actor=actor, kind=EventKind.PERSON_CHANGED, at=at, person=human.root)


def _signs(usage: Usage) -> Iterator[tuple[Finding.Rule, int]]:
    before = Usage.objects.filter(
        caller__organization=usage.caller.organization_id,
        caller__client=usage.caller.client_id,
        day__lt=usage.day,
        day__gte=usage.day - timedelta(days=_DAYS_BEFORE),
    )
    days = list(before.values_list("asked", flat=True))
    if len(days) >= _LEAST_DAYS and usage.asked >= max(_MANY, _FAR_MORE * median(days)):
        yield Finding.Rule.VOLUME, usage.asked
    if usage.negative >= max(_TRIES, _MOSTLY * usage.asked):
        yield Finding.Rule.NEGATIVE, usage.negative
    if usage.refused >= _MANY:
        yield Finding.Rule.REFUSED, usage.refused


def _found(caller: int, rule: Finding.Rule, day: date, times: int) -> bool:
    """Keep the number of a day that is perhaps not over; whoever has looked at it already is not asked again."""
    finding, created = Finding.objects.get_or_create(
        caller_id=caller, rule=rule, day=day, defaults={"times": times}
    )
    if not created and finding.reviewed_at is None and finding.times != times:
        Finding.objects.filter(pk=finding.pk).update(times=times)
    return created


_NOTE = """
    insert into eligibility_finding as known (caller_id, rule, day, times, asked_at, outcome)
    values (%(caller)s, %(rule)s, %(day)s, 1, array[%(at)s], '')
    on conflict (caller_id, day, rule) do update
        set times = known.times + 1, asked_at = (known.asked_at || excluded.asked_at)[:%(kept)s]
"""


def _note(caller: int, rule: Finding.Rule, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {"caller": caller, "rule": rule, "day": at.date(), "at": at, "kept": _TIMES_KEPT},
        )


def _behind(actor: Actor) -> set[int]:
    """The rows in the index of the professional who stands at the counter, or for whom the software asks: who has
    a name and a birth date that registers told of them. No account tells: people have two, with nothing in common."""
    rows = duplicates.rows_of(Kind.PRACTITIONER, actor.practitioner or 0)
    told = [state_on(said, date.max) for said in histories(Kind.PRACTITIONER, rows).values()]
    names = {(said["family"], said.get("given", "")) for said in told if "family" in said}
    born = {said["birth_date"] for said in told if "birth_date" in said}
    people = {
        person
        for (family, given), day in product(names, born)
        for person in people_called(family=family, given=given, birth_date=date.fromisoformat(day))
    }
    return {row for human in humans(people).values() for row in human.all}


def _lives_with(own: set[int], persons: tuple[int, ...]) -> bool:
    with rows_of([*own, *persons]):
        homes = Residence.objects.filter(until=None).exclude(line="")
        lives = homes.values_list("country", "postal_code", "line")
        ours, theirs = lives.filter(person__in=own), lives.filter(person__in=persons)
        return not set(ours).isdisjoint(theirs)
