"""The Bundle that answers a search: one page of it, and the links to the others."""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from salus.fhir import subset
from salus.fhir.included import included
from salus.fhir.outcome import outcome
from salus.fhir.page_token import Place, sealed, unsealed
from salus.fhir.resource import Body, Call, Page, Position, Resource, Served, Version
from salus.fhir.search import TOKEN, Asked, WrongParameter, read_search


def asked_of(
    query: Iterable[tuple[str, str]],
    resource: Resource,
    served: Served,
    call: Call,
    *,
    strict: bool,
) -> Asked:
    """What a request asks for, that of the link which it follows included."""
    pairs = list(query)
    tokens = [value for name, value in pairs if name == TOKEN]
    if len(tokens) > 1:
        raise WrongParameter(TOKEN, "may be given once only")
    place = unsealed(tokens[0], call, resource.type) if tokens else Place(query=())
    spelled = [pair for pair in pairs if pair[0] != TOKEN]
    return read_search(
        [*spelled, *place.query], resource, served, call, position=place.position, strict=strict
    )


def searchset(asked: Asked, page: Page, resource: Resource, served: Served, call: Call) -> Body:
    """``served``: the types that may be read, so that they may be included."""
    along = included(asked.search, page, resource, served, call)
    entries = [_entry(version, "match", asked, call) for version in page.matches]
    entries += [_entry(version, "include", asked, call) for version in along.versions]
    unknown = [f"the parameter {name} is not known and was ignored" for name in asked.unknown]
    if texts := [*unknown, *along.left_out]:
        entries.append(
            {
                "fullUrl": f"urn:uuid:{uuid5(NAMESPACE_URL, ' '.join(texts))}",  # it has no address
                "resource": outcome("warning", "not-supported", *texts),
                "search": {"mode": "outcome"},
            }
        )
    bundle: Body = {"resourceType": "Bundle", "type": "searchset"}
    if page.total is not None:
        bundle["total"] = page.total
    bundle["link"] = list(_links(asked, page, resource, call))
    return bundle | ({"entry": entries} if entries else {})


def _entry(version: Version, mode: str, asked: Asked, call: Call) -> Body:
    elements = asked.elements if mode == "match" else ()
    return {
        "fullUrl": _full_url(version, call),
        "resource": subset.of(version.body, asked.summary, elements),
        "search": {"mode": mode},
    }


def _full_url(version: Version, call: Call) -> str:
    """Without an id it is an answer to this one search, and nothing that is kept."""
    if "id" in version.body:
        return f"{call.base}/{version.type}/{version.id}"
    return f"urn:uuid:{uuid5(call.request_id, version.type)}"


def _links(asked: Asked, page: Page, resource: Resource, call: Call) -> Iterator[Body]:
    """Only what was understood is in the links, so that a client sees what the answer is an answer to.

    Values by which people are found are sealed: the address of a page may end in somebody's log.
    """
    address = f"{call.base}/{resource.type}"

    def link(relation: str, query: Mapping[str, str] | list[tuple[str, str]]) -> Body:
        return {"relation": relation, "url": f"{address}?{urlencode(query)}" if query else address}

    def at(position: Position | None) -> list[tuple[str, str]]:
        if position is None and resource.public:
            return list(asked.understood)
        return [
            (TOKEN, sealed(Place(query=asked.understood, position=position), call, resource.type))
        ]

    yield link("self", at(asked.search.position))
    yield link("first", at(None))
    if page.previous:
        yield link("previous", at(page.previous))
    if page.next:
        yield link("next", at(page.next))
