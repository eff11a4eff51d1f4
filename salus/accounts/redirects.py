"""Where an answer may be sent: the redirect URIs of a client (RFC 6749, section 3.1.2; RFC 8252; RFC 9700, 4.1)."""

import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_NAMED = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_PLAIN = re.compile(r"[!-~]+")  # no space, no control character, nothing outside ASCII


def is_registered(uri: str, registered: Collection[str]) -> bool:
    """Character by character, but for the port of a loopback address, which an app on a desktop is given only as it
    starts (RFC 8252, section 7.3)."""
    if uri in registered:
        return True
    parts = _split(uri)
    if parts is None or not _is_loopback(parts):
        return False
    return any(
        _without_port(known) == _without_port(parts)
        for known in filter(None, map(_split, registered))
        if _is_loopback(known)
    )


def source(uri: str) -> str:
    """The redirect URI as a source of a Content-Security-Policy, which knows no IPv6 address and no app's own address:
    there the scheme must do. Nothing else can get into the policy."""
    parts = urlsplit(uri)
    is_named = _NAMED.fullmatch(parts.netloc)
    return f"{parts.scheme}://{parts.netloc}" if is_named else f"{parts.scheme}:"


def _split(uri: str) -> SplitResult | None:
    if not _PLAIN.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  # raises ValueError when it is none
    except ValueError:
        return None
    return parts


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def _without_port(parts: SplitResult) -> tuple[object, ...]:
    return (parts.hostname, parts.username, parts.password, parts.path, parts.query, parts.fragment)
