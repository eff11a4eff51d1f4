"""Criteria as SQL conditions over typed columns, each the same as `Criterion.is_met_by` of what is rendered from them.

Hot columns are compared by =, < and > alone: under row-level security no other operator goes by an index.
None joins a table that could give a row twice: what lies in another table is asked for by a subquery.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.timezone import localtime

from salus.fhir.criteria import Coded, Criterion, Modifier, Named, Prefix, Typed, Value, When
from salus.fhir.datatypes import row_number
from salus.fhir.dates import midnight
from salus.fhir.resource import Parameter
from salus.kernel.errors import InvalidInput
from salus.kernel.month import Month
from salus.kernel.search_key import search_key

Row = TypeVar("Row", bound=Model)
Condition = Callable[[Criterion], Q]
Has = Mapping[tuple[str, str], Condition]  # as of `Resource.has`

NOTHING = Q(pk__in=())
EVERYTHING = ~NOTHING  # an empty Q would vanish where conditions are joined by or


def any_of(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions, NOTHING)


def each(ask: Callable[[Value], Q], *, missing: Q = NOTHING) -> Condition:
    """A row is found when it is by any value; ``missing`` tells which have none."""

    def condition(criterion: Criterion) -> Q:
        if criterion.missing is not None:
            return missing if criterion.missing else ~missing
        found = any_of(map(ask, criterion.values))
        return ~found if criterion.modifier is Modifier.NOT else found

    return condition


def of(criterion: Criterion, parameters: Mapping[str, Parameter], has: Has | None = None) -> Q:
    """What one criterion of a search asks of rows that are found by these parameters."""
    if criterion.chain:
        if criterion.name.startswith("_has:"):
            _, source, reference = criterion.name.split(":")
            return (has or {})[source, reference](criterion.chain)
        return parameters[criterion.name].chains[criterion.of](criterion.chain)
    condition = parameters[criterion.name].condition
    if condition is None:
        raise InvalidInput("is not searched by through a reference", at=f"http.{criterion.name}")
    return condition(criterion)


# Tokens


def ids(column: str = "pk") -> Condition:
    """``_id`` of rows whose id on FHIR is their number."""

    def ask(value: Value) -> Q:
        if isinstance(value, Coded) and value.system in (None, ""):
            return _row(column, value.code)
        return NOTHING

    return each(ask)


def codes(
    column: str,
    *,
    system: str,
    names: Callable[[], Mapping[str, str]] = dict[str, str],
) -> Condition:
    """A column with codes of one system, '' or null for none; by :text among their ``names``."""

    def ask(value: Value) -> Q:
        match value:
            case Coded() if value.system in (None, system):
                return ~_empty(column) if value.code is None else Q(**{column: value.code})
            case str():
                said = search_key(value)
                named = [
                    code for code, name in names().items() if search_key(name).startswith(said)
                ]
                return Q(**{f"{column}__in": named})
        return NOTHING

    return each(ask, missing=_empty(column))


def standing_for(system: str, rows: Callable[[str], Q]) -> Condition:
    """Codes of one system that each stand for rows; every row has one."""

    def ask(value: Value) -> Q:
        if not isinstance(value, Coded) or value.system not in (None, system):
            return NOTHING
        return EVERYTHING if value.code is None else rows(value.code)

    return each(ask)


def identifiers(
    system: str, value: str, *, types: Mapping[str, tuple[str, str]] | None = None
) -> Condition:
    """Two columns of an Identifier; ``types`` is the coding of its type, by system."""

    def ask(asked: Value) -> Q:
        match asked:
            case Coded(system=None):
                return Q(**{value: asked.code})
            case Coded(code=None):
                return Q(**{system: asked.system})
            case Coded():
                return Q(**{system: asked.system, value: asked.code})
            case Typed():
                of_type = [
                    one
                    for one, coding in (types or {}).items()
                    if coding == (asked.system, asked.code)
                ]
                return Q(**{f"{system}__in": of_type, value: asked.value})
        return NOTHING

    return each(ask)


def true_when(condition: Q = EVERYTHING, *, false_when: Q | None = None) -> Condition:
    """A boolean that is true of these rows and false of all others, or of those that are spelled out."""
    known = {"true": condition, "false": ~condition if false_when is None else false_when}

    def ask(value: Value) -> Q:
        if isinstance(value, Coded) and value.system in (None, "") and value.code:
            return known.get(value.code, NOTHING)
        return NOTHING

    return each(ask)


# Strings


def starts(column: str, *, original: str = "", any_word: bool = False) -> Condition:
    """A text by its search key column, from its start; with ``any_word`` also from the start of a later word.

    ``original`` is the column that the key is of, which :exact compares. :contains and ``any_word`` read what is
    found otherwise: they go by no index.
    """

    def condition(criterion: Criterion) -> Q:
        def ask(value: Value) -> Q:
            if not isinstance(value, str):
                return NOTHING
            key = search_key(value)
            if criterion.modifier is Modifier.EXACT:
                whole = Q(**{column: key, original: value})
                return whole | _one_word(original, value) if any_word else whole
            if criterion.modifier is Modifier.CONTAINS:
                return Q(**{f"{column}__contains": key})
            found = Q(**{f"{column}__gte": key, f"{column}__lt": f"{key}~"})
            return found | Q(**{f"{column}__contains": f" {key}"}) if any_word else found

        return each(ask, missing=_empty(original or column))(criterion)

    return condition


def _one_word(column: str, word: str) -> Q:
    return (
        Q(**{f"{column}__startswith": f"{word} "})
        | Q(**{f"{column}__contains": f" {word} "})
        | Q(**{f"{column}__endswith": f" {word}"})
    )


def among_few(column: str, values: Callable[[], Iterable[str]]) -> Condition:
    """A text without a search key of its own, of which the rows have few different ``values``."""

    def ask(value: Value) -> Q:
        said = search_key(value) if isinstance(value, str) else ""
        return Q(**{f"{column}__in": [one for one in values() if search_key(one).startswith(said)]})

    return each(ask, missing=_empty(column))


def either(*conditions: Condition) -> Condition:
    """One parameter over several columns: any of them; missing when all are."""

    def condition(criterion: Criterion) -> Q:
        asked = [one(criterion) for one in conditions]
        if criterion.missing:
            return ~any_of(~one for one in asked)
        return any_of(asked)

    return condition


# References


def refers(column: str, *, type: str) -> Condition:
    """A foreign key to rows of ``type`` whose id on FHIR is their number."""

    def ask(value: Value) -> Q:
        if isinstance(value, Named) and value.type in ("", type):
            return _row(column, value.id)
        return NOTHING

    return each(ask, missing=Q(**{f"{column}__isnull": True}))


def among(
    column: str,
    rows: Callable[[], QuerySet[Row]],
    parameters: Mapping[str, Parameter],
    *,
    key: str = "pk",
) -> Condition:
    """The column is the ``key`` of one of the rows that meet the criterion at the end of a chain."""

    def condition(criterion: Criterion) -> Q:
        return Q(**{f"{column}__in": rows().filter(of(criterion, parameters)).values(key)})

    return condition


# Dates


def instants(column: str) -> Condition:
    """A column of instants, each of which covers its microsecond."""
    return _points(column, floor=lambda at: at, ceiling=lambda at: at)


def days(column: str) -> Condition:
    """A column of days, each from one local midnight to the next."""
    return _points(column, floor=_day, ceiling=_day_from)


def months(column: str) -> Condition:
    """A column of months, each as its first day."""
    return _points(column, floor=_month, ceiling=_month_from)


def days_until(since: str, until: str) -> Condition:
    """Two columns of a Period: its first day, and the day after its last; null where it is open."""

    def ask(value: Value) -> Q:
        if not isinstance(value, When):
            return NOTHING
        start, end = value.span.start, value.span.end
        begins_before_start = Q(**{f"{since}__lt": _day_from(start)}) | _null(since)
        ends_after_end = Q(**{f"{until}__gt": _day(end)}) | _null(until)
        within = Q(**{f"{since}__gte": _day_from(start), f"{until}__lte": _day(end)})
        match value.prefix:
            case Prefix.EQ:
                return within
            case Prefix.NE:
                return begins_before_start | ends_after_end
            case Prefix.GT:
                return ends_after_end
            case Prefix.LT:
                return begins_before_start
            case Prefix.GE:
                return ends_after_end | within
            case Prefix.LE:
                return begins_before_start | within
            case Prefix.SA:
                return Q(**{f"{since}__gte": _day_from(end)})
            case Prefix.EB:
                return Q(**{f"{until}__lte": _day(start)})
            case Prefix.AP:
                begins = Q(**{f"{since}__lt": _day_from(end)}) | _null(since)
                return begins & (Q(**{f"{until}__gt": _day(start)}) | _null(until))

    return each(ask, missing=_null(since) & _null(until))


def _points(
    column: str, *, floor: Callable[[datetime], Any], ceiling: Callable[[datetime], Any]
) -> Condition:
    """A column of spans of equal kind, each named by its start; ``floor`` and ``ceiling`` give the nearest name."""

    def ask(value: Value) -> Q:
        if not isinstance(value, When):
            return NOTHING
        start, end = value.span.start, value.span.end
        from_, below = f"{column}__gte", f"{column}__lt"
        match value.prefix:
            case Prefix.EQ:
                return Q(**{from_: ceiling(start), below: floor(end)})
            case Prefix.NE:
                return Q(**{below: ceiling(start)}) | Q(**{from_: floor(end)})
            case Prefix.GT:
                return Q(**{from_: floor(end)})
            case Prefix.LT:
                return Q(**{below: ceiling(start)})
            case Prefix.GE:
                return Q(**{from_: min(ceiling(start), floor(end))})
            case Prefix.LE:
                return Q(**{below: max(ceiling(start), floor(end))})
            case Prefix.SA:
                return Q(**{from_: ceiling(end)})
            case Prefix.EB:
                return Q(**{below: floor(start)})
            case Prefix.AP:
                return Q(**{from_: floor(start), below: ceiling(end)})

    return each(ask, missing=_null(column))


def _day(at: datetime) -> date:
    return localtime(at).date()


def _day_from(at: datetime) -> date:
    day = _day(at)
    return day if midnight(day) >= at else day + timedelta(days=1)


def _month(at: datetime) -> date:
    return Month.of(_day(at)).first_day


def _month_from(at: datetime) -> date:
    first = _month(at)
    return first if midnight(first) >= at else (Month.of(first) + 1).first_day


def _row(column: str, id: str | None) -> Q:
    number = row_number(id or "")
    return Q(**{column: number}) if number else NOTHING


def _empty(column: str) -> Q:
    return Q(**{column: ""}) | _null(column)


def _null(column: str) -> Q:
    return Q(**{f"{column}__isnull": True})
