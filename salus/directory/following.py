"""Entries that are shown with others: they change with them, though nothing was said of them.

A professional is shown with licences, an organisation with endpoints, a role with the profession, a location with the
kind of its organisation. A duplicate lends its number to its root, and what leads to it leads there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import DateTimeField, F, Func, Q, Value
from django.db.models.functions import Coalesce

from salus.directory.models import (
    Endpoint,
    HealthcareService,
    Kind,
    Location,
    Organization,
    Practitioner,
    PractitionerRole,
)

Table = type[Any]
_LEAD_TO_ORGANIZATIONS = (PractitionerRole, Location, HealthcareService, Endpoint)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A row that was written, and what its columns held before that hold something else now; {}: it is new."""

    row: Any
    before: Mapping[str, Any] = field(default_factory=dict)

    def ends(self, column: str) -> Q:
        """Those that a reference leads to, and led to before."""
        return Q(pk__in={getattr(self.row, column), self.before.get(column)} - {None})


def follow(moved: Mapping[Kind, Iterable[Moved]], *, at: datetime) -> None:
    """Give what is shown with these a new version, unless it has got one at this instant."""
    for table, those in _behind(moved):
        table.objects.filter(
            those, ~Q(changed_at=at), ~Q(registered_at=at), deregistered_at=None
        ).update(version=Coalesce("version", 1) + 1, changed_at=at, changes=_with(at))


def _behind(moved: Mapping[Kind, Iterable[Moved]]) -> Iterator[tuple[Table, Q]]:
    for one in moved.get(Kind.LICENCE, ()):
        yield Practitioner, one.ends("practitioner_id")
    for one in moved.get(Kind.ENDPOINT, ()):
        yield Organization, one.ends("organization_id")
    for one in moved.get(Kind.PRACTITIONER, ()):
        if {"profession", "same_as_id"} & one.before.keys():
            yield PractitionerRole, Q(practitioner=one.row)
        if "same_as_id" in one.before:
            yield Practitioner, one.ends("same_as_id")
    for one in moved.get(Kind.ORGANIZATION, ()):
        if "type" in one.before:
            yield Location, Q(organization=one.row)
        if "same_as_id" in one.before:
            yield Organization, one.ends("same_as_id") | Q(part_of=one.row)
            yield from ((table, Q(organization=one.row)) for table in _LEAD_TO_ORGANIZATIONS)


def _with(at: datetime) -> Func:
    return Func(
        F("changes"),
        Value(at, output_field=DateTimeField()),
        function="array_append",
        output_field=ArrayField(DateTimeField()),
    )
