"""PID, Patient Identification, both ways: from and to a FHIR Patient, the form in which the index keeps what it got.

Fields of HL7 2.3.1 and 2.5 alike (IHE ITI TF-2, 3.8.4.1.2.3 and 3.21.4.2.2.5).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from babel.core import get_global

from salus.country import country
from salus.country.identifiers import spelled
from salus.fhir.resource import Body
from salus.hl7v2.message import Field, Segment
from salus.hl7v2.refusal import ErrorCode
from salus.hl7v2.writing import Repetition, Value, segment
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput
from salus.mpi.hl7v2.authorities import designator, system_of

Identifier = tuple[str, str]  # system, value

# HL7 table 0001; https://hl7.org/fhir/R4/valueset-administrative-gender.html
SEXES = {"F": "female", "M": "male", "O": "other", "A": "other", "N": "other", "U": "unknown"}
_SEX_OF = {"female": "F", "male": "M", "other": "O", "unknown": "U"}
# HL7 table 0200, of those that FHIR has a use for
_USES = {
    "": "official",
    "L": "official",
    "D": "usual",
    "M": "maiden",
    "B": "maiden",
    "A": "nickname",
}
_TYPE_OF = {"official": "L", "usual": "D", "maiden": "M", "nickname": "A", "old": "A"}
_ADDRESSES = {
    "": "home",
    "H": "home",
    "L": "home",
    "M": "home",
    "B": "work",
    "O": "work",
    "C": "temp",
}
ACCOUNT = {  # an identifier of this type: PID-18
    "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "AN"}]}
}
MOTHERS_MAIDEN_NAME = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"


# From a message


def identifiers(fields: Iterable[Field], *, of: Actor, at: date) -> list[Identifier]:
    """Of each CX, checked where its system is known. Raises FieldWrong, when nobody says who gave the number too."""
    found = (_checked(field, *identifier(field, of=of), at) for field in fields)
    return list(dict.fromkeys(found))


def identifier(field: Field, *, of: Actor) -> Identifier:
    """One that is asked for, in the spelling of the index."""
    value, system = field.required(1), system_of(field, 4, of=of)
    if not system:
        raise field.wrong("the assigning authority is missing", 4, code=ErrorCode.REQUIRED)
    return system, spelled(system, value)


def _checked(field: Field, system: str, value: str, at: date) -> Identifier:
    known = country().identifier_system(system)
    try:
        return system, known.check(value, at) if known else value
    except InvalidInput as error:
        raise field.wrong(str(error), 1) from None


def patient(pid: Segment, *, of: Actor, at: date) -> Body:
    """The Patient that this PID describes. Raises FieldWrong with the field that is not as it must be."""
    found = identifiers(pid.repetitions(3), of=of, at=at)
    if not found:
        raise pid.field(3).wrong("a patient identifier is needed", code=ErrorCode.REQUIRED)
    listed: list[Body] = [{"system": system, "value": value} for system, value in found]
    account = pid.field(18)
    if account.text():
        listed.append(_only(**ACCOUNT, system=system_of(account, 4, of=of), value=account.text()))
    born = day(pid.field(7))
    if born is None:
        raise pid.field(7).wrong("a full date of birth is needed", code=ErrorCode.REQUIRED)
    if born > at:
        raise pid.field(7).wrong("the date of birth lies in the future")
    return _only(
        resourceType="Patient",
        extension=_mother(pid),
        identifier=listed,
        name=_names(pid),
        telecom=[*_telecoms(pid, 13, "home"), *_telecoms(pid, 14, "work")],
        gender=sex(pid.field(8)),
        birthDate=born.isoformat(),
        address=[one for field in pid.repetitions(11) if (one := _address(field))],
        **_death(pid, born),
        **_birth_order(pid),
    )


def day(field: Field, component: int = 1) -> date | None:
    """Of a TS; None when there is none, or only a less exact one. Raises FieldWrong."""
    text = field.text(component)
    digits = re.match(r"\d*", text)
    length = len(digits[0]) if digits else 0
    if text and length not in (4, 6) and length < 8:
        raise field.wrong("is not a date as YYYYMMDD")
    if length < 8:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        raise field.wrong("is not a date of the calendar") from None


def sex(field: Field) -> str:
    code = field.text()
    if code and code not in SEXES:
        raise field.wrong(f"is one of: {', '.join(SEXES)} (table 0001)", code=ErrorCode.VALUE)
    return SEXES[code] if code else "unknown"


def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2 of a code of two or three letters; '' for what is neither."""
    letters = text.upper()
    if re.fullmatch("[A-Z]{2}", letters):
        return letters
    known: Mapping[str, list[str]] = get_global("territory_aliases")
    return next(iter(known.get(letters, [])), "") if len(letters) == 3 else ""


def _mother(pid: Segment) -> list[Body]:
    name = pid.field(6).text(1)
    return [{"url": MOTHERS_MAIDEN_NAME, "valueString": name}] if name else []


def _names(pid: Segment) -> list[Body]:
    names = [_name(field) for field in pid.repetitions(5)]
    named = [name for name in names if name.get("family")]
    if not named:
        raise pid.field(5).wrong("a family name is needed", 1, code=ErrorCode.REQUIRED)
    if all(name["use"] == "maiden" for name in named):
        named[0]["use"] = "official"  # it is the only one that is known
    return named


