"""Keys of clients that are registered with an address (jwks_uri): one that the agency approved, small and soon."""

import http.client
import json
import re
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from joserfc.jwk import KeySet

from salus.accounts.oauth.registration import check_jwks_uri, key_set
from salus.kernel.errors import SalusError
from salus.kernel.outbound import connection_to, path_of

SOONEST = (
    10.0  # seconds from one fetch to the next: nobody makes us call by asking with unknown kids
)
LONGEST = 600.0  # seconds that keys are kept, or less when their server says so
_TIMEOUT = 5.0  # seconds, for all of it
_MOST_BYTES = 65_536


class KeysUnavailable(SalusError):
    """The address did not give a JWK Set."""


@dataclass(frozen=True, kw_only=True)
class _Fetched:
    keys: KeySet | None  # None: it failed
    at: float  # monotonic seconds
    lasts: float  # seconds

    def serves(self, kid: str | None, *, at: float) -> bool:
        age = at - self.at
        if age < SOONEST:
            return True
        return (
            age < self.lasts
            and self.keys is not None
            and (kid is None or any(key.kid == kid for key in self.keys))
        )


# Of each process; as many as there are clients with an address.
_fetched: dict[str, _Fetched] = {}
_locks: dict[str, threading.Lock] = {}  # by address, so that a slow one keeps nobody else waiting


def keys_at(uri: str, *, kid: str | None) -> KeySet:
    """The keys there; fetched anew for a ``kid`` that was not among them. Raises KeysUnavailable, InvalidInput."""
    check_jwks_uri(uri, is_demo=settings.DEMO)
    with _locks.setdefault(uri, threading.Lock()):
        known = _fetched.get(uri)
        if known is None or not known.serves(kid, at=time.monotonic()):
            known = _fetched[uri] = _fetch(uri)
    if known.keys is None:
        raise KeysUnavailable("the address of the client's keys does not answer with a JWK Set")
    return known.keys


def _fetch(uri: str) -> _Fetched:
    try:
        body, lasts = _get(urlsplit(uri))
        keys = key_set(json.loads(body))
    except (OSError, http.client.HTTPException, ValueError, RecursionError, SalusError):
        return _Fetched(keys=None, at=time.monotonic(), lasts=SOONEST)
    return _Fetched(keys=keys, at=time.monotonic(), lasts=lasts)


def _get(parts: SplitResult) -> tuple[bytes, float]:
    """The body, and for how many seconds it may be kept."""
    until = time.monotonic() + _TIMEOUT
    with connection_to(parts, timeout=_TIMEOUT) as connection:
        connection.request("GET", path_of(parts), headers={"Accept": "application/json"})
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise KeysUnavailable("no JWK Set there")
        return _read(answer, until), _lasts(answer.headers.get("Cache-Control", ""))


def _read(answer: Any, until: float) -> bytes:
    body = b""
    while chunk := answer.read1(8192):
        body += chunk
        if len(body) > _MOST_BYTES or time.monotonic() > until:
            raise KeysUnavailable("the answer is too large or too slow")
    return body


def _lasts(cache_control: str) -> float:
    """SMART: no longer than their server says."""
    if re.search(r"no-(cache|store)", cache_control):
        return SOONEST
    age = re.search(r"max-age=(\d{1,9})", cache_control)
    return min(float(age[1]), LONGEST) if age else LONGEST
