"""A JSON object of a received resource, with its place, so that each error can say where."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from salus.fhir import exact_json
from salus.kernel.errors import InvalidInput

MOST_CHARACTERS = 250  # of a text that we store in a column; identifiers must fit an index
MOST_WORDS = 1000  # characters of a text that is only shown

# date and dateTime of FHIR R4: https://hl7.org/fhir/R4/datatypes.html#dateTime
_TIME = r"T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)"
_DATE_TIME = re.compile(rf"\d{{4}}(-\d\d(-\d\d({_TIME})?)?)?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """Reads members by name. What is absent reads as empty; a wrong shape raises InvalidInput."""

    path: str
    value: dict[str, Any]

    def wrong(self, name: str, text: str) -> InvalidInput:
        """The error that member ``name`` is wrong; ``text`` never quotes what it holds."""
        return InvalidInput(text, at=f"{self.path}.{name}")

    def child(self, name: str) -> Element:
        return self._element(name, self.value.get(name, {}), f"{self.path}.{name}")

    def children(self, name: str) -> list[Element]:
        return [
            self._element(name, item, f"{self.path}.{name}[{index}]")
            for index, item in enumerate(self._array(name))
        ]

    def text(self, name: str, *, most: int = MOST_CHARACTERS) -> str:
        return self._text(name, self.value.get(name, ""), most)

    def words(self, name: str) -> str:
        """A text for people to read, shortened where it is very long."""
        text = self.text(name, most=exact_json.MOST_CHARACTERS)
        return text if len(text) <= MOST_WORDS else text[: MOST_WORDS - 1] + "…"

    def texts(self, name: str) -> list[str]:
        return [self._text(name, item, MOST_CHARACTERS) for item in self._array(name) if item]

    def required(self, name: str) -> str:
        text = self.text(name)
        if not text:
            raise self.wrong(name, "missing")
        return text

    def code(self, name: str, among: Collection[str], *, default: str = "") -> str:
        code = self.text(name) or default
        if code not in among:
            raise self.wrong(name, f"must be one of {', '.join(among)} (is this FHIR R4?)")
        return code

    def day(self, name: str) -> date | None:
        """The day of a date or dateTime, as the sender's clock had it; None: absent, or less exact."""
        text = self.text(name)
        if not text:
            return None
        if not _DATE_TIME.fullmatch(text):
            raise self.wrong(name, "not a date of FHIR")
        try:
            full = text if len(text) >= 10 else (text + "-01-01")[:10]
            day = date.fromisoformat(full[:10])
        except ValueError:
            raise self.wrong(name, "no such day") from None
        return day if len(text) >= 10 else None

    def positive(self, name: str) -> int | None:
        number = self.value.get(name)
        if number is None:
            return None
        if type(number) is not int or not 0 < number < 2**15:
            raise self.wrong(name, "not a positive number, or too large")
        return number

    def _element(self, name: str, value: Any, path: str) -> Element:
        if not isinstance(value, dict):
            raise self.wrong(name, "an object is expected")
        return Element(path=path, value=value)

    def _array(self, name: str) -> list[Any]:
        value = self.value.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, "an array is expected")
        return value

    def _text(self, name: str, value: Any, most: int) -> str:
        if not isinstance(value, str):
            raise self.wrong(name, "a text is expected")
        text = value.strip()
        if len(text) > most:
            raise self.wrong(name, f"longer than {most} characters")
        return text
