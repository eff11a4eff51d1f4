"""The search grammar of FHIR R4 (https://hl7.org/fhir/R4/search.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from math import nan

from salus.fhir import dates
from salus.fhir.criteria import (
    Coded,
    Criterion,
    Modifier,
    Named,
    Near,
    ParameterType,
    Point,
    Prefix,
    Span,
    Typed,
    Value,
    When,
)
from salus.fhir.definitions import definition
from salus.fhir.resource import Call, Include, Parameter, Position, Resource, Search, Served, Sort
from salus.kernel.errors import InvalidInput
from salus.kernel.search_key import search_key

TOKEN = "_page_token"  # noqa: S105  # the name of the parameter of links
PAGE = 50  # resources, when the client does not say
LARGEST_PAGE = 200
# Of one search: more is no question that anybody has.
_MOST_CRITERIA = 50
_MOST_VALUES = 500
_LAST_YEAR = 9998
_LONGEST_CHAIN = 3  # references that one criterion may follow

_NEAR = 10.0  # kilometres, when the client does not say
_KILOMETRES = {"km": 1.0, "m": 0.001, "[mi_i]": 1.609344, "[mi_us]": 1.609347}  # in a unit of UCUM

_DECIMAL = re.compile(r"[+-]?\d{1,9}(\.\d{1,20})?", re.ASCII)
_PIECE = re.compile(r"\\.|.", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\,|$])")
_PREFIXED = re.compile(rf"({'|'.join(Prefix)})?(.*)", re.DOTALL)
_LOCAL = re.compile(r"(?:([A-Z][A-Za-z]{1,63})/)?([A-Za-z0-9\-.]{1,64})")
_OTHERS = {"_format", "_pretty"}  # of every request, and read elsewhere
_ONCE = ("_count", "_sort", "_summary", "_elements", "_total")


class WrongParameter(InvalidInput):
    """A parameter that is understood says nothing usable; the text never quotes a value."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        # https://hl7.org/fhir/R4/operationoutcome.html, issue.location
        self.at = f"http.{name}"


