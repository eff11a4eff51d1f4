"""Who may, asked of what is behind the pages: whoever gets past a page's rule is refused all the same."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from salus.directory.actions import confirm, correct, source_named, withdraw
from salus.directory.desk import actions, queries
from salus.directory.desk.queries import Waiting
from salus.directory.models import ChangeSet, Kind, Practitioner, Statement
from salus.directory.own.queries import fields_due, own, own_field
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound
from salus.kernel.scopes import Scopes
from tests.registers import AT, a_line, applied, proposed

BY_SOFTWARE: dict[str, Any] = {"client": 1, "scopes": Scopes(granted=())}
# Such as nobody is: with an account and an entry whatever the role.
ACTORS = [
    Actor(
        role=role,
        account=1,
        person=1,
        practitioner=1,
        organization=1,
        system="test",
        **(BY_SOFTWARE if role is Role.SOFTWARE else {}),
    )
    for role in Role
]
Act = Callable[[Actor, int], Any]


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def of_weber() -> int:
    return Practitioner.objects.get(value="1").pk


def a_pair(actor: Actor) -> None:
    row = of_weber()
    actions.keep_apart(actor=actor, at=AT, kind=Kind.PRACTITIONER, one=row, other=row)


def a_file(actor: Actor) -> int:
    return actions.propose_file(
        actor=actor,
        at=AT,
        source=source_named("college", at=AT),
        file=BytesIO(b"identifier,family\n7,Weber\n"),
        file_name="members.csv",
        kind=Kind.PRACTITIONER,
        complete=False,
    )


DESK: dict[str, Act] = {
    "apply": lambda actor, n: actions.apply_set(actor=actor, at=AT, change_set=n),
    "decline": lambda actor, n: actions.decline_set(actor=actor, at=AT, change_set=n, reason="x"),
    "roll back": lambda actor, _: actions.roll_back_set(
        actor=actor, at=AT, change_set=ChangeSet.objects.earliest("pk").pk, reason="x"
    ),
    "propose": lambda actor, _: actions.propose_lines(actor=actor, at=AT, lines=[a_line()]),
    "keep apart": lambda actor, _: a_pair(actor),
    "file": lambda actor, _: a_file(actor),
    "queue": lambda actor, _: queries.queue(actor=actor, waiting=Waiting.REGISTERS, page=1),
    "set": lambda actor, n: queries.set_shown(actor=actor, change_set=n, at=AT),
    "alike": lambda actor, _: queries.alike(actor=actor),
    "entry": lambda actor, _: queries.entry_shown(
        actor=actor, kind="Practitioner", entry=of_weber(), at=AT
    ),
    "history": lambda actor, _: queries.history_of(
        actor=actor, kind="Practitioner", entry=of_weber()
    ),
    "find": lambda actor, _: queries.find_entries(actor=actor, text="weber"),
    "named": lambda actor, _: queries.named(actor=actor, kind=Kind.PRACTITIONER, text="1", but=0),
}
OWN: dict[str, Act] = {
    "correct": lambda actor, _: correct(
        actor=actor, at=AT, kind=Kind.PRACTITIONER, entry=1, field="telephone", value="+352 1"
    ),
    "confirm": lambda actor, _: confirm(actor=actor, at=AT, seen={(Kind.PRACTITIONER, 1): {}}),
    "withdraw": lambda actor, n: withdraw(actor=actor, at=AT, change_set=n),
    "own": lambda actor, _: own(actor=actor, at=AT),
    "field": lambda actor, _: own_field(
        actor=actor, at=AT, kind="Practitioner", entry=1, field="telephone"
    ),
    "due": lambda actor, _: fields_due(actor=actor, at=AT),
}


@pytest.mark.parametrize("act", DESK)
def test_registrars_alone_act_and_read_at_the_desk(act: str) -> None:
    applied(a_line())
    waiting = proposed(a_line(value="2"))
    before = (ChangeSet.objects.count(), Statement.objects.count())
    for actor in ACTORS:
        if actor.role is not Role.REGISTRAR:
            with pytest.raises(NotFound, match="registrars only"):
                DESK[act](actor, waiting)
    assert (ChangeSet.objects.count(), Statement.objects.count()) == before
    DESK[act](Actor(role=Role.REGISTRAR, account=1), waiting)


@pytest.mark.parametrize("act", OWN)
def test_professionals_who_are_signed_in_alone_speak_of_their_own(act: str) -> None:
    applied(a_line())
    waiting = proposed(a_line(value="2"))
    others = [actor for actor in ACTORS if actor.role is not Role.PROFESSIONAL]
    by_software = Actor(role=Role.PROFESSIONAL, practitioner=of_weber(), **BY_SOFTWARE)
    for actor in (*others, by_software):
        with pytest.raises(NotFound, match="professionals who are signed in"):
            OWN[act](actor, waiting)


@pytest.mark.parametrize("field", ["profession", "birth_date", "status", "same_as", "wizard"])
def test_what_is_the_registers_is_not_corrected_by_a_professional(field: str) -> None:
    applied(a_line())
    weber = Actor(role=Role.PROFESSIONAL, account=1, practitioner=of_weber())
    said: dict[str, Any] = {"kind": Kind.PRACTITIONER, "entry": of_weber(), "field": field}
    with pytest.raises(NotFound, match="no field that professionals correct"):
        correct(actor=weber, at=AT, value="active", **said)
