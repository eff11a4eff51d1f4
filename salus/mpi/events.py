"""What the patient index tells others (salus.kernel.events)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class PersonsLinked:
    """From now on ``person``, and who stood below, are known as ``root``."""

    link: int
    person: int
    root: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PersonsSeparated:
    """The link is no more: ``separated`` are no longer the one who is known as ``root``.

    What was filed for one of either side since then (salus.kernel.filings) was filed by who took them for one.
    """

    link: int
    person: int
    separated: tuple[int, ...]  # ``person`` and who goes along
    root: int  # of those who stay
    since: datetime  # when they were linked
    at: datetime
