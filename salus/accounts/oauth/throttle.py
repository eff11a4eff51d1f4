"""A client that fails again and again waits: guessing is hopeless anyhow, and this way it costs us nothing.

Counted by network address and claimed client, so that one broken program of a hospital does not shut out the
others there. In the memory of each web worker, and told to nobody.
"""

from hashlib import sha256

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2 import OAuth2Error
from django.core.cache import cache

from salus.accounts.oauth.credentials import basic_credentials, unverified

WINDOW = 300  # seconds
OF_ONE_CLIENT = 20  # failures in a window
OF_ONE_ADDRESS = 500


class TooManyFailures(OAuth2Error):  # type: ignore[misc]  # Authlib has no types
    """RFC 6585, section 4; OAuth 2 has no word of its own for it."""

    error = "temporarily_unavailable"
    description = "too many failed attempts: wait"
    status_code = 429

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("Retry-After", str(WINDOW))]


def refuse_when_too_many(request: DjangoOAuth2Request) -> None:
    limits = _limits(request)
    counted = cache.get_many(limits)
    if any(counted.get(key, 0) >= most for key, most in limits.items()):
        raise TooManyFailures


def count_failure(request: DjangoOAuth2Request) -> None:
    for key in _limits(request):
        cache.add(key, 0, timeout=WINDOW)
        cache.incr(key)


def _limits(request: DjangoOAuth2Request) -> dict[str, int]:
    address = request._request.META.get("REMOTE_ADDR", "")
    return {
        _key(address): OF_ONE_ADDRESS,
        _key(f"{address} {_claimed(request)}"): OF_ONE_CLIENT,
    }


def _key(text: str) -> str:
    return f"oauth-failures-{sha256(text.encode(errors='replace')).hexdigest()}"


def _claimed(request: DjangoOAuth2Request) -> str:
    """The client that the request says it comes from, proved or not."""
    assertion = request.form.get("client_assertion")
    said = (
        basic_credentials(request)[0]
        or request.form.get("client_id")
        or (assertion and unverified(assertion).get("sub"))
    )
    return str(said or "")
