"""The grammar of HL7 v2: what is read of a message, and what is refused with which code."""

import pytest

from salus.hl7v2.charset import CODECS
from salus.hl7v2.message import Message, read
from salus.hl7v2.refusal import ErrorCode, FieldWrong, Rejected
from salus.hl7v2.writing import message, repeated, segment

HEAD = "MSH|^~\\&|KIS|HOSP|SALUS||20261127||ADT^A01|7|P|2.3.1||||||"


def of(text: str, charset: str = "UNICODE UTF-8") -> Message:
    return read(f"{HEAD}{charset}\r{text}".encode(CODECS.get(charset, "utf-8")))


def test_a_message_is_read_by_the_standards_numbers() -> None:
    found = of("PID|1||12^^^KIS&1.2.3&ISO~13^^^&1.2.4&ISO||Weber&von^Anna^\r")
    assert (found.type, found.event, found.control_id, found.version) == (
        *("ADT", "A01"),
        *("7", "2.3.1"),
    )
    assert found.header.text(1) == "|"
    assert found.header.text(3) == "KIS"
    (pid,) = found.all("PID")
    first, second = pid.repetitions(3)
    assert (first.text(1), first.text(4, 2), second.text(4, 1), second.text(4, 3)) == (
        *("12", "1.2.3"),
        *("", "ISO"),
    )
    assert (second.at, pid.field(5).text(2), pid.text(40)) == ("PID^1^3^2", "Anna", "")


def test_the_sender_chooses_what_parts_the_fields() -> None:
    found = read(b"MSH$%*!@$KIS$$$$$$ADT%A08$7$P$2.5\rPID$$$12%%%KIS@1.2$$We!F!ber")
    assert (found.type, found.event, found.version) == ("ADT", "A08", "2.5")
    pid = found.required("PID")
    assert (pid.field(3).text(4, 2), pid.field(5).text()) == ("1.2", "We$ber")
    assert repeated(pid) == "PID|||12^^^KIS&1.2||We$ber"


@pytest.mark.parametrize(
    "marks",
    ["", "|", "|^", "|^~\\", "|^~\\&#", "|^^\\&", "|^~\\A", "|^~\\\u00e9", '|^~\\"', "A^~\\&"],
)
def test_other_parting_characters_are_refused(marks: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(f"MSH{marks}{marks[:1]}KIS".encode("latin-1"))
    assert (refused.value.code, refused.value.at) == (ErrorCode.DATA_TYPE, "MSH^1^2")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_lines_end_as_files_have_them(end: str) -> None:
    found = read(end.join([HEAD, "EVN|A01", "PID|1", ""]).encode())
    assert [segment.name for segment in found.segments] == ["MSH", "EVN", "PID"]


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [
        (r"\F\\S\\T\\R\\E\ ", "|^&~\\"),
        (r"a\H\b\N\c", "abc"),
        (r"a\.br\b", "a b"),
        (r"\X41C3A9\ ", "A\u00e9"),
        (r"a\b", r"a\b"),
        (r"\Q\ ", "\\Q\\"),
        ('""', ""),
    ],
)
def test_escape_sequences(escaped: str, meant: str) -> None:
    assert of(f"ZZZ|{escaped.strip()}").required("ZZZ").text(1) == meant


@pytest.mark.parametrize("escaped", [r"\C2842\ ", r"\M1B2842\ ", r"\XFF\ ", r"\X00\ "])
def test_escapes_into_what_is_no_text_here_are_wrong(escaped: str) -> None:
    with pytest.raises(FieldWrong) as wrong:
        of(f"ZZZ||{escaped.strip()}").required("ZZZ").text(2)
    assert wrong.value.at == "ZZZ^1^2^1"


def test_what_is_written_is_read_again() -> None:
    name = "a|b^c&d~e\\f\rg\nh \u00e9"
    written = segment("ZZZ", "", [("x", (name, "y")), "z"], "", "")
    found = of(message([written])).required("ZZZ")
    assert written.count("|") == 2
    first, second = found.repetitions(2)
    assert (first.text(2, 1), first.text(2, 2), second.text()) == (
        name.replace("\r", " ").replace("\n", " "),
        "y",
        "z",
    )


@pytest.mark.parametrize("charset", [name for name in CODECS if name not in ("ASCII", "ISO IR6")])
def test_each_character_set_is_read_as_what_it_is(charset: str) -> None:
    letters = (
        "\u00e9" if "UTF" in charset else bytes(range(0xE0, 0xE8)).decode(CODECS[charset], "ignore")
    )
    assert of(f"ZZZ|{letters}", charset).required("ZZZ").text(1) == letters


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (HEAD.encode() + b"ASCII\rZZZ|\xe9", ErrorCode.DATA_TYPE),
        (HEAD.encode() + b"\rZZZ|\xc3\xa9", ErrorCode.DATA_TYPE),
        (HEAD.encode() + b"UNICODE UTF-8\rZZZ|\xe9", ErrorCode.DATA_TYPE),
        (HEAD.encode() + b"8859/1\rZZZ|\x80", ErrorCode.DATA_TYPE),  # a euro sign of Windows
        (HEAD.encode() + b"8859/15\rZZZ|\x00", ErrorCode.DATA_TYPE),
        (HEAD.encode() + b"8859/99\rZZZ|", ErrorCode.VALUE),
        (HEAD.encode() + b"8859/1~ISO IR87\rZZZ|", ErrorCode.VALUE),
    ],
)
def test_a_wrong_character_set_is_refused(content: bytes, code: ErrorCode) -> None:
    with pytest.raises(Rejected) as refused:
        read(content)
    assert (refused.value.code, refused.value.at) == (code, "MSH^1^18")


@pytest.mark.parametrize("content", [b"", b"PID|1", b"msh|^~\\&", b"\xff\xfe", b"\rMSH|^~\\&"])
def test_what_does_not_begin_with_a_header_is_no_message(content: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        read(content)
    assert refused.value.code is ErrorCode.SEQUENCE


@pytest.mark.parametrize("line", ["pid|1", "P|1", "PIDX|1", " PID|1", "PID^1", "ZZZ|\rxx" * 2])
def test_what_is_no_segment_is_refused(line: str) -> None:
    with pytest.raises(Rejected) as refused:
        of(line)
    assert refused.value.code is ErrorCode.SEQUENCE


def test_the_number_of_segments_is_bounded() -> None:
    assert len(of("ZZZ|1\r" * 999).segments) == 1000
    with pytest.raises(Rejected):
        of("ZZZ|1\r" * 1000)
