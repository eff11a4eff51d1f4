"""From the bytes of a message to those of its answer (HL7 2.5, 2.9.2: original mode; IHE ITI TF-2, C.2.3).

In this order: what was sent, whether it is served here, who sends it, then the service. Each message has an answer.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from cryptography import x509
from django.db import close_old_connections

from salus.hl7v2.charset import CODECS, UTF_8
from salus.hl7v2.framing import Flaw, Frame
from salus.hl7v2.message import Message, Segment, read, read_header
from salus.hl7v2.refusal import (
    ACCEPT,
    ErrorCode,
    FieldWrong,
    Problem,
    Refusal,
    Rejected,
    refusal_of,
)
from salus.hl7v2.writing import Value, header, message, segment
from salus.kernel.actor import Actor
from salus.kernel.clock import now

_REQUESTS = UUID("5b6f1c1e-6d0c-4f58-9c39-0f6d8a0b7a52")  # in which ids of requests are made
APPLICATION = "SALUS"  # as which this server answers who named none
_NEW = ("2.5", "2.5.1")
_OLD = ("2.3", "2.3.1", "2.4")  # their MSA has the text, and their ERR is another
_MSH_10 = 20  # characters
_MSA_3 = 80


@dataclass(frozen=True, kw_only=True)
class Call:
    """One message on its way to a domain."""

    actor: Actor
    at: datetime
    request_id: UUID  # the same for a message that is sent again
    message: Message


@dataclass(frozen=True, kw_only=True)
class Answer:
    acknowledgement: str = ACCEPT
    problems: Sequence[Problem] = ()
    segments: Sequence[str] = ()  # after MSH, MSA and ERR


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """What a domain answers; config lists them (config/mllp.py)."""

    type: str  # MSH-9.1
    events: frozenset[str]  # MSH-9.2
    versions: frozenset[str]  # MSH-12
    handle: Callable[[Call], Answer]
    reply: tuple[str, str, str] | None = None  # MSH-9 of the answer; None: ACK
    # What such an answer has besides when the message is refused, by the acknowledgement code.
    refused: Callable[[Message, str], Sequence[str]] | None = None


# Who shows this certificate, or speaks without one. Raises Unauthorized.
Authenticator = Callable[[x509.Certificate | None], Actor]


@dataclass(frozen=True, kw_only=True)
class Edge:
    transactions: Sequence[Transaction]
    authenticate: Authenticator
    processing: frozenset[
        str
    ]  # MSH-11 that are taken: P, and what a synthetic nation takes besides
    applications: frozenset[str] = field(default_factory=frozenset)  # MSH-5; empty: any

    def answer(self, frame: Frame, certificate: x509.Certificate | None) -> bytes:
        """Never raises. Called in a thread, whose database connection it gives back."""
        close_old_connections()
        received: Message | Segment | None = None
        transaction: Transaction | None = None
        try:
            received = _header_of(frame)
            _check_whole(frame)
            received = read(frame.content)
            transaction = self._transaction(received)
            self._check_header(received)
            actor = self.authenticate(certificate)
            answer = transaction.handle(
                Call(
                    actor=actor,
                    at=now(),
                    request_id=_request_id(actor, frame.content),
                    message=received,
                )
            )
        except Exception as error:  # each has its code: none ends a connection
            answer = _refused(refusal_of(error), received, transaction)
        finally:
            close_old_connections()
        return _written(answer, received, transaction)

    def _transaction(self, received: Message) -> Transaction:
        fitting = [one for one in self.transactions if one.type == received.type]
        if not fitting:
            raise Rejected(
                _served("types", (one.type for one in self.transactions)),
                at="MSH^1^9^1^1",
                code=ErrorCode.MESSAGE_TYPE,
            )
        found = next((one for one in fitting if received.event in one.events), None)
        if found is None:
            events = (event for one in fitting for event in one.events)
            raise Rejected(_served("events", events), at="MSH^1^9^1^2", code=ErrorCode.EVENT)
        if received.version not in found.versions:
            raise Rejected(
                _served("versions", found.versions), at="MSH^1^12^1^1", code=ErrorCode.VERSION
            )
        return found

    def _check_header(self, received: Message) -> None:
        if received.header.text(11) not in self.processing:
            raise Rejected(
                _served("processing ids", self.processing),
                at="MSH^1^11^1^1",
                code=ErrorCode.PROCESSING,
            )
        if not received.control_id:
            raise Rejected("is missing", at="MSH^1^10", code=ErrorCode.REQUIRED)
        if self.applications and received.header.text(5) not in self.applications:
            raise Rejected(
                _served("receiving applications", self.applications),
                at="MSH^1^5^1^1",
                code=ErrorCode.VALUE,
            )


def _served(what: str, known: Iterable[str]) -> str:
    return f"{what} that are served here: {', '.join(sorted(set(known)))}"


def _header_of(frame: Frame) -> Segment | None:
    """For an answer that names the message, should the rest of it not be read."""
    try:
        return read_header(frame.content)
    except Rejected:
        return None


def _check_whole(frame: Frame) -> None:
    if frame.flaw is Flaw.TOO_LONG:
        raise Rejected("the message is too long", at="MSH^1", code=ErrorCode.INTERNAL)
    if frame.flaw is Flaw.CUT_OFF:
        raise Rejected("the message was cut off", at="MSH^1", code=ErrorCode.SEQUENCE)


def _request_id(actor: Actor, content: bytes) -> UUID:
    """The same sender's same bytes, MSH-10 among them, are the same request."""
    digest = hashlib.sha256(content).hexdigest()
    return uuid5(_REQUESTS, f"{actor.client} {digest}")


