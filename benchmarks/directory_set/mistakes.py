"""How a name is mistyped: one mistake, at a random place."""

import random
from collections.abc import Callable

from benchmarks.regional_set.spelling import heard


def missing(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


def wrong(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("abcdefghiklmnoprstuvwz") + text[at + 1 :]


def doubled(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[: at + 1] + text[at:]


def swapped(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


MISTAKES: dict[str, Callable[[random.Random, str], str]] = {
    "a letter missing": missing,
    "a wrong letter": wrong,
    "a letter doubled": doubled,
    "two letters swapped": swapped,
    "written as it sounds": heard,
}
