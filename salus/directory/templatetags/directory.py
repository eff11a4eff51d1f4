"""How the directory's pages write languages, days and countries."""

import re

from babel import Locale, UnknownLocaleError
from django import template
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import get_language

register = template.Library()


@register.filter
def language(code: str) -> str:
    """The language's name (BCP 47) in the reader's own."""
    try:
        name = Locale.parse(code, sep="-").get_display_name(get_language() or "en")
    except (ValueError, UnknownLocaleError):
        name = None
    return capfirst(name or code)


@register.filter
def country(code: str) -> str:
    """The country's name (ISO 3166-1) in the reader's language."""
    return str(Locale.parse(get_language() or "en").territories.get(code, code))


@register.filter
def weekday(number: int) -> str | Promise:
    """0 is Monday."""
    return WEEKDAYS[number]


@register.filter
def dial(telephone: str) -> str:
    """As a tel: address wants it (RFC 3966)."""
    return re.sub(r"[^+0-9]", "", telephone)
