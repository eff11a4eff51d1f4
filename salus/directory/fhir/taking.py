"""Taking in the directory's types of a Bundle that another system exported: one change set for all of them.

What is known by its first identifier stays as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from salus.directory.actions import change, source_named
from salus.directory.fhir.saying import Saying, organization_types, professions, sayings
from salus.directory.fields import FIELDS, ORDER
from salus.directory.lines import Line, checked
from salus.directory.models import How, Kind
from salus.directory.projecting import TABLES
from salus.fhir.bundle import Absent, Entry
from salus.fhir.element import Element
from salus.fhir.transaction import CommonAcceptance, NotUsed, Taken, Transaction
from salus.kernel.errors import InvalidInput

PHYSICIAN = "158965000"  # for a professional whose sender says nothing more exact
_BECOMES: Mapping[str, str] = {
    Kind.ORGANIZATION: "organisation",
    Kind.PRACTITIONER: "professional",
    Kind.LOCATION: "place",
    Kind.ROLE: "role",
    Kind.SERVICE: "service",
    Kind.ENDPOINT: "electronic address",
}


def take(transaction: Transaction, entries: Sequence[Entry]) -> list[Taken | NotUsed]:
    """Register those that are not known. Raises InvalidInput, with the place, for one that cannot be."""
    return _Taking(transaction).take(entries)


class _Taking:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._lines: list[Line] = []
        self._outcomes: dict[int, Taken | NotUsed] = {}
        self._new: dict[tuple[Kind, str, str], list[Entry]] = {}

    def take(self, entries: Sequence[Entry]) -> list[Taken | NotUsed]:
        for kind in ORDER:  # what others refer to comes first
            for entry in entries:
                if entry.type == kind:
                    self._look_at(kind, entry)
        transaction = self._transaction
        rows = (
            change(
                actor=transaction.actor,
                at=transaction.at,
                source=source_named(transaction.actor.system, at=transaction.at),
                how=How.FILE,
                lines=self._lines,
            )
            if self._lines
            else []
        )
        for line, row in zip(self._lines, rows, strict=True):
            told = self._new.get((line.kind, line.system, line.value), ())
            for entry, created in zip(told, (True, *[False] * len(told)), strict=False):
                self._outcomes[entry.index] = Taken(row=row, created=created)
        return [self._outcomes[entry.index] for entry in entries]

    def _look_at(self, kind: Kind, entry: Entry) -> None:
        system, value = entry.identifiers()[0]
        row = _row(kind, system, value)
        if row is not None:
            self._outcomes[entry.index] = Taken(row=row, created=False)
            return
        if (kind, system, value) in self._new:
            self._new[kind, system, value].append(entry)
            return
        if _is_nameless(kind, entry):
            self._outcomes[entry.index] = NotUsed(reason="has no name")
            return
        own, *others = sayings(entry.resource, f"{system}|{value}", self._name)
        said = {**self._otherwise(kind, entry), **own.said}
        if missing := _missing(kind, said):
            self._outcomes[entry.index] = NotUsed(reason=f"does not say its {missing}")
            return
        self._new[kind, system, value] = [entry]
        self._say(
            entry,
            Line(
                number=entry.index + 1,
                kind=kind,
                system=system,
                value=value,
                said=said,
                since=own.since,
                until=own.until,
            ),
        )
        for licence in others:
            self._take_licence(entry, licence)

    def _take_licence(self, entry: Entry, licence: Saying) -> None:
        known = _row(licence.kind, licence.system, licence.value) is not None
        if known or _missing(licence.kind, licence.said):
            return
        self._say(
            entry,
            Line(
                number=entry.index + 1,
                kind=licence.kind,
                system=licence.system,
                value=licence.value,
                said=licence.said,
                since=licence.since,
                until=licence.until,
            ),
        )

    def _say(self, entry: Entry, line: Line) -> None:
        if problem := checked(line).problem:
            raise InvalidInput(problem, at=f"entry[{entry.index}].resource")
        self._lines.append(line)

    def _name(self, reference: Element, kind: Kind) -> str:
        """'' for what is of no use here: nobody can look it up, or it is not taken itself."""
        target = self._transaction.bundle.find(reference, type=kind)
        if isinstance(target, Entry):
            unused = isinstance(self._outcomes.get(target.index), NotUsed) or target.is_error()
            return "" if unused or _is_nameless(kind, target) else "|".join(target.identifiers()[0])
        if isinstance(target, Absent):
            if _row(kind, target.system, target.value) is None:
                raise reference.wrong(
                    "reference",
                    f"no {kind} has this identifier: import the file that brings it first",
                )
            return f"{target.system}|{target.value}"
        return ""

    def _otherwise(self, kind: Kind, entry: Entry) -> dict[str, str]:
        """What is taken for true where the sender does not say it in the entry itself."""
        match kind:
            case Kind.ORGANIZATION:
                return {"type": next(iter(organization_types(entry.resource)), "other")}
            case Kind.PRACTITIONER:
                return {"gender": "unknown", "profession": self._profession(entry)}
        return {}

    def _profession(self, entry: Entry) -> str:
        """As a role of the Bundle has it."""
        bundle = self._transaction.bundle
        for other in bundle.of_type(Kind.ROLE):
            role = other.resource
            if bundle.find(role.child("practitioner"), type=Kind.PRACTITIONER) == entry:
                found = professions([*role.children("code"), *role.children("specialty")])
                if found:
                    return found[0]
        return PHYSICIAN


def _is_nameless(kind: Kind, entry: Entry) -> bool:
    return kind in (Kind.ORGANIZATION, Kind.PRACTITIONER) and not entry.resource.value.get("name")


def _missing(kind: Kind, said: Mapping[str, Any]) -> str:
    needed = (name for name, about in FIELDS[kind].items() if about.needed)
    return next((name for name in needed if not said.get(name)), "")


def _row(kind: Kind, system: str, value: str) -> int | None:
    known = TABLES[kind].objects.filter(system=system, value=value)
    found: int | None = known.values_list("pk", flat=True).first()
    return found


def find_practitioner(system: str, value: str) -> int | None:
    return _row(Kind.PRACTITIONER, system, value)


def find_organization(system: str, value: str) -> int | None:
    return _row(Kind.ORGANIZATION, system, value)


ACCEPTS = (CommonAcceptance(becomes=_BECOMES, take=take),)
FINDS = {"Organization": find_organization, "Practitioner": find_practitioner}
