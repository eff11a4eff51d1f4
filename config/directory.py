"""`salus directory`: change sets of the provider directory at the command line."""

import argparse
import csv
import sys
from pathlib import Path

from salus.accounts.models import Client
from salus.directory.actions import (
    add_source,
    apply,
    decline,
    let_feed,
    propose,
    roll_back,
    source_called,
)
from salus.directory.endpoints import called, stale
from salus.directory.files import export
from salus.directory.models import ChangeSet, How, Kind, Outcome, Source
from salus.directory.reading import read
from salus.directory.reporting import (
    COLUMNS,
    change_set_numbered,
    outcomes_of,
    rows_of_report,
    state_of,
)
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound

_ACTOR = Actor(role=Role.SYSTEM, system="command line")
_MOST = 20  # lines of an outcome on the screen
_LISTED = 50


def run(options: argparse.Namespace) -> int:
    match options.step:
        case "sources":
            _sources()
        case "add-source":
            add_source(name=options.name, title=options.title, system=options.system, at=now())
        case "let-feed":
            let_feed(
                source=options.name,
                client=_client(options.client),
                is_authority=options.authority,
            )
        case "propose":
            _propose(options)
        case "show":
            _show(options.number)
            _write(options.number, options.out)
        case "apply":
            counts = apply(actor=_ACTOR, at=now(), change_set=options.number, really=options.really)
            told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
            print(f"change set {options.number} is in force: {told or 'it says nothing'}")
        case "decline":
            decline(actor=_ACTOR, at=now(), change_set=options.number, reason=options.reason)
        case "roll-back":
            roll_back(actor=_ACTOR, at=now(), change_set=options.number, reason=options.reason)
        case "endpoints":
            _endpoints()
        case "export":
            made = export(at=now())
            print(f"{made.folder}: {len(made.files)} files as of {made.instant:%Y-%m-%d %H:%M} UTC")
        case _:
            _list()
    return 0


def _client(client_id: str) -> int:
    found = Client.objects.filter(client_id=client_id, ended_at=None).first()
    if found is None:
        raise NotFound("no such client, or it has ended: `salus client list` lists them")
    return found.pk


def _endpoints() -> None:
    found = stale(at=now())
    for one in found:
        answered = f"{one.answered_at:%Y-%m-%d %H:%M}" if one.answered_at else "never answered"
        print(
            f"{one.why:<16}  {one.fault or '-':<11}  {answered:<16}  {one.organization_name}  {one.address}"
        )
    print(f"{len(found)} of {called().count()} active addresses are stale", file=sys.stderr)


def _sources() -> None:
    for source in Source.objects.order_by("name"):
        print(f"{source.name:<16}  {source.title}  {source.system}".rstrip())


def _propose(options: argparse.Namespace) -> None:
    source = source_called(options.source)
    kind = _kind(options.kind) if options.kind else None
    try:
        with options.file.open("rb") as file:
            reading = read(file, system=source.system, kind=kind)
            for note in (reading.form, *reading.notes):
                print(f"{options.file.name}: {note}", file=sys.stderr)
            _tell_of_the_same(source, reading.digest)
            number = propose(
                actor=_ACTOR,
                at=now(),
                source=source,
                how=How.FILE,
                lines=reading.lines,
                complete=options.complete,
                file_name=options.file.name,
                digest=reading.digest,
            )
    except OSError as error:
        raise InvalidInput(f"{options.file} cannot be read: {error.strerror}") from None
    _show(number)
    _write(number, options.out)
    print(f"\nnothing is in force yet: `salus directory apply {number}`, or decline it")


def _kind(name: str) -> Kind:
    if name not in Kind:
        raise InvalidInput(f"--kind should be one of {', '.join(Kind)}")
    return Kind(name)


def _tell_of_the_same(source: Source, digest: str) -> None:
    for before in ChangeSet.objects.filter(source=source, digest=digest).order_by("pk"):
        print(
            f"the same file was brought before: change set {before.pk}, {state_of(before)}",
            file=sys.stderr,
        )


def _show(number: int) -> None:
    row = change_set_numbered(number)
    complete = ", complete" if row.complete else ""
    what = f"{row.how} {row.file_name}".strip() + complete
    print(f"change set {number} of {row.source.name}: {what}, {row.received_at:%F %H:%M} UTC")
    print(f"{state_of(row)}{f': {row.reason}' if row.reason else ''}\n")
    print(f"{'':<20}" + "".join(f"{outcome:>9}" for outcome in Outcome))
    for kind, counts in outcomes_of(number).items():
        print(f"{kind:<20}" + "".join(f"{counts.get(outcome, 0):>9}" for outcome in Outcome))
    for outcome in (Outcome.REFUSED, Outcome.ENDED, Outcome.CHANGED, Outcome.NEW):
        _show_some(number, outcome)


def _show_some(number: int, outcome: Outcome) -> None:
    rows = list(rows_of_report(number, outcome=outcome, most=_MOST + 1))
    lines = dict.fromkeys(row[:3] for row in rows)
    if lines:
        print(f"\n{outcome}")
    for line, kind, identifier in list(lines)[:_MOST]:
        print(f"  {line}  {kind}  {identifier}")
        for *about, _, field, was, will_be, problem in rows:
            if tuple(about) == (line, kind, identifier):
                told = problem or (f"{field}: {was} -> {will_be}" if was else f"{field}: {will_be}")
                print(f"      {told}")
    if len(lines) > _MOST:
        print("  and more: --out report.csv has them all")


def _write(number: int, out: Path | None) -> None:
    if out is None:
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows_of_report(number))
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written: {error.strerror}") from None


def _list() -> None:
    """One line for each: number, source, how it came, when, state, file."""
    rows = ChangeSet.objects.select_related("source").order_by("-pk")[:_LISTED]
    for row in rows:
        print(
            f"{row.pk:>6}  {row.source.name:<16}  {row.how:<12}  {row.received_at:%F %H:%M}"
            f"  {state_of(row):<11}  {row.file_name}".rstrip()
        )
