"""The grammar of a message: segments, fields, repetitions, components, subcomponents (HL7 2.5, 2.5 to 2.7).

A segment is split where it is asked, so that reading a message costs about its length once.
"""

import re
from dataclasses import dataclass, replace

from salus.hl7v2.charset import CODECS, charset_of, decoded
from salus.hl7v2.refusal import ErrorCode, FieldWrong, Rejected

MOST_SEGMENTS = 1000
_NULL = '""'  # the sender says that there is none
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_LINES = re.compile("\r\n?|\n")  # the standard's <CR>, and what files have instead


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """MSH-1, MSH-2 and MSH-18: what parts the fields of this message, and in which character set it came."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    charset: str = "ASCII"

    @property
    def characters(self) -> str:
        """MSH-2."""
        return self.component + self.repetition + self.escape + self.subcomponent


@dataclass(frozen=True, kw_only=True)
class Field:
    """One repetition of a field; components and subcomponents count from 1, as in the standard."""

    raw: str
    at: str  # segment^sequence^field^repetition
    encoding: Encoding

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """'' when there is none, or when the sender says so by a null. Raises FieldWrong for an escape unread here."""
        parts = self.raw.split(self.encoding.component)
        if component > len(parts):
            return ""
        parts = parts[component - 1].split(self.encoding.subcomponent)
        text = parts[subcomponent - 1] if subcomponent <= len(parts) else ""
        return "" if text == _NULL else _unescaped(text, self).strip()

    def required(self, component: int = 1, subcomponent: int = 1) -> str:
        text = self.text(component, subcomponent)
        if not text:
            raise self.wrong("is missing", component, code=ErrorCode.REQUIRED)
        return text

    def wrong(
        self, text: str, component: int | None = None, *, code: ErrorCode = ErrorCode.DATA_TYPE
    ) -> FieldWrong:
        return FieldWrong(text, at=f"{self.at}^{component}" if component else self.at, code=code)

    @property
    def parts(self) -> list[tuple[str, ...]]:
        """All components with their subcomponents."""
        components = self.raw.split(self.encoding.component)
        return [
            tuple(_unescaped(part, self) for part in component.split(self.encoding.subcomponent))
            for component in components
        ]


@dataclass(frozen=True, kw_only=True)
class Segment:
    name: str
    sequence: int  # among those of its name
    fields: tuple[str, ...]  # as sent; the first one is field 1
    encoding: Encoding

    def repetitions(self, number: int) -> list[Field]:
        """Those of the field that have something in them."""
        raw = self.fields[number - 1] if number <= len(self.fields) else ""
        # MSH-1 and MSH-2 are the parting characters themselves.
        parts = raw.split(self.encoding.repetition) if (self.name, number) != ("MSH", 2) else [raw]
        return [
            self._field(number, part, place) for place, part in enumerate(parts, start=1) if part
        ]

    def field(self, number: int) -> Field:
        """The first repetition that has something in it; an empty field when none has."""
        return next(iter(self.repetitions(number)), self._field(number, "", 1))

    def text(self, number: int, component: int = 1) -> str:
        return self.field(number).text(component)

    def _field(self, number: int, raw: str, repetition: int) -> Field:
        at = f"{self.name}^{self.sequence}^{number}^{repetition}"
        return Field(raw=raw, at=at, encoding=self.encoding)


@dataclass(frozen=True, kw_only=True)
class Message:
    segments: tuple[Segment, ...]

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    @property
    def type(self) -> str:
        """MSH-9.1, as ADT."""
        return self.header.text(9, 1)

    @property
    def event(self) -> str:
        """MSH-9.2, as A01."""
        return self.header.text(9, 2)

    @property
    def control_id(self) -> str:
        """MSH-10: the sender's name of the message."""
        return self.header.text(10)

    @property
    def version(self) -> str:
        """MSH-12."""
        return self.header.text(12)

    def all(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment.name == name]

    def first(self, name: str) -> Segment | None:
        return next(iter(self.all(name)), None)

    def required(self, name: str) -> Segment:
        segment = self.first(name)
        if segment is None:
            raise FieldWrong("is missing", at=f"{name}^1", code=ErrorCode.SEQUENCE)
        return segment


