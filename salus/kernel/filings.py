"""What was filed for people in a time, asked of each domain (as the report asks for indicators).

A domain declares in its ``filings.py`` what it keeps of persons. Who parts two that were taken for one human being
sees by it what was filed in between, and where it stays: with the identity that it was filed for. What turns out to be
the other's is given to them by the domain's own action, where it has one.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol
from uuid import UUID

from django.conf import settings

from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class Filed:
    """One row: no title, no content, since who asks has no right to the record."""

    kind: str  # as registered: documents, vaccinations, rights
    id: int
    person: int  # the identity that it was filed for
    at: datetime


Query = Callable[[Collection[int], datetime, datetime], Sequence[Filed]]


class Give(Protocol):
    """An action: of two who were parted by the end of this link the row ``filed``, which is with ``holder``, is the
    other's. Raises NotFound unless the actor may, Conflict when it was not filed while they were one, or is not with
    the holder any more.
    """

    def __call__(
        self,
        *,
        actor: Actor,
        at: datetime,
        filed: int,
        link: int,
        holder: int,
        request_id: UUID | None,
    ) -> None: ...


_registry: dict[str, Query] = {}
_giving: dict[str, Give] = {}


def filings(kind: str) -> Callable[[Query], Query]:
    """Register a query of what was filed for these persons from ``since`` until before ``until``."""

    def register(query: Query) -> Query:
        if kind in _registry:
            raise ValueError(f"two domains say what {kind} are")
        _registry[kind] = query
        return query

    return register


def giving(kind: str) -> Callable[[Give], Give]:
    """Register how one of what was filed is given to the other of two."""

    def register(give: Give) -> Give:
        if kind in _giving:
            raise ValueError(f"two domains give {kind} away")
        _giving[kind] = give
        return give

    return register


def may_be_given(kind: str) -> bool:
    _see_that_all_are_registered()
    return kind in _giving


def give(
    kind: str,
    *,
    actor: Actor,
    at: datetime,
    filed: int,
    link: int,
    holder: int,
    request_id: UUID | None = None,
) -> None:
    """Errors as of ``Give``; NotFound for what nobody gives away."""
    if not may_be_given(kind):
        raise NotFound("nothing of this kind is given to another")
    _giving[kind](actor=actor, at=at, filed=filed, link=link, holder=holder, request_id=request_id)


def filed_between(persons: Collection[int], since: datetime, until: datetime) -> list[Filed]:
    """Of all domains, the oldest first."""
    _see_that_all_are_registered()
    found = [one for query in _registry.values() for one in query(persons, since, until)]
    return sorted(found, key=lambda one: (one.at, one.kind, one.id))


def _see_that_all_are_registered() -> None:
    for domain in settings.DOMAINS:
        if find_spec(f"{domain}.filings"):
            import_module(f"{domain}.filings")