class Summary(StrEnum):
    """https://hl7.org/fhir/R4/search.html#summary"""

    TRUE = "true"
    TEXT = "text"
    DATA = "data"
    COUNT = "count"
    FALSE = "false"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request to search: what the domain answers, how it is shown, and what of it was understood."""

    search: Search
    summary: Summary = Summary.FALSE
    elements: tuple[str, ...] = ()
    understood: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()  # parameters that are not understood, and not applied


class _Unknown(Exception):
    """Not a parameter of this type, or not one that is served."""


def read_search(
    query: Iterable[tuple[str, str]],
    resource: Resource,
    served: Served,
    call: Call,
    *,
    position: Position | None = None,
    strict: bool = False,
) -> Asked:
    """What a query asks for. Raises WrongParameter; if ``strict``, for an unknown parameter too."""
    reader = _Reader(served=served, call=call)
    criteria: list[Criterion] = []
    includes: list[Include] = []
    once: dict[str, str] = {}
    understood: list[tuple[str, str]] = []
    unknown: list[str] = []
    for written, value in query:
        if written in _OTHERS:
            continue
        if not value or "\0" in value:
            raise WrongParameter(written, "has no value that can be searched by")
        if len(criteria) == _MOST_CRITERIA:
            raise WrongParameter(written, f"more than {_MOST_CRITERIA} parameters are too many")
        try:
            if written in _ONCE:
                if written in once:
                    raise WrongParameter(written, "may be given once only")
                once[written] = value
            elif written.split(":")[0] in ("_include", "_revinclude"):
                includes.append(reader.include(written, value, resource))
            else:
                criteria.append(reader.criterion(written, value, resource))
        except _Unknown:
            if strict:
                raise WrongParameter(written, "is not supported here") from None
            unknown.append(written)
        else:
            understood.append((written, value))
    summary = _among(Summary, "_summary", once.get("_summary", "false"))
    count = 0 if summary is Summary.COUNT else page_size(once.get("_count"))
    return Asked(
        search=Search(
            type=resource.type,
            criteria=tuple(criteria),
            sort=_sort(once.get("_sort"), resource),
            count=count,
            total=_total(once.get("_total")) or count == 0,
            position=position,
            includes=tuple(includes),
        ),
        summary=summary,
        elements=_elements(once.get("_elements"), resource),
        understood=tuple(understood),
        unknown=tuple(unknown),
    )


@dataclass(frozen=True, kw_only=True)
class _Reader:
    served: Served
    call: Call

    def criterion(self, written: str, text: str, resource: Resource, depth: int = 0) -> Criterion:
        if depth > _LONGEST_CHAIN:
            raise WrongParameter(written, "follows too many references")
        if written.startswith("_has:") and not depth:
            return self._has(written, text, resource, depth)
        head, dot, rest = written.partition(".")
        name, _, modifier = head.partition(":")
        if name not in resource.parameters:
            raise _Unknown
        parameter = resource.parameters[name]
        if dot:
            return self._chain(name, modifier, rest, text, parameter, depth)
        if modifier == "missing":
            if text not in ("true", "false"):
                raise WrongParameter(written, "is either true or false")
            return Criterion(name=name, missing=text == "true")
        read = self._reader(written, modifier, parameter)
        parts = parted(text, ",")
        if len(parts) > _MOST_VALUES:
            raise WrongParameter(written, f"more than {_MOST_VALUES} values are too many")
        values = tuple(map(read, parts))
        kind = Modifier(modifier) if modifier in parameter.modifiers else Modifier.NONE
        return Criterion(name=name, modifier=kind, values=values)

    def _reader(self, written: str, modifier: str, parameter: Parameter) -> Callable[[str], Value]:
        """How one value of it is read."""
        reference = parameter.type is ParameterType.REFERENCE
        if modifier and modifier not in parameter.modifiers:
            if not (reference and modifier in parameter.targets):
                raise WrongParameter(written, "this modifier of it is not supported")
            return lambda text: self._named(written, text, type=modifier)
        if modifier == Modifier.TEXT:
            return lambda text: _string(written, text)
        if modifier == Modifier.OF_TYPE:
            return lambda text: _typed(written, text)
        if modifier == Modifier.IDENTIFIER:
            return lambda text: _coded(written, text)
        match parameter.type:
            case ParameterType.TOKEN:
                return lambda text: _coded(written, text)
            case ParameterType.REFERENCE:
                return lambda text: self._named(written, text)
            case ParameterType.DATE:
                return lambda text: _when(written, unescaped(text), self.call.at)
            case ParameterType.STRING:
                return lambda text: _string(written, text, exact=modifier == Modifier.EXACT)
            case ParameterType.URI:
                return lambda text: Named(url=unescaped(text))
            case ParameterType.SPECIAL:
                return lambda text: _near(written, text)

    def _named(self, written: str, text: str, *, type: str = "") -> Named:
        text = unescaped(text)
        ours = text.removeprefix(f"{self.call.base}/")
        parts = _LOCAL.fullmatch(ours)
        if parts and (ours == text or parts[1]):
            if type and parts[1] and parts[1] != type:
                raise WrongParameter(written, f"a reference to another type than {type}")
            return Named(type=parts[1] or type, id=parts[2])
        if ":" not in text:
            raise WrongParameter(written, "not a reference, such as Organization/12")
        return Named(url=text)

    def _chain(
        self, name: str, target: str, rest: str, text: str, parameter: Parameter, depth: int
    ) -> Criterion:
        if not target and len(parameter.chains) == 1:
            (target,) = parameter.chains
        if target not in parameter.chains or target not in self.served:
            raise _Unknown
        inner = self.criterion(rest, text, self.served[target], depth + 1)
        return Criterion(name=name, of=target, chain=inner)

    def _has(self, written: str, text: str, resource: Resource, depth: int) -> Criterion:
        _, source, reference, *rest = [*written.split(":", 3), "", ""]
        if (source, reference) not in resource.has or source not in self.served:
            raise _Unknown
        inner = self.criterion(rest[0], text, self.served[source], depth + 1)
        return Criterion(name=f"_has:{source}:{reference}", of=source, chain=inner)

    def include(self, written: str, value: str, resource: Resource) -> Include:
        direction, _, modifier = written.partition(":")
        if modifier not in ("", "iterate"):
            raise WrongParameter(written, "this modifier of it is not supported")
        if value == "*":
            raise WrongParameter(written, "name each reference: * is not supported")
        source, name, target = [*value.split(":"), "", ""][:3]
        if not name:
            raise WrongParameter(
                written, "not Type:parameter, such as PractitionerRole:organization"
            )
        known = self.served[source].parameters.get(name) if source in self.served else None
        if known is None or known.type is not ParameterType.REFERENCE:
            raise _Unknown
        return Include(
            type=source,
            parameter=name,
            target=target,
            reverse=direction == "_revinclude",
            iterate=modifier == "iterate",
        )


def parted(text: str, mark: str) -> list[str]:
    """Parts of a value, escapes left in them."""
    parts = [""]
    for piece in _PIECE.findall(text):
        if piece == mark:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _coded(written: str, text: str) -> Coded:
    match [unescaped(part) for part in parted(text, "|")]:
        case [code] if code:
            return Coded(code=code)
        case [system, code] if system or code:
            return Coded(system=system, code=code or None)
    raise WrongParameter(written, "not code, system|code, |code or system|")


def _typed(written: str, text: str) -> Typed:
    match [unescaped(part) for part in parted(text, "|")]:
        case [system, code, value] if system and code and value:
            return Typed(system=system, code=code, value=value)
    raise WrongParameter(
        written, "not system|code|value, where system|code is the identifier's type"
    )


def _string(written: str, text: str, *, exact: bool = False) -> str:
    text = unescaped(text)
    if not (text if exact else search_key(text)):
        raise WrongParameter(written, "has no letter or digit to search by")
    return text


def _when(written: str, text: str, at: datetime) -> When:
    prefix, date = _PREFIXED.fullmatch(text).groups(default="")  # type: ignore[union-attr]  # matches anything
    try:
        span = dates.span(date)
        if prefix == Prefix.AP:
            span = _about(span, at)
        if span.end.year > _LAST_YEAR:
            raise ValueError("the day after it may be no date")
    except (ValueError, OverflowError):
        raise WrongParameter(
            written, "not a date of FHIR, such as 2024-12 or ge2024-01-01T12:00:00Z"
        ) from None
    return When(prefix=Prefix(prefix or "eq"), span=span)


def _near(written: str, text: str) -> Near:
    """``latitude|longitude|distance|unit`` (https://hl7.org/fhir/R4/location.html#search)."""
    parts = [unescaped(part) for part in parted(text, "|")]
    if len(parts) < 2 or len(parts) > 4 or parts[3:] not in ([], *([unit] for unit in _KILOMETRES)):
        raise WrongParameter(
            written, f"not latitude|longitude|distance|unit, with {', '.join(_KILOMETRES)} as unit"
        )
    numbers = [float(part) if _DECIMAL.fullmatch(part) else nan for part in parts[:3]]
    latitude, longitude, within = numbers if len(numbers) == 3 else (*numbers, _NEAR)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and within >= 0):
        raise WrongParameter(written, "not degrees of latitude and longitude, and a distance")
    kilometres = within * _KILOMETRES[parts[3] if len(parts) == 4 else "km"]
    return Near(point=Point(latitude=latitude, longitude=longitude), within=kilometres)


