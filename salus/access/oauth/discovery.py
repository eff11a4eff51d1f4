"""What the authorisation server can do, for software that asks first (RFC 8414, OpenID Discovery, SMART 2.2)."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from salus.access.oauth.server import GRANTS
from salus.accounts.models import AuthMethod
from salus.accounts.oauth.registration import ALGORITHMS
from salus.accounts.oauth.revocation import CONFIDENTIAL
from salus.accounts.rules import PLAIN
from salus.kernel.origin import origin

# https://hl7.org/fhir/smart-app-launch/conformance.html#capability-sets
CAPABILITIES = ["client-confidential-symmetric", "client-confidential-asymmetric", "permission-v2"]
_SCOPES = ["system/*.cruds", "user/*.cruds", "patient/*.cruds"]


def metadata(request: HttpRequest) -> dict[str, Any]:
    """RFC 8414; what OpenID Connect Discovery asks beyond it is added by its view."""
    issuer = origin(request)

    def at(name: str) -> str:
        return issuer + reverse(f"oauth:{name}")

    return {
        "issuer": issuer,
        "token_endpoint": at("token"),
        "jwks_uri": at("jwks"),
        "introspection_endpoint": at("introspect"),
        "revocation_endpoint": at("revoke"),
        "scopes_supported": [*_SCOPES, *sorted(PLAIN)],
        "response_types_supported": [],
        "grant_types_supported": [grant.GRANT_TYPE for grant in GRANTS],
        "token_endpoint_auth_methods_supported": list(AuthMethod.values),
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": list(AuthMethod.values),
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "tls_client_certificate_bound_access_tokens": True,
        # IHE IUA, ITI-103
        "access_token_format": "ihe-jwt",
    }


def smart_configuration(request: HttpRequest) -> dict[str, Any]:
    """https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known"""
    return metadata(request) | {"capabilities": CAPABILITIES}
