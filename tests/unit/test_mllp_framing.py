"""Cutting a stream of bytes into messages, whatever the pieces in which it comes."""

import pytest

from salus.hl7v2.framing import Flaw, Frame, Frames, framed

MOST = 100


def cut(*pieces: bytes) -> list[Frame]:
    frames = Frames(MOST)
    found = [frame for piece in pieces for frame in frames.feed(piece)]
    return [*found, *filter(None, [frames.end()])]


def whole(content: bytes) -> Frame:
    return Frame(content=content)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_messages_come_out_however_they_are_cut(size: int) -> None:
    stream = b"\r\n" + framed(b"one") + b"\r" + framed(b"") + framed(b"t\x1cwo\r")
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert cut(*pieces) == [whole(b"one"), whole(b""), whole(b"t\x1cwo\r")]


@pytest.mark.parametrize("size", [1, 50, 1000])
def test_a_message_that_is_cut_off_is_told_from_a_whole_one(size: int) -> None:
    stream = b"\x0bhalf" + framed(b"whole") + b"\x0bend\x1c"
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert cut(*pieces) == [
        Frame(content=b"half", flaw=Flaw.CUT_OFF),
        whole(b"whole"),
        Frame(content=b"end\x1c", flaw=Flaw.CUT_OFF),
    ]


@pytest.mark.parametrize("size", [1, 64, 4096, 10**6])
def test_a_message_that_is_too_long_is_not_kept(size: int) -> None:
    frames = Frames(MOST)
    stream = framed(b"x" * 10_000) + framed(b"next")
    found: list[Frame] = []
    for start in range(0, len(stream), size):
        found += frames.feed(stream[start : start + size])
        assert len(frames._held) <= Frames.HEAD + 1 + size
    assert [frame.flaw for frame in found] == [Flaw.TOO_LONG, None]
    assert len(found[0].content) <= Frames.HEAD
    assert found[1] == whole(b"next")


def test_the_longest_message_is_taken() -> None:
    longest = b"x" * MOST
    assert cut(framed(longest), framed(longest + b"x")) == [
        whole(longest),
        Frame(content=longest + b"x", flaw=Flaw.TOO_LONG),
    ]


def test_what_is_no_message_is_counted() -> None:
    frames = Frames(MOST)
    assert list(frames.feed(b"GET / HTTP/1.1\r\n")) == []
    assert frames.skipped == 16
    assert list(frames.feed(framed(b"one"))) == [whole(b"one")]
    assert frames.skipped == 0
