"""Software that asks about insurance at every door: one caller, with one token; and what each door said."""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.test import Client as Browser

from salus.eligibility.questions import Answer
from salus.kernel.actor import Actor
from salus.kernel.errors import Forbidden, InvalidInput
from tests import fhir_eligibility, soap
from tests.fhir_client import Answer as FhirAnswer
from tests.fhir_client import Fhir


@dataclass(frozen=True, kw_only=True)
class Software:
    """With all rights, and a quota that no test uses up."""

    fhir: Fhir
    actor: Actor

    @classmethod
    def new(cls) -> "Software":
        fhir, actor = fhir_eligibility.caller(per_minute=10**6, per_day=10**6)
        return cls(fhir=fhir, actor=actor)

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.fhir.token}"}

    def by_rest(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and body."""
        answer = Browser(SERVER_NAME="localhost").post(
            f"/eligibility/v1/{path}",
            body,
            content_type="application/json",
            headers=self.authorization,
        )
        return answer.status_code, answer.json()

    def by_soap(self, request: Any) -> soap.Reply:
        message = soap.ENV.Envelope(soap.ENV.Header(), soap.ENV.Body(request))
        return soap.posted(message, **self.authorization)


@dataclass(frozen=True, kw_only=True)
class Said:
    """Of insurance, by whatever door."""

    status: str
    reason: str
    day: date
    as_of: datetime | None
    last_known: bool
    proof: str  # what is signed in it but for its own number and instant; '' without one

    def __post_init__(self) -> None:
        """What is signed is what is answered."""
        signed = json.loads(self.proof or "{}")
        answered = {
            "status": self.status,
            "reason": self.reason,
            "day": self.day.isoformat(),
            "lastKnown": self.last_known,
        }
        assert not signed or signed.items() >= answered.items()


Outcome = Said | type[Forbidden] | type[InvalidInput]
REFUSED: dict[int, type[Forbidden] | type[InvalidInput]] = {
    403: Forbidden,
    422: InvalidInput,
    400: InvalidInput,
}


def of_answer(answer: Answer) -> Outcome:
    return Said(
        status=answer.status,
        reason=answer.reason,
        day=answer.day,
        as_of=answer.as_of and answer.as_of.astimezone(),
        last_known=answer.last_known,
        proof=_signed(answer.proof),
    )


def of_fhir(answer: FhirAnswer) -> Outcome:
    if answer.status != 200:
        return REFUSED[answer.status]
    said = fhir_eligibility.said(answer.body)
    # What FHIR has words for says the same.
    in_force = [one["inforce"] for one in answer.body.get("insurance", ())]
    assert in_force == {"affiliated": [True], "not-affiliated": [False]}.get(said["status"], [])
    assert answer.body["servicedDate"] == said["day"]
    return Said(
        status=said["status"],
        reason=said["reason"],
        day=date.fromisoformat(said["day"]),
        as_of=_instant(said.get("asOf")),
        last_known=said["lastKnown"],
        proof=_signed(said.get("proof")),
    )


def of_rest(status: int, said: Any) -> Outcome:
    if status != 200:
        return REFUSED[status]
    return Said(
        status=said["status"],
        reason=said["reason"],
        day=date.fromisoformat(said["day"]),
        as_of=_instant(said["as_of"]),
        last_known=said["last_known"],
        proof=_signed(said["proof"]),
    )


def of_soap(reply: soap.Reply) -> Outcome:
    if reply.status != 200:
        return REFUSED[reply.status]
    return Said(
        status=reply.said("status") or "",
        reason=reply.said("reason") or "",
        day=date.fromisoformat(reply.said("day") or ""),
        as_of=_instant(reply.said("asOf")),
        last_known={"true": True, "false": False}[reply.said("lastKnown") or ""],
        proof=_signed(reply.said("proof")),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone() if text else None


def _signed(proof: str | None) -> str:
    if not proof:
        return ""
    said = json.loads(urlsafe_b64decode(proof.split(".")[1] + "=="))
    del said["jti"], said["iat"]
    return json.dumps(said, sort_keys=True)
