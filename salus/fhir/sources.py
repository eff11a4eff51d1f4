"""Where resources come from: rows of the database, or a few that the program itself makes.

Both give `Search` pages by position: a page begins after the sort keys of the resource before it, so that what is
written in between moves nothing from one page to another, and the last page costs what the first one does.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from hashlib import sha256
from operator import and_
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Model, Q, QuerySet

from salus.fhir.conditions import EVERYTHING, Has, any_of, of
from salus.fhir.criteria import Criterion
from salus.fhir.resource import (
    Body,
    Call,
    Page,
    Parameter,
    Position,
    Resource,
    Search,
    Version,
)
from salus.kernel.errors import Gone, NotFound
from salus.kernel.signing import canonical

Row = TypeVar("Row", bound=Model)
Parameters = Mapping[str, Parameter]


# Rows of the database


@dataclass(frozen=True, kw_only=True)
class Found(Generic[Row]):
    """The rows of one page, for a domain that has more to do before it can render them."""

    rows: Sequence[Row]
    next: Position | None = None
    previous: Position | None = None
    total: int | None = None

    def page(self, versions: Sequence[Version]) -> Page:
        return Page(matches=versions, next=self.next, previous=self.previous, total=self.total)


def rows(
    queryset: Callable[[Call], QuerySet[Row]],
    *,
    parameters: Parameters,
    order: Sequence[str],
    render: Callable[[Call, Sequence[Row]], Sequence[Version]],
    has: Has | None = None,
) -> Callable[[Call, Search], Page]:
    """`Resource.search` over a queryset that already holds only what the actor may see."""

    def search(call: Call, search: Search) -> Page:
        found = find(search, queryset(call), parameters=parameters, order=order, has=has)
        return found.page(render(call, found.rows))

    return search


def find(
    search: Search,
    queryset: QuerySet[Row],
    *,
    parameters: Parameters,
    order: Sequence[str],
    has: Has | None = None,
) -> Found[Row]:
    """The page of rows that a search asks for: one query, and one more to count where a total is wanted.

    ``order``: columns as in order_by, together unique.
    """
    asked = queryset.filter(_condition(search, parameters, has))
    total = asked.count() if search.total else None
    if search.count == 0:
        return Found(rows=[], total=total)
    position = search.position
    keys = _keys(search, parameters, order)
    if position and position.backwards:
        keys = [_Key(column=key.column, descending=not key.descending) for key in keys]
    if position:
        if len(position.keys) != len(keys):  # of a link that an earlier release gave
            raise Gone("the link to this page has ended: search again")
        asked = asked.filter(_beyond(keys, position.keys, queryset.model))
    asked = asked.order_by(*(key.order for key in keys))
    asked = asked.annotate(**{f"sorted_by_{n}": F(key.column) for n, key in enumerate(keys)})
    page = list(asked[: search.count + 1])
    more = len(page) > search.count
    del page[search.count :]
    if position and position.backwards:
        page.reverse()
        before, after = more, True
    else:
        before, after = position is not None, more
        if not (before or after):
            total = len(page)  # known without counting

    def keys_of(row: Row) -> tuple[Any, ...]:
        return tuple(_plain(getattr(row, f"sorted_by_{n}")) for n in range(len(keys)))

    return Found(
        rows=page,
        next=Position(keys=keys_of(page[-1])) if page and after else None,
        previous=Position(keys=keys_of(page[0]), backwards=True) if page and before else None,
        total=total,
    )


@dataclass(frozen=True, kw_only=True)
class _Key:
    column: str
    descending: bool

    @property
    def order(self) -> str:
        return f"-{self.column}" if self.descending else self.column


def _keys(search: Search, parameters: Parameters, order: Sequence[str]) -> list[_Key]:
    asked = [
        _Key(column=column, descending=sort.descending)
        for sort in search.sort
        for column in parameters[sort.name].sort
    ]
    own = [_Key(column=one.removeprefix("-"), descending=one.startswith("-")) for one in order]
    first: dict[str, _Key] = {}
    for key in asked + own:
        first.setdefault(key.column, key)
    return list(first.values())


def _condition(search: Search, parameters: Parameters, has: Has | None) -> Q:
    def all_of(criteria: Iterable[Criterion]) -> Q:
        return reduce(and_, (of(one, parameters, has) for one in criteria), EVERYTHING)

    asked = all_of(search.criteria)
    return asked & any_of(map(all_of, search.within)) if search.within else asked


def _beyond(keys: Sequence[_Key], values: Sequence[Any], model: type[Model]) -> Q:
    """Rows that come after these sort keys. To the database null is greater than every value."""
    equal, beyond = EVERYTHING, []
    for key, value in zip(keys, values, strict=True):
        beyond.append(equal & _after(key, value, nullable=_is_nullable(model, key.column)))
        equal &= Q(**{key.column: value}) if value is not None else _null(key.column)
    first = keys[0]
    if values[0] is None or (not first.descending and _is_nullable(model, first.column)):
        return any_of(beyond)
    # Says nothing new, but where in an index to begin.
    side = "lte" if first.descending else "gte"
    return Q(**{f"{first.column}__{side}": values[0]}) & any_of(beyond)


def _after(key: _Key, value: Any, *, nullable: bool) -> Q:
    if value is None:
        return ~_null(key.column) if key.descending else any_of(())
    if key.descending:
        return Q(**{f"{key.column}__lt": value})
    after = Q(**{f"{key.column}__gt": value})
    return after | _null(key.column) if nullable else after


def _null(column: str) -> Q:
    return Q(**{f"{column}__isnull": True})


def _is_nullable(model: type[Model], column: str) -> bool:
    try:
        return column != "pk" and bool(getattr(model._meta.get_field(column), "null", False))
    except FieldDoesNotExist:
        return True  # computed


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


# What the program makes


def in_memory(
    type: str,
    *,
    parameters: Parameters,
    ids: Callable[[], Collection[str]],
    render: Callable[[str], Body],
) -> Resource:
    """A type of which there are few, all of them public and in a fixed order."""

    def version(id: str) -> Version:
        return stamped(render(id))

    def read(_call: Call, id: str) -> Version:
        if id not in ids():
            raise NotFound(f"there is no such {type}")
        return version(id)

    def search(_call: Call, search: Search) -> Page:
        met = [one for one in map(version, ids()) if is_met(one.body, search, parameters)]
        for sort in reversed(search.sort):
            met.sort(key=_sorted_by(parameters[sort.name]), reverse=sort.descending)
        return _page(met, search)

    def fetch(_call: Call, wanted: Collection[str]) -> list[Version]:
        return [version(one) for one in ids() if one in wanted]

    return Resource(
        type=type, parameters=parameters, read=read, search=search, fetch=fetch, public=True
    )


def stamped(body: Body) -> Version:
    """A body with a version that changes with whatever it says."""
    digest = sha256(canonical(body)).hexdigest()[:16]
    return Version(body=body | {"meta": {"versionId": digest} | body.get("meta", {})})


def is_met(body: Body, search: Search, parameters: Parameters) -> bool:
    """Whether the resource is among what is searched for: slow, plain, and of no chains."""

    def all_of(criteria: Iterable[Criterion]) -> bool:
        return all(one.is_met_by(parameters[one.name].facts(body)) for one in criteria)

    return all_of(search.criteria) and (not search.within or any(map(all_of, search.within)))


def _sorted_by(parameter: Parameter) -> Callable[[Version], tuple[bool, str]]:
    def key(version: Version) -> tuple[bool, str]:
        facts = sorted(map(str, parameter.facts(version.body)))
        return (not facts, facts[0] if facts else "")

    return key


def _page(met: Sequence[Version], search: Search) -> Page:
    if search.count == 0:
        return Page(matches=[], total=len(met))
    names = [version.id for version in met]
    position = search.position
    if position and position.keys[0] not in names:
        raise Gone("the page that this link led to is no more: search again")
    if position is None:
        start = 0
    elif position.backwards:
        start = max(names.index(position.keys[0]) - search.count, 0)
    else:
        start = names.index(position.keys[0]) + 1
    page = met[start : start + search.count]
    return Page(
        matches=page,
        next=Position(keys=(page[-1].id,)) if start + len(page) < len(met) else None,
        previous=Position(keys=(page[0].id,), backwards=True) if page and start else None,
        total=len(met),
    )
