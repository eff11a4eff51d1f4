"""`salus eligibility feed` and `deliveries`: the social-security register at the command line.

What Django is needed for is imported once it is there.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path


def add_feed_steps(
    steps: "argparse._SubParsersAction[argparse.ArgumentParser]",
    add: Callable[..., argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], int],
) -> None:
    """What `salus eligibility` understands of the register."""
    command = add("feed", run, "Take in a file of the social-security register.", steps)
    command.add_argument("file", type=Path, metavar="FILE", help="CSV or NDJSON")
    command.add_argument(
        "--full", action="store_true", help="it names all periods: others are withdrawn"
    )
    command.add_argument(
        "--preview", action="store_true", help="say what it would do, and do it not"
    )
    command.add_argument(
        "--confirm", action="store_true", help="although much is refused, or would be withdrawn"
    )
    add("deliveries", run, "List what came from the register, the newest first.", steps)


def run(options: argparse.Namespace) -> int:
    if options.step == "deliveries":
        return _list()
    return _feed(options)


def _feed(options: argparse.Namespace) -> int:
    from salus.country import country
    from salus.eligibility.models import Delivery
    from salus.eligibility.register.actions import deliver
    from salus.eligibility.register.files import read_lines
    from salus.kernel.actor import Actor, Role
    from salus.kernel.clock import now
    from salus.kernel.errors import Conflict, InvalidInput

    try:
        with options.file.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            done = deliver(
                actor=Actor(role=Role.SYSTEM, system="command line"),
                at=now(),
                kind=Delivery.Kind.FULL if options.full else Delivery.Kind.DELTA,
                lines=read_lines(file, system=country().MATRICULE_SYSTEM, full=options.full),
                file_name=options.file.name,
                digest=digest,
                confirmed=options.confirm,
                preview=options.preview,
            )
    except OSError as error:
        raise InvalidInput(f"{options.file} cannot be read: {error.strerror}") from None
    for line, problem in done.refused:
        print(f"line {line}: {problem}", file=sys.stderr)
    print(", ".join(f"{count} {outcome}" for outcome, count in done.counts.items()))
    if options.preview:
        print(f"nothing is applied{f': {done.held_for}' if done.held_for else ''}")
    elif done.held_for:
        raise Conflict(
            f"delivery {done.number} is held, nothing of it is applied: {done.held_for};"
            " if the register says that this is right, feed it with --confirm"
        )
    else:
        print(f"delivery {done.number} is applied")
    return 0


def _list() -> int:
    from salus.eligibility.models import Delivery

    for row in Delivery.objects.order_by("-pk")[:50]:
        as_of = f"{row.as_of:%F %H:%M}" if row.as_of else "-"
        state = "applied" if row.applied_at else f"held: {row.held_for}"
        counts = ", ".join(f"{count} {name}" for name, count in row.counts.items() if count)
        print(
            f"{row.pk:>6}  {row.kind:<5}  {row.received_at:%F %H:%M}  as of {as_of:<16}  {state}"
            f"  {counts}  {row.file_name}".rstrip()
        )
    return 0
