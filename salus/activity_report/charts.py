"""One Vega-Lite specification per chart, for the page, the PDF and whoever downloads it."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode
from django.utils.translation import gettext
from fontpkg_source_sans_3 import FAMILY
from fontpkg_source_sans_3 import ROOT as FONT

from salus.activity_report.content import PrintedChart, language
from salus.activity_report.printed import million, month_name, month_short, separators
from salus.kernel.month import Month

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart

FONTS = FONT / "files"
VEGA_LITE = vl_convert.get_vegalite_versions()[-1]
# As figures are printed: exact, and in millions from one million on.
_AMOUNTS = (
    "datum.value < 1e6 ? format(datum.value, ',') : format(datum.value / 1e6, ',~r') + '{million}'"
)
# Shades of one accent, in percent of it: they differ in lightness, hence for every eye and in grey.
_EARLIER = 42
_STACK = (100, 58, 28)
# Typst draws an SVG's weight 400 at the default of a variable font, which here is extra light.
_WEIGHT = 500

vl_convert.register_font_directory(str(FONTS))


@dataclass(frozen=True, kw_only=True)
class Look:
    """Colours, type and size of the place where a chart stands; sizes in points or CSS pixels."""

    accent: str
    text: str
    muted: str
    grid: str
    surface: str
    font: str
    font_size: float
    width: int
    height: int
    tints: dict[int, str]  # of the accent on the surface, by percent


# Of a chart on paper, in points: the full width of the page, or one of two columns.
PAPER_FULL, PAPER_HALF = (482, 135), (232, 140)


SCREEN_FULL, SCREEN_HALF = (960, 240), (480, 240)  # in CSS pixels


def paper(accent: str, size: tuple[int, int]) -> Look:
    return Look(
        accent=accent,
        text="#16221f",
        muted="#52625d",
        grid="#e3e8e4",
        surface="#ffffff",
        font=FAMILY,
        font_size=7,
        width=size[0],
        height=size[1],
        tints={percent: _on_white(accent, percent) for percent in (_EARLIER, *_STACK)},
    )


def _on_white(colour: str, percent: int) -> str:
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{255 + (part - 255) * percent // 100:02x}" for part in parts)


def screen(size: tuple[int, int]) -> Look:
    """The page's own style sheet gives the colours, so that one drawing serves light and dark."""
    return Look(
        accent="var(--report-accent)",
        text="var(--color-text)",
        muted="var(--color-muted)",
        grid="var(--color-border)",
        surface="var(--color-surface)",
        font="inherit",
        font_size=12,
        width=size[0],
        height=size[1],
        tints={
            percent: f"color-mix(in srgb, var(--report-accent) {percent}%, var(--color-surface))"
            for percent in (_EARLIER, *_STACK)
        },
    )


def specification(chart: PrintedChart, look: Look) -> dict[str, Any]:
    """The chart as Vega-Lite, data included. That it keeps to the schema is tested, and not asked each time anew:
    this took longer than to draw it.
    """
    with debug_mode(False):
        drawn: dict[str, Any] = _drawing(chart, look).to_dict(validate=False)
    return drawn


def _drawing(chart: PrintedChart, look: Look) -> Drawing:
    drawing: Drawing
    if chart.compares_ends:
        drawing = _by_code(chart, look)
    elif chart.dimension:
        drawing = _stacked(chart, look)
    else:
        drawing = _by_month(chart, look)
    drawing = drawing.properties(
        width=look.width,
        height=look.height,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        description=chart.finding,
    ).configure(**_config(look))
    return drawing


def svg(specification: dict[str, Any]) -> str:
    drawing: str = vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE)
    return drawing


def _rows(chart: PrintedChart) -> alt.InlineData:
    return alt.InlineData(
        values=[
            {
                "period": month,
                "month": month_name(Month.parse(month), language()),
                "dimension": name,
                "order": i,
                "value": value,
                "printed": printed,
            }
            for month, values, texts in zip(chart.months, chart.values, chart.printed, strict=True)
            for i, (name, value, printed) in enumerate(zip(chart.names, values, texts, strict=True))
        ]
    )


def _months_axis(chart: PrintedChart) -> alt.X:
    labels = {month: month_short(Month.parse(month), language()) for month in chart.months}
    for month in chart.months:
        if month == chart.months[0] or month.endswith("-01"):
            labels[month] += f"|{month[:4]}"
    names = ", ".join(f"'{month}': '{label}'" for month, label in labels.items())
    axis = alt.Axis(labelExpr=f"split({{{names}}}[datum.value], '|')", labelAngle=0, ticks=False)
    return alt.X("period:O", axis=axis, title=None, scale=alt.Scale(paddingInner=0.28))