def read(content: bytes) -> Message:
    """Raises Rejected for what is no message, or in a character set that is not read here."""
    header = read_header(content)
    declared = [field.text() for field in header.repetitions(18)]
    charset = charset_of("~".join(declared))
    text = decoded(content, charset)
    return Message(segments=_segments(text, replace(header.encoding, charset=charset)))


def read_header(content: bytes) -> Segment:
    """MSH by itself, as far as it can be read without its character set. Raises Rejected."""
    line, *_ = re.split(b"[\r\n]", content, maxsplit=1)
    text = line.decode("latin-1")
    if not text.startswith("MSH"):
        raise Rejected("a message begins with MSH", at="MSH^1", code=ErrorCode.SEQUENCE)
    return _segment(text, 1, _encoding(text))


def _encoding(header: str) -> Encoding:
    """HL7 2.5, 2.15.9.1 and 2.15.9.2."""
    field = header[3:4]
    characters = header[4:].split(field, maxsplit=1)[0] if field else ""
    marks = field + characters
    is_read = len(marks) == 5 == len(set(marks)) and all(
        " " < mark < "\x7f" and not mark.isalnum() and mark != '"' for mark in marks
    )
    if not is_read:
        raise Rejected(
            "five different characters part the fields, as |^~\\&",
            at="MSH^1^2",
            code=ErrorCode.DATA_TYPE,
        )
    component, repetition, escape, subcomponent = [*characters]
    return Encoding(
        field=field,
        component=component,
        repetition=repetition,
        escape=escape,
        subcomponent=subcomponent,
    )


def _segments(text: str, encoding: Encoding) -> tuple[Segment, ...]:
    lines = [line for line in _LINES.split(text) if line]
    if len(lines) > MOST_SEGMENTS:
        raise Rejected(f"more than {MOST_SEGMENTS} segments", at="MSH^1", code=ErrorCode.SEQUENCE)
    counted: dict[str, int] = {}
    segments = []
    for place, line in enumerate(lines, start=1):
        name = line[:3]
        is_segment = _SEGMENT.fullmatch(name) and line[3:4] in ("", encoding.field)
        if not is_segment or (name == "MSH" and place > 1):
            raise Rejected(f"line {place} is no segment", at="MSH^1", code=ErrorCode.SEQUENCE)
        counted[name] = counted.get(name, 0) + 1
        segments.append(_segment(line, counted[name], encoding))
    return tuple(segments)


def _segment(line: str, sequence: int, encoding: Encoding) -> Segment:
    name, *fields = line.split(encoding.field)
    if name == "MSH":
        fields = [encoding.field, *fields]
    return Segment(name=name, sequence=sequence, fields=tuple(fields), encoding=encoding)


def _unescaped(text: str, field: Field) -> str:
    """HL7 2.5, 2.7. Highlighting is left out, a line break is a space; what is no sequence stands for itself."""
    encoding = field.encoding
    if encoding.escape not in text:
        return text
    mark = re.escape(encoding.escape)

    def meant(found: re.Match[str]) -> str:
        return _meant(found[1], found[0], field)

    return re.sub(f"{mark}([^{mark}]{{0,200}}){mark}", meant, text)


def _meant(sequence: str, whole: str, field: Field) -> str:
    encoding = field.encoding
    plain = {
        "F": encoding.field,
        "S": encoding.component,
        "T": encoding.subcomponent,
        "R": encoding.repetition,
        "E": encoding.escape,
        "H": "",
        "N": "",
        ".br": " ",
        ".sp": " ",
    }
    if sequence in plain:
        return plain[sequence]
    if sequence[:1] in ("C", "M"):
        raise field.wrong("another character set within a field is not read here")
    if re.fullmatch("X(?:[0-9A-Fa-f]{2})+", sequence):
        try:
            text = bytes.fromhex(sequence[1:]).decode(CODECS[encoding.charset])
        except UnicodeDecodeError:
            text = "\x00"
        if not text.replace("\r", " ").replace("\n", " ").replace("\t", " ").isprintable():
            raise field.wrong("holds an escape that is no text in the character set of the message")
        return re.sub("[\r\n\t]", " ", text)
    return whole
