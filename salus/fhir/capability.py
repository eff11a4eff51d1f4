"""What this server can do, for programs that ask first (https://hl7.org/fhir/R4/capabilitystatement.html)."""

from collections.abc import Iterable
from importlib.metadata import version

from salus.fhir.resource import Body, Resource

_DATE = "2026-11-23"  # of the last change to what is said here


def capability_statement(resources: Iterable[Resource], *, base: str) -> Body:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "Salus", "version": version("salus")},
        "implementation": {"description": "Salus", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": resource.type,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "versioning": "no-version",
                        "searchParam": [
                            {
                                "name": name,
                                "definition": parameter.definition,
                                "type": parameter.type,
                                "documentation": parameter.documentation,
                            }
                            for name, parameter in resource.parameters.items()
                        ],
                    }
                    for resource in resources
                ],
            }
        ],
    }
