"""An edition put into words: all that a page, a PDF or a table prints of it, in the active language."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.utils.translation import get_language, gettext, override

from salus.activity_report import layout
from salus.activity_report.edition import Chart, Edition, Figure, indicators
from salus.activity_report.printed import (
    Number,
    month_name,
    precision_of_series,
    print_change,
    print_day,
    print_parts,
    print_value,
)
from salus.kernel.indicator import Indicator, Measure
from salus.kernel.month import Month


@dataclass(frozen=True, kw_only=True)
class PrintedFigure:
    id: str
    printed: str
    caption: str
    starred: bool  # its caption is a term of the glossary
    reference: str  # "Total on 31/12/2024" or "December 2024"
    change: str  # "↓ 2,72 %"; '' for what is not a flow
    change_reference: str
    unit: str
    status: str
    definition: str


@dataclass(frozen=True, kw_only=True)
class PrintedChart:
    id: str
    title: str
    starred: bool
    span: str  # "from 01/01/2024 to 31/12/2024"
    finding: str  # what the chart shows, in a sentence
    definition: str
    dimension: str  # name of the dimension, '' where there is none
    months: tuple[str, ...]  # YYYY-MM
    names: tuple[str, ...]  # of the codes, in order
    values: tuple[tuple[Number, ...], ...]  # a row per month, a column per code
    printed: tuple[tuple[str, ...], ...]
    measure: Measure

    @property
    def compares_ends(self) -> bool:
        """Drawn as the last month beside the first, code by code, rather than month by month."""
        return bool(self.dimension) and self.measure is not Measure.FLOW

    @property
    def legend(self) -> str:
        if not self.compares_ends:
            return ""
        first = month_name(Month.parse(self.months[0]), language())
        return gettext("The thin line marks %(month)s.") % {"month": first}

    @property
    def rows(self) -> list[tuple[str, tuple[str, ...]]]:
        """The table behind the chart: month, then a printed value for each code."""
        return [
            (month_name(Month.parse(month), language()), row)
            for month, row in zip(self.months, self.printed, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class PrintedSection:
    id: str
    title: str
    purpose: str
    accent: str
    figures: tuple[tuple[PrintedFigure, ...], ...]  # row by row
    charts: tuple[tuple[PrintedChart, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Content:
    language: str
    month: Month
    title: str
    month_title: str
    revision: int
    note: str  # that the people are synthetic; '' when they are not
    introduction: tuple[str, ...]
    sections: tuple[PrintedSection, ...]
    glossary: tuple[tuple[str, str], ...]
    contact: tuple[str, str]
    licence: str

    @cached_property
    def figures(self) -> dict[str, PrintedFigure]:
        rows = (row for section in self.sections for row in section.figures)
        return {figure.id: figure for row in rows for figure in row}

    @cached_property
    def charts(self) -> dict[str, PrintedChart]:
        rows = (row for section in self.sections for row in section.charts)
        return {chart.id: chart for row in rows for chart in row}

    @property
    def full_title(self) -> str:
        return f"{self.title} · {self.month_title}"


def language() -> str:
    return get_language() or "en"


@lru_cache(maxsize=64)  # the archive shows many, and an edition never changes
def content_of(edition: Edition, in_language: str) -> Content:
    """The edition's words and printed numbers in a language."""
    with override(in_language):
        printed = printed_values(edition)
        return Content(
            language=in_language,
            month=edition.month,
            title=str(layout.TITLE),
            month_title=_capitalised(month_name(edition.month, language())),
            revision=edition.revision,
            note=_note(edition),
            introduction=tuple(str(text) for text in layout.INTRODUCTION),
            sections=tuple(
                PrintedSection(
                    id=section.id,
                    title=str(section.title),
                    purpose=str(section.purpose),
                    accent=section.accent,
                    figures=tuple(
                        tuple(_figure(edition.figure(name), printed[name], edition) for name in row)
                        for row in section.figures
                    ),
                    charts=tuple(
                        tuple(_chart(edition.chart(name), edition) for name in row)
                        for row in section.charts
                    ),
                )
                for section in layout.SECTIONS
            ),
            glossary=tuple((str(term), str(text)) for term, text in layout.GLOSSARY.values()),
            contact=(str(layout.CONTACT[0]), str(layout.CONTACT[1])),
            licence=str(layout.LICENCE),
        )


