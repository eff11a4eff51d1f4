"""The colours of the pages: enough contrast to read, in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parents[2] / "salus/portal/static/portal"
PAIR = re.compile(r"--color-([\w-]+): light-dark\(#(\w{6}), #(\w{6})\)")
TOKENS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in PAIR.findall((STYLES / "tokens.css").read_text(encoding="utf-8"))
}
SURFACES = ("canvas", "surface", "raised")
TEXT = [
    *((ink, on) for ink in ("text", "muted") for on in SURFACES),
    *((ink, on) for ink in ("accent", "danger") for on in ("canvas", "surface")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("accent-strong", "accent-soft"),
    ("accent", "accent-soft"),
    ("danger", "danger-soft"),
    ("warning", "warning-soft"),
    ("success", "success-soft"),
    *(("text", f"{kind}-soft") for kind in ("info", "success", "warning", "danger", "accent")),
    *(("muted", f"{kind}-soft") for kind in ("accent",)),
]
EDGES = [("border-strong", "surface"), ("border-strong", "canvas"), ("accent", "surface")]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG, 1 to 21, of two colours RRGGBB."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("ffffff", "000000") == pytest.approx(21)
    assert contrast("767676", "ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    weak = [(i, o) for i, o in TEXT if contrast(TOKENS[i][theme], TOKENS[o][theme]) < 4.5]
    assert weak == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_fields_and_buttons_can_be_seen(theme: str) -> None:
    weak = [(i, o) for i, o in EDGES if contrast(TOKENS[i][theme], TOKENS[o][theme]) < 3]
    assert weak == []


def test_styles_use_no_token_that_is_not_there() -> None:
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in STYLES.glob("*.css"))
    defined = set(re.findall(r"^\s*--([\w-]+):", sheets, re.MULTILINE))
    assert set(re.findall(r"var\(--([\w-]+)", sheets)) - defined == set()
