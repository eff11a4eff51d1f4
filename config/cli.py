"""The `salus` command: one plain function per command; exit code 0, 1 (one line says why), 2 (usage)."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

import django
import psycopg
from django.db import OperationalError

from config.client_options import add_client_steps
from config.directory_options import add_directory_steps
from config.eligibility_feed import add_feed_steps
from config.eligibility_options import add_eligibility_steps
from config.index_options import add_index_steps
from config.key_options import add_key_options
from config.ldap_options import LdapOptions
from config.migrate import is_current, is_migrated
from config.mllp_options import MllpOptions
from config.serve import as_owner, migrate, serve
from config.staff import add_staff_steps
from salus.kernel.errors import SalusError
from salus.kernel.logs import Formatter
from salus.kernel.month import Month
from salus.kernel.postgres import attached


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except KeyboardInterrupt:
        print("salus: stopped", file=sys.stderr)
    except BrokenPipeError:
        # The reader of our output has gone; Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        print(complaint(error), file=sys.stderr)
    return 1


def complaint(error: Exception) -> str:
    """What the user reads of an error: one line of those that users can mend, the place of our own."""
    match error:
        case SalusError():
            return f"salus: {error}"
        case OperationalError() | psycopg.OperationalError():
            first, *_ = str(error).splitlines() or [""]
            return f"salus: the database does not answer any more ({first}); see `salus doctor`"
        case _:
            place = Formatter().formatException((type(error), error, error.__traceback__))
            return f"{place}\nsalus: an error of ours; please report the lines above"


def _serve(options: argparse.Namespace) -> int:
    return serve(
        options.data,
        port=options.port,
        host=options.host,
        mllp_port=options.mllp_port,
        ldap_port=options.ldap_port,
    )


def _simulate(options: argparse.Namespace) -> int:
    # A load that was killed is gone on with, while what it set aside is away.
    with _installation(options.data, role="loader", is_ready=is_migrated):
        from salus.kernel.clock import last_complete_month
        from salus.simulation.run import simulate

        simulate(
            denominator=options.scale,
            until=options.until or last_complete_month(),
            seed=options.seed,
            as_owner=partial(as_owner, options.data),
        )
        from config.sequencer import sequence_everything

        sequence_everything()
    return 0


def _report(options: argparse.Namespace) -> int:
    with _installation(options.data, role="reporter"):
        if options.verify:
            return _verify(options.verify)
        from salus.activity_report.run import report

        done = report(
            month=options.month,
            language=options.lang,
            format=options.format,
            out=options.out,
            reason=options.reason,
            override=options.override,
            rolled_up=options.from_rollups,
        )
        if done.note:
            print(f"salus: {done.note}", file=sys.stderr)
        print(done.path)
    return 0


def _verify(file: Path) -> int:
    from salus.activity_report.verify import verify

    verdict = verify(file)
    edition = verdict.edition
    name = f"{edition.period}, revision {edition.revision}"
    for cell in verdict.differences:
        place = " ".join(part for part in (cell.indicator, cell.period, cell.code) if part)
        print(f"{place}: published {cell.published}, recounted {cell.recounted}")
    for changed in verdict.changed_files:
        print(f"{changed}: not the file that was published")
    if verdict.differences or verdict.changed_files:
        raise SalusError(
            f"{name}: {len(verdict.differences)} of {verdict.recounted} cells and"
            f" {len(verdict.changed_files)} files are not as published; the rows of that time have"
            " changed since, or the files"
        )
    print(
        f"{name}: signed here, and equal in all {verdict.recounted} cells, recounted from the rows"
    )
    if verdict.rolled_up:
        named = ", ".join(dict.fromkeys(indicator for indicator, _, _ in verdict.rolled_up))
        print(
            f"of {len(verdict.rolled_up)} cells rows are gone by a retention rule, and their roll-ups"
            f" were added: {named}"
        )
    return 0


def _import(options: argparse.Namespace) -> int:
    with _installation(options.data, role="app"):
        from config.importing import import_files

        return import_files(options.files)


def _match(options: argparse.Namespace) -> int:
    from config.matching import match

    return match([file for file in (options.first, options.second) if file], options.out)


def _demo_people(options: argparse.Namespace) -> int:
    with _installation(options.data, role="app"):
        from salus.simulation.demo_people import demo_people

        people = demo_people()
        if not people:
            raise SalusError("no demo people here: `salus simulate` makes them with the nation")
        for person in people:
            print(f"{person.name} ({person.role}): {person.story}")
            print(f"    {person.email}   {person.password}")
    return 0


def _by(module: str) -> Callable[[argparse.Namespace], int]:
    """What the module's ``run`` does, as app; it is imported once Django is there."""

    def command(options: argparse.Namespace) -> int:
        with _installation(options.data, role="app"):
            done: int = import_module(module).run(options)
            return done

    return command


