"""Signed answers: what a caller shows, or holds, while there is no line or the register is silent.

A proof is a JSON Web Signature (RFC 7515, compact, ES256) by the key of this installation's tokens, so that any
library reads it with the keys of /oauth/jwks (docs/reference/eligibility.md). It holds until the register's word is
too old to say anything; its use may be told for some time more.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError

from salus.accounts.oauth.keys import signing_key, verifying_keys
from salus.country import country
from salus.eligibility.questions import AffiliationQuestion
from salus.eligibility.register.rules import AHEAD
from salus.eligibility.rules import Status, Verdict
from salus.kernel.errors import InvalidInput
from salus.kernel.signing_keys import ALGORITHM

_TYPE = "salus-affiliation+jws"
_LONGEST = 4096  # characters; ours have about 700
TOLD_WITHIN = timedelta(days=30)  # of its end; ours: a crew comes home, and a register speaks again


def read_until(*, at: datetime) -> datetime:
    """When a proof that is signed now, or was before, is read no more."""
    lasts: timedelta = country().ELIGIBILITY.last_known_for
    return at + AHEAD + lasts + TOLD_WITHIN


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was signed: of whom it speaks, what was answered, from when until before when it holds."""

    id: UUID
    system: str
    value: str
    day: date
    status: Status
    since: datetime
    until: datetime


def proof_of(
    question: AffiliationQuestion,
    verdict: Verdict,
    *,
    day: date,
    at: datetime,
    as_of: datetime,
    lasts: timedelta,
) -> str:
    """The answer, signed. Its age is what lies between ``as_of`` and whenever it is read."""
    said = {
        "jti": str(uuid4()),
        "iat": int(at.timestamp()),
        "exp": int((as_of + lasts).timestamp()),
        "identifier": {"system": question.system, "value": question.value},
        "day": day.isoformat(),
        "status": verdict.status,
        "reason": verdict.reason,
        "asOf": as_of.astimezone(UTC).isoformat(timespec="seconds"),
        "lastKnown": verdict.last_known,
    }
    if settings.ORIGIN:
        said["iss"] = settings.ORIGIN
    key = signing_key()
    header = {"alg": ALGORITHM, "typ": _TYPE, "kid": key.kid}
    return jws.serialize_compact(header, json.dumps(said).encode(), key)


def read_proof(text: str, *, at: datetime) -> Proof:
    """Raises InvalidInput unless this installation signed it; whether it still holds is another question."""
    if len(text) > _LONGEST:
        raise InvalidInput("it is longer than any proof", at="proof")
    try:
        signed = jws.deserialize_compact(text, verifying_keys(at), algorithms=[ALGORITHM])
        if signed.headers().get("typ") != _TYPE:
            raise ValueError
        said: dict[str, Any] = json.loads(signed.payload)
    except (JoseError, ValueError):
        raise InvalidInput("it is no proof that was signed here", at="proof") from None
    return Proof(
        id=UUID(said["jti"]),
        system=said["identifier"]["system"],
        value=said["identifier"]["value"],
        day=date.fromisoformat(said["day"]),
        status=Status(said["status"]),
        since=datetime.fromtimestamp(said["iat"], UTC),
        until=datetime.fromtimestamp(said["exp"], UTC),
    )
