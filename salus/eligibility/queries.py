"""What the decision stands on: periods of cover from the register, licences from the directory; who may ask."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from salus.access.decision import Purpose
from salus.access.permissions import may
from salus.accounts.models import Client
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.country import country
from salus.country.identifiers import spelled
from salus.directory.history import licensing
from salus.directory.models import Organization
from salus.directory.queries import roles_held
from salus.directory.rules import History, spans, state_on, value_about
from salus.eligibility.models import Administrator, Affiliation, Caller, Delivery, Finding, Usage
from salus.eligibility.permissions import CHECKS
from salus.eligibility.rules import (
    Licence,
    Period,
    Reason,
    Registration,
    Standing,
    Verdict,
    affiliation,
    prescribing,
)
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound
from salus.kernel.prepared import preparing_cursor
from salus.kernel.rows import PERSONS, Answers, Beside
from salus.kernel.scopes import Interaction, read_scopes
from salus.mpi.identities import (
    patient_is,
    rows_of_human,
    rows_of_humans,
    rows_of_identified,
)
from salus.mpi.queries import people_called

Seen = TypeVar("Seen")


@dataclass(frozen=True, kw_only=True)
class Insured:
    """Somebody with the periods that the register has for any of their rows in the index."""

    persons: tuple[int, ...]  # of the one human being, the root first; none: not known
    periods: tuple[Period, ...]
    heard: datetime | None  # as `heard`
    is_watched: bool  # WatchedPerson

    def verdict(self, *, day: date, at: datetime) -> Verdict:
        return affiliation(
            self.periods, day=day, at=at, heard=self.heard, rules=country().ELIGIBILITY
        )


@contextmanager
def insured(system: str, value: str) -> Iterator[Insured]:
    """The person with this identifier, in whose rows the transaction then is. Nobody known is nobody insured."""
    with insured_and(system, value, beside=Beside()) as (person, _):
        yield person


@contextmanager
def insured_and(system: str, value: str, *, beside: Beside) -> Iterator[tuple[Insured, Answers]]:
    """The same, and what is read ``beside``: both in one round trip."""
    identifier = (system, spelled(system, value))
    with rows_of_identified(*identifier, ask=_COVER, beside=beside) as (human, said, done):
        yield _insured(human.all if human else (), said), done


@contextmanager
def insured_called(family: str, given: str, birth_date: date) -> Iterator[tuple[Insured, bool]]:
    """The only person of this name and birth date, as `insured`; and whether there are several: then it is none."""
    found = people_called(family=family, given=given, birth_date=birth_date)
    with rows_of_humans(found[:1] if len(found) == 1 else ()) as humans:
        with preparing_cursor() as cursor:
            cursor.execute(f"select {_COVER}")
            said = cursor.fetchone()
        yield _insured(humans[0].all if humans else (), said), len(found) > 1


# Of the rows in force: periods, until when the register was heard, and whether somebody is watched.
_COVER = f"""
    array(select array[since, until] from eligibility_affiliation
        where person_id = any ({PERSONS}) and not withdrawn),
    (select max(as_of) from eligibility_delivery where applied_at is not null),
    exists (select from eligibility_watchedperson where person_id = any ({PERSONS}) and until is null)
