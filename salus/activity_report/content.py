"""An edition put into words: all that a page, a PDF or a table prints of it, in the active language."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from django.utils.translation import get_language, gettext, override, pgettext

from salus.activity_report import layout
from salus.activity_report.calendar import release_of
from salus.activity_report.edition import (
    Chart,
    Edition,
    Figure,
    Number,
    Outcome,
    Point,
    Status,
    indicators,
)
from salus.activity_report.explanation import Explanation, explanation_of, reference_of, told
from salus.activity_report.printed import (
    capitalised,
    month_name,
    print_change,
    print_day,
    print_parts,
    print_value,
)
from salus.activity_report.signing import fingerprint
from salus.kernel.indicator import Indicator, Measure
from salus.kernel.month import Month

WITHHELD = "–"


@dataclass(frozen=True, kw_only=True)
class PrintedFigure:
    id: str
    printed: str
    caption: str
    starred: bool  # its caption is a term of the glossary
    reference: str  # "Total on 31/12/2024" or "December 2024"
    change: str  # "↓ 2,72 %"; '' for what is not a flow
    change_reference: str
    status: Status
    mark: str  # of a figure that is provisional, revised or withheld, in a word


@dataclass(frozen=True, kw_only=True)
class PrintedChart:
    id: str
    title: str
    starred: bool
    span: str  # "from 01/01/2024 to 31/12/2024"
    finding: str  # what the chart shows, in a sentence
    dimension: str  # name of the dimension, '' where there is none
    months: tuple[str, ...]  # YYYY-MM
    names: tuple[str, ...]  # of the codes, in order
    values: tuple[tuple[Number, ...], ...]  # a row per month, a column per code
    printed: tuple[tuple[str, ...], ...]
    marks: tuple[tuple[str, ...], ...]  # as of the figures; '' of a normal cell
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
    def rows(self) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        """The table behind the chart: month, then a printed value and its mark for each code."""
        return [
            (month_name(Month.parse(month), language()), tuple(zip(row, marks, strict=True)))
            for month, row, marks in zip(self.months, self.printed, self.marks, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class PrintedSection:
    id: str
    title: str
    purpose: str
    accent: str
    figures: tuple[tuple[PrintedFigure, ...], ...]  # row by row
    charts: tuple[tuple[PrintedChart, ...], ...]
    explanations: tuple[Explanation, ...]  # of its figures, then of its charts


@dataclass(frozen=True, kw_only=True)
class Content:
    language: str
    month: Month
    title: str
    month_title: str
    cut_off: str  # the last day that is counted
    revision: int
    reason: str  # of a revision
    notes: tuple[str, ...]  # what a reader must know before the first figure
    introduction: tuple[str, ...]
    sections: tuple[PrintedSection, ...]
    glossary: tuple[tuple[str, str], ...]
    contact: tuple[str, str]
    licence: str
    fingerprint: str

    @cached_property
    def figures(self) -> dict[str, PrintedFigure]:
        rows = (row for section in self.sections for row in section.figures)
        return {figure.id: figure for row in rows for figure in row}

    @cached_property
    def charts(self) -> dict[str, PrintedChart]:
        rows = (row for section in self.sections for row in section.charts)
        return {chart.id: chart for row in rows for chart in row}

    @property
    def explanations(self) -> Iterator[Explanation]:
        return (one for section in self.sections for one in section.explanations)

    @property
    def revision_title(self) -> str:
        with override(self.language):
            return gettext("Revision %(number)s") % {"number": self.revision}

    @property
    def full_title(self) -> str:
        return f"{self.title} · {self.month_title}"


def language() -> str:
    return get_language() or "en"


@lru_cache(maxsize=64)  # the archive shows many, and an edition never changes
def content_of(edition: Edition, in_language: str) -> Content:
    """The edition's words and printed numbers in a language."""
    profile = layout.profile()
    with override(in_language):
        printed = printed_values(edition)
        return Content(
            language=in_language,
            month=edition.month,
            title=str(layout.TITLE),
            month_title=capitalised(month_name(edition.month, language())),
            cut_off=print_day(edition.cut_off, language()),
            revision=edition.revision,
            reason=edition.reason,
            notes=tuple(_notes(edition)),
            introduction=tuple(str(text) for text in profile.introduction),
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
                    explanations=tuple(
                        explanation_of(name, edition, language())
                        for row in (*section.figures, *section.charts)
                        for name in row
                    ),
                )
                for section in layout.sections()
            ),
            glossary=tuple((str(term), str(text)) for term, text in profile.glossary.values()),
            contact=(str(profile.agency), profile.website),
            licence=str(layout.LICENCE),
            fingerprint=fingerprint(edition),
        )


