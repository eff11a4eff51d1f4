"""What the authorisation server can do, for software that asks first (RFC 8414, OpenID Discovery, SMART 2.2)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from salus.access.oauth.open_id import LEVEL
from salus.access.oauth.server import GRANTS
from salus.accounts.models import AuthMethod
from salus.accounts.oauth.registration import ALGORITHMS
from salus.accounts.oauth.revocation import CONFIDENTIAL
from salus.accounts.rules import PLAIN
from salus.kernel.actor import Assurance
from salus.kernel.origin import origin
from salus.kernel.signing_keys import ALGORITHM

# https://hl7.org/fhir/smart-app-launch/conformance.html#capability-sets
CAPABILITIES = [
    *("launch-standalone", "context-standalone-patient", "sso-openid-connect"),
    *("client-public", "client-confidential-symmetric", "client-confidential-asymmetric"),
    *("permission-offline", "permission-online", "permission-patient", "permission-user"),
    "permission-v2",
]
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
        "authorization_endpoint": issuer + reverse("access:authorize"),
        **_endpoints(issuer),
        "jwks_uri": issuer + reverse("oauth:jwks"),
        "scopes_supported": [*_SCOPES, *sorted(PLAIN)],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
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


def openid_configuration(request: HttpRequest) -> dict[str, Any]:
    """https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata"""
    issuer = origin(request)
    return metadata(request) | {
        "userinfo_endpoint": issuer + reverse("access:userinfo"),
        "end_session_endpoint": issuer + reverse("access:end_session"),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "acr_values_supported": [LEVEL + level for level in Assurance],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "at_hash"),
            "fhirUser",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "ui_locales_supported": [code for code, _name in settings.LANGUAGES],
        "service_documentation": issuer + reverse("access:software"),
    }


def smart_configuration(request: HttpRequest) -> dict[str, Any]:
    """https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known"""
    return openid_configuration(request) | {"capabilities": CAPABILITIES}
