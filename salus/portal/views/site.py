"""Pages about the site itself: appearance, help, status, design."""

from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from salus.audit.queries import newest_head
from salus.kernel.clock import now
from salus.kernel.page import public
from salus.portal.context import THEMES
from salus.portal.views.event_log import summary

A_YEAR = 365 * 24 * 3600  # seconds


@public
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Language or appearance, kept in a cookie of this browser; back to the page it was chosen on."""
    here = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(here, allowed_hosts=None):
        here = "/"
    response = HttpResponseRedirect(here)
    language, theme = request.POST.get("language"), request.POST.get("theme")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=A_YEAR, samesite="Lax", httponly=True
        )
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=A_YEAR, samesite="Lax", httponly=True)
    return response


@public
@require_safe
def account_help(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/account_help.html")


@public
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/about.html")


@dataclass(frozen=True, kw_only=True)
class Service:
    name: str | Promise
    purpose: str | Promise
    up: bool


@public
@require_safe
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """How the services are at this moment; 503 when one of them is down."""
    database = _database_answers()
    services = [
        Service(name=_("Portal"), purpose=_("the pages that you are looking at"), up=True),
        Service(
            name=_("Database"),
            purpose=_("records, directory, index, sign-in"),
            up=database,
        ),
        Service(
            name=_("Document store"),
            purpose=_("the encrypted content of the documents"),
            up=_store_is_there(),
        ),
    ]
    well = all(service.up for service in services)
    return render(
        request,
        "portal/status.html",
        {
            "services": services,
            "well": well,
            "checked_at": now(),
            "log": summary(newest_head()) if database else None,
        },
        status=HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return False
    return True


def _store_is_there() -> bool:
    folder = settings.DATA / "documents"
    return not folder.exists() or folder.is_dir()


@public
@require_safe
def design(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "portal/design.html",
        {
            "colours": COLOURS,
            "sizes": ["3xl", "2xl", "xl", "l", "m", "s", "xs"],
            "icons": ICONS,
        },
    )


COLOURS = [
    "canvas",
    "surface",
    "raised",
    "border-strong",
    "text",
    "muted",
    "accent",
    "accent-strong",
    "accent-soft",
    "danger",
    "warning",
    "success",
    "info",
    "focus",
]
ICONS = [
    *("home", "document", "laboratory", "imaging", "hospital", "consultation", "prescription"),
    *("summary", "vaccination", "episode", "eye", "people", "person", "settings", "search"),
    *("report", "directory", "key", "shield", "lock", "sign-in", "sign-out", "download"),
    *("chevron", "back", "plus", "tick", "info", "warning", "sun", "moon", "auto", "place"),
    *("phone", "calendar", "minus", "share", "clock", "target", "close"),
]
