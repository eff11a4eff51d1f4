"""What leaves an event of the directory: each decision, and each correction, one; looking at the clock, none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from salus.accounts.models import Account, AccountKind
from salus.audit.models import Event, EventKind
from salus.directory.actions import (
    apply,
    confirm,
    correct,
    decline,
    join,
    part,
    roll_back,
    tell_apart,
    turn_day,
    withdraw,
)
from salus.directory.actions.correcting import mark
from salus.directory.models import ChangeSet, How, Kind, Practitioner
from salus.kernel.actor import Actor, Role
from tests.conftest import as_role
from tests.registers import AT, SYSTEM, WEBER, a_line, applied, proposed

PHONE = "+352 27 55"


def changes() -> int:
    with as_role("superuser"):  # nobody else reads events
        return Event.objects.filter(kind=EventKind.DIRECTORY_CHANGED).count()


def last() -> int:
    return ChangeSet.objects.latest("pk").pk


def test_each_decision_is_one_event(database: Path) -> None:
    applied(a_line(), a_line(2, value="2", said=WEBER | {"telephone": PHONE}))
    one, other = Practitioner.objects.order_by("value").values_list("pk", flat=True)
    account = Account.objects.create(
        kind=AccountKind.PROFESSIONAL, email="lea@praxis.example", created_at=AT, activated_at=AT
    )
    lea = Actor(role=Role.PROFESSIONAL, account=account.pk, practitioner=other)
    by_system: dict[str, Any] = {"actor": SYSTEM, "at": AT}
    by_lea: dict[str, Any] = {"actor": lea, "at": AT}
    phone: dict[str, Any] = {"kind": Kind.PRACTITIONER, "entry": other, "field": "telephone"}
    seen = {(Kind.PRACTITIONER, other): {"telephone": mark(PHONE)}}
    kind = Kind.PRACTITIONER
    steps: list[tuple[Callable[[], Any], int]] = [
        (lambda: proposed(a_line(said={"family": "Muller"})), 0),
        (lambda: apply(**by_system, change_set=last()), 1),
        (lambda: roll_back(**by_system, change_set=last(), reason="mistaken"), 1),
        (lambda: proposed(a_line(said={"family": "Wagner"})), 0),
        (lambda: decline(**by_system, change_set=last(), reason="mistaken"), 1),
        (lambda: correct(**by_lea, **phone, value="+352 27 66"), 1),
        (lambda: withdraw(**by_lea, change_set=last()), 1),
        (lambda: confirm(**by_lea, seen=seen), 1),
        (lambda: confirm(**by_lea, seen={}), 0),
        (lambda: join(**by_system, kind=kind, duplicate=other, root=one), 1),
        (lambda: part(**by_system, kind=kind, duplicate=other), 1),
        (lambda: tell_apart(**by_system, kind=kind, one=one, other=other), 1),
        (lambda: turn_day(at=AT), 0),
    ]
    for number, (step, events) in enumerate(steps):
        before = changes()
        step()
        assert changes() - before == events, number
    assert ChangeSet.objects.filter(how=How.CORRECTION).get().declined_at