def _amount(chart: PrintedChart, *, stack: bool = False) -> alt.Y:
    # From zero, always, and to one at least: a bar's length is its value. Few things have no halves.
    most = max(1, *(sum(value or 0 for value in row) for row in chart.values))
    few = list(range(int(most) + 1)) if most <= 4 else alt.Undefined
    axis = alt.Axis(
        labelExpr=_AMOUNTS.format(million=million(language())),
        tickCount=4,
        values=few,
        domain=False,
        ticks=False,
    )
    return alt.Y(
        "value:Q",
        axis=axis,
        title=None,
        scale=alt.Scale(zero=True, nice=4, domainMax=1 if most == 1 else alt.Undefined),
        stack="zero" if stack else None,
    )


def _tooltip(chart: PrintedChart) -> list[alt.Tooltip]:
    by = [alt.Tooltip("dimension:N", title=chart.dimension)] if chart.dimension else []
    return [
        alt.Tooltip("month:N", title=gettext("Month")),
        *by,
        alt.Tooltip("printed:N", title=chart.title),
    ]


def _by_month(chart: PrintedChart, look: Look) -> Drawing:
    """A bar per month; the reported one stands out and carries its value."""
    is_reported = alt.datum.period == chart.months[-1]
    base = alt.Chart(_rows(chart)).encode(x=_months_axis(chart), y=_amount(chart))
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        color=alt.condition(is_reported, alt.value(look.accent), alt.value(look.tints[_EARLIER])),
        tooltip=_tooltip(chart),
    )
    label = (
        base.transform_filter(is_reported)
        .mark_text(dy=-look.font_size * 0.7, fontWeight="bold", color=look.accent)
        .encode(text="printed:N")
    )
    return alt.layer(bars, label)


def _stacked(chart: PrintedChart, look: Look) -> Drawing:
    """A bar per month, stacked by code."""
    names = list(chart.names)
    bars: alt.Chart = (
        alt.Chart(_rows(chart))
        .mark_bar(stroke=look.surface, strokeWidth=0.75)
        .encode(
            x=_months_axis(chart),
            y=_amount(chart, stack=True),
            order=alt.Order("order:Q"),
            color=alt.Color(
                "dimension:N",
                scale=alt.Scale(
                    domain=names,
                    range=[look.tints[percent] for percent in _STACK[: len(names)]],
                ),
                sort=names,
                legend=alt.Legend(title=None, orient="top", symbolType="square", offset=4),
            ),
            tooltip=_tooltip(chart),
        )
    )
    return bars


def _by_code(chart: PrintedChart, look: Look) -> Drawing:
    """A bar per code in the reported month; a tick where it stood in the first month."""
    reported, first = alt.datum.period == chart.months[-1], alt.datum.period == chart.months[0]
    amount = alt.X(
        "value:Q",
        axis=None,
        stack=None,
        scale=alt.Scale(zero=True, nice=False, padding=0),
    )
    base = alt.Chart(_rows(chart)).encode(
        x=amount,
        y=alt.Y(
            "dimension:N",
            sort=list(chart.names),
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelPadding=6, labelColor=look.text),
            scale=alt.Scale(paddingInner=0.3),
        ),
    )
    bars = (
        base.transform_filter(reported).mark_bar(cornerRadiusEnd=2).encode(tooltip=_tooltip(chart))
    )
    then = base.transform_filter(first)
    edge = then.mark_tick(thickness=3.5, color=look.surface)  # seen within a dark bar, too
    before = then.mark_tick(thickness=1.5, color=look.text).encode(tooltip=_tooltip(chart))
    label = (  # clear of both the bar and the tick
        base.transform_filter(reported | first)
        .transform_joinaggregate(reach="max(value)", groupby=["dimension"])
        .transform_filter(reported)
        .mark_text(align="left", dx=6, fontWeight="bold", color=look.accent)
        .encode(x=alt.X("reach:Q", axis=None), text="printed:N")
    )
    return alt.layer(bars, edge, before, label)


def _config(look: Look) -> dict[str, Any]:
    return {
        "background": "transparent",
        "font": look.font,
        "locale": {"number": separators(language())},
        "padding": 1,
        "view": {"stroke": None},
        "bar": {"color": look.accent},
        "text": {"fontSize": look.font_size},
        "axis": {
            "labelColor": look.muted,
            "labelFontSize": look.font_size,
            "labelFontWeight": _WEIGHT,
            "gridColor": look.grid,
            "domainColor": look.grid,
            "labelPadding": 4,
        },
        "axisX": {"grid": False},
        "legend": {
            "labelColor": look.text,
            "labelFontSize": look.font_size,
            "labelFontWeight": _WEIGHT,
        },
    }