def _audit_verify(options: argparse.Namespace) -> int:
    with _installation(options.data, role="sequencer"):
        from config.auditing import verify_log

        return verify_log()


def _audit_prune(options: argparse.Namespace) -> int:
    with _installation(options.data, role="reporter"):
        from config.auditing import prune_log

        return prune_log(really=options.really)


def _doctor(options: argparse.Namespace) -> int:
    with _settings(options.data, role="app"):
        from config.doctor import doctor

        return doctor(options.data)


def _backup(options: argparse.Namespace) -> int:
    from config.backup import backup

    return backup(options.data, to=options.to, keep=options.keep, is_dump=options.dump)


def _restore(options: argparse.Namespace) -> int:
    from config.key import passphrase_from
    from config.restore import parse_instant, restore

    return restore(
        options.source,
        options.data,
        until=parse_instant(options.until) if options.until else None,
        key_copy=options.content_key,
        phrase=passphrase_from(options.passphrase_file),
        check_all=options.check == "all",
    )


def _key(options: argparse.Namespace) -> int:
    if options.stolen and options.act != "rotate":
        options.wrong("--stolen is of rotate")
    if options.act == "rotate":
        with _settings(options.data, role="app"):
            from config.key import rotate

            return rotate(options.data, stolen=options.stolen)
    from config.key import check, export

    run, file = (export, options.to) if options.act == "export" else (check, options.copy)
    if file is None:
        options.wrong("export needs --to FILE, check needs --copy FILE")
    return run(options.data, file, options.passphrase_file)


@contextmanager
def _installation(
    data: Path, *, role: str, is_ready: Callable[[], bool] = is_current
) -> Iterator[None]:
    """A database that answers, with the tables of this version, and Django connected as ``role``."""
    with attached(data), _settings(data, role=role):
        django.setup()
        if not is_ready():
            migrate(data)
        yield


