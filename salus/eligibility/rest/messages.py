"""What is sent and answered over REST, as types: the description (OpenAPI) is written from them.

A member that nobody knows is refused, so that a misspelt `day` is never an answer about today.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
)

from salus.country import country
from salus.eligibility.models import ProofUse, Right
from salus.eligibility.questions import AffiliationQuestion, LookUpQuestion, PrescribingQuestion
from salus.eligibility.rules import Reason, Service, Status

MOST_LINES = 500
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", re.ASCII)
# Neither blanks nor control characters: no number has them, and PostgreSQL refuses some.
_TEXT = r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$"
_WORD = r"^[^\s\u0000-\u001f\u007f]+$"


def _written_as_day(value: Any) -> Any:
    """A date alone: not a number of seconds, nor an instant at midnight, which pydantic would read too."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day is written as 2026-11-28")
    return value


def _written_as_instant(value: Any) -> Any:
    if not isinstance(value, str) or not _INSTANT.match(value):
        raise ValueError("an instant is written as 2026-11-28T14:30:00Z")
    return value


Day = Annotated[date, BeforeValidator(_written_as_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written_as_instant)]


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonIdentifier(Message):
    """A number of a person; without `system` it is the country's own (in Luxembourg the matricule)."""

    system: str | None = Field(
        default=None, max_length=255, pattern=_WORD, description="URI of who gives out the numbers"
    )
    value: str = Field(max_length=64, pattern=_WORD, examples=["1980051700124"])


class PractitionerIdentifier(Message):
    """A professional's number in the directory; without `system` it is the country's provider code."""

    system: str | None = Field(
        default=None, max_length=255, pattern=_WORD, description="URI of who gives out the numbers"
    )
    value: str = Field(max_length=64, pattern=_WORD, examples=["90000001"])


class AffiliationRequest(Message):
    """Is this person insured on the day?"""

    identifier: PersonIdentifier
    day: Day | None = Field(
        default=None, description="Today, when left out; another day needs a right"
    )

    proof: StrictBool = Field(
        default=False, description="Sign the answer, to be shown where there is no line; by right"
    )

    def question(self) -> AffiliationQuestion:
        return AffiliationQuestion(
            system=self.identifier.system or country().MATRICULE_SYSTEM,
            value=self.identifier.value,
            day=self.day,
            proof=self.proof,
        )


class PrescribingRequest(Message):
    """May this professional prescribe the product on the day?"""

    practitioner: PractitionerIdentifier
    product: str | None = Field(
        default=None,
        pattern=r"^[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?$",
        description="ATC code, or its beginning; left out: anything at all",
        examples=["N02AA01"],
    )
    day: Day | None = Field(
        default=None, description="Today, when left out; another day needs a right"
    )

    def question(self) -> PrescribingQuestion:
        return PrescribingQuestion(
            system=self.practitioner.system or country().PROVIDER_SYSTEM,
            value=self.practitioner.value,
            product=self.product or "",
            day=self.day,
        )


class LookUpRequest(Message):
    """Is the person of this name and birth date insured today? The caller owes a check by a number afterwards."""

    family: str = Field(max_length=255, pattern=_TEXT, examples=["Schmitz"])
    given: str = Field(max_length=255, pattern=_TEXT, examples=["Zoé"])
    birth_date: Day
    mission: str = Field(
        max_length=64, pattern=_TEXT, description="The caller's own number of what it is for"
    )

    def question(self) -> LookUpQuestion:
        return LookUpQuestion(
            family=self.family,
            given=self.given,
            birth_date=self.birth_date,
            mission=self.mission,
        )


class ProofRequest(Message):
    """The caller trusted a proof at an instant at which there was no line."""

    proof: str = Field(min_length=1, max_length=4096, description="As it was answered")
    used_at: Instant


class ProofOutcome(BaseModel):
    """Held against what the register says of the day by now. While it is `pending` the register has not spoken of
    that moment yet: tell again later."""

    outcome: ProofUse.Outcome
    said: Status = Field(description="By the proof")
    found: Status = Field(description="Of the day on which it was used, as it is known now")


