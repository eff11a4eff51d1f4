"""What `salus directory` understands; config.directory does it, once Django is there."""

import argparse
from collections.abc import Callable
from pathlib import Path


def add_directory_steps(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    add: Callable[..., argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], int],
) -> None:
    summary = "Bring registers' files into the provider directory, previewed, and take them back."
    directory = commands.add_parser("directory", help=summary, description=summary)
    steps = directory.add_subparsers(required=True, metavar="STEP", dest="step")
    add("sources", run, "List who speaks of entries.", steps)
    command = add("add-source", run, "Name a register whose files are brought.", steps)
    command.add_argument("name", metavar="NAME", help="a short word: college, chamber")
    command.add_argument("--title", required=True, help="for people")
    command.add_argument("--system", default="", metavar="URI", help="of the numbers that it gives")
    command = add("let-feed", run, "Let software feed a source on FHIR (IHE ITI-130).", steps)
    command.add_argument("name", metavar="NAME", help="of the source")
    command.add_argument("--client", required=True, metavar="CLIENT_ID", help="of the software")
    command.add_argument(
        "--authority", action="store_true", help="may change entries of every source"
    )
    command = add("propose", run, "Read a register's file and show what it would change.", steps)
    command.add_argument("file", type=Path, metavar="FILE", help="CSV, FHIR R4 Bundle, or NDJSON")
    command.add_argument("--source", required=True, metavar="NAME", help="whose file it is")
    command.add_argument(
        "--complete", action="store_true", help="whom the source had and does not name has ended"
    )
    command.add_argument("--kind", metavar="KIND", help="of all lines of a CSV file without one")
    _add_out(command)
    command = add("show", run, "Show what a change set changes, or changed.", steps)
    _add_number(command)
    _add_out(command)
    command = add("apply", run, "Put in force what was proposed.", steps)
    _add_number(command)
    command.add_argument(
        "--really", action="store_true", help="although it ends a large share of a source's entries"
    )
    for name, summary in (
        ("decline", "Leave what was proposed, for a reason that is kept."),
        ("roll-back", "Take back all that a change set said, as if it had never been."),
    ):
        command = add(name, run, summary, steps)
        _add_number(command)
        command.add_argument("--reason", required=True)
    add("endpoints", run, "List the electronic addresses that have gone stale, and why.", steps)
    add("export", run, "Write the public directory whole, as the worker does every night.", steps)
    add("list", run, "List the last change sets, the newest first.", steps)


def _add_number(command: argparse.ArgumentParser) -> None:
    command.add_argument("number", type=int, metavar="N", help="of the change set")


def _add_out(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", type=Path, metavar="report.csv", help="write each change and each refused line"
    )
