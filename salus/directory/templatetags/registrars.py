"""The words of the directory's desk and of professionals' own pages, in their templates."""

from django import template

from salus.directory.desk.queries import Queue, SetShown, Waiting
from salus.directory.models import ChangeSet, How, Kind, Outcome
from salus.directory.words import FAULTS, HOW, KINDS, OUTCOMES, STALE, STATUSES, WAITING, Text

register = template.Library()


@register.filter
def kind_word(kind: str) -> Text:
    return KINDS[Kind(kind)]


@register.filter
def outcome_word(outcome: str) -> Text:
    return OUTCOMES.get(outcome, outcome)


@register.filter
def status_word(status: str) -> Text:
    return STATUSES.get(status, status)


@register.filter
def stale_word(why: str) -> Text:
    return STALE[why]


@register.filter
def fault_word(fault: str) -> Text:
    return FAULTS.get(fault, fault)


@register.filter
def said_by(change_set: ChangeSet) -> Text:
    """Who speaks: a register by its name, else in the page's words."""
    if change_set.how in (How.FILE, How.FEED):
        return change_set.source.title
    return HOW[change_set.how]


@register.filter
def filters(queue: Queue) -> list[tuple[str, Text, int | None]]:
    """Of the queue: value, name, how many wait."""
    return [(which, WAITING[which], queue.counts.get(which)) for which in Waiting]


@register.filter
def outcomes(shown: SetShown) -> list[tuple[str, Text, int]]:
    """The filters of a change set's lines: value, name, how many; those of which there are any."""
    return [(one, OUTCOMES[one], shown.counts[one]) for one in Outcome if shown.counts.get(one)]


@register.filter
def counted(counts: dict[str, int]) -> str:
    """How many lines do what, in one sentence."""
    return ", ".join(f"{counts[one]} {OUTCOMES[one]}" for one in Outcome if counts.get(one))
