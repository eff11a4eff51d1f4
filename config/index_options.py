"""What `salus index` understands; config.index does it, once Django is there."""

import argparse
from collections.abc import Callable


def add_index_steps(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    add: Callable[..., argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], int],
) -> None:
    summary = "Learn the weights of matching from the patient index, or find who is in it twice."
    index = commands.add_parser("index", help=summary, description=summary)
    steps = index.add_subparsers(required=True, metavar="STEP", dest="step")
    add("learn", run, "Learn the weights from all its people, and put them in force.", steps)
    command = add(
        "deduplicate", run, "Queue pairs that may be one human being for the stewards.", steps
    )
    command.add_argument(
        "--link", action="store_true", help="link those that surely are, instead of queuing them"
    )
