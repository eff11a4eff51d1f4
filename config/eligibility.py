"""`salus eligibility`: who may ask about insurance and the right to prescribe, and who sees how much."""

import argparse

from salus.accounts.models import Client
from salus.country import country
from salus.directory.queries import organization_named
from salus.eligibility.callers import (
    end_administrator,
    end_caller,
    name_administrator,
    register_caller,
)
from salus.eligibility.misuse import end_watch, watch
from salus.eligibility.models import Administrator, Caller, Right
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound
from salus.mpi.queries import person_identified

_ACTOR = Actor(role=Role.SYSTEM, system="command line")


def run(options: argparse.Namespace) -> int:
    match options.step, options.act:
        case "caller", "add":
            _add_caller(options)
        case "caller", "list":
            _list_callers()
        case "caller", _:
            end_caller(actor=_ACTOR, at=now(), caller=options.caller)
        case "watch", "add":
            watch(actor=_ACTOR, at=now(), person=_person(options.person))
        case "watch", _:
            end_watch(actor=_ACTOR, at=now(), person=_person(options.person))
        case _, "add":
            _add_administrator(options)
        case _, "list":
            _list_administrators()
        case _:
            end_administrator(actor=_ACTOR, at=now(), administrator=options.administrator)
    return 0


def _person(text: str) -> int:
    system, parted, value = text.rpartition("|")
    person = person_identified([(system if parted else country().MATRICULE_SYSTEM, value)])
    if person is None:
        raise NotFound("the index knows nobody with this number")
    return person


def _add_caller(options: argparse.Namespace) -> None:
    number = register_caller(
        actor=_ACTOR,
        at=now(),
        organization=organization_named(options.organization),
        client=None if options.counter else _client(options.client),
        rights={_right(name) for name in options.right or [Right.AFFILIATION]},
        per_minute=options.per_minute,
        per_day=options.per_day,
    )
    print(f"caller  {number}")


def _list_callers() -> None:
    """One line for each caller: number, state, quota, rights, software, organisation."""
    for caller in Caller.objects.select_related("organization", "client").order_by("pk"):
        state = "ended" if caller.ended_at else "active"
        software = caller.client.client_id if caller.client else "counter"
        print(
            f"{caller.pk:>5}  {state:<6}  {caller.per_minute}/min {caller.per_day}/day"
            f"  {','.join(caller.rights)}  {software}  {caller.organization.name}"
        )


def _add_administrator(options: argparse.Namespace) -> None:
    number = name_administrator(
        actor=_ACTOR,
        at=now(),
        organization=organization_named(options.organization),
        email=options.email,
    )
    print(f"administrator  {number}")


def _list_administrators() -> None:
    """One line for each: number, state, address, organisation."""
    named = Administrator.objects.select_related("organization", "account").order_by("pk")
    for one in named:
        state = "ended" if one.until else "active"
        print(f"{one.pk:>5}  {state:<6}  {one.account.email}  {one.organization.name}")


def _client(client_id: str) -> int:
    number = Client.objects.filter(client_id=client_id).values_list("pk", flat=True).first()
    if number is None:
        raise NotFound("there is no such software: `salus client list` shows all")
    return number


def _right(name: str) -> Right:
    try:
        return Right(name)
    except ValueError:
        raise InvalidInput(f"a right is one of {', '.join(Right.values)}") from None