def printed_values(edition: Edition) -> dict[str, str]:
    """Every figure as printed; shares of one whole are rounded together."""
    groups: dict[str, list[Figure]] = defaultdict(list)
    for figure in edition.figures:
        groups[indicators()[figure.id].cell_of or figure.id].append(figure)
    printed: dict[str, str] = {}
    for group in groups.values():
        indicator = indicators()[group[0].id]
        values = [figure.value for figure in group]
        texts = (
            print_parts(values, indicator.precision, language())
            if indicator.cell_of
            else [print_value(values[0], indicator.precision, language())]
        )
        printed |= {
            figure.id: WITHHELD if figure.status is Status.SUPPRESSED else text
            for figure, text in zip(group, texts, strict=True)
        }
    return printed


def _notes(edition: Edition) -> Iterator[str]:
    counted = edition.counted_at and datetime.fromisoformat(edition.counted_at).date()
    if edition.simulated:
        yield str(layout.SYNTHETIC) % {"scale": edition.simulated}
    if not edition.protected:
        yield str(layout.UNPROTECTED)
    if edition.provisional and edition.cut_off < edition.month.last_day:
        yield str(layout.RUNNING) % {"day": print_day(edition.cut_off, language())}
    elif edition.provisional:
        release = print_day(release_of(edition.month).date(), language())
        yield str(layout.NOT_RELEASED) % {"day": release}
    if edition.revision > 1 and counted:
        facts = {"number": edition.revision, "day": print_day(counted, language())}
        yield str(layout.REVISED) % (facts | {"reason": edition.reason})
    if edition.override:
        yield str(layout.OVERRIDDEN) % {"reason": edition.override}
        for check in edition.checks:
            if check.outcome is Outcome.FAILED:
                yield told(check, language())


def _mark(status: Status) -> str:
    """The word beside a cell that is not as a reader expects."""
    words = {
        Status.PROVISIONAL: pgettext("status of a cell", "provisional"),
        Status.REVISED: pgettext("status of a cell", "revised"),
        Status.SUPPRESSED: pgettext("status of a cell", "withheld"),
    }
    return words.get(status, "")


def _figure(figure: Figure, printed: str, edition: Edition) -> PrintedFigure:
    indicator = indicators()[figure.id]
    is_flow = indicator.measure is Measure.FLOW
    before = month_name(edition.month + -1, language())
    return PrintedFigure(
        id=figure.id,
        printed=printed,
        caption=layout.title_of(indicator, language()),
        starred=indicator.glossary in layout.profile().glossary,
        reference=reference_of(indicator, edition, language()),
        change=print_change(figure.change, language()) if is_flow else "",
        change_reference=gettext("compared with %(month)s") % {"month": before} if is_flow else "",
        status=figure.status,
        mark=_mark(figure.status),
    )


def _chart(chart: Chart, edition: Edition) -> PrintedChart:
    indicator = indicators()[chart.id]
    title = layout.title_of(indicator, language())
    names = [
        layout.name_of(indicator.dimension, code, language()) if code else title
        for code in indicator.codes
    ]
    columns = len(names)
    points = [chart.series[i : i + columns] for i in range(0, len(chart.series), columns)]
    printed = [_row(row, indicator) for row in points]
    months = [row[0].period for row in points]
    first = Month.parse(months[0])
    return PrintedChart(
        id=chart.id,
        title=title,
        starred=indicator.dimension in layout.STARRED_DIMENSIONS,
        span=gettext("from %(first)s to %(last)s")
        % {
            "first": print_day(first.first_day, language()),
            "last": print_day(edition.cut_off, language()),
        },
        finding=_parts(names, months, printed)
        if indicator.dimension
        else _trend(months, points, printed),
        dimension=str(layout.DIMENSIONS.get(indicator.dimension, "")),
        months=tuple(months),
        names=tuple(names),
        values=tuple(tuple(point.value for point in row) for row in points),
        printed=tuple(printed),
        marks=tuple(tuple(_mark(point.status) for point in row) for row in points),
        measure=indicator.measure,
    )


def _row(row: tuple[Point, ...], indicator: Indicator) -> tuple[str, ...]:
    values = [point.value for point in row]
    if indicator.measure is Measure.SHARE:
        texts = print_parts(values, indicator.precision, language())
    else:
        texts = [print_value(value, indicator.precision, language()) for value in values]
    return tuple(
        WITHHELD if point.status is Status.SUPPRESSED else text
        for point, text in zip(row, texts, strict=True)
    )


def _parts(names: list[str], months: list[str], printed: list[tuple[str, ...]]) -> str:
    parts = ", ".join(f"{name} {text}" for name, text in zip(names, printed[-1], strict=True))
    month = month_name(Month.parse(months[-1]), language())
    return gettext("%(month)s: %(parts)s.") % {"month": capitalised(month), "parts": parts}


def _trend(months: list[str], rows: list[tuple[Point, ...]], printed: list[tuple[str, ...]]) -> str:
    begin, end = rows[0][0].value or 0, rows[-1][0].value or 0
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
