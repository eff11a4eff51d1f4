"""`salus staff`: accounts of the agency's staff, who are in no register."""

import argparse
from collections.abc import Callable

from salus.kernel.actor import Actor, Role


def add_staff_steps(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    add: Callable[..., argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], int],
) -> None:
    summary = "Give staff of the agency an account, list them, or end one."
    staff = commands.add_parser("staff", help=summary, description=summary)
    steps = staff.add_subparsers(required=True, metavar="STEP", dest="step")
    command = add("create", run, "Make an account; prints its first password, once.", steps)
    command.add_argument(
        "--kind",
        required=True,
        choices=["agency", "steward", "registrar"],
        help="what they decide about",
    )
    command.add_argument("--email", required=True, metavar="ADDRESS", help="to sign in with")
    add("list", run, "List the accounts of staff.", steps)
    command = add("end", run, "End an account and its sessions.", steps)
    command.add_argument("--email", required=True, metavar="ADDRESS")


def run(options: argparse.Namespace) -> int:
    from salus.accounts.actions import end_staff, register_staff
    from salus.accounts.models import STAFF, Account, AccountKind
    from salus.kernel.clock import now

    actor = Actor(role=Role.SYSTEM, system="command line")
    match options.step:
        case "create":
            kind = AccountKind(options.kind)
            password = register_staff(actor=actor, kind=kind, email=options.email, at=now())
            print(f"email     {options.email}\npassword  {password}")
            print("to be changed at /account/password/, with a second factor at /account/security/")
        case "list":
            for account in Account.objects.filter(kind__in=STAFF).order_by("created_at", "pk"):
                state = "ended" if account.deleted_at else "active"
                print(f"{account.kind:<9}  {state:<6}  {account.email}")
        case _:
            end_staff(actor=actor, email=options.email, at=now())
    return 0
