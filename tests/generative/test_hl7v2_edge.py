"""Whatever bytes come over a line: each message gets one acknowledgement, in order, and the server goes on."""

import os
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hl7
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from salus.hl7v2.edge import Answer, Call, Edge, Transaction
from salus.hl7v2.framing import Flaw, Frame, Frames, framed
from salus.hl7v2.message import read
from salus.hl7v2.refusal import FieldWrong
from salus.hl7v2.writing import repeated
from salus.kernel.actor import Actor, Role

MOST = 2000
MANY = 5000 if os.environ.get("SALUS_PROVE") == "1" else 60
HEAD = b"MSH|^~\\&|KIS|H|SALUS||20261127||ADT^A01|7|P|2.5||||||"
CHARSETS = (b"", b"ASCII", b"8859/1", b"8859/2", b"UNICODE UTF-8", b"nonsense")

SEEDS = (
    b"\x0b" + HEAD + b"UNICODE UTF-8\rPID|1||7^^^K&1.2&ISO||M\xc3\xbcller^\\X41\\\r\x1c\r",
    b"\x0b" + HEAD + b'8859/1\rPID|\xfc\\T\\~2&3|""\r\x0b' + HEAD + b"\r\x1c\r",
)


def echo(call: Call) -> Answer:
    """A service that reads all of a message."""
    return Answer(segments=[repeated(one) for one in call.message.segments[1:]])


EDGE = Edge(
    transactions=[
        Transaction(type="ADT", events=frozenset(["A01"]), versions=frozenset(["2.5"]), handle=echo)
    ],
    authenticate=lambda _certificate: Actor(role=Role.SYSTEM, system="test"),
    processing=frozenset("P"),
)

marks = st.sampled_from(
    [b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b'""', b"\x0b", b"\x1c", b"\r\x0b"]
)
words = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=10).map(str.encode),
    st.sampled_from([b"MSH", b"PID", b"ADT^A01", b"\\X41\\", b"\\XZZ\\", b"\\C1\\", b"\\E\\"]),
)
noise = st.lists(st.one_of(marks, words), max_size=40).map(b"".join)
messages = st.one_of(
    noise,
    st.builds(lambda text: HEAD + text, noise),
    st.builds(
        lambda charset, text: HEAD + charset + b"\r" + text, st.sampled_from(CHARSETS), noise
    ),
)


@settings(max_examples=MANY)
@given(messages, st.sampled_from([None, *Flaw]))
@example(HEAD + b"UNICODE UTF-8\rZZZ|\xc3\xa9", None)
@example(b"MSH", None)
@example(b"MSH|^~\\&|\\C1\\|||||||\\M1\\", None)
def test_each_message_has_one_answer_that_a_foreign_program_reads(
    content: bytes, flaw: Flaw | None
) -> None:
    answer = EDGE.answer(Frame(content=content, flaw=flaw), None)
    assert b"\x0b" not in answer and b"\x1c" not in answer
    codec = "utf-8"
    for name, python in (("8859/1", "iso8859-1"), ("8859/2", "iso8859-2")):
        if answer.split(b"\r")[0].endswith(name.encode()):
            codec = python
    found = hl7.parse(answer.decode(codec))
    assert [str(segment[0]) for segment in found][:2] == ["MSH", "MSA"]
    code = str(found["MSA.1"])
    assert code in ("AA", "AE", "AR")
    assert (code == "AA") == ("ERR" not in [str(segment[0]) for segment in found])
    # An error of ours is none that a sender may cause.
    assert "this server failed" not in str(found)
    if flaw:
        assert code == "AR"


@given(messages)
@settings(max_examples=MANY)
def test_what_is_read_can_be_written_and_read_again(content: bytes) -> None:
    try:
        first = read(HEAD + b"UNICODE UTF-8\r" + content)
        lines = [repeated(segment) for segment in first.segments[1:]]
    except FieldWrong:  # and Rejected, which is one
        return
    again = read(HEAD + b"UNICODE UTF-8\r" + "\r".join(lines).encode())
    assert [repeated(segment) for segment in again.segments[1:]] == lines


@settings(max_examples=MANY)
@given(st.lists(st.one_of(messages.map(framed), noise), max_size=8), st.integers(0, 2**32))
def test_a_stream_gives_the_same_messages_however_it_is_cut(parts: list[bytes], seed: int) -> None:
    stream = b"".join(parts)
    at_once = _cut([stream])
    chosen, pieces, rest = random.Random(seed), [], stream
    while rest:
        size = chosen.randint(1, 50)
        pieces.append(rest[:size])
        rest = rest[size:]
    assert _cut(pieces) == at_once


def _cut(pieces: list[bytes]) -> list[Any]:
    frames = Frames(MOST)
    found = [frame for piece in pieces for frame in frames.feed(piece)]
    end = frames.end()
    return [*found, end]


@pytest.mark.prove
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this Python")
def test_no_input_that_reaches_further_breaks_it(tmp_path: Path) -> None:
    """Guided by coverage, for some minutes."""
    for number, seed in enumerate(SEEDS):
        (tmp_path / str(number)).write_bytes(seed)
    program = "tests.generative.fuzz_hl7v2"
    done = subprocess.run(
        [sys.executable, "-m", program, tmp_path, "-max_total_time=180", "-max_len=4000"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
