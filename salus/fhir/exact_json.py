"""JSON from outside, read without loss and within bounds, and written again.

A decimal keeps the digits that it came with: in FHIR its precision has significance
(https://hl7.org/fhir/R4/datatypes.html#decimal). `dump` of `parse` is the same data.
"""

import json
import re
from decimal import Decimal
from typing import Any

from salus.kernel.errors import InvalidInput

MOST_BYTES = 64 * 2**20
MOST_CHARACTERS = 2**20  # of one string: https://hl7.org/fhir/R4/datatypes.html#string
MOST_MEMBERS = 250_000  # of a request: in memory each takes many times its bytes
DEEPEST = 64
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")  # JSON can escape them, PostgreSQL refuses them


def parse(
    content: bytes, *, most_characters: int = MOST_CHARACTERS, most_members: int | None = None
) -> Any:
    """The value of a JSON text in UTF-8; decimals as Decimal. Raises InvalidInput.

    ``most_members``: of all objects and arrays together, counted generously before anything is built.
    """
    if len(content) > MOST_BYTES:
        raise InvalidInput(f"larger than {MOST_BYTES >> 20} MiB: split it")
    if most_members and sum(map(content.count, (b"{", b"[", b","))) > most_members:
        raise InvalidInput(f"more than {most_members} elements: split it")
    try:
        value = json.loads(
            content.decode("utf-8-sig"),
            parse_float=decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise InvalidInput(f"nested deeper than {DEEPEST} levels") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(f"not text in UTF-8: byte {error.start} cannot be read") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(f"not JSON: line {error.lineno} column {error.colno}") from None
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise InvalidInput("holds a number with too many digits") from None
    _check(value, path="", depth=0, most=most_characters)
    return value


def dump(value: Any, *, indent: int | None = None) -> str:
    """JSON of what `parse` returns, compact unless indented; members keep their order."""
    try:
        separators = (",", ":") if indent is None else None
        return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    except TypeError:  # holds a Decimal, which no encoder of the language writes as it is
        return _dumped(value, indent=indent, depth=1)


def _dumped(value: Any, *, indent: int | None, depth: int) -> str:
    line, end, colon = "", "", ":"
    if indent is not None:
        line, end, colon = "\n" + " " * indent * depth, "\n" + " " * indent * (depth - 1), ": "
    match value:
        case dict() | list() if not value:
            return "{}" if isinstance(value, dict) else "[]"
        case dict():
            members = [
                f"{_quoted(name)}{colon}{_dumped(held, indent=indent, depth=depth + 1)}"
                for name, held in value.items()
            ]
            return "{" + line + f",{line}".join(members) + end + "}"
        case list():
            items = [_dumped(item, indent=indent, depth=depth + 1) for item in value]
            return "[" + line + f",{line}".join(items) + end + "]"
        case Decimal():
            return str(value)
        case _:
            return _quoted(value)


def plain(value: Any) -> Any:
    """The same with floats, for libraries that know no Decimal; trailing zeros are lost."""
    return json.loads(dump(value))


def _quoted(value: str | int | float | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def decimal(digits: str) -> Decimal:
    """With the digits as written. Raises InvalidInput for one that no float could hold."""
    value = Decimal(digits)
    if not -300 < value.adjusted() < 300:  # what a float holds, too
        raise InvalidInput("holds a number with too many digits")
    return value


def _refuse_constant(name: str) -> None:
    raise InvalidInput(f"not JSON: {name} is not a number of JSON")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise InvalidInput("an object has two members of the same name")
    return value


def _check(value: Any, *, path: str, depth: int, most: int) -> None:
    if depth > DEEPEST:
        raise InvalidInput(f"nested deeper than {DEEPEST} levels")
    match value:
        case str():
            _check_text(value, path=path, most=most)
        case dict():
            for name, member in value.items():
                _check_text(name, path=path, most=most)
                place = f"{path}.{name}" if path else name
                _check(member, path=place, depth=depth + 1, most=most)
        case list():
            for index, item in enumerate(value):
                _check(item, path=f"{path}[{index}]", depth=depth + 1, most=most)


def _check_text(text: str, *, path: str, most: int) -> None:
    if len(text) > most:
        raise InvalidInput(f"longer than {most} characters", at=path)
    if _NO_CHARACTER.search(text):
        raise InvalidInput("holds a character that is none (NUL or half of a pair)", at=path)
