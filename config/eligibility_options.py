"""What `salus eligibility` understands; config.eligibility does it, once Django is there."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

Steps: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Add = Callable[..., argparse.ArgumentParser]
Run = Callable[[argparse.Namespace], int]


def add_eligibility_steps(commands: Steps, add: Add, run: Run) -> Steps:
    summary = "Say who may ask about insurance and the right to prescribe, and who sees how much."
    eligibility = commands.add_parser("eligibility", help=summary, description=summary)
    steps = eligibility.add_subparsers(required=True, metavar="STEP", dest="step")
    _add_caller_acts(steps, add, run)
    _add_administrator_acts(steps, add, run)
    return steps


def _add_caller_acts(steps: Steps, add: Add, run: Run) -> None:
    summary = "Register a caller, list them, or end one."
    caller = steps.add_parser("caller", help=summary, description=summary)
    acts = caller.add_subparsers(required=True, metavar="STEP", dest="act")
    command = add("add", run, "Let an organisation ask; in place of what it might before.", acts)
    command.add_argument(
        "--organization", required=True, metavar="ID", help="row id, value or system|value"
    )
    how = command.add_mutually_exclusive_group(required=True)
    how.add_argument("--client", metavar="CLIENT_ID", help="its software, as `salus client` has it")
    how.add_argument("--counter", action="store_true", help="at its own page, without software")
    command.add_argument(
        "--right",
        action="append",
        metavar="NAME",
        help="affiliation (the default), historic, prescribing, batch, look-up, proof, register; repeatable",
    )
    command.add_argument("--per-minute", type=int, default=60, metavar="N", help="questions (60)")
    command.add_argument("--per-day", type=int, default=5_000, metavar="N", help="questions (5000)")
    add("list", run, "List the callers.", acts)
    command = add("end", run, "Let a caller ask no more.", acts)
    command.add_argument("caller", type=int, metavar="N", help="as the list shows it")


def _add_administrator_acts(steps: Steps, add: Add, run: Run) -> None:
    summary = "Name who sees an organisation's rights, quotas and use, list them, or end one."
    administrator = steps.add_parser("administrator", help=summary, description=summary)
    acts = administrator.add_subparsers(required=True, metavar="STEP", dest="act")
    command = add("add", run, "Name an account of a professional.", acts)
    command.add_argument(
        "--organization", required=True, metavar="ID", help="row id, value or system|value"
    )
    command.add_argument(
        "--email", required=True, metavar="ADDRESS", help="with which they sign in"
    )
    add("list", run, "List the administrators.", acts)
    command = add("end", run, "Show an administrator the organisation's use no more.", acts)
    command.add_argument("administrator", type=int, metavar="N", help="as the list shows it")
