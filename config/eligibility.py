"""`salus eligibility`: who may ask about insurance and the right to prescribe."""

import argparse

from salus.accounts.models import Client
from salus.directory.queries import organization_named
from salus.eligibility.callers import end_caller, register_caller
from salus.eligibility.models import Caller, Right
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound

_ACTOR = Actor(role=Role.SYSTEM, system="command line")


def run(options: argparse.Namespace) -> int:
    match options.act:
        case "add":
            return _add(options)
        case "list":
            return _list()
        case _:
            end_caller(actor=_ACTOR, at=now(), caller=options.caller)
            return 0


def _add(options: argparse.Namespace) -> int:
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
    return 0


def _list() -> int:
    """One line for each caller: number, state, quota, rights, software, organisation."""
    for caller in Caller.objects.select_related("organization", "client").order_by("pk"):
        state = "ended" if caller.ended_at else "active"
        software = caller.client.client_id if caller.client else "counter"
        print(
            f"{caller.pk:>5}  {state:<6}  {caller.per_minute}/min {caller.per_day}/day"
            f"  {','.join(caller.rights)}  {software}  {caller.organization.name}"
        )
    return 0


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
