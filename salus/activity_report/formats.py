"""What the report comes as."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from salus.activity_report.edition import Edition
from salus.activity_report.opendata import as_csv, as_json
from salus.activity_report.page import as_html
from salus.activity_report.pdf import as_pdf


@dataclass(frozen=True, kw_only=True)
class Format:
    media_type: str
    render: Callable[[Edition, str], bytes]


FORMATS = {
    "pdf": Format(media_type="application/pdf", render=as_pdf),
    "html": Format(media_type="text/html; charset=utf-8", render=as_html),
    "csv": Format(media_type="text/csv; charset=utf-8", render=as_csv),
    "json": Format(media_type="application/json", render=as_json),
}


@lru_cache(maxsize=32)  # a PDF takes a second to draw, and an edition never changes
def rendered(edition: Edition, language: str, name: str) -> bytes:
    return FORMATS[name].render(edition, language)
