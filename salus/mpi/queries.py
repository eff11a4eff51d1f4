"""Reads of the patient index. Each answered request is one event, and counts once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.country import country
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.kernel.search_key import search_key
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
    people = _matching(criteria).order_by(*_BY_NAME)[:SHOWN_AT_MOST]
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


def person_by_matricule(matricule: str, *, family: str) -> int | None:
    """The person who has both; used where someone types the number of a person whom they know.

    The number alone must not do: numbers can be guessed, and would then be told their names.
    """
    known = PersonIdentifier.objects.filter(
        system=country().MATRICULE_SYSTEM,
        value=country().check_matricule(matricule),
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


def _people() -> QuerySet[Person]:
    return Person.objects.prefetch_related("identifiers", "residences")


def _matching(criteria: Criteria) -> QuerySet[Person]:
    people = Person.objects.all()
    if criteria.matricule:
        return people.filter(
            identifiers__system=country().MATRICULE_SYSTEM,
            identifiers__value=country().check_matricule(criteria.matricule),
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
