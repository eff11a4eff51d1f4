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
from salus.kernel.rows import Scope, finding_in
from salus.kernel.search_key import search_key
from salus.mpi.golden import Human, humans_in_view, people
from salus.mpi.identities import Identities, one_of_each, rows_of_human, rows_of_humans
from salus.mpi.models import FormerName, Person, PersonIdentifier

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
    """People who fit by what any of their identities says, by name, at most SHOWN_AT_MOST.

    An index request in the sense of the report.
    """
    if actor.role is Role.PATIENT:
        raise NotFound("patients do not search the index")
    matching = _matching(criteria, at).order_by(*_BY_NAME)[:SHOWN_AT_MOST]
    with finding_in(Scope.INDEX):  # who is meant is the question
        ids = list(matching.values_list("id", flat=True))
    with rows_of_humans(ids) as found:
        shown = [_summary(human) for human in humans_in_view(found).values()]
        _record(EventKind.INDEX_REQUEST, actor, found, at=at, request_id=request_id)
    return sorted(shown, key=_by_name)


def person_summary(person: int) -> PersonSummary:
    """One human being's demographics, for a caller that has the right to them already."""
    with rows_of_human(person) as human:
        shown = humans_in_view([human])
    if not shown:
        raise NotFound("no such person")
    return _summary(shown[human.root])


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


def people_called(*, family: str, given: str, birth_date: date) -> list[int]:
    """One row of each human being born on the day who is, or was, called so; the given name may be its beginning.

    For a caller who leaves the event of the answer. Accents and case do not matter.
    """
    family, given = search_key(family), search_key(given)
    with finding_in(Scope.INDEX):  # who is meant is the question
        born = Person.objects.filter(birth_date=birth_date)
        names = born.values_list("pk", "family_key", "birth_family", "given_key")
        named = {
            pk
            for pk, key, birth_family, given_key in names
            if family in (key, search_key(birth_family)) and given_key.startswith(given)
        }
        former = FormerName.objects.filter(family_key=family).values_list("person", "given_key")
        once = [person for person, given_key in former if given_key.startswith(given)]
        named.update(born.filter(pk__in=once).values_list("pk", flat=True))
    return sorted(one_of_each(named))


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
            _record_seen(actor, [human], at=at, request_id=request_id)
            return list(found.values_list("system", "value"))


def people_found(
    *,
    actor: Actor,
    fit: Callable[[QuerySet[Person], int], Sequence[Person]],
    page: Callable[[QuerySet[Person]], Found[Person]],
    assisted: Collection[int],
    at: datetime,
    request_id: UUID,
) -> tuple[Found[Person], list[Human]]:
    """One page of the people of whom any identity fits, and these with all that is shown of them.

    ``fit`` narrows the whole index, at most so many, or those whose data a patient may see (own, ``assisted``);
    ``page`` then chooses among the rows of their roots, all of whom fit. Raises InvalidInput when more than
    SHOWN_AT_MOST fit: say more of whom you mean.
    """
    bounds = _bounds(actor, assisted)
    if bounds is None:
        with finding_in(Scope.INDEX):  # who is meant is the question
            ids = {row.pk for row in fit(Person.objects.all(), SHOWN_AT_MOST + 1)}
        if len(ids) > SHOWN_AT_MOST:
            raise InvalidInput(f"more than {SHOWN_AT_MOST} people fit: say more of whom you mean")
    else:
        with rows_of_humans(bounds) as theirs:
            own = Person.objects.filter(pk__in=[one for human in theirs for one in human.all])
            ids = {row.pk for row in fit(own, SHOWN_AT_MOST)}
    with rows_of_humans(ids) as those:
        found = page(people().filter(pk__in=[human.root for human in those]))
        by_root = {human.root: human for human in those}
        seen = [by_root[row.pk] for row in found.rows]
        shown = humans_in_view(seen, roots=found.rows)
        _record_seen(actor, seen, at=at, request_id=request_id)
    return found, [shown[human.root] for human in seen]


