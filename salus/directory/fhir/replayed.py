"""Versions of the directory's resources, and resources as of a day, rendered as the rows of today are."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from salus.directory.fhir.endpoint import endpoint
from salus.directory.fhir.location import location
from salus.directory.fhir.organization import organization
from salus.directory.fhir.practitioner import practitioner
from salus.directory.fhir.role import role
from salus.directory.fhir.service import service
from salus.directory.models import Endpoint, Kind, Licence, Organization, Practitioner
from salus.directory.projecting import TABLES
from salus.directory.replaying import Moment, Past, moments
from salus.fhir.dates import instant
from salus.fhir.resource import Version

_RENDER: Mapping[Kind, Callable[..., Version]] = {
    Kind.PRACTITIONER: practitioner,
    Kind.ORGANIZATION: organization,
    Kind.ROLE: role,
    Kind.LOCATION: location,
    Kind.SERVICE: service,
    Kind.ENDPOINT: endpoint,
}
# What is read of a resource from the entries that it refers to.
_WITH: Mapping[Kind, Mapping[str, Kind]] = {
    Kind.ORGANIZATION: {"part_of": Kind.ORGANIZATION},
    Kind.ROLE: {"practitioner": Kind.PRACTITIONER, "organization": Kind.ORGANIZATION},
    Kind.LOCATION: {"organization": Kind.ORGANIZATION},
    Kind.SERVICE: {"organization": Kind.ORGANIZATION},
    Kind.ENDPOINT: {"organization": Kind.ORGANIZATION},
}


def versions(kind: Kind, moments: Sequence[Moment]) -> list[Version]:
    """As the entry was shown then; where it was not in the directory any more, that it was deleted."""
    replay = _Replay.of(kind, {moment.entry for moment in moments})
    found = []
    for moment in moments:
        row = replay.row(moment.entry, day=moment.day, known=moment.at)
        if row is None:
            found.append(_deleted(kind, moment))
        else:
            row.version, row.changed_at = moment.number, moment.at
            found.append(replay.shown(row, day=moment.day, known=moment.at))
    return found


def last_version(kind: Kind, entry: int) -> Version:
    """What an entry said when it left the directory."""
    moment = moments(kind, entries=[entry], most=1)[0]
    replay = _Replay.of(kind, {entry})
    row = replay.row(entry, day=moment.day, known=moment.at, shown=False)
    row.version, row.changed_at = moment.number, moment.at  # type: ignore[union-attr]
    return replay.shown(row, day=moment.day, known=moment.at)


def as_of(kind: Kind, entry: int, *, day: date, known: datetime) -> Version | None:
    """What was true on the day, as far as it was known at the instant; None: it was not in the directory."""
    replay = _Replay.of(kind, {entry})
    row = replay.row(entry, day=day, known=known)
    return None if row is None else replay.shown(row, day=day, known=known)


def _deleted(kind: Kind, moment: Moment) -> Version:
    meta = {"versionId": str(moment.number), "lastUpdated": instant(moment.at)}
    body = {"resourceType": str(kind), "id": str(moment.entry), "meta": meta}
    return Version(body=body, deleted=True)


@dataclass(frozen=True, kw_only=True)
class _Replay:
    kind: Kind
    past: Past = field(default_factory=Past)
    also: dict[int, list[int]] = field(default_factory=dict)  # duplicates, by root
    parts: dict[int, list[int]] = field(default_factory=dict)  # licences or endpoints, by owner
    today: dict[tuple[Kind, int], Any] = field(default_factory=dict)

    @staticmethod
    def of(kind: Kind, entries: Collection[int]) -> "_Replay":
        replay = _Replay(kind=kind)
        replay.past.learn(kind, entries)
        if kind is Kind.PRACTITIONER:
            replay._learn_parts(Practitioner, entries, Licence, "practitioner", Kind.LICENCE)
        if kind is Kind.ORGANIZATION:
            replay._learn_parts(Organization, entries, Endpoint, "organization", Kind.ENDPOINT)
        everybody = [*entries, *(one for those in replay.also.values() for one in those)]
        for name, other in _WITH.get(kind, {}).items():
            ends = replay.past.named(kind, everybody, name)
            replay.past.learn(other, ends)
            rows = TABLES[other].objects.in_bulk(ends)
            replay.today.update({(other, end): row for end, row in rows.items()})
        return replay

    def _learn_parts(
        self, table: Any, entries: Collection[int], part: Any, owner: str, kind: Kind
    ) -> None:
        same = table.objects.filter(same_as__in=entries).order_by("pk")
        for root, pk in same.values_list("same_as", "pk"):
            self.also.setdefault(root, []).append(pk)
        owners = [*entries, *(one for those in self.also.values() for one in those)]
        self.past.learn(self.kind, owners)
        held = part.objects.filter(**{f"{owner}__in": owners}).order_by("pk")
        for holder, pk in held.values_list(owner, "pk"):
            self.parts.setdefault(holder, []).append(pk)
        self.past.learn(kind, [pk for those in self.parts.values() for pk in those])

    def row(self, entry: int, *, day: date, known: datetime, shown: bool = True) -> Any | None:
        also = self.also.get(entry, ())
        row = self.past.row(self.kind, entry, day=day, known=known, also=also, shown=shown)
        if row is None or not shown:
            return row
        is_over = self.kind is Kind.ROLE and row.until is not None
        return None if is_over or getattr(row, "same_as_id", None) else row

    def shown(self, row: Any, *, day: date, known: datetime) -> Version:
        for name, kind in _WITH.get(self.kind, {}).items():
            if (end := getattr(row, f"{name}_id")) is not None:
                setattr(row, name, self._end(kind, end, day, known))
        more: dict[str, Any] = {}
        if self.kind in (Kind.PRACTITIONER, Kind.ORGANIZATION):
            same = self._rows(self.kind, self.also.get(row.pk, ()), day, known)
            also = [one for one in same if one.same_as_id == row.pk]
            part = Kind.LICENCE if self.kind is Kind.PRACTITIONER else Kind.ENDPOINT
            name = "licences" if self.kind is Kind.PRACTITIONER else "endpoints"
            owned = [pk for one in (row, *also) for pk in self.parts.get(one.pk, ())]
            more = {"also": also, name: list(self._rows(part, owned, day, known))}
        return _RENDER[self.kind](row, **more)

    def _rows(
        self, kind: Kind, entries: Collection[int], day: date, known: datetime
    ) -> Iterator[Any]:
        for entry in entries:
            if (row := self.past.row(kind, entry, day=day, known=known)) is not None:
                yield row

    def _end(self, kind: Kind, entry: int, day: date, known: datetime) -> Any:
        """What a reference leads to; as it is today where nothing was said of it."""
        row = self.past.row(kind, entry, day=day, known=known, shown=False)
        return row if row is not None else self.today[kind, entry]
