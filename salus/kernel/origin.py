"""Where this installation is, as the outside names it, and what the proxy in front of it says of a request."""

from collections.abc import Callable
from urllib.parse import unquote

from cryptography import x509
from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Said by the proxy alone: the shipped configuration sets each of them, whatever a client sends.
_CERTIFICATE = "HTTP_X_SSL_CLIENT_CERT"  # PEM, percent-encoded
_VERIFIED = "HTTP_X_SSL_CLIENT_VERIFY"  # SUCCESS: by an authority that the proxy trusts
_FORWARDED = "HTTP_X_FORWARDED_FOR"
_OF_THE_PROXY = (_CERTIFICATE, _VERIFIED, _FORWARDED, "HTTP_X_FORWARDED_PROTO")


def origin(request: HttpRequest) -> str:
    """As https://host, without a path: the issuer of tokens. The same whichever of its names was asked."""
    return settings.ORIGIN or f"{request.scheme}://{request.get_host()}"


def fhir_base(request: HttpRequest) -> str:
    """Base address of the FHIR interface: the audience of tokens."""
    return f"{origin(request)}/fhir"


class ProxyMiddleware:
    """Believes the trusted proxy, and nobody else, about who is behind a connection."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("REMOTE_ADDR") in settings.TRUSTED_PROXIES:
            _, _, asked_by = request.META.get(_FORWARDED, "").rpartition(",")
            request.META["REMOTE_ADDR"] = asked_by.strip() or request.META["REMOTE_ADDR"]
        else:
            for name in _OF_THE_PROXY:
                request.META.pop(name, None)
        return self.get_response(request)


def client_certificate(request: HttpRequest) -> x509.Certificate | None:
    """What the client showed to the trusted proxy; that it holds the key is sure, and nothing else of it."""
    pem = unquote(request.META.get(_CERTIFICATE, ""))
    try:
        return x509.load_pem_x509_certificate(pem.encode()) if pem else None
    except ValueError:
        return None


def is_verified(request: HttpRequest) -> bool:
    """Whether an authority that the proxy trusts has signed the client's certificate, which holds today."""
    return bool(request.META.get(_VERIFIED) == "SUCCESS")
