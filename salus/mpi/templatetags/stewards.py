"""The desk's words in its templates."""

from django import template

from salus.mpi.stewards import chart
from salus.mpi.stewards.queries import Queue, Waiting
from salus.mpi.stewards.words import (
    CONTRADICTIONS,
    FIELDS,
    GUARDS,
    JUDGEMENTS,
    LEVELS,
    MADE_BY,
    WAITING,
    Text,
    said,
)

register = template.Library()


@register.filter
def bits(weight: float) -> str:
    return chart.bits(weight)


@register.filter
def percent(share: float) -> str:
    """As many digits as tell it from 0 and from 100."""
    return chart.percent(share)


@register.filter
def field_word(word: str) -> Text:
    return said(FIELDS, word)


@register.filter
def level_word(word: str) -> Text:
    return said(LEVELS, word)


@register.filter
def guard_word(word: str) -> Text:
    return said(GUARDS, word)


@register.filter
def contradiction_word(word: str) -> Text:
    return said(CONTRADICTIONS, word)


@register.filter
def made_by_word(word: str) -> Text:
    return said(MADE_BY, word)


@register.filter
def judgement_word(word: str) -> Text:
    return said(JUDGEMENTS, word)


@register.filter
def filters(queue: Queue) -> list[tuple[str, Text, int]]:
    """The filters of the queue: value, name, how many."""
    return [(which, WAITING[which], queue.counts[which]) for which in Waiting]
