"""A one-page letter as PDF: head of the organisation, patient, text, table of results.

reportlab makes the file; the page's drawing operators are written here (ISO 32000-1, 8 and 9), since its drawing
calls take twenty times as long and there are thousands of letters.
"""

import unicodedata
from functools import cache, lru_cache
from io import BytesIO

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from salus.simulation.content.report import OFTEN, Header, Report
from salus.simulation.content.xhtml import TABLE_HEAD, cells

_WIDTH, _HEIGHT = (round(side) for side in A4)
_LEFT, _RIGHT = 62, _WIDTH - 62
_INK, _MUTED, _RULE, _PAPER = "1B2733", "5B6B7A", "C9D3DC", "F3F6F8"
_ACCENTS = ("0B6E6E", "2B5EA7", "7A3E8E", "9A4A1C", "3D6B35")
_COLUMNS = (_LEFT, _LEFT + 210, _LEFT + 300, _LEFT + 372)
_FONTS = {
    "Helvetica": "F1",
    "Helvetica-Bold": "F2",
    "Helvetica-Oblique": "F3",
}  # as reportlab names them
_PLAIN, _BOLD, _ITALIC = _FONTS
_LABELS = {
    "fr": ("Patient", "Né(e) le", "Matricule", "Date", "Médecin", "Document", "page 1 sur 1"),
    "de": ("Patient", "Geboren am", "Matricule", "Datum", "Arzt", "Dokument", "Seite 1 von 1"),
}

rl_config.useA85 = 0  # binary streams: every reader of today takes them


def pdf_document(header: Header, report: Report) -> bytes:
    """One A4 page."""
    labels = _LABELS[header.language]
    accent = _ACCENTS[int(header.organization_code) % len(_ACCENTS)]
    drawn = [
        _letterhead(header.organization, header.organization_place, accent),
        *_patient(header, labels),
        _write(_LEFT, _HEIGHT - 268, report.title, _BOLD, 16, _INK),
    ]
    y = _HEIGHT - 298
    if report.results:
        drawn.append(_table_head(header.language, y))
        for result in report.results:
            y -= 15
            font = _BOLD if result.flag else _PLAIN
            for x, text in zip(_COLUMNS, cells(header.language, result), strict=True):
                drawn.append(_write(x, y, text.translate(_ARROWS), font, 9.5, _INK))
        y -= 32
    for title, text in report.sections:
        drawn.append(_write(_LEFT, y, title, _BOLD, 10, accent))
        for line in _wrapped(text):
            y -= 14
            drawn.append(_write(_LEFT, y, line, _PLAIN, 10, _INK))
        y -= 25
    author = f"Dr {header.author_given} {header.author_family}"
    drawn.append(_write(_LEFT, y - 20, author, _ITALIC, 10, _INK))
    drawn += _footer(f"{labels[5]} {header.number} · {header.organization}", labels[6])
    return _file(header, report, "\n".join(drawn))


def _file(header: Header, report: Report, operators: str) -> bytes:
    buffer = BytesIO()
    page = Canvas(buffer, pagesize=(_WIDTH, _HEIGHT), invariant=1, pageCompression=1)
    page.setTitle(report.title)
    page.setAuthor(header.organization)
    for font in _FONTS:
        page.setFont(font, 10)  # brings the font into the page's resources
    page.addLiteral(operators)
    page.save()
    return buffer.getvalue()


@cache
def _letterhead(organization: str, place: str, accent: str) -> str:
    top = _HEIGHT - 82
    return "\n".join(
        [
            _box(0, _HEIGHT - 10, _WIDTH, 10, accent),
            _box(_LEFT, top, 34, 34, accent),
            _box(_LEFT + 14, top + 6, 6, 22, "FFFFFF"),
            _box(_LEFT + 6, top + 14, 22, 6, "FFFFFF"),
            _write(_LEFT + 46, top + 20, organization, _BOLD, 13, _INK),
            _write(_LEFT + 46, top + 4, place, _PLAIN, 9, _MUTED),
        ]
    )


def _patient(header: Header, labels: tuple[str, ...]) -> list[str]:
    birth, created = (".".join(reversed(day.split("-"))) for day in (header.birth, header.created))
    doctor = f"Dr {header.author_given} {header.author_family}"
    fields = (
        (_LEFT + 16, 0, labels[0], f"{header.given} {header.family}"),
        (_LEFT + 16, 1, labels[1], birth),
        (_LEFT + 16, 2, labels[2], header.matricule),
        (_LEFT + 262, 0, labels[3], created),
        (_LEFT + 262, 1, labels[4], doctor),
    )
    drawn = [_box(_LEFT, _HEIGHT - 214, _RIGHT - _LEFT, 96, _PAPER)]
    for x, row, label, value in fields:
        y = _HEIGHT - 134 - row * 28
        drawn.append(_write(x, y, label, _PLAIN, 7.5, _MUTED))
        drawn.append(_write(x, y - 12, value, _BOLD, 10, _INK))
    return drawn


@cache
def _table_head(language: str, y: int) -> str:
    heads = zip(_COLUMNS, TABLE_HEAD[language], strict=True)
    cells = [_write(x, y, text, _BOLD, 8.5, _MUTED) for x, text in heads]
    return "\n".join([*cells, _box(_LEFT, y - 6, _RIGHT - _LEFT, 0.6, _RULE)])


def _footer(left: str, right: str) -> list[str]:
    end = round(_RIGHT - stringWidth(right, _PLAIN, 7.5), 1)
    return [
        _box(_LEFT, 58, _RIGHT - _LEFT, 0.6, _RULE),
        _write(_LEFT, 44, left, _PLAIN, 7.5, _MUTED),
        _write(end, 44, right, _PLAIN, 7.5, _MUTED),
    ]


def _box(x: float, y: float, width: float, height: float, color: str) -> str:
    return f"{_rgb(color)} rg {x} {y} {width} {height} re f"


def _write(x: float, y: float, text: str, font: str, size: float, color: str) -> str:
    return f"BT {_rgb(color)} rg /{_FONTS[font]} {size} Tf {x} {y} Td ({_literal(text)}) Tj ET"


@cache
def _rgb(color: str) -> str:
    return " ".join(f"{int(color[at : at + 2], 16) / 255:.3f}" for at in (0, 2, 4))


@cache
def _wrapped(text: str) -> list[str]:
    return list(simpleSplit(text, _PLAIN, 10, _RIGHT - _LEFT))


@lru_cache(maxsize=OFTEN)
def _literal(text: str) -> str:
    """A literal string in WinAnsiEncoding, which the fonts of every PDF reader have: ć becomes c."""
    escaped = []
    for letter in text.replace("⁶", "^6"):  # without it 10⁶ would read 106
        code = letter.encode("cp1252", "ignore") or unicodedata.normalize("NFKD", letter).encode(
            "ascii", "ignore"
        )
        for byte in code:
            plain = 32 <= byte < 127 and byte not in b"()\\"
            escaped.append(chr(byte) if plain else f"\\{byte:03o}")
    return "".join(escaped)


_ARROWS = str.maketrans({"↑": "+", "↓": "-"})  # cp1252 has no arrows