@contextmanager
def _settings(data: Path, *, role: str) -> Iterator[None]:
    os.environ |= {
        "SALUS_DATA": str(data.absolute()),
        "SALUS_ROLE": role,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    yield


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="salus", description="A national eHealth platform and its activity report."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str,
        run: Callable[[argparse.Namespace], int],
        summary: str,
        among: "argparse._SubParsersAction[argparse.ArgumentParser]" = commands,
    ) -> argparse.ArgumentParser:
        command = among.add_parser(name, help=summary, description=summary)
        command.set_defaults(command=run)
        command.add_argument(
            "--data",
            type=Path,
            default=Path(os.environ.get("SALUS_DATA", "var")),
            metavar="DIR",
            help="data folder (default: SALUS_DATA, else ./var)",
        )
        return command

    command = add("serve", _serve, "Run the site and its database until Ctrl-C.")
    command.add_argument("--port", type=_port, default=8000)
    command.add_argument("--host", default="127.0.0.1", help="address to listen on")
    for name, what, options in (("mllp", "HL7 v2", MllpOptions), ("ldap", "LDAP", LdapOptions)):
        usual = f"of {what} ({options.PORT})"
        command.add_argument(f"--{name}-port", type=_port, metavar="PORT", help=usual)

    command = add("simulate", _simulate, "Fill an empty installation with a synthetic nation.")
    command.add_argument(
        "--scale", type=_scale, default=100, metavar="1/N", help="share of the nation (1/100)"
    )
    command.add_argument("--until", type=_month, metavar="YYYY-MM", help="last month that is lived")
    command.add_argument("--seed", type=int, default=1, help="same seed, same nation (1)")

    command = add(
        "report", _report, "Publish a month's activity report, or hold one against the rows."
    )
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("month", type=_month, metavar="YYYY-MM", nargs="?")
    which.add_argument(
        "--verify", type=Path, metavar="FILE", help="recount the published edition.json and compare"
    )
    command.add_argument("--lang", default="fr", choices=["fr", "de", "en", "lb"])
    command.add_argument("--format", default="pdf", choices=["pdf", "html", "csv", "json"])
    command.add_argument("--out", type=Path, metavar="FILE", help="write there as well")
    command.add_argument(
        "--reason", default="", help="publish what has changed since as a revision, for this reason"
    )
    command.add_argument(
        "--override", default="", metavar="REASON", help="publish although a self-check fails"
    )
    command.add_argument(
        "--from-rollups",
        action="store_true",
        help="draw a published month anew from its roll-ups, at once and without counting",
    )

    command = add("import", _import, "Take in FHIR R4 Bundles as other systems export them.")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")

    command = add("match", _match, "Find the records of registries' files that are one person's.")
    command.add_argument("first", type=Path, metavar="A.csv", help="alone: it is deduplicated")
    command.add_argument("second", type=Path, metavar="B.csv", nargs="?", help="linked with A.csv")
    command.add_argument(
        "--out", required=True, metavar="links.csv", help="the pairs found (- for standard output)"
    )

    command = add("backup", _backup, "Back up database, documents and editions; the keys apart.")
    command.add_argument("--to", type=Path, metavar="DIR", help="said once, it is remembered")
    command.add_argument("--keep", type=_count, default=7, metavar="N", help="newest backups (7)")
    command.add_argument(
        "--dump", action="store_true", help="for the way to another version of PostgreSQL"
    )

    command = add("restore", _restore, "Make an installation in a new folder out of its backups.")
    command.add_argument("source", type=Path, metavar="FROM", help="the folder of the backups")
    command.add_argument(
        "--until", metavar="INSTANT", help="as '2026-11-27 12:00:00' (default: the newest)"
    )
    command.add_argument(
        "--content-key", type=Path, required=True, metavar="FILE", help="the copy of the keys"
    )
    command.add_argument("--passphrase-file", type=Path, metavar="FILE", help="else it is asked")
    command.add_argument(
        "--check", default="sample", choices=["all", "sample"], help="documents to open (sample)"
    )

    summary = "Seal a copy of the keys, check one, or rotate what signs tokens and proofs."
    add_key_options(add("key", _key, summary))

    add("demo-people", _demo_people, "List the demo people and how to sign in as them.")
    add(
        "demo-feed",
        _by("config.demo_feed"),
        "Let a hospital send patients, for the stewards of the demo people.",
    )
    summary = "Verify the event log, or drop months whose time is over."
    audit = commands.add_parser("audit", help=summary, description=summary)
    steps = audit.add_subparsers(required=True, metavar="STEP")
    add("verify", _audit_verify, "Read the whole log and name what was changed.", steps)
    command = add("prune", _audit_prune, "List the months kept long enough, or drop them.", steps)
    command.add_argument("--really", action="store_true", help="drop them")
    add_client_steps(commands, add, _by("config.clients"))
    add_directory_steps(commands, add, _by("config.directory"))
    asking = add_eligibility_steps(commands, add, _by("config.eligibility"))
    add_feed_steps(asking, add, _by("config.eligibility_feed"))
    add_index_steps(commands, add, _by("config.index"))
    add_staff_steps(commands, add, _by("config.staff"))
    add("doctor", _doctor, "Check this installation and say what to do.")
    return parser


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except SalusError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _port(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,4}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; choose one from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _scale(text: str) -> int:
    match = re.fullmatch(r"(?:1/)?([1-9]\d{0,4})", text)
    if not match:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a scale; write it as 1/N, for example 1/100"
        )
    return int(match[1])


if __name__ == "__main__":
    sys.exit(main())
