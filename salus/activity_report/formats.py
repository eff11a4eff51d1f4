"""What the report comes as. Published, each is a file for ever; rendered anew, it is the same bytes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings

from salus.activity_report.edition import Edition
from salus.activity_report.opendata import as_csv, as_json, as_sdmx_csv
from salus.activity_report.page import as_fragment, as_html
from salus.activity_report.pdf import as_pdf

DOCUMENT = "edition.json"  # the signed one, of what all the others print


@dataclass(frozen=True, kw_only=True)
class Format:
    media_type: str
    render: Callable[[Edition, str], bytes]
    speaks: bool = True  # comes in each language

    def file_name(self, suffix: str, language: str) -> str:
        return f"report.{language}.{suffix}" if self.speaks else f"report.{suffix}"


# By the suffix of their addresses.
FORMATS = {
    "pdf": Format(media_type="application/pdf", render=as_pdf),
    "html": Format(media_type="text/html; charset=utf-8", render=as_html),
    "json": Format(media_type="application/json", render=as_json),
    "csv": Format(media_type="text/csv; charset=utf-8", render=as_csv, speaks=False),
    "sdmx.csv": Format(
        media_type="application/vnd.sdmx.data+csv; version=2.0.0", render=as_sdmx_csv, speaks=False
    ),
    # What the site's own page shows between its header and its footer.
    "fragment": Format(media_type="text/html; charset=utf-8", render=as_fragment),
}


def rendered(edition: Edition, suffix: str, language: str) -> bytes:
    return FORMATS[suffix].render(edition, language)


def files_of(edition: Edition) -> Iterator[tuple[str, bytes]]:
    """Every file of an edition by its name, in each language that it comes in."""
    every = [code for code, _ in settings.LANGUAGES]
    for suffix, one in FORMATS.items():
        for language in every if one.speaks else every[:1]:
            yield one.file_name(suffix, language), one.render(edition, language)
