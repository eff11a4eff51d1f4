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
DEEPEST = 64
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")  # JSON can escape them, PostgreSQL refuses them


def parse(content: bytes) -> Any:
    """The value of a JSON text in UTF-8; decimals as Decimal. Raises InvalidInput."""
    if len(content) > MOST_BYTES:
        raise InvalidInput(f"larger than {MOST_BYTES >> 20} MiB: split it")
    try:
        value = json.loads(
            content.decode("utf-8-sig"),
            parse_float=_decimal,
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
    _check(value, path="", depth=0)
    return value


def dump(value: Any) -> str:
    """Compact JSON of what `parse` returns; members keep their order."""
    match value:
        case dict():
            return "{" + ",".join(f"{_quoted(name)}:{dump(v)}" for name, v in value.items()) + "}"
        case list():
            return "[" + ",".join(map(dump, value)) + "]"
        case Decimal():
            return str(value)
        case _:
            return _quoted(value)


def plain(value: Any) -> Any:
    """The same with floats, for libraries that know no Decimal; trailing zeros are lost."""
    return json.loads(dump(value))


def _quoted(value: str | int | float | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def _decimal(digits: str) -> Decimal:
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


def _check(value: Any, *, path: str, depth: int) -> None:
    if depth > DEEPEST:
        raise InvalidInput(f"nested deeper than {DEEPEST} levels")
    match value:
        case str():
            _check_text(value, path=path)
        case dict():
            for name, member in value.items():
                _check_text(name, path=path)
                _check(member, path=f"{path}.{name}" if path else name, depth=depth + 1)
        case list():
            for index, item in enumerate(value):
                _check(item, path=f"{path}[{index}]", depth=depth + 1)


def _check_text(text: str, *, path: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise InvalidInput(f"{path}: longer than {MOST_CHARACTERS} characters")
    if _NO_CHARACTER.search(text):
        raise InvalidInput(f"{path}: holds a character that is none (NUL or half of a pair)")
