"""What the authorisation server can do, for software that asks first (RFC 8414, OpenID Discovery, SMART 2.2)."""

from typing import Any

from django.conf import settings
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


ENDPOINTS = {
    "token": "token_endpoint",
    "introspect": "introspection_endpoint",
    "revoke": "revocation_endpoint",
}
_TLS = {AuthMethod.TLS, AuthMethod.SELF_SIGNED_TLS}


def metadata(request: HttpRequest) -> dict[str, Any]:
    """RFC 8414; what OpenID Connect Discovery asks beyond it is added by its view."""
    issuer = origin(request)
    by_certificate = bool(settings.TRUSTED_PROXIES)
    methods = [one for one in AuthMethod.values if by_certificate or one not in _TLS]
    proved = [one for one in methods if one in CONFIDENTIAL]
    body = {
        "issuer": issuer,
        **_endpoints(issuer),
        "jwks_uri": issuer + reverse("oauth:jwks"),
        "scopes_supported": [*_SCOPES, *sorted(PLAIN)],
        "response_types_supported": [],
        "grant_types_supported": [grant.GRANT_TYPE for grant in GRANTS],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": proved,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "tls_client_certificate_bound_access_tokens": by_certificate,
        "access_token_format": "ihe-jwt",  # IHE IUA, ITI-103
    }
    if by_certificate and settings.MTLS_ORIGINS:
        body["mtls_endpoint_aliases"] = _endpoints(settings.MTLS_ORIGINS[0])  # RFC 8705, section 5
    return body


def _endpoints(at: str) -> dict[str, str]:
    return {said: at + reverse(f"oauth:{name}") for name, said in ENDPOINTS.items()}


def smart_configuration(request: HttpRequest) -> dict[str, Any]:
    """https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known"""
    return metadata(request) | {"capabilities": CAPABILITIES}
