"""Mutual TLS (RFC 8705): a client by its certificate, and tokens that hold with that certificate alone.

The proxy in front has seen that the client holds the key; see salus.kernel.origin for when it is believed.
"""

import ipaddress
from collections.abc import Callable
from datetime import datetime

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from cryptography import x509
from django.db.models import Q
from django.http import HttpRequest

from salus.accounts.models import AuthMethod, Client, TlsSubject
from salus.accounts.oauth.registration import thumbprint
from salus.kernel.clock import now
from salus.kernel.origin import client_certificate, is_verified

QueryClient = Callable[[str], Client | None]


def shown_thumbprint(request: HttpRequest) -> str | None:
    """x5t#S256 of the certificate that was shown with this request."""
    certificate = client_certificate(request)
    return thumbprint(certificate) if certificate else None


def authenticate_by_authority(query: QueryClient, request: DjangoOAuth2Request) -> Client | None:
    """tls_client_auth: an authority that the proxy trusts has signed for the registered name."""
    client, certificate = _asking(query, request, AuthMethod.TLS)
    if client is None or certificate is None or not is_verified(request._request):
        return None
    return client if client.tls_subject in _names(certificate)[client.tls_subject_kind] else None


def authenticate_by_itself(query: QueryClient, request: DjangoOAuth2Request) -> Client | None:
    """self_signed_tls_client_auth: the certificate is one of those registered, and holds today."""
    client, certificate = _asking(query, request, AuthMethod.SELF_SIGNED_TLS)
    if client is None or certificate is None:
        return None
    if not certificate.not_valid_before_utc <= now() < certificate.not_valid_after_utc:
        return None
    return client if thumbprint(certificate) in client.tls_thumbprints else None


def client_with(certificate: x509.Certificate, *, at: datetime) -> str | None:
    """The client_id of whom it is of alone, where TLS itself has verified the certificate."""
    named = _registered(certificate)
    for kind, names in _names(certificate).items():
        named |= Q(
            token_endpoint_auth_method=AuthMethod.TLS, tls_subject_kind=kind, tls_subject__in=names
        )
    return _only_client(named, certificate, at)


def client_registered_with(certificate: x509.Certificate, *, at: datetime) -> str | None:
    """The client_id of whom it is of alone, whoever has signed the certificate: no name in it is believed."""
    return _only_client(_registered(certificate), certificate, at)


def _registered(certificate: x509.Certificate) -> Q:
    return Q(
        token_endpoint_auth_method=AuthMethod.SELF_SIGNED_TLS,
        tls_thumbprints__contains=[thumbprint(certificate)],
    )


def _only_client(named: Q, certificate: x509.Certificate, at: datetime) -> str | None:
    if not certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc:
        return None
    active = Client.objects.filter(named, approved_at__isnull=False, ended_at=None)
    found = list(active.values_list("client_id", flat=True)[:2])
    return found[0] if len(found) == 1 else None


def _asking(
    query: QueryClient, request: DjangoOAuth2Request, method: AuthMethod
) -> tuple[Client | None, x509.Certificate | None]:
    client_id = request.form.get("client_id")
    client = query(client_id) if client_id else None
    if client is None or client.token_endpoint_auth_method != method:
        return None, None
    return client, client_certificate(request._request)


def _names(certificate: x509.Certificate) -> dict[str | None, list[str]]:
    """What names the owner, by TlsSubject; of alternative names all."""
    try:
        alternative = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except (x509.ExtensionNotFound, ValueError):
        alternative = x509.SubjectAlternativeName([])
    return {
        TlsSubject.DN: [certificate.subject.rfc4514_string()],
        TlsSubject.DNS: alternative.get_values_for_type(x509.DNSName),
        TlsSubject.URI: alternative.get_values_for_type(x509.UniformResourceIdentifier),
        TlsSubject.IP: [
            str(address)
            for address in alternative.get_values_for_type(x509.IPAddress)
            if isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address)
        ],
        TlsSubject.EMAIL: alternative.get_values_for_type(x509.RFC822Name),
    }
