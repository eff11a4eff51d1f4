"""Calling the endpoint of software that subscribed: one request, which a 2xx says was heard."""

import http.client
from collections.abc import Collection, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from salus.accounts.fhir import XML
from salus.accounts.subscriptions import Asked
from salus.fhir import exact_json, xml
from salus.fhir.resource import Body
from salus.kernel.errors import SalusError
from salus.kernel.outbound import connection_to, path_of

ATTEMPTS = 10
_TIMEOUT = 10.0  # seconds, of each step
_MOST_BYTES = 65_536  # of an answer, which nobody reads


class NotHeard(SalusError):
    """The endpoint did not say that it has heard; the text names no address and nobody."""


def wait_after(failures: int) -> timedelta:
    """Until the next attempt: ten seconds, twice as long each time; in all about three hours."""
    return timedelta(seconds=10 * (1 << failures))


def send(
    asked: Asked,
    body: Body | None = None,
    *,
    method: str = "POST",
    below: str = "",
    headers: Mapping[str, str] | None = None,
    heard_by: Collection[int] = (),
) -> None:
    """To the endpoint, or a path below it; ``body`` in the form that was asked for. Raises NotHeard.

    ``heard_by``: statuses that say that it was heard, beside those of success.
    """
    own = dict(
        header.split(": ", 1) if ": " in header else header.split(":", 1)
        for header in asked.headers
    )
    content = ""
    if body:
        content = xml.dump(body) if asked.payload == XML else exact_json.dump(body)
        own["Content-Type"] = f"{asked.payload}; charset=utf-8"
    parts = urlsplit(asked.endpoint)
    if below:
        parts = parts._replace(path=f"{parts.path.rstrip('/')}/{below}")
    try:
        with connection_to(parts, timeout=_TIMEOUT) as connection:
            connection.request(
                method, path_of(parts), body=content.encode(), headers={**(headers or {}), **own}
            )
            answer = connection.getresponse()
            answer.read(_MOST_BYTES)
            status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NotHeard(f"nobody answers at the endpoint ({type(error).__name__})") from None
    except SalusError as error:
        raise NotHeard(str(error)) from None
    if not (200 <= status < 300 or status in heard_by):
        raise NotHeard(f"the endpoint answers {status}")
