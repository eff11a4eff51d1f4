"""What was filed for people in a time, asked of each domain (as the report asks for indicators).

A domain declares in its ``filings.py`` what it keeps of persons. Who parts two that were taken for one human being
sees by it what was filed in between, and where it stays: with the identity that it was filed for.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Filed:
    """One row: no title, no content, since who asks has no right to the record."""

    kind: str  # as registered: documents, vaccinations, rights
    id: int
    person: int  # the identity that it was filed for
    at: datetime


Query = Callable[[Collection[int], datetime, datetime], Sequence[Filed]]

_registry: dict[str, Query] = {}


def filings(kind: str) -> Callable[[Query], Query]:
    """Register a query of what was filed for these persons from ``since`` until before ``until``."""

    def register(query: Query) -> Query:
        if kind in _registry:
            raise ValueError(f"two domains say what {kind} are")
        _registry[kind] = query
        return query

    return register


def filed_between(persons: Collection[int], since: datetime, until: datetime) -> list[Filed]:
    """Of all domains, the oldest first."""
    for domain in settings.DOMAINS:
        if find_spec(f"{domain}.filings"):
            import_module(f"{domain}.filings")
    found = [one for query in _registry.values() for one in query(persons, since, until)]
    return sorted(found, key=lambda one: (one.at, one.kind, one.id))