def _about(span: Span, at: datetime) -> Span:
    """Wider by a tenth of how long ago it is: https://hl7.org/fhir/R4/search.html#prefix"""
    gap = max(span.start - at, at - span.end, at - at) / 10
    return Span(start=span.start - gap, end=span.end + gap)


def page_size(text: str | None) -> int:
    if text is None:
        return PAGE
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise WrongParameter("_count", "not a number")
    return min(int(text), LARGEST_PAGE)


def _total(text: str | None) -> bool:
    """An estimate is counted too: the planner's would count rows that the reader may not see."""
    if text not in (None, "none", "estimate", "accurate"):
        raise WrongParameter("_total", "must be none, estimate or accurate")
    return text in ("estimate", "accurate")


def _elements(text: str | None, resource: Resource) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(name.removeprefix(f"{resource.type}.") for name in text.split(","))
    if not {*names} <= definition(resource.type).members.keys():
        raise WrongParameter("_elements", f"one of them is no element of {resource.type}")
    return names


def _sort(text: str | None, resource: Resource) -> tuple[Sort, ...]:
    if text is None:
        return ()
    keys = [
        Sort(name=name.removeprefix("-"), descending=name.startswith("-"))
        for name in text.split(",")
    ]
    for key in keys:
        if key.name not in resource.parameters or not resource.parameters[key.name].sort:
            raise WrongParameter("_sort", "one of its keys cannot be sorted by")
    return tuple(keys)


def _among(kind: type[Summary], name: str, text: str) -> Summary:
    if text not in [*kind]:
        raise WrongParameter(name, f"must be one of {', '.join(kind)}")
    return kind(text)


def within(asked: Asked, alternatives: Sequence[Sequence[Criterion]]) -> Asked:
    """The search, narrowed to what the scopes of a token permit."""
    narrowed = replace(asked.search, within=tuple(tuple(one) for one in alternatives))
    return replace(asked, search=narrowed)
