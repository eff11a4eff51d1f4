"""Search parameters that several of the directory's types have, and what they ask of rows with duplicates.

A duplicate (`same_as`) is not shown: its root answers to its number, and what leads to it leads to the root.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from salus.directory.fhir.elements import LANGUAGE, organization_types, professions
from salus.directory.fhir.saying import NEW_PATIENTS
from salus.directory.models import Organization, Practitioner
from salus.fhir import conditions, facts
from salus.fhir.conditions import NOTHING, Condition, each, of
from salus.fhir.criteria import Coded, Fact, Modifier, Named, ParameterType, Token, Value
from salus.fhir.datatypes import row_number
from salus.fhir.parameters import DEFINITIONS, by_id, by_last_updated
from salus.fhir.resource import Body, Parameter
from salus.terminology import SNOMED_CT, SPECIALTIES

OURS = "https://salus.example/SearchParameter"
Rows = Callable[[], QuerySet[Any]]
Rooted = type[Practitioner] | type[Organization]


def updated(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With the time of their last change, by which _lastUpdated finds them."""
    found: QuerySet[Any] = rows.annotate(updated=Coalesce("changed_at", "registered_at"))
    return found


def of_every_type(type: str, table: Rooted | None = None) -> dict[str, Parameter]:
    """``table``: of a type that has duplicates."""
    own = conditions.identifiers("system", "value")
    return {
        "_id": by_id(),
        "_lastUpdated": by_last_updated(conditions.instants("updated"), sort=("updated",)),
        "identifier": Parameter(
            type=ParameterType.TOKEN,
            definition=f"{DEFINITIONS}/{type}-identifier",
            documentation="The number that a register gave.",
            facts=facts.tokens("identifier"),
            condition=_of_any(table, own) if table else own,
            modifiers=frozenset({Modifier.NOT}),
            sort=("system", "value"),
        ),
    }


def _of_any(table: Rooted, own: Condition) -> Condition:
    """The number of the row, or of one of its duplicates."""

    def condition(criterion: Any) -> Q:
        asked = criterion.modifier is Modifier.NOT
        known = own(criterion)
        rows = table.objects.filter(~known if asked else known).annotate(root=root_of())
        found = Q(pk__in=rows.values("root"))
        return ~found if asked else found

    return condition


def root_of(column: str = "") -> Coalesce:
    """The row that answers for the one in a column; '' for the row itself."""
    return Coalesce(
        *((f"{column}__same_as_id", f"{column}_id") if column else ("same_as_id", "id"))
    )


def few(column: str, rows: Rows) -> Condition:
    """A text of which these rows have few different ones."""
    return conditions.among_few(
        column, lambda: rows().order_by().values_list(column, flat=True).distinct()
    )


def name(definition: str, key: str = "name_key", original: str = "name") -> Parameter:
    return Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/{definition}",
        documentation="The start of the name, whatever its case and accents.",
        facts=facts.strings("name"),
        condition=conditions.starts(key, original=original),
        modifiers=frozenset({Modifier.EXACT, Modifier.CONTAINS}),
        sort=(key,),
    )


def refers(
    definition: str,
    path: str,
    column: str,
    *,
    type: str,
    documentation: str,
    table: Rooted | None = None,
    chains: Mapping[str, Condition] | None = None,
) -> Parameter:
    """A foreign key; ``table``: to rows that have duplicates."""
    plain = conditions.refers(column, type=type)
    return Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/{definition}",
        documentation=documentation,
        facts=facts.references(path),
        condition=_to_root(column, table, type) if table else plain,
        targets=(type,),
        sort=() if table else (column,),
        chains=chains or {},
    )


def _to_root(column: str, table: Rooted, type: str) -> Condition:
    def ask(value: Value) -> Q:
        number = row_number(value.id) if isinstance(value, Named) else 0
        if not number or value.type not in ("", type):  # type: ignore[union-attr]
            return NOTHING
        those = Q(pk=number, same_as=None) | Q(same_as=number)
        return Q(**{f"{column}__in": table.objects.filter(those).values("pk")})

    return each(ask, missing=Q(**{f"{column}__isnull": True}))


