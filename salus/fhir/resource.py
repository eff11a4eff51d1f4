"""What a domain offers of a resource type to the REST edge; config lists whose are served (config/urls.py)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from salus.fhir.criteria import Criterion, Fact, Modifier, ParameterType
from salus.fhir.element import Element
from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.errors import NotFound
from salus.kernel.scopes import Interaction

Body = dict[str, Any]  # a resource as JSON


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request on its way to a domain."""

    actor: Actor | None  # None: the public, for resources that are public
    at: datetime
    request_id: UUID  # of the client, so that a retry counts once
    base: str  # https://host/fhir
    repeatable: bool = True  # the client said the id: it may ask again with it
    in_address: frozenset[str] = frozenset()  # names of parameters that stand where logs keep them

    @property
    def asker(self) -> Actor:
        """Of a type that is not public: the edge lets nobody reach one without a token."""
        if self.actor is None:
            raise NotFound("nothing that you can open")
        return self.actor


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of one resource: complete, with id and what ``meta`` must say of it."""

    body: Body
    deleted: bool = False  # the resource ended with it: then the body has no more than these

    @property
    def type(self) -> str:
        return str(self.body["resourceType"])

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def version(self) -> str:
        return str(self.body["meta"]["versionId"])

    @property
    def updated(self) -> datetime | None:
        """None: not known, of what is computed from the program itself."""
        at = self.body["meta"].get("lastUpdated")
        return datetime.fromisoformat(at) if at else None


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A search parameter, and its meaning twice: plain over a rendered resource, and as SQL over the domain's rows."""

    type: ParameterType
    definition: str  # canonical URL of the standard's SearchParameter
    documentation: str
    facts: Callable[[Body], Collection[Fact]]
    condition: Callable[[Criterion], Q] | None = None  # None: of resources in memory
    modifiers: frozenset[Modifier] = (
        frozenset()
    )  # :missing, and :[type] of a reference, go without saying
    sort: tuple[str, ...] = ()  # what _sort by it goes by: columns of the rows; () cannot
    targets: tuple[str, ...] = ()  # of a reference: the types that it may lead to
    # Of a reference: what to ask of these rows so that the target, of such a type, meets a criterion of its own.
    chains: Mapping[str, Callable[[Criterion], Q]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sort:
    name: str  # of the parameter
    descending: bool = False


@dataclass(frozen=True, kw_only=True)
class Position:
    """Between two resources of a result: after (or before) the one that has these sort keys. They are personal data."""

    keys: tuple[Any, ...]  # texts, numbers, booleans, None: as JSON has them
    backwards: bool = False  # the page ends here, rather than begins


@dataclass(frozen=True, kw_only=True)
class Include:
    """``_include=Type:parameter:target``, and ``_revinclude``; ``target`` '' is any."""

    type: str  # that has the reference
    parameter: str
    target: str = ""
    reverse: bool = False
    iterate: bool = False


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search as it was understood."""

    type: str
    criteria: tuple[Criterion, ...] = ()  # all of them must be met
    # By the scopes of the token: all criteria of one of these must be met too; () restricts nothing.
    within: tuple[tuple[Criterion, ...], ...] = ()
    sort: tuple[Sort, ...] = ()  # (): the domain's own order
    count: int  # of matches on a page; 0: only the total is wanted
    total: bool = False  # is wanted, even where it costs
    position: Position | None = None  # None: the first page
    includes: tuple[Include, ...] = ()

    def of(self, name: str) -> tuple[Criterion, ...]:
        """The criteria by this parameter."""
        return tuple(criterion for criterion in self.criteria if criterion.name == name)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a domain answers to a search."""

    matches: Sequence[Version]
    next: Position | None = None
    previous: Position | None = None
    total: int | None = None  # of all pages; None: not counted


@dataclass(frozen=True, kw_only=True)
class Since:
    """The history of a type, as it was asked for."""

    since: datetime | None  # None: from the beginning
    count: int
    position: Position | None = None


def not_read(_call: Call, _id: str) -> Version:
    """Of a type that is asked about alone, such as CoverageEligibilityRequest."""
    raise NotFound("there is no such interaction")


def not_searched(_call: Call, _search: Search) -> Page:
    """Of a type that is read alone, such as Binary."""
    raise NotFound("there is no such interaction")


@dataclass(frozen=True, kw_only=True)
class Input:
    """A parameter that an operation takes."""

    name: str
    types: tuple[str, ...]  # that of its definition, and others in which clients send it
    least: int = 0
    many: bool = False


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What an operation was asked with: texts, numbers, booleans, and Elements of all other types."""

    values: Mapping[str, Sequence[Any]]
    id: str = ""  # of the resource, of an operation on one

    def all(self, name: str) -> Sequence[Any]:
        return self.values.get(name, ())

    def one(self, name: str, default: Any = None) -> Any:
        return next(iter(self.all(name)), default)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """``$code`` at the base, on a type or on one resource: https://hl7.org/fhir/R4/operations.html"""

    code: str
    definition: str  # canonical URL of the standard's OperationDefinition
    documentation: str
    inputs: tuple[Input, ...]
    perform: Callable[[Call, Arguments], Body]
    needs: tuple[Interaction, ...]  # a scope of the type must permit all of these
    of: str = ""  # that type, of an operation at the base
    on_type: bool = False
    on_resource: bool = False
    changes: bool = False  # what is there; then it is asked by POST alone


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A type that is served. A domain decides about rows and people, and records one event per answer."""

    type: str
    parameters: Mapping[str, Parameter]
    read: Callable[[Call, str], Version] = not_read  # raises NotFound
    search: Callable[[Call, Search], Page] = not_searched
    # Those of the ids that there are, and that may be seen: how _include gets them. None: never included.
    fetch: Callable[[Call, Collection[str]], Sequence[Version]] | None = None
    # ``_has:Type:reference:...``: what to ask of these rows so that such a resource, which refers to them, meets
    # a criterion of its own; by type and reference parameter.
    has: Mapping[tuple[str, str], Callable[[Criterion], Q]] = field(default_factory=dict)
    history: Callable[[Call, str], Sequence[Version]] | None = None  # newest first; raises NotFound
    # Versions of all resources of the type since an instant: where whoever may search may know of all.
    changes: Callable[[Call, Since], Page] | None = None  # newest first
    create: Callable[[Call, Element], Version] | None = None
    # The version of If-Match, or None; raises Conflict when it is not the newest any more.
    update: Callable[[Call, str, Element, str | None], Version] | None = None
    delete: Callable[[Call, str], None] | None = None  # raises NotFound
    # What a condition of a write finds, where that is not what a search shows.
    condition: Callable[[Call, Search], Page] | None = None
    operations: Sequence[Operation] = ()
    public: bool = False  # answered without a token
    purposes: frozenset[PurposeOfUse] = (
        frozenset()
    )  # one of them must be stated; empty: none needs to be

    @property
    def is_read(self) -> bool:
        return self.read is not not_read

    @property
    def is_searched(self) -> bool:
        return self.search is not not_searched


Served = Mapping[str, Resource]  # by type
