"""What a social-security register sends, and what stands afterwards: read from the rows, and replayed slowly."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.eligibility.models import Affiliation, Delivery
from salus.eligibility.register.actions import Delivered, deliver
from salus.eligibility.register.files import END, read_lines
from salus.eligibility.register.messages import COLUMNS
from salus.kernel.clock import now
from salus.kernel.rows import Scope, finding_in
from tests.links import SYSTEM, registered

PEOPLE = "urn:test:people"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message; ``value`` is the person's number."""

    key: str
    value: str
    since: str
    until: str = ""
    withdrawn: bool = False
    sequence: int = 0

    @property
    def said(self) -> tuple[Any, ...]:
        return self.value, self.since, self.until, self.withdrawn


@dataclass(frozen=True, kw_only=True)
class Sending:
    """A file; with a ``sequence`` a full one."""

    messages: tuple[Sent, ...]
    sequence: int | None = None


def as_csv(sending: Sending, *, lines: int | None = None, as_of: str = "") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in sending.messages:
        withdrawn = str(one.withdrawn).lower()
        row = (one.key, PEOPLE, one.value, one.since, one.until, withdrawn, one.sequence)
        writer.writerow(row)
    count = len(sending.messages) if lines is None else lines
    writer.writerow([END, count, sending.sequence or "", as_of or now().isoformat()])
    return text.getvalue().encode()


def as_json(sending: Sending) -> bytes:
    said: list[dict[str, Any]] = [
        {
            "key": one.key,
            "system": PEOPLE,
            "value": one.value,
            "since": one.since,
            "until": one.until or None,
            "withdrawn": one.withdrawn,
            "sequence": one.sequence,
        }
        for one in sending.messages
    ]
    end = {"lines": len(said), "sequence": sending.sequence, "asOf": now().isoformat()}
    return "\n".join(map(json.dumps, [*said, {"end": end}])).encode()


def person(serial: int) -> tuple[int, str]:
    """Somebody new: the row in the index, and the number by which the register knows them."""
    return registered(serial=serial), matricule(date(1980, 1, 1), serial)


def periods(*messages: Sent, sequence: int | None = None) -> bytes:
    """A file about people of the national register; with a ``sequence`` a full one."""
    body = as_csv(Sending(messages=messages, sequence=sequence))
    return body.replace(PEOPLE.encode(), MATRICULE_SYSTEM.encode())


def send(body: bytes, *, full: bool = False, **how: Any) -> Delivered:
    kind = Delivery.Kind.FULL if full else Delivery.Kind.DELTA
    lines = read_lines(io.BytesIO(body), system=PEOPLE, full=full)
    return deliver(actor=SYSTEM, at=now(), kind=kind, lines=lines, **how)


State = dict[str, tuple[int, date, date | None]]


def standing(prefix: str = "") -> State:
    """By key person and days, of all periods that are not withdrawn."""
    with finding_in(Scope.REGISTER):
        rows = Affiliation.objects.filter(withdrawn=False, key__startswith=prefix)
        return {
            key: (person, since, until)
            for key, person, since, until in rows.values_list("key", "person", "since", "until")
        }


def replayed(sendings: Iterable[Sending], people: Mapping[str, int]) -> State:
    """What should stand: of each period its last word, and of a full file all that was said up to it."""
    sendings = list(sendings)
    wholes = [one for one in sendings if one.sequence is not None]
    newest = max(wholes, key=lambda one: one.sequence or 0, default=None)
    floor = newest.sequence or 0 if newest else 0
    last = {one.key: one for one in newest.messages} if newest else {}
    deltas = [one for sending in sendings if sending.sequence is None for one in sending.messages]
    for one in sorted(deltas, key=lambda one: one.sequence):
        if one.sequence > floor:
            last[one.key] = one
    return {
        key: (
            people[one.value],
            date.fromisoformat(one.since),
            date.fromisoformat(one.until) if one.until else None,
        )
        for key, one in last.items()
        if not one.withdrawn and one.value in people
    }
