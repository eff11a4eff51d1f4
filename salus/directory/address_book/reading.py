"""Reading the entries of the address book: those that the directory shows, a page at a time, in the order of names."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from psycopg.errors import QueryCanceled

from salus.directory.address_book import cards
from salus.directory.address_book.conditions import truth
from salus.directory.address_book.filters import Filter
from salus.directory.address_book.tree import Attributes, Branch, name_of
from salus.directory.models import Organization, Practitioner
from salus.directory.queries import practising, registered_organizations
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, SalusError

Entry = tuple[str, Attributes]  # distinguished name
Row = Practitioner | Organization
_ORDER = {
    Branch.PROFESSIONALS: ("family_key", "given_key", "pk"),
    Branch.ORGANIZATIONS: ("name_key", "pk"),
}
_LONGEST = 2_000  # bytes of a cookie


class TookTooLong(SalusError):
    """The time that a search may take was over."""


@dataclass(frozen=True, kw_only=True)
class Position:
    """After which entry a page begins; what a client hands back of it is checked like all that it says."""

    branch: Branch
    keys: tuple[str | int, ...]

    def cookie(self) -> bytes:
        return json.dumps([self.branch, *self.keys]).encode()

    @classmethod
    def of(cls, cookie: bytes) -> "Position":
        """Raises InvalidInput."""
        try:
            name, *keys = json.loads(cookie) if len(cookie) <= _LONGEST else [""]
            branch = Branch(name)
            *texts, number = keys
        except (ValueError, TypeError, RecursionError):
            raise InvalidInput("that is no cookie of this server") from None
        if (
            len(keys) != len(_ORDER[branch])
            or not all(isinstance(text, str) and "\0" not in text for text in texts)
            or type(number) is not int
            or not 0 <= number < 2**63
        ):
            raise InvalidInput("that is no cookie of this server")
        return cls(branch=branch, keys=tuple(keys))


def one(branch: Branch, number: int) -> Entry | None:
    with _within(seconds=5):
        rows = shown(branch).filter(pk=number)
        return next(iter(_entries(branch, list(rows))), None)


def find(
    filter: Filter,
    branches: Sequence[Branch],
    *,
    after: Position | None,
    size: int,
    seconds: float,
) -> tuple[list[Entry], Position | None]:
    """At most ``size`` entries for which the filter is true, and after which one to go on; None: these are all.

    Raises TookTooLong.
    """
    found: list[Entry] = []
    last: Position | None = None
    with _within(seconds=seconds):
        for branch in branches:
            if after and branches.index(branch) < branches.index(after.branch):
                continue
            rows = shown(branch).filter(truth(filter, branch).true).order_by(*_ORDER[branch])
            if after and after.branch is branch:
                rows = rows.filter(_beyond(after))
            page: list[Row] = list(rows[: size - len(found) + 1])
            more = len(page) > size - len(found)
            page = page[: size - len(found)]
            found += _entries(branch, page)
            if page:
                last = _position(branch, page[-1])
            if more:
                return found, last or after
    return found, None


def shown(branch: Branch) -> QuerySet[Any]:
    """Whom the search of the portal can find: of the professionals those who may practise today."""
    if branch is Branch.PROFESSIONALS:
        return practising(now().date()).filter(same_as=None)
    return registered_organizations()


def _entries(branch: Branch, rows: Sequence[Row]) -> list[Entry]:
    people = [row for row in rows if isinstance(row, Practitioner)]
    places = [row for row in rows if isinstance(row, Organization)]
    written = cards.professionals(people) if people else list(map(cards.organization, places))
    return [(name_of(branch, row.pk), card) for row, card in zip(rows, written, strict=True)]


def _position(branch: Branch, row: Row) -> Position:
    return Position(branch=branch, keys=tuple(getattr(row, name) for name in _ORDER[branch]))


def _beyond(after: Position) -> Q:
    """In the order of the names: later in the first of them, or the same there and later in the next."""
    condition, same = Q(), Q()
    for name, key in zip(_ORDER[after.branch], after.keys, strict=True):
        condition |= same & Q(**{f"{name}__gt": key})
        same &= Q(**{name: key})
    return condition


@contextmanager
def _within(*, seconds: float) -> Iterator[None]:
    """A time that the database keeps of each question."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "select set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))]
            )
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLong("the search took too long: ask for less") from error
        raise
