"""Who somebody is (IHE ITI-21, Patient Demographics Query; HL7 2.5)."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet

from salus.country.identifiers import spelled
from salus.fhir.sources import Found
from salus.hl7v2.edge import Answer, Call
from salus.hl7v2.message import Field, Message, Segment
from salus.hl7v2.refusal import ErrorCode
from salus.hl7v2.writing import segment
from salus.kernel.actor import Actor
from salus.kernel.errors import Gone, InvalidInput
from salus.kernel.search_key import search_key
from salus.mpi.fhir.linked import linked
from salus.mpi.hl7v2 import identification
from salus.mpi.hl7v2.authorities import system
from salus.mpi.hl7v2.permissions import check_asks
from salus.mpi.hl7v2.querying import domains, found, not_understood
from salus.mpi.identities import humans
from salus.mpi.models import FormerName, Person, PersonIdentifier, Residence
from salus.mpi.queries import people_found

_PARAMETER = re.compile(r"@PID\.(\d{1,2})(?:\.(\d{1,2}))?(?:\.(\d{1,2}))?")
_POINTER = "salus.mpi.hl7v2.pdq"
_LASTS = timedelta(hours=1)  # that the next increment may be asked for
_ORDER = ("family_key", "given_key", "id")


@dataclass(kw_only=True)
class _Asked:
    """What QPD-3 asks for: conditions that find in the index, and those that narrow what was found."""

    finds: list[Q] = field(default_factory=list)
    narrows: list[Q] = field(default_factory=list)
    names_somebody: bool = False


def answer(call: Call) -> Answer:
    """The cases are those of ITI TF-2, 3.21.4.2.2.8."""
    check_asks(call.actor)
    message = call.message
    qpd = message.required("QPD")
    asked = _asked(qpd, call.actor)
    systems, problems = domains(qpd.repetitions(8), of=call.actor)
    if problems:
        return not_understood(message, problems)
    most, after = _increment(message), _pointed_to(message, call)
    fitting: list[int] = []  # all of them, of whom one increment is shown

    def fit(people: QuerySet[Person], at_most: int) -> Sequence[Person]:
        return list(people.filter(*asked.finds).order_by("id")[:at_most])

    def page(people: QuerySet[Person]) -> Found[Person]:
        rows = list(people.filter(*asked.narrows).order_by(*_ORDER))
        if systems:
            named = _with_number_of(systems, [row.pk for row in rows])
            rows = [row for row in rows if row.pk in named]
        fitting.extend(row.pk for row in rows)
        start = fitting.index(after) + 1 if after in fitting else 0
        return Found(rows=rows[start : start + most] if most else rows[start:])

    _found, shown = people_found(
        actor=call.actor, fit=fit, page=page, assisted=(), at=call.at, request_id=call.request_id
    )
    lines = [
        identification.written(
            linked(human).shown(human.root).body, number=number, systems=systems or None
        )
        for number, human in enumerate(shown, start=1)
    ]
    if shown and shown[-1].root != fitting[-1]:
        lines.append(segment("DSC", _pointer(message, call, shown[-1].root), "I"))
    return found(message, lines, count=len(fitting))


def _with_number_of(systems: Collection[str], roots: Collection[int]) -> set[int]:
    """Those of these human beings, whose rows are in view, who have an identifier of these systems."""
    root_of = {one: human.root for human in humans(roots).values() for one in human.all}
    named = PersonIdentifier.objects.filter(person__in=root_of.keys(), system__in=systems)
    return {root_of[person] for person in named.values_list("person", flat=True)}


def _asked(qpd: Segment, actor: Actor) -> _Asked:
    """Raises FieldWrong for a parameter that is not known, and unless somebody is meant."""
    asked = _Asked()
    values: dict[tuple[int, int, int], Field] = {}
    for parameter in qpd.repetitions(3):
        name = _PARAMETER.fullmatch(parameter.required(1))
        if not name:
            raise parameter.wrong("is no field of PID, as @PID.5.1", 1, code=ErrorCode.VALUE)
        place, component, part = (int(number or 1) for number in name.groups())
        if (place, component) not in _READ or not parameter.text(2):
            raise parameter.wrong(f"is none of: {_KNOWN}, with a value", 1, code=ErrorCode.VALUE)
        values[place, component, part] = parameter
    _ask_for_identifier(asked, values, actor)
    _ask_for_name(asked, values)
    if born := values.get((7, 1, 1)):
        _ask_for_birth(asked, born)
    if sex := values.get((8, 1, 1)):
        if sex.text(2) not in identification.SEXES:
            raise sex.wrong(
                f"is one of: {', '.join(identification.SEXES)}", 2, code=ErrorCode.VALUE
            )
        asked.finds.append(Q(gender=identification.SEXES[sex.text(2)]))
    _ask_for_address(asked, values)
    if account := values.get((18, 1, 1)):
        body = {"identifier": [{**identification.ACCOUNT, "value": account.text(2)}]}
        asked.narrows.append(Q(received__contains=body))
    if not asked.names_somebody:
        # Nobody walks through the whole population (as in salus.mpi.fhir.parameters).
        raise qpd.field(3).wrong(
            "say whom you mean: by an identifier, a family name, or a date of birth",
            code=ErrorCode.REQUIRED,
        )
    return asked


_READ = {
    *((3, 1), (3, 4), (5, 1), (5, 2), (7, 1), (8, 1), (18, 1), (18, 4)),
    *((11, 1), (11, 3), (11, 5), (11, 6)),
}
_KNOWN = ", ".join(f"@PID.{place}.{component}" for place, component in sorted(_READ))


def _ask_for_identifier(
    asked: _Asked, values: dict[tuple[int, int, int], Field], actor: Actor
) -> None:
    number = values.get((3, 1, 1))
    authority = {
        part: field for (place, at, part), field in values.items() if (place, at) == (3, 4)
    }
    if number is None:
        if authority:
            raise authority[min(authority)].wrong("@PID.3.1 is missing", code=ErrorCode.REQUIRED)
        return
    if not authority:
        raise number.wrong("@PID.3.4 is missing", code=ErrorCode.REQUIRED)  # Appendix E
    parts = [authority[part].text(2) if part in authority else "" for part in (1, 2, 3)]
    try:
        named = system(*parts, of=actor)
    except InvalidInput as error:
        raise authority[min(authority)].wrong(str(error), 2, code=ErrorCode.VALUE) from None
    known = PersonIdentifier.objects.filter(system=named, value=spelled(named, number.text(2)))
    asked.finds.append(Q(pk__in=known.values("person")))
    asked.names_somebody = True


def _ask_for_name(asked: _Asked, values: dict[tuple[int, int, int], Field]) -> None:
    """By the name in force or a former one; each is whole, or begins so before a final *."""
    if family := values.get((5, 1, 1)):
        condition = _named("family_key", family)
        now = Person.objects.filter(condition).order_by().values("pk")
        before = FormerName.objects.filter(condition).values("person")
        asked.finds.append(Q(pk__in=now.union(before)))
        asked.names_somebody = True
    if given := values.get((5, 2, 1)):
        condition = _named("given_key", given, is_first_of_several=True)
        own = FormerName.objects.filter(person__gte=OuterRef("pk"), person__lte=OuterRef("pk"))
        asked.finds.append(condition | Q(Exists(own.filter(condition))))


def _named(column: str, parameter: Field, *, is_first_of_several: bool = False) -> Q:
    text = parameter.text(2)
    key, is_prefix = search_key(text), text.endswith("*")
    if not key or "*" in text.removesuffix("*"):
        raise parameter.wrong("is a name, or the beginning of one before a *", 2)
    if is_prefix:
        return Q(**{f"{column}__gte": key, f"{column}__lt": key + "~"})
    whole = Q(**{column: key})
    if is_first_of_several:
        whole |= Q(**{f"{column}__gte": key + " ", f"{column}__lt": key + " ~"})
    return whole


def _ask_for_birth(asked: _Asked, parameter: Field) -> None:
    """A day, or the month or the year of it."""
    text = parameter.text(2)
    day = identification.day(parameter, 2)
    if day:
        asked.finds.append(Q(birth_date=day))
        asked.names_somebody = True
        return
    try:
        first = date(int(text[:4]), int(text[4:6] or 1), 1)
    except ValueError:
        raise parameter.wrong("is not a date of the calendar", 2) from None
    last = date(first.year, 12, 31) if len(text) == 4 else _last_of_month(first)
    asked.finds.append(Q(birth_date__gte=first, birth_date__lte=last))


def _last_of_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _ask_for_address(asked: _Asked, values: dict[tuple[int, int, int], Field]) -> None:
    """Where the person lives now. It narrows only: an address finds nobody in the index."""
    columns = {1: "line", 3: "municipality", 5: "postal_code", 6: "country"}
    wanted = Q()
    for component, column in columns.items():
        if parameter := values.get((11, component, 1)):
            text = parameter.text(2)
            if component == 6:
                text = identification.country_code(text) or text
            if text.endswith("*"):
                wanted &= Q(**{f"{column}__istartswith": text.removesuffix("*")})
            else:
                wanted &= Q(**{f"{column}__iexact": text})
    if wanted:
        homes = Residence.objects.filter(wanted, person=OuterRef("pk"), until=None)
        asked.narrows.append(Q(Exists(homes)))


# The continuation protocol: this server remembers nothing, the pointer says where to go on.


def _increment(message: Message) -> int | None:
    """RCP-2, as 50^RD. Raises FieldWrong."""
    rcp = message.first("RCP")
    limit = rcp.field(2) if rcp else None
    if limit is None or not limit.raw:
        return None
    if not re.fullmatch(r"[1-9]\d{0,5}", limit.text(1)) or limit.text(2) not in ("", "RD"):
        raise limit.wrong("is a number of records, as 50^RD")
    return int(limit.text(1))


def _pointed_to(message: Message, call: Call) -> int | None:
    """The last person of the increment before. Raises InvalidInput for a pointer that is not of this query."""
    dsc = message.first("DSC")
    text = dsc.text(1) if dsc else ""
    if not dsc or not text:
        return None
    try:
        return int(signing.loads(text, salt=_bound_to(message, call), max_age=_LASTS))
    except signing.SignatureExpired:
        raise Gone("the continuation pointer has ended: ask again from the start") from None
    except (signing.BadSignature, ValueError):
        raise dsc.field(1).wrong("is no pointer that this query was given") from None


def _pointer(message: Message, call: Call, last: int) -> str:
    return signing.dumps(last, salt=_bound_to(message, call))


def _bound_to(message: Message, call: Call) -> str:
    """The same client, and the same demographics and domains asked for."""
    qpd = message.required("QPD")
    asked = "\0".join(field.raw for number in (3, 8) for field in qpd.repetitions(number))
    digest = hashlib.sha256(f"{call.actor.client}\0{asked}".encode()).hexdigest()
    return f"{_POINTER} {digest}"
