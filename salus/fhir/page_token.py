"""What stands in a link instead of personal data: a search and a place in it, sealed.

AES-256-GCM under a key of this server. Who did not get the link, or asks for another type, cannot open it, and it
ends: an address may stay in histories and in the logs of others.
"""

import json
import os
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from salus.fhir.resource import Call, Position
from salus.kernel.errors import Gone, InvalidInput

LASTS = timedelta(hours=1)
_NONCE = 12  # bytes: NIST SP 800-38D, 5.2.1.1


@dataclass(frozen=True, kw_only=True)
class Place:
    """Parameters of a search, and where in what they find a page begins; None: at its start."""

    query: tuple[tuple[str, str], ...]
    position: Position | None = None


def sealed(place: Place, call: Call, type: str) -> str:
    position = place.position
    text = json.dumps(
        {
            "until": (call.at + LASTS).timestamp(),
            "query": place.query,
            "keys": position and position.keys,
            "backwards": bool(position and position.backwards),
        }
    )
    nonce = os.urandom(_NONCE)
    box = AESGCM(_key()).encrypt(nonce, zlib.compress(text.encode()), _bound_to(call, type))
    return urlsafe_b64encode(nonce + box).rstrip(b"=").decode()


def unsealed(token: str, call: Call, type: str) -> Place:
    """Raises InvalidInput for what was not sealed for this actor and type, and Gone for what has ended."""
    try:
        box = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        text = AESGCM(_key()).decrypt(box[:_NONCE], box[_NONCE:], _bound_to(call, type))
    except (ValueError, InvalidTag):
        raise InvalidInput(
            "_page_token: not from a link that this server gave you: follow links as they are"
        ) from None
    told = json.loads(zlib.decompress(text))
    if told["until"] < call.at.timestamp():
        raise Gone("the link to this page has ended: search again")
    keys = told["keys"]
    return Place(
        query=tuple((name, value) for name, value in told["query"]),
        position=Position(keys=tuple(keys), backwards=told["backwards"]) if keys else None,
    )


def _key() -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"salus fhir page token 1")
    return kdf.derive(settings.SECRET_KEY.encode())


def _bound_to(call: Call, type: str) -> bytes:
    actor = call.actor
    who = actor and [
        actor.role,
        actor.client,
        actor.account,
        actor.person,
        actor.practitioner,
        actor.organization,
    ]
    return json.dumps([type, who]).encode()
