"""The Bundle that answers a search: one page of it, and the links to the others."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from salus.fhir.outcome import outcome
from salus.fhir.resource import Body, Resource
from salus.fhir.search import Search


def searchset(resource: Resource, search: Search, ids: Sequence[str], *, base: str) -> Body:
    """``base``: of the server, https://host/fhir; ``ids`` of everything that was found."""
    page = ids[search.offset : search.offset + search.count]
    entries: list[Body] = [
        {
            "fullUrl": f"{base}/{resource.type}/{name}",
            "resource": resource.read(name),
            "search": {"mode": "match"},
        }
        for name in page
    ]
    if search.unknown:
        texts = [f"the parameter {name} is not known and was ignored" for name in search.unknown]
        entries.append(
            {
                "fullUrl": f"urn:uuid:{uuid5(NAMESPACE_URL, ' '.join(texts))}",  # it has no address
                "resource": outcome("warning", "not-supported", *texts),
                "search": {"mode": "outcome"},
            }
        )
    links = _links(search, len(ids), f"{base}/{resource.type}")
    bundle: Body = {"resourceType": "Bundle", "type": "searchset", "total": len(ids), "link": links}
    return bundle | ({"entry": entries} if entries else {})


def _links(search: Search, total: int, address: str) -> list[Body]:
    """Only what was understood is in the links, so that a client sees what the answer is an answer to."""
    applied = [
        (criterion.name, ",".join(_escaped(value) for value in criterion.values))
        for criterion in search.criteria
    ]

    def link(relation: str, offset: int) -> Body:
        page = [("_count", str(search.count)), *([("_offset", str(offset))] if offset else [])]
        return {"relation": relation, "url": f"{address}?{urlencode([*applied, *page])}"}

    links = [link("self", search.offset), link("first", 0)]
    if search.count and search.offset:
        links.append(link("previous", max(search.offset - search.count, 0)))
    if search.count and search.offset + search.count < total:
        links.append(link("next", search.offset + search.count))
    return links


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")
