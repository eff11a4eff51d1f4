"""The report on the site: the archive of counted months, one month, its files."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import override

from salus.activity_report.archive import edition_of, editions
from salus.activity_report.charts import PAPER_HALF, paper, specification
from salus.activity_report.content import content_of, language
from salus.activity_report.edition import Edition
from salus.activity_report.formats import FORMATS, rendered
from salus.activity_report.page import page_of
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.month import Month
from salus.kernel.page import public

HEADLINES = (
    "patient_accounts_total",
    "records_total",
    "documents_total",
    "vaccinations_total",
)


@public
def archive(request: HttpRequest) -> HttpResponse:
    contents = [content_of(edition, language()) for edition in editions()]
    months = [(content, [content.figures[name] for name in HEADLINES]) for content in contents]
    return render(request, "activity_report/archive.html", {"months": months})


@public
def edition(request: HttpRequest, month: str) -> HttpResponse:
    page = page_of(_edition(month), language())
    return render(request, "activity_report/edition.html", {"page": page})


@public
def file(request: HttpRequest, month: str, format: str) -> HttpResponse:
    content = rendered(_edition(month), language(), format)
    name = f"salus-report-{month}.{language()}.{format}"
    return HttpResponse(
        content,
        content_type=FORMATS[format].media_type,
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


@public
def chart(request: HttpRequest, month: str, chart: str) -> JsonResponse:
    """The chart's Vega-Lite specification, data included, for any tool that reads it."""
    content = content_of(_edition(month), language())
    for section in content.sections:
        for drawn in (drawn for row in section.charts for drawn in row if drawn.id == chart):
            with override(content.language):
                return JsonResponse(specification(drawn, paper(section.accent, PAPER_HALF)))
    raise NotFound("there is no such chart")


def _edition(month: str) -> Edition:
    try:
        return edition_of(Month.parse(month))
    except InvalidInput as error:
        raise NotFound(f"there is no month {month}") from error
