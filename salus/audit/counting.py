"""What the report counts of events."""

from salus.audit.models import Agent, EventKind
from salus.kernel.month import Month
from salus.kernel.tally import Tally

FIRST_PARTITION = Month(2015, 1)  # migration 0002


def answered(kind: EventKind, agent: Agent | None = None) -> Tally:
    """Requests that were answered, each once: retries and refusals do not count."""
    by = f" and agent = '{agent}'" if agent else ""
    return Tally(
        table="audit_event",
        since="at",
        where=f"kind = '{kind}'{by} and not denied and not repeated",
        prunable_from=FIRST_PARTITION,
    )
