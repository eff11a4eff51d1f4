"""What `salus key` understands; config.key does it."""

from argparse import ArgumentParser
from pathlib import Path


def add_key_options(command: ArgumentParser) -> None:
    command.add_argument("act", choices=["export", "check", "rotate"])
    command.add_argument("--to", type=Path, metavar="FILE", help="of export: the copy to make")
    command.add_argument("--copy", type=Path, metavar="FILE", help="of check: the copy to open")
    command.add_argument("--passphrase-file", type=Path, metavar="FILE", help="else it is asked")
    command.add_argument(
        "--stolen", action="store_true", help="of rotate: nothing that was signed before shall hold"
    )
    command.set_defaults(wrong=command.error)
