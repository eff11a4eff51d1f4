"""The few tags that all templates of Salus share."""

from typing import Any
from uuid import UUID, uuid4

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from salus.simulation.demo_people import demo_people
from salus.terminology import DOCUMENT_TYPES, ORGANIZATION_TYPES, PROFESSIONS

register = template.Library()

_DOCUMENT_ICONS = {
    1: "laboratory",
    2: "imaging",
    3: "hospital",
    4: "consultation",
    5: "prescription",
    6: "summary",
    7: "vaccination",
    8: "episode",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing that only repeats what the text beside it says, so it is silent to screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("portal/icons.svg"),
        name,
    )


@register.simple_tag
def fresh() -> UUID:
    """A new request id: each rendering of a link or form is one intent, its retries count once."""
    return uuid4()


@register.filter
def profession(code: str) -> str | Promise:
    return PROFESSIONS.get(code, "")


@register.filter
def organization_type(code: str) -> str | Promise:
    return ORGANIZATION_TYPES.get(code, "")


@register.filter
def document_type(number: int) -> str | Promise:
    known = DOCUMENT_TYPES.get(number)
    return known.name if known else ""


@register.filter
def document_icon(number: int) -> str:
    return _DOCUMENT_ICONS.get(number, "document")


@register.inclusion_tag("portal/demo_people.html", takes_context=True)
def demo_sign_in(context: template.Context) -> dict[str, Any]:
    """The demo people with a button each; nothing outside demo mode."""
    people = demo_people() if settings.DEMO else []
    return {
        "people": people,
        "password": people[0].password if people else "",
        "csrf_token": context.get("csrf_token"),
        "redirect_field": context.get("redirect_field"),
    }