def printed_values(edition: Edition) -> dict[str, str]:
    """Every figure as printed; shares of one whole are rounded together."""
    groups: dict[str, list[Figure]] = defaultdict(list)
    for figure in edition.figures:
        groups[indicators()[figure.id].parts_of or figure.id].append(figure)
    printed: dict[str, str] = {}
    for group in groups.values():
        indicator = indicators()[group[0].id]
        values = [figure.value for figure in group]
        texts = (
            print_parts(values, indicator.precision, language())
            if indicator.parts_of
            else [print_value(values[0], indicator.precision, language())]
        )
        printed |= dict(zip((figure.id for figure in group), texts, strict=True))
    return printed


def status_of(value: Number, edition: Edition, period: str) -> str:
    """In the words of SDMX's code list of observation statuses."""
    if value is None:
        return "missing"
    return "provisional" if edition.provisional_on and period == edition.period else "normal"


def _note(edition: Edition) -> str:
    """What a reader must know before the first figure."""
    notes = []
    if edition.simulated:
        notes.append(str(layout.SYNTHETIC) % {"scale": edition.simulated})
    if edition.provisional_on:
        notes.append(str(layout.PROVISIONAL) % {"day": print_day(edition.cut_off, language())})
    return " ".join(notes)


def _figure(figure: Figure, printed: str, edition: Edition) -> PrintedFigure:
    indicator, month = indicators()[figure.id], edition.month
    is_flow = indicator.measure is Measure.FLOW
    return PrintedFigure(
        id=figure.id,
        printed=printed,
        caption=str(layout.CAPTIONS[figure.id]),
        starred=indicator.glossary in layout.GLOSSARY,
        reference=_capitalised(month_name(month, language()))
        if is_flow
        else gettext("Total on %(day)s") % {"day": print_day(edition.cut_off, language())},
        change=print_change(figure.change, language()) if is_flow else "",
        change_reference=gettext("compared with %(month)s")
        % {"month": month_name(month + -1, language())}
        if is_flow
        else "",
        unit=indicator.unit,
        status=status_of(figure.value, edition, edition.period),
        definition=definition(indicator),
    )


def definition(indicator: Indicator) -> str:
    return gettext(indicator.definition)


def _chart(chart: Chart, edition: Edition) -> PrintedChart:
    indicator = indicators()[chart.id]
    labels = layout.DIMENSIONS.get(indicator.dimension, {"": layout.TITLES[chart.id]})
    names = [str(labels[code]) for code in indicator.codes]
    columns = len(names)
    values = [point.value for point in chart.series]
    rows = [tuple(values[i : i + columns]) for i in range(0, len(values), columns)]
    printed = [_row(row, indicator) for row in rows]
    months = [point.period for point in chart.series[::columns]]
    first = Month.parse(months[0])
    return PrintedChart(
        id=chart.id,
        title=str(layout.TITLES[chart.id]),
        starred=indicator.dimension in layout.STARRED_DIMENSIONS,
        span=gettext("from %(first)s to %(last)s")
        % {
            "first": print_day(first.first_day, language()),
            "last": print_day(edition.cut_off, language()),
        },
        finding=_parts(names, months, printed)
        if indicator.dimension
        else _trend(months, rows, printed),
        definition=definition(indicator),
        dimension=str(layout.DIMENSION_NAMES.get(indicator.dimension, "")),
        months=tuple(months),
        names=tuple(names),
        values=tuple(rows),
        printed=tuple(printed),
        measure=indicator.measure,
    )


def _row(row: tuple[Number, ...], indicator: Indicator) -> tuple[str, ...]:
    precision = precision_of_series(indicator.measure)
    if indicator.measure is Measure.SHARE:
        return tuple(print_parts(row, precision, language()))
    return tuple(print_value(value, precision, language()) for value in row)


def _parts(names: list[str], months: list[str], printed: list[tuple[str, ...]]) -> str:
    parts = ", ".join(f"{name} {text}" for name, text in zip(names, printed[-1], strict=True))
    month = month_name(Month.parse(months[-1]), language())
    return gettext("%(month)s: %(parts)s.") % {"month": _capitalised(month), "parts": parts}


def _trend(
    months: list[str], rows: list[tuple[Number, ...]], printed: list[tuple[str, ...]]
) -> str:
    begin, end = rows[0][0] or 0, rows[-1][0] or 0
    if end > begin:
        sentence = gettext("Rose from %(begin)s in %(first)s to %(end)s in %(last)s.")
    elif end < begin:
        sentence = gettext("Fell from %(begin)s in %(first)s to %(end)s in %(last)s.")
    else:
        sentence = gettext("%(end)s in %(last)s, as in %(first)s.")
    return sentence % {
        "begin": printed[0][0],
        "first": month_name(Month.parse(months[0]), language()),
        "end": printed[-1][0],
        "last": month_name(Month.parse(months[-1]), language()),
    }


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
