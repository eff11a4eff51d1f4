"""The invariants of R4 that are cheap to ask and often broken, each by its key in the standard.

Each gives (issue code, place below, words).
"""

from collections.abc import Callable, Iterator
from typing import Any

Fault = tuple[str, str, str]
Body = dict[str, Any]


def of_type(name: str, value: Body) -> Iterator[Fault]:
    if rule := _OF_TYPE.get(name):
        yield from rule(value)


def of_resource(body: Body, *, contained: bool) -> Iterator[Fault]:
    held = body.get("contained")
    if held is None:
        if not contained:
            yield from _local_references(body, frozenset())
        return
    if contained:
        yield "invariant", ".contained", "what is contained contains nothing itself (dom-2)"
        return
    ids = [one.get("id") for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    known = {name for name in ids if isinstance(name, str)}
    if len(known) < len(ids):
        yield "invariant", ".contained", "what is contained has an id, each another"
    yield from _local_references(body, known)


def _local_references(body: Body, known: frozenset[str] | set[str]) -> Iterator[Fault]:
    """ref-1: a reference within the resource leads to what is contained, or to the resource ('#')."""
    pending: list[tuple[str, Any]] = [
        (f".{name}", value) for name, value in body.items() if name != "resource"
    ]
    while pending:
        place, value = pending.pop()
        if isinstance(value, list):
            pending += [(f"{place}[{index}]", one) for index, one in enumerate(value)]
        elif isinstance(value, dict):
            target = value.get("reference")
            name = target[1:] if isinstance(target, str) and target[:1] == "#" else ""
            if name and name not in known:
                yield "invariant", place, "nothing contained has this id (ref-1)"
            # Resources in the entries of a Bundle stand for themselves.
            pending += [(f"{place}.{n}", v) for n, v in value.items() if n != "resource"]


def _extension(value: Body) -> Iterator[Fault]:
    has_value = any(name.lstrip("_").startswith("value") for name in value)
    if has_value == ("extension" in value):
        yield "invariant", "", "an extension has either a value or extensions (ext-1)"


def _period(value: Body) -> Iterator[Fault]:
    start, end = value.get("start"), value.get("end")
    # Compared as far as both are exact; two zones may differ by a day.
    if isinstance(start, str) and isinstance(end, str):
        exact = min(len(start), len(end), 10)
        zones = len(start) > 10 and len(end) > 10 and start[19:] != end[19:]
        if start[:exact] > end[:exact] and not zones:
            yield "invariant", "", "ends before it starts (per-1)"


def _quantity(value: Body) -> Iterator[Fault]:
    if "code" in value and "system" not in value:
        yield "invariant", "", "the code of a unit needs its system (qty-3)"


def _attachment(value: Body) -> Iterator[Fault]:
    if "data" in value and "contentType" not in value:
        yield "invariant", "", "data needs its contentType (att-1)"


def _contact_point(value: Body) -> Iterator[Fault]:
    if "value" in value and "system" not in value:
        yield "invariant", "", "a value needs its system (cpt-2)"


_OF_TYPE: dict[str, Callable[[Body], Iterator[Fault]]] = {
    "Extension": _extension,
    "Period": _period,
    "Quantity": _quantity,
    "Attachment": _attachment,
    "ContactPoint": _contact_point,
}
