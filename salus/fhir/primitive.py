"""Values of FHIR's primitive types: https://hl7.org/fhir/R4/datatypes.html#primitive"""

import binascii
import re
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from salus.fhir import xhtml
from salus.fhir.definitions import primitives

MOST_CHARACTERS = 2**20  # of a string; contents in base64 are bounded by the request alone
LARGEST_INTEGER = 2**31 - 1
LARGEST_DECIMAL = 10**300  # what a float holds, too

_NUMBERS = {"integer", "positiveInt", "unsignedInt", "decimal"}
_DATES = {"date", "dateTime", "instant"}
# Characters that XML cannot carry: what is taken in as JSON must be readable in XML too.
_NO_CHARACTER = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# Value sets of required bindings that nobody can list, by what their codes look like.
_OPEN_CODES = {
    "http://hl7.org/fhir/ValueSet/mimetypes": re.compile(
        r"json|xml|ttl|[\w!#$&^.+-]+/[\w!#$&^.+*-]+(\s*;.*)?", re.ASCII
    ),
    "http://hl7.org/fhir/ValueSet/currencies": re.compile(r"[A-Z]{3}"),
}


def fault(type: str, value: Any) -> str:
    """What is wrong with a value as it stands in JSON, in words; '' when nothing is."""
    if type == "boolean":
        return "" if isinstance(value, bool) else "true or false is expected"
    if type in _NUMBERS:
        return _fault_of_number(type, value)
    if not isinstance(value, str):
        return f"a text is expected ({type})"
    if not value or value.isspace():
        return "an element is never empty"
    if _NO_CHARACTER.search(value):
        return "holds a character that no text has"
    if type == "base64Binary":
        return _fault_of_base64(value)
    if len(value) > MOST_CHARACTERS:
        return f"longer than {MOST_CHARACTERS} characters"
    if type == "xhtml":
        return xhtml.fault(value)
    if not _pattern(type).fullmatch(value):
        return f"not of the form of a {type}"
    return _fault_of_day(value) if type in _DATES else ""


def is_open_code(value: str, value_set: str) -> bool:
    """Whether a code may be one of a value set that cannot be listed."""
    pattern = _OPEN_CODES.get(value_set)
    return pattern is None or bool(pattern.fullmatch(value))


@cache
def _pattern(type: str) -> re.Pattern[str]:
    return re.compile(primitives()[type], re.ASCII)  # a space that does not break is a character


def _fault_of_number(type: str, value: Any) -> str:
    if type == "decimal":
        if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
            return "a number is expected"
        return "" if -LARGEST_DECIMAL < value < LARGEST_DECIMAL else "too large"
    if not isinstance(value, int) or isinstance(value, bool):
        return "a whole number is expected"
    least = {"integer": -LARGEST_INTEGER - 1, "unsignedInt": 0, "positiveInt": 1}[type]
    return "" if least <= value <= LARGEST_INTEGER else f"out of the range of {type}"


def _fault_of_base64(value: str) -> str:
    try:
        binascii.a2b_base64("".join(value.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        return "not base64"
    return ""


def _fault_of_day(value: str) -> str:
    try:
        date.fromisoformat((value + "-01-01")[:10] if len(value) < 10 else value[:10])
    except ValueError:
        return "there is no such day"
    return ""
