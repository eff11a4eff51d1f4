"""The desk's drawings: Vega-Lite, drawn here to SVG, coloured by the page's own style sheet."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import vl_convert
from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from salus.mpi.stewards.explanation import Explanation
from salus.mpi.stewards.quality import Quality
from salus.mpi.stewards.words import FIELDS, LEVELS, said

_VEGA_LITE = vl_convert.get_vegalite_versions()[-1]
_WIDTH, _ROW, _TEXT = 620, 30, 14  # CSS pixels
_FONT = "Atkinson Hyperlegible Next, sans-serif"
_COLOURS = {
    "for": "var(--color-accent)",
    "against": "var(--color-danger)",
    "sum": "var(--color-border-strong)",
}


def waterfall(explanation: Explanation) -> dict[str, Any]:
    """A bar per field from the sum before it to the sum after it; the first and the last stand on zero."""
    bars = [_bar(gettext("Before comparing"), 0, explanation.prior, "sum", explanation.prior)]
    bars += [
        _bar(
            f"{said(FIELDS, step.field)}: {said(LEVELS, step.level)}",
            step.start,
            step.end,
            "for" if step.weight > 0 else "against",
            step.weight,
        )
        for step in explanation.steps
    ]
    bars.append(_bar(gettext("Together"), 0, explanation.weight, "sum", explanation.weight))
    return _framed(
        height=_ROW * len(bars),
        description=gettext("Bits that each field adds for or against the same person"),
        values=bars,
        encoding={
            "y": {
                "field": "label",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 290, "labelColor": "var(--color-text)", "ticks": False},
            }
        },
        layers=[
            {
                "mark": {"type": "bar", "cornerRadius": 2, "height": {"band": 0.62}},
                "encoding": {
                    "x": {
                        "field": "start",
                        "type": "quantitative",
                        "title": None,
                        "axis": {
                            "tickCount": 5,
                            "format": "d",
                            "gridColor": {  # even odds stand out
                                "condition": {
                                    "test": "datum.value === 0",
                                    "value": "var(--color-text)",
                                },
                                "value": "var(--color-border)",
                            },
                        },
                        "scale": {"padding": 44},
                    },
                    "x2": {"field": "end"},
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "legend": None,
                        "scale": {"domain": list(_COLOURS), "range": list(_COLOURS.values())},
                    },
                },
            },
            *(
                {
                    "transform": [{"filter": f"datum.weight {side} 0"}],
                    "mark": {"type": "text", "align": align, "dx": shift, "fontWeight": "bold"},
                    "encoding": {
                        "x": {"field": "end", "type": "quantitative"},
                        "text": {"field": "printed"},
                    },
                }
                for side, align, shift in ((">=", "left", 5), ("<", "right", -5))
            ),
        ],
    )


def _bar(label: str, start: float, end: float, kind: str, weight: float) -> dict[str, Any]:
    return {
        "label": label,
        "start": start,
        "end": end,
        "kind": kind,
        "weight": weight,
        "printed": bits(weight),
    }


def by_month(months: Sequence[Quality]) -> dict[str, Any]:
    """Entries joined automatically in each month, and on them, darker, those parted again."""
    joined, parted = gettext("Joined automatically"), gettext("Parted again")
    values = [
        {
            "month": format_date(one.month.first_day, "MMM yy", _locale()),
            "what": what,
            "count": count,
        }
        for one in months
        for what, count in ((joined, one.joined), (parted, one.parted))
    ]
    step = max(1, ceil(max(one.joined for one in months) / 4))
    return _framed(
        height=180,
        description=gettext("Entries joined automatically, and parted again, by month"),
        values=values,
        encoding={
            "x": {
                "field": "month",
                "type": "ordinal",
                "sort": None,
                "title": None,
                "axis": {"labelAngle": 0, "ticks": False},
            }
        },
        layers=[
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 2},
                "encoding": {
                    "y": {
                        "field": "count",
                        "type": "quantitative",
                        "title": None,
                        "axis": {"values": [n * step for n in range(5)], "domain": False},
                    },
                    "xOffset": {"field": "what", "sort": None},
                    "color": {
                        "field": "what",
                        "type": "nominal",
                        "sort": None,
                        "scale": {
                            "domain": [joined, parted],
                            "range": ["var(--color-accent)", "var(--color-danger)"],
                        },
                        "legend": {"title": None, "orient": "top", "symbolType": "square"},
                    },
                },
            }
        ],
    )


def drawn(specification: Mapping[str, Any]) -> SafeString:
    svg: str = vl_convert.vegalite_to_svg(dict(specification), vl_version=_VEGA_LITE)
    return mark_safe(svg)  # noqa: S308  # Vega escapes the texts


def bits(weight: float) -> str:
    """With its sign, as "+11.2" in the language of the page."""
    number = format_decimal(round(weight, 1), format="+0.0;−0.0", locale=_locale())
    return str(number)


def percent(share: float) -> str:
    """Of a hundred; so many digits that what is not certain is not printed as certain."""
    near = min(share, 100 - share)
    digits = next((n for n in range(5) if near >= 10.0**-n), 5)
    return str(format_decimal(round(share, digits), format="0.#####", locale=_locale()))


def _locale() -> str:
    return get_language() or "en"


def _framed(
    *,
    height: int,
    description: str,
    values: list[dict[str, Any]],
    encoding: dict[str, Any],
    layers: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": description,
        "width": _WIDTH,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": values},
        "encoding": encoding,
        "layer": layers,
        "config": {
            "background": "transparent",
            "font": _FONT,
            "padding": 1,
            "view": {"stroke": None},
            "text": {"fontSize": _TEXT, "color": "var(--color-text)"},
            "axis": {
                "labelColor": "var(--color-muted)",
                "labelFontSize": _TEXT,
                "gridColor": "var(--color-border)",
                "domainColor": "var(--color-border)",
                "tickColor": "var(--color-border)",
                "labelPadding": 6,
            },
            "axisY": {"grid": False, "domain": False},
            "legend": {"labelColor": "var(--color-text)", "labelFontSize": _TEXT},
        },
    }
