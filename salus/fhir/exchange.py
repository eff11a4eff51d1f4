"""One interaction, as asked and as answered, without HTTP: the same for a request and for an entry of a Bundle."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from salus.fhir.resource import Body, Version
from salus.kernel.errors import InvalidInput, NotFound

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)  # https://hl7.org/fhir/R4/datatypes.html#id
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}", re.ASCII)
_OPERATION = re.compile(r"\$[a-z][a-z0-9-]{0,63}", re.ASCII)
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


class Return(StrEnum):
    """What a write answers with: https://hl7.org/fhir/R4/http.html#ops"""

    MINIMAL = "minimal"
    REPRESENTATION = "representation"
    OUTCOME = "OperationOutcome"


@dataclass(frozen=True, kw_only=True)
class Target:
    """What an address names, below the base."""

    type: str = ""
    id: str = ""
    history: bool = False
    version: str = ""
    operation: str = ""  # without the $

    @staticmethod
    def of(path: str) -> Target:
        """Of Type, Type/id, Type/id/_history/version, histories, operations. Raises NotFound for other paths."""
        match path.strip("/").split("/"):
            case [""]:
                return Target()
            case [*above, operation] if _OPERATION.fullmatch(operation) and len(above) < 3:
                asked = Target.of("/".join(above))
                if asked.history or asked.operation:
                    raise NotFound("there is no such interaction")
                return replace(asked, operation=operation[1:])
            case ["_history"]:
                return Target(history=True)
            case [type] if _TYPE.fullmatch(type):
                return Target(type=type)
            case [type, "_history"] if _TYPE.fullmatch(type):
                return Target(type=type, history=True)
            case [type, id] if _TYPE.fullmatch(type) and ID.fullmatch(id):
                return Target(type=type, id=id)
            case [type, id, "_history"] if _TYPE.fullmatch(type) and ID.fullmatch(id):
                return Target(type=type, id=id, history=True)
            case [type, id, "_history", version] if (
                _TYPE.fullmatch(type) and ID.fullmatch(id) and ID.fullmatch(version)
            ):
                return Target(type=type, id=id, history=True, version=version)
        raise NotFound("there is no such interaction")


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    target: Target
    query: Sequence[tuple[str, str]] = ()
    # What was sent, parsed; it is read when the rest permits it. Raises InvalidInput, NotThisWay.
    read_body: Callable[[], Any] = lambda: None
    if_match: str = ""
    if_none_match: str = ""
    if_none_exist: str | None = None  # a query
    if_modified_since: str = ""
    preferred: Return | None = None
    strict: bool = False  # what is not understood is refused


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: HTTPStatus
    body: Body | None = None
    version: Version | None = None  # that ETag and Last-Modified are of
    location: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'W/"{self.version.version}"' if self.version else ""


def versions_of(header: str) -> list[str]:
    """The version ids in an If-Match or If-None-Match, '*' as it is. Raises InvalidInput."""
    if header.strip() == "*":
        return ["*"]
    found = _ETAG.findall(header)
    if not found:
        raise InvalidInput('not a version in quotation marks, such as W/"3"')
    return [str(version) for version in found]
