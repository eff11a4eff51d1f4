"""What every page shows around its content: navigation by role, who is signed in, appearance."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from salus.directory.queries import professional
from salus.kernel.actor import STAFF, Actor, Role
from salus.kernel.errors import NotFound
from salus.kernel.page import actor_of
from salus.mpi.queries import person_summary

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One entry of the navigation."""

    url: str
    name: str | Promise
    icon: str
    current: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    actor = actor_of(request)
    theme = request.COOKIES.get("theme")
    return {
        "actor": actor,
        "actor_name": SimpleLazyObject(lambda: _name(request, actor)),
        "navigation": _navigation(actor, request.path),
        "theme": theme if theme in THEMES else "auto",
        "demo": settings.DEMO,
        "here": request.get_full_path() if request.method == "GET" else request.path,
    }


def _name(request: HttpRequest, actor: Actor | None) -> str:
    if actor and actor.role in STAFF and request.user.is_authenticated:
        return request.user.email or ""
    try:
        if actor and actor.person:
            return person_summary(actor.person).name
        if actor and actor.practitioner:
            return professional(actor.practitioner).name
    except NotFound:  # no longer in the directory
        pass
    return ""


def _navigation(actor: Actor | None, path: str) -> list[Place]:
    public = [
        ("/report/", _("Activity report"), "report"),
        (reverse("directory:search"), _("Directory"), "directory"),
    ]
    home = ("/", _("Home"), "home")
    if actor is None:
        entries = [home, *public]
    elif actor.role is Role.PATIENT:
        entries = [
            home,
            (reverse("shared_record:documents"), _("Documents"), "document"),
            (reverse("vaccination:card"), _("Vaccines"), "vaccination"),
            (reverse("portal:who_looked"), _("Who looked"), "eye"),
            (reverse("access:circle"), _("My circle"), "people"),
        ]
    elif actor.role is Role.PROFESSIONAL:
        entries = [
            home,
            (reverse("mpi:search"), _("Patients"), "people"),
            (reverse("own:entry"), _("My entry"), "person"),
            *public,
        ]
    elif actor.role is Role.STEWARD:
        entries = [
            home,
            (reverse("stewards:queue"), _("Review"), "people"),
            (reverse("stewards:search"), _("Entries"), "search"),
            (reverse("stewards:history"), _("History"), "episode"),
            (reverse("stewards:quality"), _("Quality"), "report"),
        ]
    elif actor.role is Role.REGISTRAR:
        entries = [
            home,
            (reverse("registrars:queue"), _("What waits"), "tick"),
            (reverse("registrars:search"), _("Entries"), "search"),
            *public,
        ]
    else:
        entries = [
            home,
            (reverse("access:desk"), _("Software"), "key"),
            (reverse("eligibility:desk"), _("Insurance checks"), "shield"),
            *public,
        ]
    # The longest that leads here: a desk's queue lies above their other pages.
    here = max((url for url, *_rest in entries if _leads_to(url, path)), key=len, default="")
    return [
        Place(
            url=url,
            name=name,
            icon=icon,
            current=url == here,
        )
        for url, name, icon in entries
    ]


def _leads_to(url: str, path: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
