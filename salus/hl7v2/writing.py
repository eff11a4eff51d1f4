"""Segments as they are written, with the standard's own parting characters."""

from collections.abc import Iterable, Sequence

from salus.hl7v2.message import Encoding, Segment

STANDARD = Encoding()

# A text; the components of a field, each with its subcomponents; or a list of repetitions.
Component = str | tuple[str, ...]
Repetition = str | tuple[Component, ...]
Value = Repetition | list[Repetition]

_ESCAPES = str.maketrans(
    {
        "\\": "\\E\\",
        "|": "\\F\\",
        "^": "\\S\\",
        "&": "\\T\\",
        "~": "\\R\\",
        "\r": "\\X0D\\",
        "\n": "\\X0A\\",
    }
)


def segment(name: str, *fields: Value) -> str:
    """Fields from 1 on; empty ones at an end are left out, as the standard writes them."""
    return "|".join([name, *map(_field, fields)]).rstrip("|")


def header(*fields: Value) -> str:
    """MSH, with the fields from MSH-3 on."""
    return "|".join([f"MSH|{STANDARD.characters}", *map(_field, fields)]).rstrip("|")


def repeated(received: Segment) -> str:
    """A segment as it was received."""
    fields: list[Value] = [
        [tuple(one.parts) for one in received.repetitions(number)]
        for number in range(1, len(received.fields) + 1)
    ]
    return segment(received.name, *fields)


def message(segments: Iterable[str]) -> str:
    return "".join(f"{one}\r" for one in segments)


def _field(value: Value) -> str:
    if isinstance(value, list):
        return "~".join(map(_repetition, value))
    return _repetition(value)


def _repetition(value: Repetition) -> str:
    if isinstance(value, str):
        return _text(value)
    return _joined("^", [_component(component) for component in value])


def _component(value: Component) -> str:
    return _text(value) if isinstance(value, str) else _joined("&", [_text(one) for one in value])


def _joined(by: str, parts: Sequence[str]) -> str:
    return by.join(parts).rstrip(by)


def _text(text: str) -> str:
    return text.translate(_ESCAPES)
