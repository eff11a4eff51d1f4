"""What rights do when two who were taken for one human being are parted (config/subscribers.py)."""

from salus.access.models import Assistant, TrustedProfessional
from salus.access.separation import Decisions, put_right, sides
from salus.kernel.clock import now
from salus.mpi.events import PersonsSeparated
from salus.mpi.receipts import confirm_receipt

NAME = "access"
_RIGHTS = (
    Decisions(
        model=TrustedProfessional,
        person="person_id",
        about="practitioner_id",
        began="since",
        ended="until",
    ),
    Decisions(
        model=Assistant,
        person="person_id",
        about="assistant_id",
        about_person=True,
        began="since",
        ended="until",
    ),
)


def persons_separated(event: PersonsSeparated) -> None:
    """Rights that one of them ended for both are in force again for the other."""
    with sides(event) as both:
        for side in both:
            put_right(event, side, _RIGHTS)
    confirm_receipt(link=event.link, ended=True, receiver=NAME, at=now())
