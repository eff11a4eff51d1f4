"""What somebody could do to a proof of the event log: each value of it changed, each list shortened and lengthened."""

import copy
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_BELIEVED_BY_NOBODY = {"use", "alg"}  # members of a key that are not looked at
# What may be done to a proof that holds still: it says less of the row, or a key twice.
HARMLESS = {"row null", "keys.keys lengthened"}


def tampered(document: Json) -> Iterator[tuple[str, Json]]:
    """Name of the change, and the document with that change alone."""
    for place in _places(document):
        *way, last = place
        name = ".".join(map(str, place))
        before = _at(document, place)
        for how, value in _changes(before):
            if value == before:
                continue
            changed = copy.deepcopy(document)
            _at(changed, way)[last] = value
            yield f"{name} {how}", changed
        if len(place) == 1:
            yield f"{name} removed", {key: document[key] for key in document if key != last}


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, held in inner:
        if key not in _BELIEVED_BY_NOBODY:
            yield (*place, key)
            if isinstance(held, dict | list):
                yield from _places(held, (*place, key))


def _at(document: Any, place: Any) -> Any:
    for key in place:
        document = document[key]
    return document


def _changes(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str):
        for index in {0, len(value) // 2, len(value) - 1}:
            other = "1" if value[index] == "0" else "0"
            yield f"another character {index}", value[:index] + other + value[index + 1 :]
        yield "lengthened", f"{value}0"
    elif isinstance(value, int):
        yield "one more", value + 1
        yield "one less", value - 1
        yield "as text", str(value)
    elif isinstance(value, list) and value:
        yield "shortened", value[1:]
        yield "lengthened", [*value, value[-1]]
        yield "backwards", value[::-1]
    yield "null", None
