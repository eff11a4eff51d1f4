"""The MLLP server and the edge behind it, whatever comes over the line; the service here is a plain function."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hl7
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from salus.hl7v2.edge import Answer, Call, Edge, Transaction
from salus.hl7v2.framing import framed
from salus.hl7v2.server import Limits
from salus.kernel.actor import Actor, Role
from salus.kernel.listener import tls_of
from tests.authority import Authority
from tests.mllp import Line, control_id, header, listening, tls_with, told

NOBODY = Actor(role=Role.SYSTEM, system="test")


def edge(
    handle: Callable[[Call], Answer] | None = None,
    *,
    authenticate: Callable[[x509.Certificate | None], Actor] = lambda _certificate: NOBODY,
) -> Edge:
    served = Transaction(
        type="ADT",
        events=frozenset(["A01"]),
        versions=frozenset(["2.5"]),
        handle=handle or (lambda _call: Answer()),
    )
    return Edge(transactions=[served], authenticate=authenticate, processing=frozenset("P"))


def message(id: str = "", text: str = "") -> str:
    return header("ADT^A01", id=id) + f"ZZZ|{text}\r"


class Gate:
    """A service that takes messages and answers none before it is told to."""

    def __init__(self) -> None:
        self.opens = threading.Event()
        self.entered = threading.Semaphore(0)
        self.taken: list[str] = []

    def handle(self, call: Call) -> Answer:
        self.taken.append(call.message.control_id)
        self.entered.release()
        self.opens.wait()
        return Answer()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.entered.acquire(timeout=60)


def test_messages_of_one_line_are_answered_in_order() -> None:
    ids = [control_id() for _ in range(50)]
    with listening(edge().answer) as port, Line(port=port) as line:
        line.send(b"\r\n".join(framed(message(one).encode()) for one in ids))
        assert [str(line.answer()["MSA.2"]) for _ in ids] == ids


def test_an_error_of_ours_is_answered_and_the_line_stays(caplog: pytest.LogCaptureFixture) -> None:
    def fail(call: Call) -> Answer:
        if "fail" in call.message.required("ZZZ").text(1):
            raise RuntimeError(call.message.required("ZZZ").text(1))
        return Answer()

    with listening(edge(fail).answer) as port, Line(port=port) as line:
        answer = line.ask(message(text="fail: Weber"))
        assert told(answer) == ("AR", "207")
        assert "Weber" not in str(answer)
        assert told(line.ask(message())) == ("AA", "")


def test_a_message_that_is_too_long_is_refused_by_its_name() -> None:
    with listening(edge().answer, limits=Limits(bytes=10_000)) as port, Line(port=port) as line:
        line.send(b"\x0b" + header("ADT^A01", id="LONG").encode() + b"ZZZ|")
        for _ in range(100):
            line.send(b"x" * 10_000)
        line.send(b"\x1c\r")
        answer = line.answer()
        assert (*told(answer), str(answer["MSA.2"])) == ("AR", "207", "LONG")
        assert told(line.ask(message())) == ("AA", "")


@pytest.mark.parametrize("end", ["another begins", "the line is closed", "nothing comes"])
def test_a_message_that_is_cut_off_is_never_taken(end: str) -> None:
    gate = Gate()
    gate.opens.set()
    limits = Limits(unfinished=0.2 if end == "nothing comes" else 60)
    with listening(edge(gate.handle).answer, limits=limits) as port, Line(port=port) as line:
        line.send(b"\x0b" + message("HALF").encode())
        if end == "another begins":
            line.send(framed(message("WHOLE").encode()))
        elif end == "the line is closed":
            line.socket.shutdown(socket.SHUT_WR)
        answer = line.answer()
        assert (*told(answer), str(answer["MSA.2"])) == ("AR", "100", "HALF")
        if end == "another begins":
            assert told(line.answer()) == ("AA", "")
        else:
            assert line.is_closed()
    assert "HALF" not in gate.taken


def test_what_is_no_message_is_skipped_within_bounds() -> None:
    limits = Limits(garbage=1000)
    with listening(edge().answer, limits=limits) as port:
        with Line(port=port) as line:
            line.send(b"GET / HTTP/1.1\r\nHost: salus\r\n\r\n")
            assert told(line.ask(message())) == ("AA", "")
        with Line(port=port) as line:
            line.send(b"x" * 2000)
            assert line.is_closed()


def test_a_line_that_is_silent_is_closed() -> None:
    with listening(edge().answer, limits=Limits(idle=0.2)) as port, Line(port=port) as line:
        assert told(line.ask(message())) == ("AA", "")
        assert line.is_closed()


def test_who_sends_faster_than_is_answered_waits() -> None:
    gate = Gate()
    limits = Limits(threads=2, under_way=3)
    with listening(edge(gate.handle).answer, limits=limits) as port, ExitStack() as opened:
        lines = [opened.enter_context(Line(port=port)) for _ in range(6)]
        for line in lines:
            line.send(framed(message().encode()))
        gate.wait_for(2)
        # Nothing more is read of a line whose message is under way: what it sends piles up on its own side.
        lines[0].socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            lines[0].socket.sendall(framed(message(text="x" * 2**16).encode()) * 1000)
        assert len(gate.taken) == 2
        gate.opens.set()
        for line in lines[1:]:
            assert told(line.answer()) == ("AA", "")


def test_lines_are_bounded() -> None:
    limits = Limits(connections=2)
    with (
        listening(edge().answer, limits=limits) as port,
        Line(port=port) as first,
        Line(port=port) as second,
    ):
        assert told(first.ask(message())) == ("AA", "")
        assert told(second.ask(message())) == ("AA", "")
        with Line(port=port) as third:
            assert third.is_closed()
        assert told(first.ask(message())) == ("AA", "")


def test_a_message_under_way_is_answered_before_the_server_stops() -> None:
    gate = Gate()
    with ExitStack() as lines:
        with listening(edge(gate.handle).answer) as port:
            busy, idle = (lines.enter_context(Line(port=port)) for _ in range(2))
            busy.send(framed(message("FIRST").encode()) + framed(message("SECOND").encode()))
            gate.wait_for(1)
            threading.Timer(0.2, gate.opens.set).start()
        assert str(busy.answer()["MSA.2"]) == "FIRST"
        assert busy.is_closed() and idle.is_closed()
        assert gate.taken == ["FIRST"]


# TLS (IHE ATNA, ITI-19)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def secure(authority: Authority) -> Iterator[int]:
    def named(certificate: x509.Certificate | None) -> Actor:
        assert certificate
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return Actor(role=Role.SYSTEM, system=str(name.value))

    def who(call: Call) -> Answer:
        return Answer(segments=[f"ZZZ|{call.actor.system}"])

    ours = authority.identity("localhost")
    tls = tls_of(str(ours.certificate), str(ours.key), str(authority.file))
    with listening(edge(who, authenticate=named).answer, tls=tls) as port:
        yield port


def test_both_sides_show_who_they_are(authority: Authority, secure: int) -> None:
    for name in ("kis.example", "lab.example"):
        context = tls_with(authority, authority.identity(name))
        with Line(port=secure, tls=context) as line:
            assert str(line.ask(message())["ZZZ.1"]) == name


def test_who_shows_no_trusted_certificate_is_not_answered(
    authority: Authority, secure: int, tmp_path: Path
) -> None:
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    for identity in (
        None,
        authority.identity("kis.example", is_self_signed=True),
        Authority(strangers).identity("kis.example"),
    ):
        context = tls_with(authority, identity)
        # TLS 1.3 tells the client only when it reads.
        with (
            pytest.raises((ssl.SSLError, ConnectionError, AssertionError)),
            Line(port=secure, tls=context) as line,
        ):
            line.ask(message())


def test_plain_text_and_old_tls_are_not_spoken(authority: Authority, secure: int) -> None:
    with Line(port=secure) as line:
        line.send(framed(message().encode()))
        assert b"MSA" not in line.socket.recv(65536)
    old = tls_with(authority, authority.identity("kis.example"))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Line(port=secure, tls=old).__enter__()
    assert told(asked_by(authority, secure)) == ("AA", "")


def asked_by(authority: Authority, port: int) -> hl7.Message:
    with Line(port=port, tls=tls_with(authority, authority.identity("kis.example"))) as line:
        return line.ask(message())