def _name(field: Field) -> Body:
    given = [*field.text(2).split(), *field.text(3).split()]
    return _only(
        use=_USES.get(field.text(7).upper(), "nickname"),
        family=field.text(1),
        given=given,
        prefix=[field.text(5)] if field.text(5) else [],
    )


def _telecoms(pid: Segment, number: int, use: str) -> Iterator[Body]:
    """XTN of 2.3.1 has the number as one text, of 2.5 in parts."""
    for field in pid.repetitions(number):
        phone = field.text(12) or field.text(1) or "".join(field.text(part) for part in (5, 6, 7))
        if phone:
            yield {"system": "phone", "value": phone, "use": use}
        if field.text(4):
            yield {"system": "email", "value": field.text(4), "use": use}


def _address(field: Field) -> Body:
    line = " ".join(part for part in (field.text(1, 1), field.text(2)) if part)
    number = field.text(1, 3)
    lines = [f"{number}, {line}" if number and number not in line.split() else line]
    return _only(
        use=_ADDRESSES.get(field.text(7).upper(), "home"),
        line=[one for one in lines if one],
        city=field.text(3),
        state=field.text(4),
        postalCode=field.text(5),
        country=country_code(field.text(6)),
    )


def _death(pid: Segment, born: date) -> Body:
    died = day(pid.field(29))
    if died and died < born:
        raise pid.field(29).wrong("the date of death lies before birth")
    if died:
        return {"deceasedDateTime": died.isoformat()}
    return {"deceasedBoolean": True} if pid.text(30).upper() == "Y" else {}


def _birth_order(pid: Segment) -> Body:
    order = pid.text(25)
    if order:
        if not re.fullmatch("[1-9]", order):
            raise pid.field(25).wrong("is a number from 1 to 9")
        return {"multipleBirthInteger": int(order)}
    return {"multipleBirthBoolean": True} if pid.text(24).upper() == "Y" else {}


# To a message


def written(body: Body, *, number: int, systems: Collection[str] | None = None) -> str:
    """PID of a Patient as the index shows it; of its identifiers those of these systems (None: all)."""
    fields: dict[int, Value] = {
        1: str(number),
        3: [*_shown_identifiers(body, systems)],
        5: [*map(_shown_name, _by_use(body.get("name", [])))],
        6: ((_mothers_name(body),), "", "", "", "", "", "M") if _mothers_name(body) else "",
        7: _shown_date(body.get("birthDate", "")),
        8: _SEX_OF.get(body.get("gender", ""), ""),
        11: [*map(_shown_address, body.get("address", []))],
        13: [*_shown_telecoms(body, "home")],
        14: [*_shown_telecoms(body, "work")],
        18: next(iter(_shown_accounts(body)), ""),
        24: "Y" if "multipleBirthInteger" in body or body.get("multipleBirthBoolean") else "",
        25: str(body.get("multipleBirthInteger", "")),
        29: _shown_date(body.get("deceasedDateTime", "")),
        30: "Y" if body.get("deceasedBoolean") or "deceasedDateTime" in body else "",
    }
    return segment("PID", *(fields.get(place, "") for place in range(1, 31)))


def cx(found: Identifier) -> Repetition:
    system, value = found
    return (value, "", "", designator(system))


def _shown_identifiers(body: Body, systems: Collection[str] | None) -> Iterator[Repetition]:
    for one in body.get("identifier", []):
        system, value = one.get("system", ""), one.get("value", "")
        if value and one.get("type") != ACCOUNT["type"] and (systems is None or system in systems):
            yield cx((system, value))


def _shown_accounts(body: Body) -> Iterator[Repetition]:
    for one in body.get("identifier", []):
        if one.get("type") == ACCOUNT["type"]:
            yield (one["value"], "", "", designator(one.get("system", "")))


def _by_use(names: list[Any]) -> list[Any]:
    """The one by which the person is known comes first: many systems read no other."""
    return sorted(names, key=lambda name: name.get("use") not in (None, "official"))


def _shown_name(name: Body) -> Repetition:
    given: list[str] = [*name.get("given", []), ""]
    first, *others = given
    kind = _TYPE_OF.get(name.get("use", "official"), "A")
    further = " ".join(one for one in others if one)
    return ((name.get("family", ""),), first, further, "", "", "", kind)


def _mothers_name(body: Body) -> str:
    found = (one for one in body.get("extension", []) if one.get("url") == MOTHERS_MAIDEN_NAME)
    return next((str(one.get("valueString", "")) for one in found), "")


def _shown_date(text: str) -> str:
    return text[:10].replace("-", "")


def _shown_address(address: Body) -> Repetition:
    kind = {"home": "H", "work": "B", "temp": "C", "old": "BA"}.get(address.get("use", ""), "")
    return (
        (", ".join(address.get("line", [])),),
        "",
        address.get("city", ""),
        address.get("state", ""),
        address.get("postalCode", ""),
        address.get("country", ""),
        kind,
    )


def _shown_telecoms(body: Body, use: str) -> Iterator[Repetition]:
    for one in body.get("telecom", []):
        if one.get("use", "home") != use:
            continue
        if one.get("system") == "email":
            yield ("", "NET", "Internet", one.get("value", ""))
        elif one.get("value"):
            yield (one["value"], "PRN" if use == "home" else "WPN", "PH")


def _only(**members: Any) -> Body:
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}
