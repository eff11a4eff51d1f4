"""Reads of the patient index. Each answered request is one event, and counts once."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.country import country
from salus.fhir.sources import Found
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.kernel.search_key import search_key
from salus.mpi.identities import rows_of_human
from salus.mpi.models import Person, PersonIdentifier

SHOWN_AT_MOST = 50
_BY_NAME = ("family_key", "given_key", "id")


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What to search by: the matricule alone, or a name (from its start), a birth date, or both."""

    matricule: str = ""
    family: str = ""
    given: str = ""
    birth_date: date | None = None


@dataclass(frozen=True, kw_only=True)
class PersonSummary:
    id: int
    family: str
    given: str
    birth_date: date
    gender: str
    deceased_on: date | None
    matricule: str  # '' for a person who has none
    municipality: str
    country: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


def search(
    *, actor: Actor, criteria: Criteria, at: datetime, request_id: UUID | None = None
) -> list[PersonSummary]:
    """People who fit, by name, at most SHOWN_AT_MOST; an index request in the sense of the report."""
    if actor.role is Role.PATIENT:
        raise NotFound("patients do not search the index")
    people = _matching(criteria, at).order_by(*_BY_NAME)[:SHOWN_AT_MOST]
    with finding_in(Scope.INDEX):  # who is meant is the question
        ids = list(people.values_list("id", flat=True))
    with rows_of(ids):
        found = [_summary(row) for row in _people().filter(pk__in=ids).order_by(*_BY_NAME)]
        record(
            actor=actor,
            kind=EventKind.INDEX_REQUEST,
            at=at,
            person=ids[0] if len(ids) == 1 else None,
            persons=ids if len(ids) > 1 else None,
            request_id=request_id,
        )
    return found


def person_summary(person: int) -> PersonSummary:
    """One person's demographics, for a caller that has the right to them already."""
    with rows_of([person]):
        row = _people().filter(pk=person).first()
    if row is None:
        raise NotFound("no such person")
    return _summary(row)


def person_by_matricule(matricule: str, *, family: str, at: datetime) -> int | None:
    """The person who has both; used where someone types the number of a person whom they know.

    The number alone must not do: numbers can be guessed, and would then be told their names.
    """
    known = PersonIdentifier.objects.filter(
        system=country().MATRICULE_SYSTEM,
        value=country().check_matricule(matricule, today=at.date()),
        person__family_key=search_key(family),
    )
    with finding_in(Scope.INDEX):  # as above
        return known.values_list("person", flat=True).first()


def person_identified(identifiers: Iterable[tuple[str, str]]) -> int | None:
    """The person known by the first of these identifiers ``(system, value)`` that is known at all."""
    with finding_in(Scope.INDEX):  # a sender knows people by its own numbers
        for system, value in identifiers:
            known = PersonIdentifier.objects.filter(system=system, value=value)
            if person := known.values_list("person", flat=True).first():
                return person
    return None


