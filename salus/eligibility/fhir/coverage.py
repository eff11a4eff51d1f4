"""Coverage: to a caller whether there is cover today, and no more; to patients their own periods.

A caller's search is a check, counted as such: https://hl7.org/fhir/R4/coverage.html
"""

from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus
from uuid import uuid5

from django.db.models import Case, Q, QuerySet, When
from django.db.models import Value as SqlValue

from salus.access.queries import persons_assisted
from salus.eligibility.actions import check
from salus.eligibility.fhir.vocabulary import answer_extension, insurer
from salus.eligibility.models import Affiliation
from salus.eligibility.queries import see_affiliations
from salus.eligibility.questions import AffiliationQuestion
from salus.eligibility.rules import Status
from salus.fhir import conditions, facts
from salus.fhir.conditions import NOTHING
from salus.fhir.criteria import Coded, Criterion, Modifier, ParameterType
from salus.fhir.datatypes import row_number
from salus.fhir.parameters import DEFINITIONS, by_id
from salus.fhir.refusal import NotThisWay
from salus.fhir.resource import Body, Call, Page, Parameter, Resource, Search, Version
from salus.fhir.search import WrongParameter
from salus.fhir.sources import Found, find, stamped
from salus.fhir.subject import page_of_one_record
from salus.kernel.actor import PurposeOfUse, Role
from salus.kernel.errors import Forbidden, InvalidInput, NotFound
from salus.mpi.fhir import find_person
from salus.mpi.fhir.parameters import whose
from salus.mpi.identities import one_of_each

PURPOSES = frozenset({PurposeOfUse.COVERAGE, PurposeOfUse.PATIENT_REQUEST})
_STATUSES = "http://hl7.org/fhir/fm-status"
_ORDER = ("-since", "-id")
_PUBLIC = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "code": "PUBLICPOL",
    "display": "public healthcare",
}
_SILENT = 3600  # seconds: a register that has been silent for weeks is not back in five


def _of(name: str) -> Parameter:
    parameter = whose(
        "person",
        "beneficiary",
        definition=f"{DEFINITIONS}/Coverage-{name}",
        documentation="Who is covered: callers name them by :identifier, in the body of a search by POST.",
    )
    return replace(parameter, modifiers=frozenset({Modifier.IDENTIFIER}))


def _with_status(code: str) -> Q:
    return Q(status=code) if code in ("active", "cancelled") else NOTHING


PARAMETERS = {
    "_id": by_id(),
    "beneficiary": _of("beneficiary"),
    "patient": _of("patient"),
    "status": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Coverage-status",
        documentation="active until the last day, then cancelled.",
        facts=facts.tokens("status", system=_STATUSES),
        condition=conditions.standing_for(_STATUSES, _with_status),
        modifiers=frozenset({Modifier.NOT}),
    ),
}


def search(call: Call, search: Search) -> Page:
    # Of page links nothing stands there but sealed.
    if any(name.endswith("identifier") for name in call.in_address):
        raise WrongParameter("beneficiary", "numbers of people are sent by POST to _search")
    if call.asker.role is Role.PATIENT:
        return _own(call, search)
    return _check(call, search)


def read(call: Call, id: str) -> Version:
    """A period of the patient who asks, or of whom they may act for."""
    if call.asker.role is not Role.PATIENT:
        raise NotFound("no coverage that you can open")
    for person in _theirs(call):
        page = _seen(call, person, _one(row_number(id)))
        if page.matches:
            return page.matches[0]
    raise NotFound("no coverage that you can open")


# Callers


