"""What vaccination records do when two who were taken for one human being are parted (config/subscribers.py).

Every dose lies in a record of the row that it was recorded for, so none is out of reach.
"""

from salus.access.separation import Decisions, put_right, sides
from salus.kernel.clock import now
from salus.mpi.events import PersonsSeparated
from salus.mpi.receipts import confirm_receipt
from salus.vaccination.models import TransferConsent

NAME = "vaccination"
_CONSENTS = (
    Decisions(model=TransferConsent, person="record_id", began="given_at", ended="withdrawn_at"),
)


def persons_separated(event: PersonsSeparated) -> None:
    """A consent that one of them withdrew for both is in force again for the other."""
    with sides(event) as both:
        for side in both:
            put_right(event, side, _CONSENTS)
    confirm_receipt(link=event.link, ended=True, receiver=NAME, at=now())
