"""What `salus client` understands; config.clients does it, once Django is there."""

import argparse
from collections.abc import Callable
from pathlib import Path


def add_client_steps(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    add: Callable[..., argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], int],
) -> None:
    summary = "Register software that may ask for tokens, list it, or end it."
    client = commands.add_parser("client", help=summary, description=summary)
    steps = client.add_subparsers(required=True, metavar="STEP", dest="step")
    command = add("create", run, "Register a client; prints its id, and its secret once.", steps)
    command.add_argument("--name", required=True, help="of the software")
    command.add_argument(
        "--scope", required=True, metavar="SCOPES", help="the most it may have: 'system/Patient.rs'"
    )
    command.add_argument(
        "--organization", metavar="ID", help="in whose name it asks: row id, value or system|value"
    )
    command.add_argument(
        "--identifier-system",
        action="append",
        default=[],
        metavar="URI",
        help="in which its organisation numbers patients, and may feed the index; repeatable",
    )
    command.add_argument("--contact", default="", help="of the software's maker")
    command.add_argument(
        "--purpose",
        action="append",
        metavar="CODE",
        help="of use that it may state: TREAT (the default), ETREAT, HOPERAT...; repeatable",
    )
    command.add_argument(
        "--redirect-uri", action="append", default=[], metavar="URI", help="for users; repeatable"
    )
    how = command.add_argument_group(
        "how it proves who it is", "one of these; with none of them it gets a secret"
    )
    how.add_argument("--jwks", type=Path, metavar="FILE", help="its public keys (JWK Set)")
    how.add_argument("--jwks-uri", metavar="URI", help="where its public keys are")
    how.add_argument(
        "--certificate",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="its own certificate (PEM), self-signed; repeatable, for the change of one",
    )
    how.add_argument(
        "--tls-subject",
        metavar="KIND:SUBJECT",
        help="of the certificate of an authority, as san_dns:lab.example",
    )
    how.add_argument("--public", action="store_true", help="an app that can keep no secret")
    add("list", run, "List the clients.", steps)
    command = add("end", run, "Give a client no more tokens, and end those it has.", steps)
    command.add_argument("client_id", metavar="ID", help="as `salus client list` shows it")
