"""What may be asked and what is answered, the same by every door."""

import hmac
import re
from dataclasses import asdict, astuple, dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from salus.eligibility.rules import Reason, Status
from salus.kernel.errors import InvalidInput

_EARLIEST = date(1900, 1, 1)
_ATC = re.compile(r"([A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?)?")  # its five levels, of WHO's index


@dataclass(frozen=True, kw_only=True)
class AffiliationQuestion:
    """Is the person with this identifier insured on the day (None: today)?"""

    system: str  # URI of who gives out the numbers
    value: str
    day: date | None = None
    proof: bool = False  # sign the answer, to be shown where there is no line


@dataclass(frozen=True, kw_only=True)
class PrescribingQuestion:
    """May the professional with this identifier of the directory prescribe the product on the day?"""

    system: str
    value: str
    day: date | None = None
    product: str = ""  # ATC code, or a group's; '': anything at all


@dataclass(frozen=True, kw_only=True)
class LookUpQuestion:
    """Is the person of this name and birth date insured today? To be checked afterwards (salus.eligibility.rescue)."""

    family: str
    given: str
    birth_date: date
    mission: str  # the caller's own number of what it is for
    day: None = None


Question = AffiliationQuestion | PrescribingQuestion | LookUpQuestion


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``as_of``: until when the source was known; None where nothing was. ``proof``: salus.eligibility.proofs.

    Of prescribing, as beginnings of ATC codes within what was asked: of it ``only`` these may be prescribed (none: all
    of it), and not what falls under ``limits``. ``suspended_until``: of the reason `suspended`, the first day on which
    it is another, as far as the directory knows.
    """

    status: Status
    reason: Reason
    day: date
    answered_at: datetime
    as_of: datetime | None
    last_known: bool
    only: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    suspended_until: date | None = None
    proof: str = ""


def check_question(question: Question, at: datetime) -> None:
    """Raises InvalidInput."""
    if question.day and not _EARLIEST <= question.day <= at.date():
        raise InvalidInput("the day must be today or before, and not before 1900", at="day")
    if isinstance(question, PrescribingQuestion) and not _ATC.fullmatch(question.product):
        raise InvalidInput("the product must be an ATC code, or that of a group", at="product")
    if isinstance(question, LookUpQuestion):
        for name in ("family", "given", "mission"):
            if not getattr(question, name).strip():
                raise InvalidInput("it must be said", at=name)
        if not _EARLIEST <= question.birth_date <= at.date():
            raise InvalidInput("nobody alive was born on that day", at="birth_date")


def hash_of(question: Question) -> bytes:
    """Keyed: numbers of people are few enough to try them all."""
    text = f"{type(question).__name__} {astuple(question)}"
    return hmac.digest(settings.SECRET_KEY.encode(), text.encode(), "sha256")


def written(answer: Answer) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value  # a datetime is one too
        for name, value in asdict(answer).items()
    }


def read(kept: dict[str, Any]) -> Answer:
    """What `written` wrote, within the last week: by the version before, too."""
    until = kept.get("suspended_until")
    return Answer(
        status=Status(kept["status"]),
        reason=Reason(kept["reason"]),
        day=date.fromisoformat(kept["day"]),
        answered_at=datetime.fromisoformat(kept["answered_at"]),
        as_of=datetime.fromisoformat(kept["as_of"]) if kept["as_of"] else None,
        last_known=kept["last_known"],
        only=tuple(kept["only"]),
        limits=tuple(kept["limits"]),
        suspended_until=date.fromisoformat(until) if until else None,
        proof=kept["proof"],
    )
