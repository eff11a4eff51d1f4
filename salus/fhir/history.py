"""Versions as a Bundle, of one resource or of a whole type: https://hl7.org/fhir/R4/http.html#history"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlencode

from salus.fhir import dates
from salus.fhir.exchange import Request
from salus.fhir.page_token import Place, sealed, unsealed
from salus.fhir.resource import Body, Call, Page, Position, Since, Version
from salus.fhir.search import TOKEN, WrongParameter, page_size
from salus.kernel.errors import InvalidInput

_KNOWN = ("_since", "_count", TOKEN)
_OTHERS = ("_format", "_pretty")  # of every request, and read elsewhere


def bundle_of(versions: Sequence[Version], request: Request, call: Call) -> Body:
    """``versions``: newest first. All of them, or those since an instant: a resource has few."""
    target = request.target
    start = _start(request.query)
    shown = [
        one for one in versions if start is None or one.updated is None or one.updated >= start
    ]
    first = versions[-1].version
    bundle: Body = {
        "resourceType": "Bundle",
        "type": "history",
        "total": len(shown),
        "link": [
            {"relation": "self", "url": f"{call.base}/{target.type}/{target.id}/_history"},
        ],
    }
    entries = [_entry(one, call, first=one.version == first) for one in shown]
    return bundle | ({"entry": entries} if entries else {})


def since_of(request: Request, call: Call) -> Since:
    """What a request for the history of a type asks for, that of the link which it follows included."""
    for name, _ in request.query:
        if name not in (*_KNOWN, *_OTHERS):
            raise WrongParameter(name[:64], "is no parameter of a history here")
    tokens = [value for name, value in request.query if name == TOKEN]
    place = (
        unsealed(tokens[-1], call, _bound_to(request)) if tokens else Place(query=_spelled(request))
    )
    counts = [value for name, value in place.query if name == "_count"]
    return Since(
        since=_start(place.query),
        count=max(page_size(counts[-1] if counts else None), 1),
        position=place.position,
    )


def bundle_of_type(page: Page, request: Request, call: Call, asked: Since) -> Body:
    """One page, and the link to the next."""
    bundle: Body = {
        "resourceType": "Bundle",
        "type": "history",
        "link": list(_links(page.next, request, call, asked)),
    }
    entries = [_entry(one, call, first=one.version == "1") for one in page.matches]
    return bundle | ({"entry": entries} if entries else {})


def _links(next: Position | None, request: Request, call: Call, asked: Since) -> Iterator[Body]:
    address = f"{call.base}/{request.target.type}/_history"
    since = [("_since", dates.instant(asked.since))] if asked.since else []
    query = (*since, ("_count", str(asked.count)))
    yield {"relation": "self", "url": f"{address}?{urlencode(query)}"}
    if next:
        token = sealed(Place(query=query, position=next), call, _bound_to(request))
        yield {"relation": "next", "url": f"{address}?{urlencode({TOKEN: token})}"}


def _bound_to(request: Request) -> str:
    return f"{request.target.type}/_history"


def _spelled(request: Request) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in request.query if pair[0] in _KNOWN)


def _entry(version: Version, call: Call, *, first: bool) -> Body:
    method, status = ("POST", "201 Created") if first else ("PUT", "200 OK")
    if version.deleted:
        method, status = "DELETE", "204 No Content"
    told = {"lastModified": version.body["meta"]["lastUpdated"]} if version.updated else {}
    return {
        "fullUrl": f"{call.base}/{version.type}/{version.id}",
        **({} if version.deleted else {"resource": version.body}),
        "request": {
            "method": method,
            "url": version.type if method == "POST" else f"{version.type}/{version.id}",
        },
        "response": {"status": status, "etag": f'W/"{version.version}"', **told},
    }


def _start(query: Sequence[tuple[str, str]]) -> datetime | None:
    asked = [value for name, value in query if name == "_since"]
    if not asked:
        return None
    try:
        return dates.span(asked[-1]).start
    except (ValueError, OverflowError):
        raise InvalidInput("not an instant, such as 2024-12-01T12:00:00Z", at="_since") from None
