"""Whose data a search is about. A record is opened one person at a time; nobody walks through all."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace

from salus.fhir.criteria import Coded, Criterion, Named, Value
from salus.fhir.datatypes import row_number
from salus.fhir.identities import asked_for
from salus.fhir.references import Find
from salus.fhir.resource import Page, Search
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import InvalidInput, NotFound

_PARAMETERS = ("patient", "subject", "beneficiary")


@dataclass(frozen=True, kw_only=True)
class _Subject:
    person: int | None  # None: the search names nobody
    rest: Search  # without the criteria that named the person


def page_of_one_record(
    search: Search,
    *,
    actor: Actor,
    find: Find,
    see: Callable[[int, Search], Page],
    whose: Callable[[Collection[int], Collection[str]], Collection[int]],
    one_of_each: Callable[[Collection[int]], Collection[int]],
    what: str,
) -> Page:
    """Of one patient: who is named, or whose the rows of these ids are, or else the patient who asks or is in context.

    ``see`` answers for a person, ``whose`` are rows by number and by identity, ``one_of_each`` leaves one of those
    persons who are the same human being. Raises NotFound without a right to the
    record; software in its own name finds nothing then: it may know whether it filed there, and not why not.
    """
    try:
        subject = _subject_of(search, find=find, one_of_each=one_of_each)
        rows, identities = _rows_named(subject.rest), _named_as(subject.rest)
        person = subject.person
        if person is None and (rows or identities):
            persons = one_of_each(whose(rows, identities))
            if len(persons) > 1:
                raise InvalidInput(f"ask for the {what} of one patient at a time")
            return _if_any(persons, subject.rest, see)
        person = person or actor.patient or actor.person
        if person is None:
            raise InvalidInput(
                f"say whose {what}: by patient, patient.identifier, _id or identifier"
            )
        return see(person, subject.rest)
    except NotFound:
        if actor.role is not Role.SOFTWARE:
            raise
        return _NOTHING


_NOTHING = Page(matches=[], total=0)


def _if_any(persons: Collection[int], search: Search, see: Callable[[int, Search], Page]) -> Page:
    """Rows that are nobody's, and those that are not for this actor, are not found."""
    for person in persons:
        with suppress(NotFound):
            return see(person, search)
    return _NOTHING


def _subject_of(
    search: Search, *, find: Find, one_of_each: Callable[[Collection[int]], Collection[int]]
) -> _Subject:
    """By ``patient``, ``subject``, ``beneficiary`` or their chain to an identifier.

    Raises NotFound for one who is not known. Unknown and forbidden look alike, so a service says of a person without
    a right what is said here.
    """
    naming = [one for one in search.criteria if one.name in _PARAMETERS]
    persons = one_of_each({one for criterion in naming for one in _persons(criterion, find)})
    if len(persons) > 1:
        raise InvalidInput("ask for one patient at a time")
    if naming and not persons:
        raise NotFound("no record that you can open")
    others = tuple(one for one in search.criteria if one.name not in _PARAMETERS)
    return _Subject(person=next(iter(persons), None), rest=replace(search, criteria=others))


def _rows_named(search: Search) -> list[int]:
    """The rows that ``_id`` names."""
    asked = (value for criterion in search.of("_id") for value in criterion.values)
    numbers = (row_number(one.code or "") for one in asked if isinstance(one, Coded))
    return [number for number in numbers if number]


def _named_as(search: Search) -> list[str]:
    """The identities that ``identifier`` asks for in full (salus.fhir.identities)."""
    asked = (value for criterion in search.of("identifier") for value in criterion.values)
    return [text for text in map(asked_for, asked) if text]


def _persons(criterion: Criterion, find: Find) -> list[int]:
    if criterion.missing is not None or (criterion.chain and criterion.chain.name != "identifier"):
        raise InvalidInput(f"{criterion.name}: name the patient, by id or by identifier")
    values = criterion.chain.values if criterion.chain else criterion.values
    persons = (_person(value, find) for value in values)
    return [person for person in persons if person]


def _person(value: Value, find: Find) -> int | None:
    match value:
        case Coded(system=str(system), code=str(code)):
            return find(system, code)
        case Named(type="" | "Patient", id=id):
            return row_number(id) or None
    return None
