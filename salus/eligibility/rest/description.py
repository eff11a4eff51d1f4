"""The description of the REST door (OpenAPI 3.1): what ninja writes from the types, and what it has no word for."""

from functools import cache
from typing import Any

from salus.eligibility.permissions import CHECKS
from salus.eligibility.rest.api import api

PREFIX = "eligibility/v1/"
_PROBLEM = "application/problem+json"
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-Id": (
        "As it was sent, else one of ours: to be named in a complaint",
        {"type": "string"},
    ),
    "WWW-Authenticate": ("What is missing (RFC 6750)", {"type": "string"}),
    "Retry-After": ("Seconds to wait", {"type": "integer", "minimum": 0}),
}
_OF_STATUS = {
    "401": ["WWW-Authenticate"],
    "403": ["WWW-Authenticate"],
    "429": ["Retry-After"],
    "503": ["Retry-After"],
}
_EXAMPLES = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324", "code": "covered"}
# What an answer leads on to.
_MEANING = {
    "operationId": "readReason",
    "parameters": {"code": "$response.body#/reason"},
    "description": "What the reason of this answer means",
}
_RIGHTS = {"operationId": "readRights", "description": "What this left of the quota"}
_LINKS: dict[str, dict[str, Any]] = {
    operation: {
        "meaning": _MEANING,
        "rights": _RIGHTS,
        "retry": {
            "operationId": operation,
            "parameters": {"header.Idempotency-Key": "$request.header.Idempotency-Key"},
            "requestBody": "$request.body",
            "description": "The same key and body again: the same answer",
        },
    }
    for operation in ("checkAffiliation", "checkPrescribing")
} | {
    "lookUp": {"meaning": _MEANING, "rights": _RIGHTS},
    "checkBatch": {
        "meaning": _MEANING | {"parameters": {"code": "$response.body#/lines/0/answer/reason"}},
        "rights": _RIGHTS,
    },
    "listReasons": {
        "one": {
            "operationId": "readReason",
            "parameters": {"code": "$response.body#/reasons/0/code"},
            "description": "One of them by itself",
        }
    },
}


_LINKS["checkAffiliation"]["use"] = {
    "operationId": "tellOfUse",
    "requestBody": {"proof": "$response.body#/proof", "used_at": "$response.body#/answered_at"},
    "description": "The proof of this answer was used",
}


@cache
def description() -> dict[str, Any]:
    """As a fresh reader of https://spec.openapis.org/oas/v3.1.0 expects it."""
    said: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=PREFIX))
    said["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    said["servers"] = [{"url": "/"}]
    said["components"]["headers"] = {
        name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()
    }
    for operations in said["paths"].values():
        for operation in operations.values():
            _complete(operation)
    return said


def _complete(operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        told = parameter["schema"]
        parameter["schema"] = told.get("anyOf", [told])[0]  # left out, a header is not null
        if example := _EXAMPLES.get(parameter["name"]):
            parameter["example"] = example
    for schemes in operation.get("security", ()):
        schemes |= {name: [f"system/{CHECKS}.c"] for name in schemes}
    responses = {str(status): said for status, said in operation["responses"].items()}
    operation["responses"] = responses
    for status, response in responses.items():
        if status >= "400":
            response["content"] = {_PROBLEM: next(iter(response["content"].values()))}
        names = ["X-Request-Id", *_OF_STATUS.get(status, ())]
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    if links := _LINKS.get(operation["operationId"]):
        responses["200"]["links"] = links
