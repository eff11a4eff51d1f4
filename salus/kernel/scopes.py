"""SMART scopes v2: what a token permits on resources (https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html).

``system/DocumentReference.c?category=11488-4``: a context, a resource type or ``*``, the interactions as
letters in the order of ``cruds``, and search parameters that narrow them.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from salus.kernel.errors import InvalidInput

_SCOPE = re.compile(
    r"(?P<context>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]{1,63})\.(?P<letters>[cruds]+)(?:\?(?P<query>\S+))?"
)


class Context(StrEnum):
    """Whose right a scope lends out: that of a patient, of the user, or the software's own."""

    PATIENT = "patient"
    USER = "user"
    SYSTEM = "system"


class Interaction(StrEnum):
    """What a scope names by a letter: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources"""

    CREATE = "c"
    READ = "r"  # also vread, and the history of one resource
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"  # also the history of a type


_ORDER = "".join(Interaction)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One resource scope. ``only`` are the search parameters that a resource must meet, all of them."""

    context: Context
    type: str  # '*': of every type
    interactions: frozenset[Interaction]
    only: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        letters = "".join(letter for letter in _ORDER if letter in self.interactions)
        query = f"?{urlencode(self.only, safe='|,:/')}" if self.only else ""
        return f"{self.context}/{self.type}.{letters}{query}"

    def covers(self, other: "Scope") -> bool:
        """Whether a token with this scope may do all that one with the other may."""
        return (
            self.context is other.context
            and self.type in ("*", other.type)
            and other.interactions <= self.interactions
            and set(self.only) <= set(other.only)
        )


@dataclass(frozen=True, kw_only=True)
class Scopes:
    """The resource scopes of one token, which permit what any of them permits."""

    granted: tuple[Scope, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.granted))

    def cover(self, scope: Scope) -> bool:
        return any(one.covers(scope) for one in self.granted)

    def allowing(self, interaction: Interaction, type: str) -> tuple[Scope, ...]:
        """Those that permit this on resources of the type; each may narrow it by ``only``. None: refuse."""
        return tuple(
            scope
            for scope in self.granted
            if interaction in scope.interactions and scope.type in ("*", type)
        )

    def go_beyond_the_patient(self, type: str) -> bool:
        """Whether any lends out more than what is of the launch's patient alone."""
        return any(
            scope.context is not Context.PATIENT and scope.type in ("*", type)
            for scope in self.granted
        )


def read_scope(text: str) -> Scope:
    """Raises InvalidInput for what is no resource scope of SMART v2."""
    parts = _SCOPE.fullmatch(text)
    if not parts:
        raise InvalidInput("not a scope of SMART 2, such as system/Patient.rs")
    letters = parts["letters"]
    if "".join(letter for letter in _ORDER if letter in letters) != letters:
        raise InvalidInput("the letters of a scope stand once each, in the order of cruds")
    only = parse_qsl(parts["query"] or "", keep_blank_values=True)
    if parts["query"] and (parts["type"] == "*" or not only or not all(map(all, only))):
        raise InvalidInput("a scope is narrowed by name=value of one resource type")
    return Scope(
        context=Context(parts["context"]),
        type=parts["type"],
        interactions=frozenset(map(Interaction, letters)),
        only=tuple(sorted(only)),
    )


def read_scopes(texts: Iterable[str]) -> Scopes:
    return Scopes(granted=tuple(dict.fromkeys(map(read_scope, texts))))


def narrowed(asked: Collection[Scope], *, to: Scopes) -> Scopes:
    """Those of the asked scopes that are wholly granted: a token never gets more than its client has."""
    return Scopes(granted=tuple(scope for scope in asked if to.cover(scope)))
