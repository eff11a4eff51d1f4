"""The revision table: every published number that a later edition or revision says otherwise."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import override

from salus.activity_report import layout
from salus.activity_report.archive import Correction, corrections
from salus.activity_report.content import WITHHELD
from salus.activity_report.edition import Number, indicators
from salus.activity_report.printed import capitalised, month_name, print_day, print_value
from salus.kernel.month import Month


@dataclass(frozen=True, kw_only=True)
class PrintedCell:
    indicator: str
    title: str
    month: str
    before: str
    since: str


@dataclass(frozen=True, kw_only=True)
class PrintedCorrection:
    month: Month
    month_title: str
    revision: int
    day: str
    reason: str
    cells: tuple[PrintedCell, ...]


def revision_table(language: str) -> list[PrintedCorrection]:
    with override(language):
        return [_printed(correction, language) for correction in corrections()]


def _printed(correction: Correction, language: str) -> PrintedCorrection:
    edition = correction.edition
    return PrintedCorrection(
        month=edition.month,
        month_title=capitalised(month_name(edition.month, language)),
        revision=edition.revision,
        day=print_day(datetime.fromisoformat(edition.counted_at).date(), language),
        reason=edition.reason,
        cells=tuple(
            PrintedCell(
                indicator=name,
                title=_title(name, code, language),
                month=capitalised(month_name(Month.parse(period), language)),
                before=_value(name, before, language),
                since=_value(name, since, language),
            )
            for (name, period, code), before, since in correction.cells
        ),
    )


def _title(name: str, code: str, language: str) -> str:
    indicator = indicators()[name]
    title = layout.title_of(indicator, language)
    return f"{title}: {layout.name_of(indicator.dimension, code, language)}" if code else title


def _value(name: str, value: Number, language: str) -> str:
    return WITHHELD if value is None else print_value(value, indicators()[name].precision, language)
