"""The REST door: reads a request into a question, asks the one decision, writes its answer."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.params.functions import Header
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder
from ninja.security.base import AuthBase
from pydantic import ValidationError

from salus.access.tokens import actor_with_token
from salus.eligibility.actions import check, check_batch
from salus.eligibility.permissions import CHECKS, caller_of
from salus.eligibility.queries import use_on
from salus.eligibility.questions import Answer, Question
from salus.eligibility.rescue import tell_of_use
from salus.eligibility.rest.health import service_status
from salus.eligibility.rest.messages import (
    AffiliationRequest,
    BatchAnswer,
    BatchRequest,
    CallerRights,
    EligibilityAnswer,
    Line,
    LineOutcome,
    LookUpRequest,
    Meaning,
    Meanings,
    PrescribingRequest,
    Problem,
    ProofOutcome,
    ProofRequest,
    Quota,
    ServiceStatus,
    Use,
)
from salus.eligibility.rest.problems import refusal_of, response_of
from salus.eligibility.rules import Reason
from salus.eligibility.words import ANSWERS, REASONS
from salus.fhir import exact_json
from salus.fhir.refusal import NotThisWay
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound, SalusError

MOST_BYTES = 2**20  # of a body: a batch has a quarter of it
_MOST_MEMBERS = 10_000
_SCOPE = f"system/{CHECKS}.c"


class AccessToken(AuthBase):
    """Of the approved software of an organisation, from /oauth/token; bound to a certificate, if it showed one."""

    openapi_type = "oauth2"
    openapi_flows = {
        "clientCredentials": {
            "tokenUrl": "/oauth/token",
            "scopes": {_SCOPE: "ask about insurance and the right to prescribe"},
        }
    }

    def __call__(self, request: HttpRequest) -> Actor | None:
        return actor_with_token(request)


class Json(Parser):
    """Within bounds, and without what JSON can write and no text of ours holds."""

    def parse_body(self, request: HttpRequest) -> "dict[str, object]":
        if request.content_type != "application/json":
            raise NotThisWay(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the Content-Type must be application/json"
            )
        parsed: dict[str, object] = exact_json.parse(request.body, most_members=_MOST_MEMBERS)
        return parsed


class _Encoder(NinjaJSONEncoder):
    def default(self, o: Any) -> Any:
        """Instants whole, as the other doors say them: Django's encoder cuts them to milliseconds."""
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


class Whole(JSONRenderer):
    encoder_class = _Encoder


class Door(NinjaAPI):
    def set_default_exception_handlers(self) -> None:
        self.add_exception_handler(Exception, _refuse)