def _refused(
    refusal: Refusal, received: Message | Segment | None, transaction: Transaction | None
) -> Answer:
    segments: Sequence[str] = ()
    if transaction and transaction.refused and isinstance(received, Message):
        segments = transaction.refused(received, refusal.acknowledgement)
    return Answer(
        acknowledgement=refusal.acknowledgement, problems=[refusal.problem], segments=segments
    )


def _written(
    answer: Answer, received: Message | Segment | None, transaction: Transaction | None
) -> bytes:
    head = _Head(received)
    is_old = head.version in _OLD
    problems = _old_problem if is_old else _problem
    said = "; ".join(map(_in_words, answer.problems))[:_MSA_3] if is_old else ""
    body = [
        segment("MSA", answer.acknowledgement, head.text(10), said),
        *map(problems, answer.problems),
        *answer.segments,
    ]
    asked = head.charset
    for charset in (asked, UTF_8):
        try:
            return message([_header(head, transaction, charset), *body]).encode(CODECS[charset])
        except UnicodeEncodeError:
            continue
    raise AssertionError("Unicode has every letter")


class _Head:
    """MSH of what was received, as much of it as there is."""

    def __init__(self, received: Message | Segment | None) -> None:
        self._segment = received.header if isinstance(received, Message) else received
        self._is_read = isinstance(received, Message)
        self.charset = (
            self._segment.encoding.charset if self._segment and self._is_read else "ASCII"
        )

    @property
    def version(self) -> str:
        """In which the answer is written: the sender's, when it is one that is known here."""
        version = self.text(12)
        return version if version in (*_OLD, *_NEW) else _NEW[0]

    def text(self, number: int, component: int = 1) -> str:
        return self._plain(number, component, 1)

    def designator(self, number: int) -> Value:
        """An HD: an application, or a facility."""
        return tuple(self._plain(number, component, 1) for component in (1, 2, 3))

    def _plain(self, number: int, component: int, subcomponent: int) -> str:
        if self._segment is None:
            return ""
        try:
            text = self._segment.field(number).text(component, subcomponent)
        except FieldWrong:
            return ""
        # Of a header whose character set is not known the letters are not known either.
        return text if self._is_read or (text.isascii() and text.isprintable()) else ""


def _header(head: _Head, transaction: Transaction | None, charset: str) -> str:
    at = now()
    reply = transaction.reply if transaction else None
    event = head.text(9, 2)
    return header(
        head.designator(5) if head.text(5) else APPLICATION,
        head.designator(6),
        head.designator(3),
        head.designator(4),
        at.strftime("%Y%m%d%H%M%S%z"),
        "",
        reply or (("ACK", event) if head.version in _OLD else ("ACK", event, "ACK")),
        uuid4().hex[:_MSH_10],
        head.text(11) or "P",
        head.version,
        *[""] * 5,
        charset,
    )


def _problem(problem: Problem) -> str:
    """HL7 2.5, 2.15.5."""
    return segment(
        "ERR",
        "",
        tuple(problem.at.split("^")),
        (problem.code.number, problem.code.text, "HL70357"),
        "E",
        "",
        "",
        "",
        problem.text,
    )


def _old_problem(problem: Problem) -> str:
    """HL7 2.3.1, 2.24.6: where and what in one field."""
    where = [*problem.at.split("^"), "", ""][:3]
    return segment("ERR", (*where, (problem.code.number, problem.code.text, "HL70357")))


def _in_words(problem: Problem) -> str:
    name, _, *place = problem.at.split("^") if "^" in problem.at else [problem.at, ""]
    where = "-".join([name, *place[:1]])
    return f"{where} {problem.text}" if where else problem.text