def chained(
    column: str, rows: Rows, parameters: Callable[[], Mapping[str, Parameter]]
) -> Condition:
    """The column leads to one of the rows that meet the criterion at the end of a chain, or to a duplicate of one."""

    def condition(criterion: Any) -> Q:
        met = rows().filter(of(criterion, parameters()))
        same = met.model._default_manager.filter(same_as__in=met.values("pk"))
        return Q(**{f"{column}__in": met.values("pk").union(same.values("pk"))})

    return condition


def has(column: str, rows: Rows, parameters: Callable[[], Mapping[str, Parameter]]) -> Condition:
    """Rows that one refers to that meets the criterion, by itself or by a duplicate."""

    def condition(criterion: Any) -> Q:
        met = rows().filter(of(criterion, parameters())).annotate(root=root_of(column))
        return Q(pk__in=met.values("root"))

    return condition


def active(definition: str, *, status: str = "") -> Parameter:
    """``status``: a column that says it; '' where all that the directory shows is in use."""
    known = Q(**{status: "active"}) if status else conditions.EVERYTHING
    return Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/{definition}",
        documentation="Whether it is in use; who is suspended is shown, and is not.",
        facts=facts.tokens("active"),
        condition=conditions.true_when(known),
        modifiers=frozenset({Modifier.NOT}),
    )


def by_profession(column: str, path: str, definition: str, documentation: str) -> Parameter:
    return Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/{definition}",
        documentation=documentation,
        facts=facts.tokens(path),
        condition=conditions.codes(column, system=SNOMED_CT, names=professions),
        modifiers=frozenset({Modifier.NOT, Modifier.TEXT}),
    )


def by_specialty(column: str, definition: str) -> Parameter:
    def ask(value: Value) -> Q:
        if not isinstance(value, Coded) or value.system not in (None, SNOMED_CT):
            return NOTHING
        known = [one for one, (code, _) in SPECIALTIES.items() if value.code in (None, code)]
        return Q(**{f"{column}__in": known})

    return Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/{definition}",
        documentation="The clinical specialty, by SNOMED CT.",
        facts=facts.tokens("specialty"),
        condition=each(ask, missing=~Q(**{f"{column}__in": list(SPECIALTIES)})),
        modifiers=frozenset({Modifier.NOT}),
    )


def by_organization_type(column: str, definition: str, *, system: str) -> Parameter:
    return Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/{definition}",
        documentation="The kind of organisation.",
        facts=facts.tokens("type"),
        condition=conditions.codes(column, system=system, names=organization_types),
        modifiers=frozenset({Modifier.NOT, Modifier.TEXT}),
    )


def by_language(definition: str) -> Parameter:
    def ask(value: Value) -> Q:
        if not isinstance(value, Coded) or value.system not in (None, LANGUAGE):
            return NOTHING
        return ~Q(languages=[]) if value.code is None else Q(languages__contains=[value.code])

    return Parameter(
        type=ParameterType.TOKEN,
        definition=definition,
        documentation="A language that is spoken, by BCP 47.",
        facts=facts.tokens("communication"),
        condition=each(ask, missing=Q(languages=[])),
        modifiers=frozenset({Modifier.NOT}),
    )


def by_new_patients() -> Parameter:
    def said(body: Body) -> list[Fact]:
        accepting = [
            coding["code"]
            for one in body.get("extension", ())
            if one["url"] == NEW_PATIENTS
            for coding in one["extension"][0]["valueCodeableConcept"]["coding"]
        ]
        return [Token(code=str(code == "newpt").lower()) for code in accepting]

    def ask(value: Value) -> Q:
        if not isinstance(value, Coded) or value.system not in (None, ""):
            return NOTHING
        known = {"true": Q(new_patients=True), "false": Q(new_patients=False)}
        return known.get(value.code or "", NOTHING)

    return Parameter(
        type=ParameterType.TOKEN,
        definition=f"{OURS}/new-patients",
        documentation="Whether new patients are accepted, as far as that is said.",
        facts=said,
        condition=each(ask, missing=Q(new_patients=None)),
        modifiers=frozenset({Modifier.NOT}),
    )
