"""What this server can do, for programs that ask first: https://hl7.org/fhir/R4/capabilitystatement.html

All of it follows from what the services declare, so that nothing is claimed that is not so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from salus.fhir.criteria import ParameterType
from salus.fhir.resource import Body, Operation, Resource, Served

_DATE = "2026-11-28"  # of the last change to what is said here
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_OF_OAUTH_URIS = ("authorize", "token", "register", "manage")  # it knows no others
_SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"


@dataclass(frozen=True, kw_only=True)
class Security:
    """Where tokens come from: addresses below the site's root, by the names of SMART.

    The extension that tells them needs ``authorize`` and ``token``; other names are left to the discovery document.
    """

    endpoints: Mapping[str, str]
    cors: bool = (
        False  # whether pages of other sites may ask (https://hl7.org/fhir/R4/http.html#security)
    )


def capability_statement(
    served: Served, security: Security, *, base: str, operations: Iterable[Operation] = ()
) -> Body:
    """``base``: https://host/fhir; ``operations``: those at it."""
    at_base = [_operation(operation) for operation in operations]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "Salus", "version": version("salus")},
        "implementation": {"description": "Salus", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "application/fhir+xml", "json", "xml"],
        "rest": [
            {
                "mode": "server",
                "security": _security(security, base),
                "resource": [_resource(resource, served) for _, resource in sorted(served.items())],
                "interaction": [{"code": "batch"}, {"code": "transaction"}],
                **({"operation": at_base} if at_base else {}),
            }
        ],
    }


def _security(security: Security, base: str) -> Body:
    root = base.removesuffix("/fhir")
    addresses = [
        {"url": name, "valueUri": f"{root}{path}"}
        for name, path in security.endpoints.items()
        if name in _OF_OAUTH_URIS
    ]
    concept = {
        "coding": [{"system": _SECURITY_SERVICE, "code": "SMART-on-FHIR"}],
        "text": "OAuth 2 with SMART's scopes; some types are public",
    }
    extension = {"extension": [{"url": _OAUTH_URIS, "extension": addresses}]} if addresses else {}
    return {**extension, "cors": security.cors, "service": [concept]}


def _resource(resource: Resource, served: Served) -> Body:
    includes = sorted(_includes(resource, served))
    interactions = [{"code": code} for code in _interactions(resource)]
    said: Body = {
        "type": resource.type,
        "documentation": (
            "public" if resource.public else "with a token; which rows, the law and the service say"
        ),
        **({"interaction": interactions} if interactions else {}),
        "versioning": "versioned" if resource.history or resource.update else "no-version",
        "readHistory": resource.history is not None,
        "updateCreate": False,
        "conditionalCreate": resource.create is not None and resource.is_searched,
        "conditionalRead": "full-support" if resource.is_read else "not-supported",
        "conditionalUpdate": resource.update is not None,
        "conditionalDelete": "not-supported",
    }
    if includes:
        said["searchInclude"] = includes
    if back := sorted(_reverse_includes(resource, served)):
        said["searchRevInclude"] = back
    if resource.parameters:
        said["searchParam"] = [_parameter(*one) for one in sorted(resource.parameters.items())]
    if resource.operations:
        said["operation"] = [_operation(operation) for operation in resource.operations]
    return said


def _operation(operation: Operation) -> Body:
    return {
        "name": operation.code,
        "definition": operation.definition,
        "documentation": operation.documentation,
    }


def _interactions(resource: Resource) -> Iterator[str]:
    if resource.is_read:
        yield "read"
    if resource.history:
        yield "vread"
    if resource.update:
        yield "update"
    if resource.delete:
        yield "delete"
    if resource.history:
        yield "history-instance"
    if resource.changes:
        yield "history-type"
    if resource.create:
        yield "create"
    if resource.is_searched:
        yield "search-type"


def _includes(resource: Resource, served: Served) -> Iterator[str]:
    """References to types that are served, and that can be fetched by id."""
    for name, parameter in resource.parameters.items():
        targets = [served[target] for target in parameter.targets if target in served]
        if parameter.type is ParameterType.REFERENCE and any(one.fetch for one in targets):
            yield f"{resource.type}:{name}"


def _parameter(name: str, parameter: Any) -> Body:
    said = {"name": name, "definition": parameter.definition, "type": str(parameter.type)}
    return said | ({"documentation": parameter.documentation} if parameter.documentation else {})


def _reverse_includes(resource: Resource, served: Served) -> Iterator[str]:
    for source in served.values():
        for name, parameter in source.parameters.items():
            if resource.type in parameter.targets:
                yield f"{source.type}:{name}"
