"""Systems that keep cross references themselves are told when these change (IHE ITI-10; HL7 2.5).

What is told is what stands when it is sent; a later message tells a later state, so that it does not matter in which
order they come. Who does not acknowledge is told again, later each time, and is waited for among the receipts.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from ssl import SSLContext
from uuid import UUID, uuid5

from procrastinate.contrib.django import app

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.hl7v2.charset import CODECS, UTF_8
from salus.hl7v2.edge import APPLICATION
from salus.hl7v2.sender import send
from salus.hl7v2.writing import header, message, segment
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput
from salus.kernel.rows import rows_of
from salus.mpi.events import PersonsLinked, PersonsSeparated
from salus.mpi.hl7v2 import identification
from salus.mpi.hl7v2.permissions import check_asks
from salus.mpi.identities import humans
from salus.mpi.models import PersonIdentifier
from salus.mpi.receipts import confirm_receipt, expect_receipts

QUEUE = "pix_updates"
NOTIFY = f"{QUEUE}:notify"
SUBSCRIBER = "pix-updates"  # in receipts of links
_MESSAGES = UUID("8d2f6a0e-90a4-4c0b-9d63-0c7a0cb3d1b5")  # in which their ids are made
_MSH_10 = 20  # characters


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """A system that is told: where it listens, and as which registered client it is known."""

    name: str
    host: str
    port: int
    client: str  # client_id
    application: str = ""  # MSH-5
    facility: str = ""  # MSH-6
    domains: tuple[str, ...] = ()  # systems of identifiers that it wants; (): all

    @property
    def in_receipts(self) -> str:
        return f"MLLP {self.name}"


def receivers(file: Path | None) -> Mapping[str, Receiver]:
    """By name, as the file says, which has a table [[receiver]] for each. Raises InvalidInput."""
    if file is None:
        return {}
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8")).get("receiver", [])
        known = {field.name for field in fields(Receiver)}
        found = []
        for one in said:
            if unknown := set(one) - known:
                raise InvalidInput(f"{file}: nobody knows {', '.join(sorted(unknown))}")
            found.append(Receiver(**one | {"domains": tuple(one.get("domains", ()))}))
    except (OSError, TypeError, ValueError) as error:
        raise InvalidInput(f"{file} names no receivers: {error}") from None
    return {one.name: one for one in found}


def announce(
    event: PersonsLinked | PersonsSeparated, told: Collection[Receiver], *, ended: bool
) -> None:
    """Subscriber of salus.kernel.events: a job for each who is told. May come twice."""
    names = [one.in_receipts for one in told]
    expect_receipts(link=event.link, ended=ended, receivers=names, since=event.at)
    for one in told:
        app.configure_task(NOTIFY, queue=QUEUE).defer(
            receiver=one.name, persons=[event.person, event.root], link=event.link, ended=ended
        )
    confirm_receipt(link=event.link, ended=ended, receiver=SUBSCRIBER, at=event.at)


def notify(
    receiver: Receiver,
    *,
    actor: Actor,
    persons: Collection[int],
    link: int,
    ended: bool,
    at: datetime,
    tls: SSLContext | None,
) -> None:
    """Tell of each human being whose rows these are by now. Raises NotAcknowledged, Forbidden."""
    check_asks(actor)
    for root, everybody in {one.root: one.all for one in humans(persons).values()}.items():
        known = _known(root, everybody, receiver, actor, at)
        if not known:
            continue
        name = uuid5(_MESSAGES, f"{receiver.name} {link} {ended} {root} {known}").hex[:_MSH_10]
        content = message(_told(receiver, known, control_id=name, at=at))
        send(
            content.encode(CODECS[UTF_8]),
            control_id=name,
            host=receiver.host,
            port=receiver.port,
            tls=tls,
        )
    confirm_receipt(link=link, ended=ended, receiver=receiver.in_receipts, at=at)


def _known(
    root: int, everybody: Collection[int], receiver: Receiver, actor: Actor, at: datetime
) -> list[tuple[str, str]]:
    """The identifiers that are told. The event is there before a byte leaves."""
    with rows_of(everybody):
        found = PersonIdentifier.objects.filter(person__in=everybody).order_by("system", "pk")
        if receiver.domains:
            found = found.filter(system__in=receiver.domains)
        known = list(found.values_list("system", "value"))
        if known:
            record(actor=actor, kind=EventKind.PERSON_TOLD, at=at, person=root)
    return known


def _told(
    receiver: Receiver, known: Collection[tuple[str, str]], *, control_id: str, at: datetime
) -> list[str]:
    """ADT^A31, with nothing of the patient but the identifiers (ITI TF-2, 3.10.4.1.2)."""
    stamp = at.strftime("%Y%m%d%H%M%S%z")
    return [
        header(
            *(APPLICATION, "", receiver.application, receiver.facility, stamp, ""),
            *(("ADT", "A31", "ADT_A05"), control_id, "P", "2.5", "", "", "", "", "", UTF_8),
        ),
        segment("EVN", "", stamp),
        segment("PID", "", "", [*map(identification.cx, known)], "", " "),
        segment("PV1", "", "N"),
    ]
