"""What of the activity report is a country's own: its agency, its services by their names, its dates.

A figure, and how it is counted, is declared by its domain (salus.kernel.indicator) and is the same everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise

Text = Promise | str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A service of the agency. ``figures`` and ``charts`` name indicators, row by row as printed."""

    id: str
    title: Text
    purpose: Text
    accent: str  # colour on paper; the pages have their own, light and dark, in report.css
    figures: tuple[tuple[str, ...], ...] = ()
    charts: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Release:
    """A month's edition appears on this day of the next month, or the first working day after it."""

    day: int
    hour: int  # local time
    holidays: str = ""  # ISO 3166-1 code whose public holidays are no working days; '' for none


@dataclass(frozen=True, kw_only=True)
class Profile:
    agency: Text
    website: str
    address: str  # under which the ids of figures and editions stay, for ever and on every server
    introduction: tuple[Text, ...]
    sections: tuple[Section, ...]
    headlines: tuple[str, ...]  # the figures that stand for a month in the archive
    release: Release
    # The nation's own words, where it has any: titles by indicator, names by dimension and code.
    titles: Mapping[str, Text] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)
    glossary: Mapping[str, tuple[Text, Text]] = field(default_factory=dict)
