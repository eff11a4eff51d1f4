"""Search parameters that every type has, or several."""

from salus.fhir import conditions, facts
from salus.fhir.conditions import Condition
from salus.fhir.criteria import ParameterType
from salus.fhir.resource import Parameter

DEFINITIONS = "http://hl7.org/fhir/SearchParameter"


def by_id(condition: Condition | None = None, *, sort: tuple[str, ...] = ("pk",)) -> Parameter:
    return Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Resource-id",
        documentation="The id of the resource on this server.",
        facts=facts.tokens("id"),
        condition=condition or conditions.ids(),
        sort=sort,
    )


def by_last_updated(condition: Condition, *, sort: tuple[str, ...]) -> Parameter:
    return Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/Resource-lastUpdated",
        documentation="When the resource last changed on this server.",
        facts=facts.times("meta.lastUpdated"),
        condition=condition,
        sort=sort,
    )


def by_url(definition: str) -> Parameter:
    """Of canonical resources in memory."""
    return Parameter(
        type=ParameterType.URI,
        definition=f"{DEFINITIONS}/{definition}",
        documentation="The canonical URL.",
        facts=facts.urls("url"),
    )
