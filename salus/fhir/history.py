"""The versions of one resource as a Bundle: https://hl7.org/fhir/R4/http.html#history"""

from collections.abc import Sequence

from salus.fhir import dates
from salus.fhir.exchange import Request
from salus.fhir.resource import Body, Call, Version
from salus.kernel.errors import InvalidInput


def bundle_of(versions: Sequence[Version], request: Request, call: Call) -> Body:
    """``versions``: newest first. All of them, or those since an instant: a resource has few."""
    target = request.target
    address = f"{call.base}/{target.type}/{target.id}"
    shown = _since(versions, request)
    first = versions[-1].version
    bundle: Body = {
        "resourceType": "Bundle",
        "type": "history",
        "total": len(shown),
        "link": [{"relation": "self", "url": f"{address}/_history"}],
    }
    entries = [
        {
            "fullUrl": address,
            "resource": version.body,
            "request": (
                {"method": "POST", "url": target.type}
                if version.version == first
                else {"method": "PUT", "url": f"{target.type}/{target.id}"}
            ),
            "response": {
                "status": "201 Created" if version.version == first else "200 OK",
                "etag": f'W/"{version.version}"',
                **(
                    {"lastModified": version.body["meta"]["lastUpdated"]} if version.updated else {}
                ),
            },
        }
        for version in shown
    ]
    return bundle | ({"entry": entries} if entries else {})


def _since(versions: Sequence[Version], request: Request) -> list[Version]:
    asked = [value for name, value in request.query if name == "_since"]
    if not asked:
        return list(versions)
    try:
        start = dates.span(asked[-1]).start
    except (ValueError, OverflowError):
        raise InvalidInput("not an instant, such as 2024-12-01T12:00:00Z", at="_since") from None
    return [version for version in versions if version.updated is None or version.updated >= start]
