"""The one translation of the error tree into acknowledgements and HL7's error codes (HL7 2.5, 2.9.2 and table 0357)."""

import logging
from dataclasses import dataclass
from enum import Enum

from django.db.utils import InterfaceError, OperationalError

from salus.kernel.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    SalusError,
    Unauthorized,
)

logger = logging.getLogger(__name__)

ACCEPT = "AA"
ERROR = "AE"  # of what the message says: to be sent again once it is mended
REJECT = (
    "AR"  # of its header, of who sends it, or of a server that fails: its content was not looked at
)


class ErrorCode(Enum):
    """HL7 table 0357."""

    SEQUENCE = ("100", "Segment sequence error")
    REQUIRED = ("101", "Required field missing")
    DATA_TYPE = ("102", "Data type error")
    VALUE = ("103", "Table value not found")
    MESSAGE_TYPE = ("200", "Unsupported message type")
    EVENT = ("201", "Unsupported event code")
    PROCESSING = ("202", "Unsupported processing id")
    VERSION = ("203", "Unsupported version id")
    UNKNOWN_KEY = ("204", "Unknown key identifier")
    DUPLICATE_KEY = ("205", "Duplicate key identifier")
    LOCKED = ("206", "Application record locked")
    INTERNAL = ("207", "Application internal error")

    @property
    def number(self) -> str:
        return self.value[0]

    @property
    def text(self) -> str:
        return self.value[1]


class FieldWrong(InvalidInput):
    """A field is not as it must be. ``at`` is an ERL: segment^sequence^field^repetition^component^subcomponent."""

    def __init__(self, text: str, *, at: str, code: ErrorCode = ErrorCode.DATA_TYPE) -> None:
        super().__init__(text, at=at)
        self.code = code


class Rejected(FieldWrong):
    """What the message is by its header, or by its bytes, is not read here."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One ERR segment."""

    code: ErrorCode
    text: str
    at: str = ""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    acknowledgement: str  # ERROR or REJECT
    problem: Problem


# From the special to the general. Who may not ask, and what fails with us, has no code of its own.
_TOLD: list[tuple[type[Exception], str, ErrorCode]] = [
    (NotFound, ERROR, ErrorCode.UNKNOWN_KEY),
    (InvalidInput, ERROR, ErrorCode.DATA_TYPE),
    (Unauthorized, REJECT, ErrorCode.INTERNAL),
    (Forbidden, REJECT, ErrorCode.INTERNAL),
    (PreconditionFailed, ERROR, ErrorCode.LOCKED),
    (Conflict, ERROR, ErrorCode.DUPLICATE_KEY),
    (SalusError, REJECT, ErrorCode.INTERNAL),
    (OperationalError, REJECT, ErrorCode.INTERNAL),
    (InterfaceError, REJECT, ErrorCode.INTERNAL),
    (Exception, REJECT, ErrorCode.INTERNAL),
]
_FAILED = "this server failed: it is noted; send the message again later"


def refusal_of(error: Exception) -> Refusal:
    """What the sender is told. An error of ours is logged, by type and place, and told without its text."""
    if isinstance(error, FieldWrong):
        acknowledgement = REJECT if isinstance(error, Rejected) else ERROR
        problem = Problem(code=error.code, text=error.text, at=error.at)
        return Refusal(acknowledgement=acknowledgement, problem=problem)
    acknowledgement, code = next(
        (told, code) for kind, told, code in _TOLD if isinstance(error, kind)
    )
    text = str(error) if isinstance(error, SalusError) else _FAILED
    if text == _FAILED:
        logger.error("the HL7 v2 edge answers %s", acknowledgement, exc_info=error)
    return Refusal(acknowledgement=acknowledgement, problem=Problem(code=code, text=text))