def _check(call: Call, search: Search) -> Page:
    if search.within:
        raise Forbidden("the scopes of the token are narrowed: a check needs them whole")
    system, value = _person_asked(search.criteria)
    answer = check(
        actor=call.asker,
        question=AffiliationQuestion(system=system, value=value),
        at=call.at,
        request_id=call.request_id if call.repeatable else None,
    )
    if answer.status is Status.CANNOT_TELL:  # none found would say that there is no cover
        raise NotThisWay(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "cannot tell now: the register has been silent for too long",
            code="transient",
            headers={"Retry-After": str(_SILENT)},
        )
    body: Body = {
        "resourceType": "Coverage",
        "id": str(uuid5(call.request_id, "Coverage")),  # of this answer: nothing is kept to be read
        "extension": [answer_extension(answer)],
        "status": "active",
        "type": {"coding": [_PUBLIC]},
        "beneficiary": {"type": "Patient", "identifier": {"system": system, "value": value}},
        "payor": [insurer()],
    }
    found = [Version(body=body)] if answer.status is Status.AFFILIATED else []
    return Page(matches=found if search.count else [], total=len(found))


def _person_asked(criteria: tuple[Criterion, ...]) -> tuple[str, str]:
    """Exactly one, by system and number, and nothing else: what would narrow a check is no question of one."""
    match criteria:
        case [Criterion(name="beneficiary" | "patient") as one]:
            is_number = one.chain is None or (
                one.chain.name == "identifier" and one.chain.modifier is Modifier.NONE
            )
            match one.chain.values if one.chain else one.values:
                case (Coded(system=str(system), code=str(code)),) if system and is_number:
                    return system, code
    raise InvalidInput("ask for one person, by beneficiary:identifier=system|number alone")


# Patients


def _own(call: Call, search: Search) -> Page:
    """Of one person: what ``_id`` names is found among the patient's own."""
    mine = call.asker.patient or call.asker.person
    return page_of_one_record(
        search,
        actor=call.asker,
        find=find_person,
        see=lambda person, asked: _seen(call, person, asked),
        whose=lambda _rows, _identities: [mine] if mine else [],
        one_of_each=one_of_each,
        what="coverage",
    )


def _seen(call: Call, person: int, search: Search) -> Page:
    today = call.at.date()

    def page(rows: QuerySet[Affiliation]) -> Found[Affiliation]:
        return find(search, _searched(rows, today), parameters=PARAMETERS, order=_ORDER)

    found = see_affiliations(
        actor=call.asker, person=person, at=call.at, see=page, request_id=call.request_id
    )
    return found.page([rendered(row, today) for row in found.rows])


def _searched(rows: QuerySet[Affiliation], today: date) -> QuerySet[Affiliation]:
    """With the status that each has today."""
    is_over = When(until__lte=today, then=SqlValue("cancelled"))
    return rows.annotate(status=Case(is_over, default=SqlValue("active")))


def rendered(row: Affiliation, today: date) -> Version:
    """A Period ends with its last day (https://hl7.org/fhir/R4/datatypes.html#Period)."""
    period = {"start": row.since.isoformat()}
    if row.until:
        period["end"] = (row.until - timedelta(days=1)).isoformat()
    return stamped(
        {
            "resourceType": "Coverage",
            "id": str(row.pk),
            "status": "cancelled" if row.until and row.until <= today else "active",
            "type": {"coding": [_PUBLIC]},
            "beneficiary": {"reference": f"Patient/{row.patient}"},
            "period": period,
            "payor": [insurer()],
        }
    )


def _theirs(call: Call) -> list[int]:
    """The patient's own person, then those assisted, unless the app was opened for one alone."""
    actor = call.asker
    if actor.patient is not None:
        return [actor.patient]
    beyond = actor.scopes is not None and actor.scopes.go_beyond_the_patient("Coverage")
    return [actor.person or 0, *(sorted(persons_assisted(actor)) if beyond else ())]


def _one(number: int) -> Search:
    asked = Criterion(name="_id", values=(Coded(code=str(number)),))
    return Search(type="Coverage", criteria=(asked,), count=1)


COVERAGE = Resource(
    type="Coverage", parameters=PARAMETERS, read=read, search=search, purposes=PURPOSES
)