def _refuse(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    raised = error if isinstance(error, Exception) else error()
    return response_of(refusal_of(raised), request_id=request.request_id)  # type: ignore[attr-defined]  # set by the view


api = Door(
    title="Salus eligibility",
    version="1",
    description="Is this person insured on this day, may this professional prescribe?",
    auth=AccessToken(),
    parser=Json(),
    renderer=Whole(),
    docs_url=None,  # its pages load scripts from elsewhere
    openapi_url=None,  # salus.eligibility.rest.description completes it
    urls_namespace="eligibility-rest",
)


# Quoted, as the draft has it (draft-ietf-httpapi-idempotency-key-header), or bare, as most write it.
Key: Any = Header(
    None,
    alias="Idempotency-Key",
    pattern='^("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"'
    "|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$",
    description="A UUID of the request. Within a week the same key gets the same answer, and counts once.",
)
_READING = {401: Problem, 403: Problem, 503: Problem}
_ASKING = dict.fromkeys((400, 401, 403, 409, 411, 413, 415, 422, 429, 503), Problem)


@api.post(
    "affiliation",
    response={200: EligibilityAnswer, **_ASKING},
    operation_id="checkAffiliation",
    summary="Is this person insured?",
)
def check_affiliation(
    request: HttpRequest, question: AffiliationRequest, key: str | None = Key
) -> EligibilityAnswer:
    """Is this person insured on the day? Somebody whom nobody knows is not."""
    return _answered(request, question.question(), key)


@api.post(
    "prescribing",
    response={200: EligibilityAnswer, **_ASKING},
    operation_id="checkPrescribing",
    summary="May this professional prescribe?",
)
def check_prescribing(
    request: HttpRequest, question: PrescribingRequest, key: str | None = Key
) -> EligibilityAnswer:
    """May this professional prescribe the product, or anything at all, on the day?"""
    return _answered(request, question.question(), key)


@api.post(
    "batch",
    response={200: BatchAnswer, **_ASKING},
    operation_id="checkBatch",
    summary="Many questions at once",
)
def check_lines(request: HttpRequest, batch: BatchRequest, key: str | None = Key) -> BatchAnswer:
    """Many questions at once, each with its own outcome; each answered line counts as one check."""
    said = check_batch(
        actor=_actor(request),
        questions={line.id: _question(line) for line in batch.lines},
        at=now(),
        request_id=_uuid(key),
    )
    return BatchAnswer(lines=[_outcome(name, outcome) for name, outcome in said.items()])


@api.post(
    "look-up",
    response={200: EligibilityAnswer, **_ASKING},
    operation_id="lookUp",
    summary="Is the person of this name insured?",
)
def look_up(
    request: HttpRequest, question: LookUpRequest, key: str | None = Key
) -> EligibilityAnswer:
    """By name and birth date alone, in rescue: the caller owes a check by a number afterwards."""
    return _answered(request, question.question(), key)


@api.post(
    "proofs",
    response={200: ProofOutcome, **_ASKING},
    operation_id="tellOfUse",
    summary="A proof was used where there was no line",
)
def tell_of_proof(request: HttpRequest, use: ProofRequest) -> ProofOutcome:
    """Each use is told once, and counts as a check; telling it again changes and counts nothing."""
    told = tell_of_use(actor=_actor(request), proof=use.proof, used_at=use.used_at, at=now())
    return ProofOutcome(outcome=told.outcome, said=told.said, found=told.found)


@api.get(
    "rights",
    response={200: CallerRights, **_READING},
    operation_id="readRights",
    summary="Own rights, quota and use",
)
def read_rights(request: HttpRequest) -> CallerRights:
    """What the caller of this token may ask, how much, and how much of that was asked today."""
    caller = caller_of(_actor(request))
    today = use_on(caller.id, now().date())
    return CallerRights(
        rights=sorted(caller.rights),
        quota=Quota(per_minute=caller.per_minute, per_day=caller.per_day),
        today=Use(asked=today.asked, repeated=today.repeated, refused=today.refused),
    )


@api.get(
    "status",
    response=ServiceStatus,
    auth=None,
    by_alias=True,
    operation_id="readStatus",
    summary="Can the service answer now?",
)
def read_status(request: HttpRequest) -> ServiceStatus:
    """Whether the service answers now, for everybody: it says so too when its database is away."""
    return service_status(now())


@api.get(
    "reasons",
    response=Meanings,
    auth=None,
    operation_id="listReasons",
    summary="The codes of an answer",
)
def list_reasons(request: HttpRequest) -> Meanings:
    """All codes of an answer with their meaning. One may be added, none changes its meaning."""
    return Meanings(
        statuses=[Meaning(code=code, meaning=str(words)) for code, words in ANSWERS.items()],
        reasons=[Meaning(code=code, meaning=str(words)) for code, words in REASONS.items()],
    )


@api.get(
    "reasons/{code}",
    response={200: Meaning, 404: Problem},
    auth=None,
    operation_id="readReason",
    summary="What one reason means",
)
def read_reason(request: HttpRequest, code: str) -> Meaning:
    """What one reason means."""
    known = [reason for reason in Reason if reason == code]
    if not known:
        raise NotFound("no reason has this code")
    return Meaning(code=code, meaning=str(REASONS[known[0]]))


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]  # of AccessToken
    return actor


def _answered(request: HttpRequest, question: Question, key: str | None) -> EligibilityAnswer:
    actor = _actor(request)
    return _written(check(actor=actor, question=question, at=now(), request_id=_uuid(key)))


def _uuid(key: str | None) -> UUID | None:
    return UUID(key.strip('"')) if key else None


def _written(answer: Answer) -> EligibilityAnswer:
    return EligibilityAnswer(
        status=answer.status,
        reason=answer.reason,
        day=answer.day,
        answered_at=answer.answered_at,
        as_of=answer.as_of,
        last_known=answer.last_known,
        only=answer.only,
        limits=answer.limits,
        suspended_until=answer.suspended_until,
        proof=answer.proof or None,
    )


class _Unreadable(InvalidInput):
    """A line, with all that is wrong with it."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__("the line is no question")
        self.error = error


def _question(line: Line) -> Question | InvalidInput:
    try:
        return line.question()
    except ValidationError as error:
        return _Unreadable(error)


def _outcome(name: str, outcome: Answer | SalusError) -> LineOutcome:
    match outcome:
        case Answer():
            return LineOutcome(id=name, answer=_written(outcome))
        case _Unreadable(error=error):
            return LineOutcome(id=name, problem=refusal_of(error).problem)
        case _:
            return LineOutcome(id=name, problem=refusal_of(outcome).problem)
