"""What describes the open data: the schemas, the catalogue, and the columns of each table."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from salus.activity_report import archive
from salus.activity_report.catalog import catalog as catalog_of
from salus.activity_report.opendata import csv_metadata as metadata_of
from salus.activity_report.opendata import schema as report_schema
from salus.activity_report.opendata import structure as sdmx_structure
from salus.kernel import clock
from salus.kernel.month import Month
from salus.kernel.page import public


@public
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    return HttpResponse(report_schema(), content_type="application/schema+json")


@public
@require_safe
def structure(request: HttpRequest) -> HttpResponse:
    content = sdmx_structure(prepared=clock.now())
    return HttpResponse(content, content_type="application/vnd.sdmx.structure+json; version=2.0.0")


@public
@require_safe
def catalog(request: HttpRequest) -> HttpResponse:
    return HttpResponse(catalog_of(archive.editions()), content_type="application/ld+json")


@public
@require_safe
def csv_metadata(request: HttpRequest, month: str, revision: str | None = None) -> HttpResponse:
    """Beside each CSV file, where readers look first (https://www.w3.org/TR/tabular-data-model/#standard-file-metadata)."""
    edition = archive.edition_of(Month.parse(month), int(revision) if revision else None)
    table = request.path.rpartition("/")[2].removesuffix("-metadata.json")
    return HttpResponse(metadata_of(edition, table=table), content_type="application/csvm+json")
