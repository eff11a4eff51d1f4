"""The report on the site: the archive of published months, their pages and files, the release calendar."""

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.safestring import mark_safe
from django.utils.translation import override
from django.views.decorators.http import require_safe

from salus.activity_report import archive as published
from salus.activity_report import calendar as releases
from salus.activity_report.charts import PAPER_HALF, paper, specification
from salus.activity_report.content import content_of, language
from salus.activity_report.formats import DOCUMENT, FORMATS
from salus.activity_report.layout import profile
from salus.activity_report.revision_table import revision_table
from salus.activity_report.signing import keys_file
from salus.kernel import clock
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.month import Month
from salus.kernel.page import public

_OFFERED = {"pdf": "PDF", "csv": "CSV", "json": "JSON", DOCUMENT: "edition.json"}.items()
_OF_A_FILE = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline';"
    " script-src 'unsafe-inline'; img-src data:"
)
_FOR_EVER = "public, max-age=31536000, immutable"


@public
@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    contents = [content_of(edition, language()) for edition in published.editions()]
    months = [
        (content, [content.figures[name] for name in profile().headlines]) for content in contents
    ]
    coming = releases.upcoming(clock.now(), 1)[0]
    return render(request, "activity_report/archive.html", {"months": months, "coming": coming})


@public
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    coming = releases.upcoming(clock.now())
    return render(request, "activity_report/calendar.html", {"releases": coming})


@public
@require_safe
def calendar_feed(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    feed = releases.as_icalendar(releases.upcoming(now), now=now, agency=str(profile().agency))
    return HttpResponse(feed, content_type="text/calendar; charset=utf-8")


@public
@require_safe
def revisions(request: HttpRequest) -> HttpResponse:
    table = revision_table(language())
    return render(request, "activity_report/revisions.html", {"corrections": table})


@public
@require_safe
def keys(request: HttpRequest) -> HttpResponseBase:
    """The public keys with which editions are signed (JWK Set)."""
    if not keys_file().exists():
        raise NotFound("nothing was published yet, with any key")
    return FileResponse(keys_file().open("rb"), content_type="application/jwk-set+json")


@public
@require_safe
def indicator(request: HttpRequest, name: str) -> HttpResponse:
    """What a figure or chart is, and what every edition printed of it."""
    contents = [content_of(edition, language()) for edition in published.editions()]
    explained = next((one for c in contents for one in c.explanations if one.id == name), None)
    if explained is None:
        raise NotFound("no report has such a figure")
    printed = [(content, content.figures.get(name)) for content in contents]
    context = {"explained": explained, "printed": printed}
    return render(request, "activity_report/indicator.html", context)


@public
@require_safe
def edition(request: HttpRequest, month: str, revision: str | None = None) -> HttpResponse:
    number = published.revision_of(_month(month), int(revision) if revision else None)
    every = published.revisions(_month(month))
    shown = next(one for one in every if one.revision == number)
    page = _path(shown.month, number, "fragment", language())
    context = {
        "content": content_of(shown, language()),
        "fragment": mark_safe(page.read_text(encoding="utf-8")),  # noqa: S308  # our own template made it
        "revisions": [content_of(one, language()) for one in every],
        "newest": every[-1].revision,
        "files": _OFFERED,
    }
    return render(request, "activity_report/edition.html", context)


@public
@require_safe
def file(
    request: HttpRequest,
    month: str,
    suffix: str,
    revision: str | None = None,
    spoken: str | None = None,
) -> HttpResponseBase:
    """A file as it was published."""
    number = published.revision_of(_month(month), int(revision) if revision else None)
    path = _path(_month(month), number, suffix, spoken or language())
    # A revision's files never change, so its number names their content.
    etag = f'"{month}-r{number}-{path.name}"'
    if unchanged := get_conditional_response(request, etag=etag):
        return unchanged
    media_type = "application/json" if suffix == DOCUMENT else FORMATS[suffix].media_type
    answer = FileResponse(
        path.open("rb"), content_type=media_type, filename=f"salus-{month}-{path.name}"
    )
    if suffix == "html":  # it brings its own styles and scripts, and runs in nobody's name
        answer.headers["Content-Security-Policy"] = _OF_A_FILE
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = _FOR_EVER if revision and spoken else "no-cache"
    return answer


@public
@require_safe
def chart(
    request: HttpRequest, month: str, chart: str, revision: str | None = None
) -> JsonResponse:
    """The chart's Vega-Lite specification, data included, for any tool that reads it."""
    edition = published.edition_of(_month(month), int(revision) if revision else None)
    content = content_of(edition, language())
    for section in content.sections:
        for drawn in (drawn for row in section.charts for drawn in row if drawn.id == chart):
            with override(content.language):
                return JsonResponse(specification(drawn, paper(section.accent, PAPER_HALF)))
    raise NotFound("there is no such chart")


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except InvalidInput as error:
        raise NotFound(f"there is no month {text}") from error


def _path(month: Month, revision: int, suffix: str, spoken: str) -> Path:
    folder = published.folder(month, revision)
    if suffix == DOCUMENT:
        return folder / DOCUMENT
    if suffix not in FORMATS or spoken not in dict(settings.LANGUAGES):
        raise NotFound("the report does not come as such a file")
    return folder / FORMATS[suffix].file_name(suffix, spoken)