"""  # noqa: S608  # its parts are ours


def _insured(persons: tuple[int, ...], said: Answers) -> Insured:
    periods, until, is_watched = said
    return Insured(
        persons=persons,
        periods=tuple(Period(since=since, until=until) for since, until in periods),
        heard=until,
        is_watched=is_watched,
    )


def see_affiliations(
    *,
    actor: Actor,
    person: int,
    at: datetime,
    see: Callable[[QuerySet[Affiliation]], Seen],
    request_id: UUID | None = None,
) -> Seen:
    """What ``see`` makes of a patient's own periods, or those of somebody for whom the patient may act.

    The newest first. It is no part of the shared record, so closing that closes nothing here. Raises NotFound.
    """
    with rows_of_human(person) as human:
        is_patient = actor.role is Role.PATIENT
        permit = is_patient and may(actor=actor, human=human, at=at, purpose=Purpose.READ)
        rows = Affiliation.objects.filter(person__in=human.all, withdrawn=False)
        rows = rows.order_by("-since", "-until", "pk")
        seen = [see(rows.annotate(**patient_is(human)))] if permit else []
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=human.root,
            persons=human.others,
            denied=not permit,
            request_id=request_id,
        )
    if not seen:
        raise NotFound("no coverage that you can open")
    return seen[0]


def heard() -> datetime | None:
    """Until when the register has told all that it knew."""
    told = Delivery.objects.filter(applied_at__isnull=False).aggregate(Max("as_of"))
    newest: datetime | None = told["as_of__max"]
    return newest


@dataclass(frozen=True, kw_only=True)
class Prescriber:
    """A professional with what the directory says of each of their rows and its licences, as `licensing` has it."""

    practitioner: int | None  # the row who answers for all of theirs; None: nobody is known
    entries: Sequence[tuple[History, Sequence[History]]]

    def verdict(self, product: str, *, day: date) -> Verdict:
        """Of an ATC code, or its beginning, on the day; a suspension with its end, where that is known."""
        said = self._said(product, day)
        if said.reason is not Reason.SUSPENDED:
            return said
        others = (
            one
            for one in self._days_of_change()
            if one > day and self._said(product, one).reason is not Reason.SUSPENDED
        )
        return replace(said, suspended_until=next(others, None))

    def _registrations(self, day: date) -> tuple[Registration, ...]:
        return tuple(
            Registration(
                profession=value_about(said, "profession", day) or "",
                standing=_standing(said, day),
                licences=tuple(_licence(each, day) for each in licences),
            )
            for said, licences in self.entries
        )

    def _said(self, product: str, day: date) -> Verdict:
        return prescribing(
            self._registrations(day),
            product=product,
            own_country=country().CODE,
            rules=country().ELIGIBILITY,
        )

    def _days_of_change(self) -> list[date]:
        """Between two of which nothing that is said begins or ends."""
        histories = [one for said, licences in self.entries for one in (said, *licences)]
        edges = {
            edge for history in histories for one in history for edge in (one.since, one.until)
        }
        return sorted(edge for edge in edges if edge)


def prescriber(system: str, value: str) -> Prescriber:
    """In one query. Any row's identifier names them; a licence is of whom the directory names today."""
    root, entries = licensing(system, value)
    return Prescriber(practitioner=root, entries=entries)


def counters_of(actor: Actor, *, at: datetime) -> list[Organization]:
    """The registered counters of organisations where the professional works today, by name."""
    works = roles_held(at.date()).filter(practitioner=actor.practitioner)
    at_work = works.values_list("organization", flat=True)
    callers = Caller.objects.filter(
        organization__in=list(at_work),
        client=None,
        ended_at=None,
        organization__deregistered_at=None,
    ).select_related("organization")
    return sorted({caller.organization for caller in callers}, key=lambda one: one.name)


def callers_of(organization: int) -> list[Caller]:
    """Who may ask for it now: its own counter first, then software by name."""
    rows = Caller.objects.filter(organization=organization, ended_at=None)
    return sorted(
        rows.select_related("client"),
        key=lambda row: (bool(row.client), row.client and row.client.name),
    )


def administered_by(actor: Actor) -> list[Organization]:
    """The organisations whose rights, quotas and use this account may see, by name."""
    rows = Administrator.objects.filter(account=actor.account, until=None)
    return sorted(
        (row.organization for row in rows.select_related("organization")), key=lambda one: one.name
    )


def administrators_of(organization: int) -> list[Administrator]:
    rows = Administrator.objects.filter(organization=organization, until=None)
    return list(rows.select_related("account").order_by("since", "pk"))


def findings_of(callers: Sequence[int], *, since: date) -> list[Finding]:
    """What looked like misuse from the day on, the newest first; what nobody has looked at yet, of any day."""
    shown = Q(day__gte=since) | Q(reviewed_at=None)
    rows = Finding.objects.filter(shown, caller__in=callers)
    return list(rows.order_by("-day", "rule", "pk"))


def open_findings() -> dict[int, int]:
    """Organisation -> of how much nobody at the agency has looked at yet, where there is some."""
    rows = Finding.objects.filter(reviewed_at=None).values_list("caller__organization")
    return dict(rows.annotate(Count("pk")))


def use_of(callers: Sequence[int], *, until: date, days: int) -> list[Usage]:
    """What these callers asked on each of so many days that end with this one, the newest first."""
    since = until - timedelta(days=days - 1)
    rows = Usage.objects.filter(caller__in=callers, day__range=(since, until))
    return list(rows.order_by("-day", "caller"))


def use_on(caller: int, day: date) -> Usage:
    """The same of one caller and day, on which perhaps nothing was asked."""
    days = use_of([caller], until=day, days=1)
    return days[0] if days else Usage(asked=0)


def organizations_asking() -> list[Organization]:
    """Those with a caller now, by name."""
    callers = Caller.objects.filter(ended_at=None)
    return list(
        Organization.objects.filter(pk__in=callers.values("organization")).order_by("name", "pk")
    )


def askable_software(organization: int) -> list[Client]:
    """The organisation's connected software that may ask to be a caller, by name."""
    rows = Client.objects.filter(
        clientorganization__organization=organization, approved_at__isnull=False, ended_at=None
    )
    return sorted(
        (
            row
            for row in rows
            if read_scopes(row.scope.split()).allowing(Interaction.CREATE, CHECKS)
        ),
        key=lambda row: row.name,
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
