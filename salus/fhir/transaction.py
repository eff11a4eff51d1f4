"""Taking in a Bundle: each entry goes to the domains that accept its type, and each is accounted for.

A domain declares in its fhir.py, any may be absent:
    ACCEPTS   what it takes of which resource types (a tuple of `Acceptance`)
    FINDS     resource type -> finder of a row id by business identifier, for references to resources
              that an earlier Bundle brought
    NOT_TAKEN resource type -> why an entry of this type may end up unused
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from salus.fhir.bundle import Absent, Bundle, Entry
from salus.fhir.element import Element
from salus.kernel.actor import Actor


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The entry is in the database now: as row ``row``, made just now or before."""

    row: int
    created: bool
    contents: Sequence[Entry] = ()  # entries that went in with it


@dataclass(frozen=True, kw_only=True)
class NotUsed:
    """The entry is valid and yet of no use here; the reason never quotes it."""

    reason: str


Taker = Callable[["Transaction", Entry], Taken | NotUsed]
Finder = Callable[[str, str], int | None]  # system, value -> row id


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    type: str  # of the resource
    becomes: str  # what it becomes, for people: "person", "document"
    take: Taker


@dataclass(frozen=True, kw_only=True)
class CommonAcceptance:
    """Of several types whose entries are taken all at once, since they refer to each other."""

    becomes: Mapping[str, str]  # by type of the resource, what it becomes, for people
    take: Callable[[Transaction, Sequence[Entry]], Sequence[Taken | NotUsed]]  # in their order


@dataclass(frozen=True, kw_only=True)
class Interface:
    """What an installation takes in: the declarations of its domains, in the order of taking."""

    acceptances: Sequence[Acceptance | CommonAcceptance]
    finders: Mapping[str, Finder]
    reasons: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What became of the entries, by resource type."""

    created: Counter[tuple[str, str]] = field(default_factory=Counter)  # by (type, becomes)
    there: Counter[tuple[str, str]] = field(default_factory=Counter)  # was there already
    not_used: Counter[tuple[str, str]] = field(default_factory=Counter)  # by (type, reason)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            created=self.created + other.created,
            there=self.there + other.there,
            not_used=self.not_used + other.not_used,
        )


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """One Bundle on its way in. Takers ask it which row an earlier taken entry became."""

    bundle: Bundle
    actor: Actor
    at: datetime
    interface: Interface
    _rows: dict[int, int] = field(default_factory=dict)  # entry index -> row id

    def row(self, reference: Element, *, type: str) -> int | None:
        """The row of what a Reference means; None when it is nothing that we know.

        Raises InvalidInput when nothing is where the reference points to.
        """
        target = self.bundle.find(reference, type=type)
        if isinstance(target, Entry):
            return self._rows.get(target.index)
        if isinstance(target, Absent):
            row = self.interface.finders[type](target.system, target.value)
            if row is None:
                raise reference.wrong(
                    "reference",
                    f"no {type} has this identifier: import the file that brings it first",
                )
            return row
        return None

    def row_of(self, entry: Entry) -> int:
        """The row that the entry became by an earlier acceptance of its type."""
        return self._rows[entry.index]

    def take(self) -> Tally:
        """Give every entry to those who accept it; the caller's transaction makes it all or none."""
        tally = Tally()
        used: set[int] = set()
        contained: set[int] = set()
        reasons: dict[int, str] = {}
        for acceptance in self.interface.acceptances:
            for entry, becomes, outcome in self._outcomes(acceptance):
                if isinstance(outcome, NotUsed):
                    reasons.setdefault(entry.index, outcome.reason)
                    continue
                self._rows.setdefault(entry.index, outcome.row)
                used.add(entry.index)
                counter = tally.created if outcome.created else tally.there
                counter[entry.type, becomes] += 1
                for content in outcome.contents:
                    if content.index not in contained:
                        counter[content.type, f"in a {becomes}"] += 1
                    contained.add(content.index)
        used |= contained
        for entry in self.bundle.entries:
            if entry.index not in used:
                usual = self.interface.reasons.get(entry.type, "no service takes it")
                tally.not_used[entry.type, reasons.get(entry.index, usual)] += 1
        return tally

    def _outcomes(
        self, acceptance: Acceptance | CommonAcceptance
    ) -> Iterator[tuple[Entry, str, Taken | NotUsed]]:
        """Each entry of the acceptance's types with what it becomes; one is taken when the one before is in its row."""
        if isinstance(acceptance, Acceptance):
            for entry in self.bundle.of_type(acceptance.type):
                taken = _IN_ERROR if entry.is_error() else acceptance.take(self, entry)
                yield entry, acceptance.becomes, taken
            return
        offered = [entry for entry in self.bundle.entries if entry.type in acceptance.becomes]
        right = [entry for entry in offered if not entry.is_error()]
        outcomes = dict(
            zip((entry.index for entry in right), acceptance.take(self, right), strict=True)
        )
        for entry in offered:
            yield entry, acceptance.becomes[entry.type], outcomes.get(entry.index, _IN_ERROR)


_IN_ERROR = NotUsed(reason="entered in error")
