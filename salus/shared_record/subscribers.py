"""What records do when two who were taken for one human being are parted (config/subscribers.py)."""

from salus.access.separation import INDEX, Decisions, Side, put_right, sides
from salus.kernel.clock import now
from salus.mpi.events import PersonsSeparated
from salus.mpi.receipts import confirm_receipt
from salus.shared_record.actions import open_record
from salus.shared_record.models import Closure, Document, Record

NAME = "shared_record"
_CLOSURES = (Decisions(model=Closure, person="record_id", began="closed_at", ended="reopened_at"),)


def persons_separated(event: PersonsSeparated) -> None:
    """A record that one of them reopened for both is closed again for the other, and nothing is out of reach."""
    with sides(event) as both:
        for side in both:
            put_right(event, side, _CLOSURES)
            _see_that_it_is_reached(event, side)
    confirm_receipt(link=event.link, ended=True, receiver=NAME, at=now())


def _see_that_it_is_reached(event: PersonsSeparated, side: Side) -> None:
    """Documents were filed to the other's record, and a document is reached through one: its person gets one."""
    records = Record.objects.filter(pk__in=side.human.all)
    filed = Document.objects.filter(person__in=side.human.all).order_by("filed_at")
    first = filed.values_list("person", flat=True).first()
    if first is not None and not records.exists():
        open_record(actor=INDEX, person=first, at=event.at)
