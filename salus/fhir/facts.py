"""What a rendered resource has of a parameter, read from its elements."""

from collections.abc import Callable, Iterator
from typing import Any

from salus.fhir import datatypes
from salus.fhir.criteria import Fact, Reference, Span, Token
from salus.fhir.dates import ALWAYS, FOREVER, span
from salus.fhir.resource import Body

Facts = Callable[[Body], list[Fact]]


def tokens(path: str, *, system: str = "") -> Facts:
    """Of Codings, CodeableConcepts, Identifiers, booleans, and codes of the ``system`` that goes without saying."""
    return lambda body: [token for value in at(body, path) for token in _tokens(value, system)]


def references(path: str) -> Facts:
    return lambda body: [_reference(value) for value in at(body, path)]


def canonicals(path: str, *, type: str) -> Facts:
    """Of canonical URLs, each of which ends in the id that the resource of the type has here."""

    def facts(body: Body) -> list[Fact]:
        return [Reference(type=type, id=url.rpartition("/")[2], url=url) for url in at(body, path)]

    return facts


def urls(path: str) -> Facts:
    return lambda body: [Reference(url=url) for url in at(body, path)]


def strings(*paths: str) -> Facts:
    return lambda body: [text for path in paths for text in at(body, path)]


def from_each_word(*paths: str) -> Facts:
    """Of texts that are found by any of their words, a list of them being one text: what begins at each."""

    def facts(body: Body) -> list[Fact]:
        texts = (" ".join(at(body, path)) for path in paths)
        return [key for text in texts for key in datatypes.from_each_word(text)]

    return facts


def times(path: str) -> Facts:
    """Of dates, dateTimes, instants and Periods."""
    return lambda body: [_time(value) for value in at(body, path)]


def at(body: Body, path: str) -> Iterator[Any]:
    """All values of the elements at ``path`` (names parted by dots), whose arrays are walked through."""
    yield from _below(body, path.split("."))


def _below(value: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _below(item, names)
    elif not names:
        yield value
    elif isinstance(value, dict) and names[0] in value:
        yield from _below(value[names[0]], names[1:])


def _tokens(value: Any, system: str) -> Iterator[Token]:
    if isinstance(value, bool):
        yield Token(system=system, code=str(value).lower())
    elif isinstance(value, str):
        yield Token(system=system, code=value)
    elif "coding" in value or "text" in value:
        for coding in value.get("coding", ()):
            yield from _tokens(
                coding | {"display": value.get("text", coding.get("display", ""))}, ""
            )
    elif "code" in value:
        yield Token(
            system=value.get("system", ""), code=value["code"], text=value.get("display", "")
        )
    elif "value" in value:
        yield _identifier(value)


def _identifier(value: Body) -> Token:
    kind = value.get("type", {})
    return Token(
        system=value.get("system", ""),
        code=value["value"],
        text=kind.get("text", ""),
        types=frozenset(
            (coding.get("system", ""), coding.get("code", "")) for coding in kind.get("coding", ())
        ),
    )


def _reference(value: Body) -> Reference:
    text = value.get("reference", "")
    identifier = _identifier(value["identifier"]) if "identifier" in value else None
    if ":" in text:
        return Reference(url=text, identifier=identifier)
    of, _, name = text.partition("/")
    return Reference(type=of, id=name, identifier=identifier)


def _time(value: Any) -> Span:
    if isinstance(value, str):
        return span(value)
    start, end = value.get("start"), value.get("end")
    # Year 9999 is how many systems write that something has no end.
    forever = end is None or end.startswith("9999")
    return Span(
        start=span(start).start if start else ALWAYS,
        end=FOREVER if forever else span(end).end,
    )