def people_meant(
    *, actor: Actor, find: Callable[[], Sequence[int]], at: datetime, request_id: UUID
) -> list[Human]:
    """The human beings whom ``find`` finds in the whole index, in its order, with all that is shown of them."""
    with finding_in(Scope.INDEX):  # who is meant is the question
        roots = find()
    with rows_of_humans(roots) as found:
        by_root = {human.root: human for human in found}
        _record_seen(actor, [by_root[root] for root in roots], at=at, request_id=request_id)
        shown = humans_in_view(found)
    return [shown[root] for root in roots]


def person_read(
    *,
    actor: Actor,
    person: int,
    assisted: Collection[int],
    at: datetime,
    request_id: UUID,
    history: bool = False,
) -> Human:
    """The human being whose row this is, with all that is shown; with the ``history`` earlier versions too.

    Raises NotFound.
    """
    bounds = _bounds(actor, assisted)
    with rows_of_human(person) as human:
        permit = bounds is None or not bounds.isdisjoint(human.all)
        rows = people().prefetch_related("versions") if history else people()
        shown = humans_in_view([human], rows=rows) if permit else {}
        if shown or not permit:
            _record_seen(actor, [human], at=at, request_id=request_id, denied=not permit)
    if not shown:
        raise NotFound("no such person")
    return shown[human.root]


def people_among(
    *, actor: Actor, persons: Collection[int], assisted: Collection[int]
) -> list[Human]:
    """Those of the persons whom the actor may see, for an answer whose event names them already."""
    bounds = _bounds(actor, assisted)
    with rows_of_humans(persons) as found:
        seen = [one for one in found if bounds is None or not bounds.isdisjoint(one.all)]
        return list(humans_in_view(seen).values())


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
    actor: Actor,
    seen: Sequence[Identities],
    *,
    at: datetime,
    request_id: UUID,
    denied: bool = False,
) -> None:
    """An index request in the sense of the report, unless patients look at what is theirs."""
    own = actor.role is Role.PATIENT
    if own and not seen:
        return
    kind = EventKind.RECORD_VIEWED if own else EventKind.INDEX_REQUEST
    _record(kind, actor, seen, at=at, request_id=request_id, denied=denied)


def _record(
    kind: EventKind,
    actor: Actor,
    seen: Sequence[Identities],
    *,
    at: datetime,
    request_id: UUID | None,
    denied: bool = False,
) -> None:
    """For each identity of whom was shown: the one whom it shows may be parted from the others some day."""
    one = seen[0] if len(seen) == 1 else None
    record(
        actor=actor,
        kind=kind,
        at=at,
        person=one.root if one else None,
        persons=one.others if one else [identity for human in seen for identity in human.all],
        denied=denied,
        request_id=request_id,
    )


def _matching(criteria: Criteria, at: datetime) -> QuerySet[Person]:
    rows = Person.objects.all()
    if criteria.matricule:
        return rows.filter(
            identifiers__system=country().MATRICULE_SYSTEM,
            identifiers__value=country().check_matricule(criteria.matricule, today=at.date()),
        )
    family, given = search_key(criteria.family), search_key(criteria.given)
    if not family and not criteria.birth_date:
        raise InvalidInput("search by matricule, by family name, or by birth date")
    if criteria.birth_date:
        rows = rows.filter(birth_date=criteria.birth_date)
    if family:
        rows = rows.filter(family_key__gte=family, family_key__lt=family + "~")
    if given:
        rows = rows.filter(given_key__gte=given, given_key__lt=given + "~")
    return rows


def _summary(human: Human) -> PersonSummary:
    shown = human.golden
    home = shown.home.value
    matricules = (value for system, value in shown.numbers if system == country().MATRICULE_SYSTEM)
    return PersonSummary(
        id=shown.root,
        family=shown.name.value.family,
        given=shown.name.value.given,
        birth_date=shown.birth_date.value,
        gender=shown.gender.value,
        deceased_on=shown.deceased_on.value,
        matricule=next(matricules, ""),
        municipality=home.municipality if home else "",
        country=home.country if home else "",
    )


def _by_name(person: PersonSummary) -> tuple[str, str, int]:
    return search_key(person.family), search_key(person.given), person.id