class AffiliationLine(AffiliationRequest):
    id: str
    type: Literal["affiliation"]


class PrescribingLine(PrescribingRequest):
    id: str
    type: Literal["prescribing"]


class Line(BaseModel):
    """A question with a name of the caller's own. Members other than `id` are those of its `type`: of an
    AffiliationRequest or a PrescribingRequest. What is wrong with them is the outcome of this line alone."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str = Field(max_length=64, pattern=_WORD, description="Unique within the batch")

    def question(self) -> AffiliationQuestion | PrescribingQuestion:
        """Raises ValidationError."""
        said = {"id": self.id, **(self.model_extra or {})}
        if said.get("type") == "prescribing":
            return PrescribingLine.model_validate(said).question()
        return AffiliationLine.model_validate(said).question()


def _named_once(lines: list[Line]) -> list[Line]:
    if len({line.id for line in lines}) < len(lines):
        raise ValueError("two lines have the same id")
    return lines


class BatchRequest(Message):
    """Many questions at once, each with its own outcome."""

    lines: Annotated[list[Line], AfterValidator(_named_once)] = Field(
        min_length=1, max_length=MOST_LINES
    )


class EligibilityAnswer(BaseModel):
    """Status and reason are the codes of `GET reasons`."""

    status: Status
    reason: Reason
    day: date
    answered_at: datetime
    as_of: datetime | None = Field(description="Until when the source of the answer was known")
    last_known: bool = Field(
        description="The register is silent: this is what it said last, at `as_of`"
    )
    only: tuple[str, ...] = Field(
        description="Of what was asked these alone may be prescribed (beginnings of ATC codes); none: all of it"
    )
    limits: tuple[str, ...] = Field(description="And these not")
    suspended_until: date | None = Field(
        description="Of the reason `suspended`: the first day on which it is another, as far as the directory knows"
    )
    proof: str | None = Field(
        description="The answer, signed (compact JWS by a key of /oauth/jwks): where it was asked for, and of"
        " every answer that is the last known one"
    )


class Problem(BaseModel):
    """What was wrong and where (RFC 9457). `type` is stable; nothing that was sent is repeated here."""

    type: str = Field(examples=["https://salus.example/eligibility/problem/quota-used-up"])
    title: str
    status: int
    detail: str
    errors: list["Fault"] | None = None
    request_id: str | None = Field(default=None, description="As the header X-Request-Id")


class Fault(BaseModel):
    detail: str
    pointer: str | None = Field(default=None, description="JSON Pointer into the body (RFC 6901)")
    header: str | None = None


class LineOutcome(BaseModel):
    """Either of the two."""

    id: str
    answer: EligibilityAnswer | None = None
    problem: Problem | None = None


class BatchAnswer(BaseModel):
    lines: list[LineOutcome] = Field(description="In the order in which they were asked")


class Quota(BaseModel):
    per_minute: int
    per_day: int


class Use(BaseModel):
    """Of today. Repeated requests count towards the quota, not as checks."""

    asked: int
    repeated: int
    refused: int = Field(description="Beyond the quota")


class CallerRights(BaseModel):
    """What the caller of this token may ask, how much, and how much of that was asked today."""

    rights: list[Right]
    quota: Quota
    today: Use


class Register(BaseModel):
    """The social-security register, as this service hears it."""

    heard_until: datetime | None
    silent: bool = Field(description="For so long that an answer is its last known one")


class ServiceStatus(BaseModel):
    """`able`: it answers. `degraded`: the register is silent, the last known answer is given, and says so.
    `unable`: it answers nothing for certain now."""

    status: Service
    register_: Register | None = Field(
        serialization_alias="register", description="null: it cannot be told now"
    )
    at: datetime
    poll_after: int = Field(ge=61, description="Seconds to wait before asking for this again")


class Meaning(BaseModel):
    code: str
    meaning: str


class Meanings(BaseModel):
    """In the language of Accept-Language: fr, de, en or lb."""

    statuses: list[Meaning]
    reasons: list[Meaning]
