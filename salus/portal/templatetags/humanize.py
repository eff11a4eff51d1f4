"""The one filter of django.contrib.humanize that allauth's page of passkeys uses: humanize has no Luxembourgish."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localtime

register = template.Library()


@register.filter
def naturaltime(at: datetime) -> str:
    """The date and the time, as Django writes them in each of our languages."""
    return date_format(localtime(at), "DATETIME_FORMAT")