def owners_of(identifiers: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Identifier ``(system, value)`` -> the person known by it, for those that are known."""
    asked = reduce(
        or_, (Q(system=system, value=value) for system, value in identifiers), Q(pk__in=())
    )
    with finding_in(Scope.INDEX):  # whether they are somebody else's is the question
        known = PersonIdentifier.objects.filter(asked).values_list("system", "value", "person")
        return {(system, value): person for system, value, person in known}


def systems_known(systems: Collection[str]) -> set[str]:
    """Those of which there are identifiers here: the nation's, and each of which somebody was told to us."""
    with finding_in(Scope.INDEX):  # whether there are any, and nothing of whom
        return {
            system
            for system in systems
            if system == country().MATRICULE_SYSTEM
            or PersonIdentifier.objects.filter(system=system).exists()
        }


def cross_references(
    *, actor: Actor, identifier: tuple[str, str], at: datetime, request_id: UUID
) -> list[tuple[str, str]] | None:
    """All identifiers ``(system, value)`` of the human being who has this one, it among them (IHE PIX).

    None when nobody has; that too is an answer, and an index request in the sense of the report.
    """
    with transaction.atomic():
        person = person_identified([identifier])
        if person is None:
            _record_seen(actor, [], at=at, request_id=request_id)
            return None
        with rows_of_human(person) as human:
            found = PersonIdentifier.objects.filter(person__in=human.all).order_by("system", "pk")
            _record_seen(actor, [human.root], at=at, request_id=request_id)
            return list(found.values_list("system", "value"))


def people_found(
    *,
    actor: Actor,
    fit: Callable[[QuerySet[Person], int], Sequence[Person]],
    page: Callable[[QuerySet[Person], bool], Found[Person]],
    assisted: Collection[int],
    at: datetime,
    request_id: UUID,
) -> Found[Person]:
    """People with all that is shown of them: one page of those who fit, of whom there may be SHOWN_AT_MOST.

    ``fit`` narrows the whole index, at most so many; ``page`` then chooses among them, and is told that all of them
    fit. A patient finds those alone whose data the actor may see (own, ``assisted``), of whom some may not fit.
    Raises InvalidInput when more fit: say more of whom you mean.
    """
    bounds = _bounds(actor, assisted)
    if bounds is None:
        with finding_in(Scope.INDEX):  # who is meant is the question
            ids = {row.pk for row in fit(Person.objects.all(), SHOWN_AT_MOST + 1)}
        if len(ids) > SHOWN_AT_MOST:
            raise InvalidInput(f"more than {SHOWN_AT_MOST} people fit: say more of whom you mean")
    else:
        ids = bounds
    with rows_of(ids):
        found = page(_whole().filter(pk__in=ids), bounds is None)
        _record_seen(actor, [row.pk for row in found.rows], at=at, request_id=request_id)
    return found


def person_read(
    *,
    actor: Actor,
    person: int,
    assisted: Collection[int],
    at: datetime,
    request_id: UUID,
    history: bool = False,
) -> Person:
    """One person with all that is shown; with the ``history`` earlier versions too. Raises NotFound."""
    bounds = _bounds(actor, assisted)
    permit = bounds is None or person in bounds
    with rows_of([person]):
        people = _whole().prefetch_related("versions") if history else _whole()
        row = people.filter(pk=person).first() if permit else None
        if row or not permit:
            _record_seen(actor, [person], at=at, request_id=request_id, denied=not permit)
    if row is None:
        raise NotFound("no such person")
    return row


def people_among(
    *, actor: Actor, persons: Collection[int], assisted: Collection[int]
) -> list[Person]:
    """Those of the persons whom the actor may see, for an answer whose event names them already."""
    bounds = _bounds(actor, assisted)
    if bounds is not None:
        persons = bounds & set(persons)
    with rows_of(persons):
        return list(_whole().filter(pk__in=persons))


def _bounds(actor: Actor, assisted: Collection[int]) -> set[int] | None:
    """Beyond these persons the actor sees nobody; None: whoever is found in the index.

    An app that was opened for one patient sees that one, and only while its user may.
    """
    launched = set() if actor.patient is None else {actor.patient}
    if actor.role is not Role.PATIENT:
        return launched or None
    own = {actor.person, *assisted} if actor.person else set(assisted)
    return own & launched if launched else own


def _record_seen(
    actor: Actor, persons: Sequence[int], *, at: datetime, request_id: UUID, denied: bool = False
) -> None:
    """An index request in the sense of the report, unless patients look at what is theirs."""
    own = actor.role is Role.PATIENT
    if own and not persons:
        return
    record(
        actor=actor,
        kind=EventKind.RECORD_VIEWED if own else EventKind.INDEX_REQUEST,
        at=at,
        person=persons[0] if len(persons) == 1 else None,
        persons=persons if len(persons) > 1 else None,
        denied=denied,
        request_id=request_id,
    )


def _whole() -> QuerySet[Person]:
    return _people().prefetch_related("former_names")


def _people() -> QuerySet[Person]:
    return Person.objects.prefetch_related("identifiers", "residences")


def _matching(criteria: Criteria, at: datetime) -> QuerySet[Person]:
    people = Person.objects.all()
    if criteria.matricule:
        return people.filter(
            identifiers__system=country().MATRICULE_SYSTEM,
            identifiers__value=country().check_matricule(criteria.matricule, today=at.date()),
        )
    family, given = search_key(criteria.family), search_key(criteria.given)
    if not family and not criteria.birth_date:
        raise InvalidInput("search by matricule, by family name, or by birth date")
    if criteria.birth_date:
        people = people.filter(birth_date=criteria.birth_date)
    if family:
        people = people.filter(family_key__gte=family, family_key__lt=family + "~")
    if given:
        people = people.filter(given_key__gte=given, given_key__lt=given + "~")
    return people


def _summary(person: Person) -> PersonSummary:
    home = next((home for home in person.residences.all() if home.until is None), None)
    system = country().MATRICULE_SYSTEM
    return PersonSummary(
        id=person.pk,
        family=person.family,
        given=person.given,
        birth_date=person.birth_date,
        gender=person.gender,
        deceased_on=person.deceased_on,
        matricule=next((i.value for i in person.identifiers.all() if i.system == system), ""),
        municipality=home.municipality if home else "",
        country=home.country if home else "",
    )
