"""How a search comes to golden records (IHE PDQm, ITI-78).

A human being is found when one of the records that are kept of them meets the whole search; what is answered is the
golden record of each. A domain asked for by `identifier=system|` is of the human being: whoever has no number of it
is left out, and so is every number of another domain.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from http import HTTPStatus

from django.db.models import QuerySet

from salus.country.identifiers import spelled
from salus.fhir.criteria import Coded, Criterion, Modifier
from salus.fhir.refusal import Prescribed
from salus.fhir.resource import Search, Version
from salus.fhir.sources import find, is_met
from salus.kernel.errors import InvalidInput
from salus.kernel.rows import rows_of
from salus.mpi.fhir.parameters import PARAMETERS, searched, split
from salus.mpi.fhir.rendering import rendered
from salus.mpi.golden import people as people_in_view
from salus.mpi.identities import humans
from salus.mpi.models import Person, PersonIdentifier
from salus.mpi.queries import systems_known

MOST_SEEN = 500  # records that are looked at, where the database finds by a part of a search alone
Domains = Sequence[frozenset[str]]  # of each, one at least


def domains_asked(search: Search) -> tuple[Domains, Search]:
    """The criteria that filter by domain, and the search without them."""
    filters = [one for one in search.criteria if _is_of_domains(one)]
    domains = [
        frozenset(value.system for value in one.values if isinstance(value, Coded) and value.system)
        for one in filters
    ]
    rest = tuple(one for one in search.criteria if one not in filters)
    return domains, replace(search, criteria=rest)


def _is_of_domains(criterion: Criterion) -> bool:
    return (
        criterion.name == "identifier"
        and criterion.modifier is Modifier.NONE
        and bool(criterion.values)
        and all(
            isinstance(value, Coded) and value.system and value.code is None
            for value in criterion.values
        )
    )


def check_domains(domains: Domains) -> None:
    """https://profiles.ihe.net/ITI/PDQm/ITI-78.html#23784131-expected-actions, case 4"""
    for one in domains:
        if not one <= systems_known(one):
            words = "targetSystem not found"
            raise Prescribed(
                HTTPStatus.NOT_FOUND, code="not-found", words=words, severity="warning"
            )


def records(
    search: Search, people: QuerySet[Person], domains: Domains, most: int
) -> Sequence[Person]:
    """Of these ``people`` the records that meet the search, no more than ``most``."""
    by_rows, seen = split(replace(search, sort=(), position=None, total=False))
    narrowed = bool(seen.criteria or seen.within or domains)
    asked = replace(by_rows, count=MOST_SEEN if narrowed else most)
    found = find(asked, searched(people), parameters=PARAMETERS, order=("id",)).rows
    if narrowed and len(found) == MOST_SEEN:
        raise InvalidInput(f"more than {MOST_SEEN} people fit in part: say more of whom you mean")
    if seen.criteria or seen.within:
        found = _who_meet(seen, [row.pk for row in found])
    if domains:
        found = _of_domains(found, domains)
    return found[:most]


def _who_meet(seen: Search, persons: Collection[int]) -> list[Person]:
    with rows_of(persons):
        whole = people_in_view().filter(pk__in=persons).order_by("pk")
        return [row for row in whole if is_met(rendered(row).body, seen, PARAMETERS)]


def _of_domains(found: Sequence[Person], domains: Domains) -> list[Person]:
    """Of human beings with a number of each: whichever of their records has it."""
    known = humans([row.pk for row in found])
    everybody = {one for human in known.values() for one in human.all}
    numbers = PersonIdentifier.objects.filter(person__in=everybody)
    with rows_of(everybody):
        systems = set(numbers.values_list("person", "system"))
    return [
        row
        for row in found
        if all(
            any((one, system) in systems for one in known[row.pk].all for system in wanted)
            for wanted in domains
        )
    ]


def of_domains(version: Version, domains: Domains) -> Version:
    """The same with the numbers of these domains alone."""
    if not domains:
        return version
    wanted = frozenset[str]().union(*domains)
    numbers = [one for one in version.body.get("identifier", ()) if one.get("system") in wanted]
    return Version(body=version.body | {"identifier": numbers})


def numbers_meant(search: Search) -> Collection[tuple[str, str]] | None:
    """The identifiers that a condition names whole; None when it asks for anything else."""
    if search.within or len(search.criteria) != 1:
        return None
    (criterion,) = search.criteria
    if criterion.name != "identifier" or criterion.modifier is not Modifier.NONE:
        return None
    values = [
        (value.system, spelled(value.system, value.code))
        for value in criterion.values
        if isinstance(value, Coded) and value.system and value.code
    ]
    return values if values and len(values) == len(criterion.values) else None
