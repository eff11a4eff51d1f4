"""Elements that the directory's resources have in common."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import override

from salus.country import country
from salus.fhir import facts
from salus.fhir.conditions import Has, codes, true_when
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.datatypes import row_number
from salus.fhir.resource import Body, Call, Parameter, Resource, Version
from salus.fhir.sources import rows
from salus.kernel.errors import NotFound
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS, SNOMED_CT

Row = TypeVar("Row", bound=Model)


ORGANIZATION_TYPE = f"{country().REPORT.address}/fhir/CodeSystem/organization-type"


@cache
def professions() -> Mapping[str, str]:
    """Names by code, in the default language whatever the client's is: a resource has one content."""
    return _spoken(PROFESSIONS)


@cache
def organization_types() -> Mapping[str, str]:
    return _spoken(ORGANIZATION_TYPES)


def _spoken(names: Mapping[str, Promise | str]) -> dict[str, str]:
    with override(settings.LANGUAGE_CODE):
        return {code: str(name) for code, name in names.items()}


def profession(code: str) -> Body:
    return _concept(SNOMED_CT, code, professions())


def organization_type(code: str) -> Body:
    return _concept(ORGANIZATION_TYPE, code, organization_types())


def _concept(system: str, code: str, names: Mapping[str, str]) -> Body:
    name = names.get(code)
    coding = {"system": system, "code": code} | ({"display": name} if name else {})
    return {"coding": [coding]}


def without_empty(body: Body) -> Body:
    """FHIR has no empty elements."""
    return {name: value for name, value in body.items() if value not in ("", [], {}, None)}


def active(definition: str) -> Parameter:
    """All that the directory shows is active."""
    return Parameter(
        type=ParameterType.TOKEN,
        definition=definition,
        documentation="Whether it is in use: all that the directory shows is.",
        facts=facts.tokens("active"),
        condition=true_when(),
        modifiers=frozenset({Modifier.NOT}),
    )


def coded(
    column: str,
    path: str,
    *,
    system: str,
    names: Callable[[], Mapping[str, str]],
    definition: str,
    documentation: str,
) -> Parameter:
    return Parameter(
        type=ParameterType.TOKEN,
        definition=definition,
        documentation=documentation,
        facts=facts.tokens(path),
        condition=codes(column, system=system, names=names),
        modifiers=frozenset({Modifier.NOT, Modifier.TEXT}),
    )


def served(
    type: str,
    queryset: Callable[[], QuerySet[Row]],
    render: Callable[[Row], Version],
    *,
    parameters: Mapping[str, Parameter],
    order: Sequence[str],
    has: Has | None = None,
) -> Resource:
    """A public type whose rows the directory shows to everybody alike; the id of each is its number."""

    def read(_call: Call, id: str) -> Version:
        found = fetch(_call, [id])
        if not found:
            raise NotFound(f"there is no such {type}")
        return found[0]

    def fetch(_call: Call, ids: Collection[str]) -> list[Version]:
        return list(map(render, queryset().filter(pk__in=map(row_number, ids)).order_by("pk")))

    def of(_call: Call) -> QuerySet[Row]:
        return queryset()

    def rendered(_call: Call, page: Sequence[Row]) -> list[Version]:
        return list(map(render, page))

    return Resource(
        type=type,
        parameters=parameters,
        read=read,
        search=rows(of, parameters=parameters, order=order, render=rendered, has=has),
        fetch=fetch,
        has=has or {},
        public=True,
    )
