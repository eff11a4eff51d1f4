"""By what Patients are searched (IHE PDQm, ITI-78)."""

from collections.abc import Collection
from dataclasses import replace

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from salus.country import country
from salus.country.identifiers import spelled
from salus.fhir import conditions, datatypes, facts
from salus.fhir.conditions import Condition
from salus.fhir.criteria import (
    Coded,
    Criterion,
    Fact,
    Modifier,
    ParameterType,
    Prefix,
    Token,
    Value,
    When,
    Words,
)
from salus.fhir.element import Element
from salus.fhir.parameters import DEFINITIONS, by_id, by_last_updated
from salus.fhir.resource import Body, Parameter, Search
from salus.kernel.errors import InvalidInput
from salus.kernel.search_key import search_key
from salus.mpi.models import FormerName, Person, PersonIdentifier

MOTHERS_MAIDEN_NAME = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"
ORDER = ("family_key", "given_key", "id")
_GENDERS = "http://hl7.org/fhir/administrative-gender"


def searched(people: QuerySet[Person]) -> QuerySet[Person]:
    """The same with the column that `_lastUpdated` asks for."""
    return people.annotate(updated_at=Coalesce(F("changed_at"), F("registered_at")))


# People elsewhere in the index are asked for by subqueries, which an index of theirs serves.


def _in(model: type[Model], condition: Condition) -> Condition:
    """Of people who have such a row there; :missing and :not are of the person, not of a row."""

    def asked(criterion: Criterion) -> Q:
        rows = model._default_manager.all()
        if criterion.missing is not None:
            known = Q(pk__in=rows.values("person"))
            return ~known if criterion.missing else known
        plain = replace(criterion, modifier=Modifier.NONE) if _is_not(criterion) else criterion
        found = Q(pk__in=rows.filter(condition(plain)).values("person"))
        return ~found if _is_not(criterion) else found

    return asked


def _as_kept(condition: Condition) -> Condition:
    """The same, asked in the spelling of the index: spaces, and a matricule in its older form, do no harm."""

    def asked(criterion: Criterion) -> Q:
        return condition(replace(criterion, values=tuple(map(_kept, criterion.values))))

    return asked


def _kept(value: Value) -> Value:
    if not isinstance(value, Coded) or not value.code:
        return value
    return replace(value, code=spelled(value.system or country().MATRICULE_SYSTEM, value.code))


def _is_not(criterion: Criterion) -> bool:
    return criterion.modifier is Modifier.NOT


def _known_by(condition: Condition) -> Condition:
    """By the name in force or a former one, of those whom other criteria find."""

    def asked(criterion: Criterion) -> Q:
        if criterion.missing is not None:
            return condition(criterion)
        # Equality is said as two bounds: of `=` the planner may make a table of all former names first.
        own = FormerName.objects.filter(person__gte=OuterRef("pk"), person__lte=OuterRef("pk"))
        return condition(criterion) | Q(Exists(own.filter(condition(criterion))))

    return asked


def _found_by(condition: Condition) -> Condition:
    """The same, where it is this criterion that finds: a union, since no index serves an "or" of two tables."""

    def asked(criterion: Criterion) -> Q:
        if not _is_plain(criterion):
            return _known_by(condition)(criterion)
        now = Person.objects.filter(condition(criterion)).order_by().values("pk")
        before = FormerName.objects.filter(condition(criterion)).values("person")
        return Q(pk__in=now.union(before))

    return asked


def _is_plain(criterion: Criterion) -> bool:
    return bool(criterion.values) and criterion.modifier in (Modifier.NONE, Modifier.EXACT)


_family = conditions.starts("family_key", original="family")
_given = conditions.starts("given_key", original="given", any_word=True)


# Both are spelled out: of JSON that is not there the database knows neither.
_no_date = ~Q(received__has_key="deceasedDateTime")
_not_dead = Q(received__deceasedBoolean__isnull=True) | Q(received__deceasedBoolean=False)
_is_deceased = conditions.true_when(
    Q(deceased_on__isnull=False)
    | Q(received__deceasedBoolean=True)
    | Q(received__has_key="deceasedDateTime"),
    false_when=Q(deceased_on__isnull=True) & (Q(received__isnull=True) | (_no_date & _not_dead)),
)
_is_active = conditions.true_when(
    Q(received__isnull=True) | Q(received__active__isnull=True) | Q(received__active=True),
    false_when=Q(received__active=False),
)


# The same, of what is shown


def _names(body: Body) -> list[Element]:
    """The one by which the person is known, and former ones: not a nickname, nor the name before marriage."""
    patient = Element(path="Patient", value=body)
    former = [name for name in patient.children("name") if name.text("use") == "old"]
    return [datatypes.best_name(patient), *former]


def _family_names(body: Body) -> list[Fact]:
    return [name.text("family") for name in _names(body)]


def _given_names(body: Body) -> list[Fact]:
    names = (" ".join(name.texts("given")) for name in _names(body))
    return [Words(text=name) for name in names if name]


def _telecom(body: Body) -> list[Fact]:
    contacts = facts.at(body, "telecom")
    return [Token(system=c.get("system", ""), code=c["value"]) for c in contacts if "value" in c]


def _mothers_maiden_name(body: Body) -> list[Fact]:
    names = (one for one in body.get("extension", ()) if one["url"] == MOTHERS_MAIDEN_NAME)
    return [name["valueString"] for name in names if "valueString" in name]


def _deceased(body: Body) -> Collection[Fact]:
    is_so = "deceasedDateTime" in body or body.get("deceasedBoolean", False)
    return [Token(code=str(is_so).lower())]


_OF_TEXTS = frozenset({Modifier.EXACT, Modifier.CONTAINS})


def _seen(
    name: str, documentation: str, found: facts.Facts, type: ParameterType = ParameterType.STRING
) -> Parameter:
    """One that finds nobody by itself: it is looked up in the resources of those whom others find (`split`)."""
    return Parameter(
        type=type,
        definition=f"{DEFINITIONS}/{name}",
        documentation=f"{documentation} By itself it finds nobody.",
        facts=found,
        modifiers=_OF_TEXTS if type is ParameterType.STRING else frozenset(),
        targets=("Organization",) if type is ParameterType.REFERENCE else (),
    )


_PLACES = ("city", "state", "postalCode", "country")

PARAMETERS = {
    "_id": by_id(),
    "_lastUpdated": by_last_updated(conditions.instants("updated_at"), sort=("updated_at",)),
    "identifier": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Patient-identifier",
        documentation="An identifier of the person: of the nation, or of another system.",
        facts=facts.tokens("identifier"),
        condition=_as_kept(_in(PersonIdentifier, conditions.identifiers("system", "value"))),
        modifiers=frozenset({Modifier.NOT}),
    ),
    "family": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/individual-family",
        documentation="The family name, or a former one, from its start.",
        facts=_family_names,
        condition=_found_by(_family),
        modifiers=_OF_TEXTS,
        sort=("family_key",),
    ),
    "given": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/individual-given",
        documentation="One of the given names, from its start; by itself it finds nobody.",
        facts=_given_names,
        condition=_known_by(_given),
        modifiers=_OF_TEXTS,
        sort=("given_key",),
    ),
    "name": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Patient-name",
        documentation="A family name or one of the given names, from its start; by itself it finds nobody.",
        facts=lambda body: [*_family_names(body), *_given_names(body)],
        condition=_known_by(conditions.either(_family, _given)),
        modifiers=_OF_TEXTS,
        sort=("family_key", "given_key"),
    ),
    "birthdate": Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/individual-birthdate",
        documentation="The day of birth.",
        facts=facts.times("birthDate"),
        condition=conditions.days("birth_date"),
        sort=("birth_date",),
    ),
    "gender": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/individual-gender",
        documentation="The administrative gender.",
        facts=facts.tokens("gender", system=_GENDERS),
        condition=conditions.codes("gender", system=_GENDERS),
        modifiers=frozenset({Modifier.NOT}),
    ),
    "deceased": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Patient-deceased",
        documentation="Whether the person has died.",
        facts=_deceased,
        condition=_is_deceased,
    ),
    "active": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Patient-active",
        documentation="Whether the sender still uses what it filed.",
        facts=facts.tokens("active"),
        condition=_is_active,
    ),
    "telecom": _seen(
        "individual-telecom",
        "A telephone number or another address, as it was filed.",
        _telecom,
        ParameterType.TOKEN,
    ),
    "address": _seen(
        "individual-address",
        "A part of an address, former ones too, from its start.",
        facts.strings(*(f"address.{part}" for part in ("line", "district", "text", *_PLACES))),
    ),
    **{
        f"address-{part.lower()}": _seen(
            f"individual-address-{part.lower()}",
            f"The {part} of an address, former ones too, from its start.",
            facts.strings(f"address.{part}"),
        )
        for part in _PLACES
    },
    "mothersMaidenName": _seen(
        "patient-extensions-Patient-mothersMaidenName",
        "The name of the mother before marriage, from its start.",
        _mothers_maiden_name,
    ),
    "organization": _seen(
        "Patient-organization",
        "The organisation that keeps the record.",
        facts.references("managingOrganization"),
        ParameterType.REFERENCE,
    ),
}


def whose(column: str, path: str, *, definition: str, documentation: str) -> Parameter:
    """The reference of another type to its patient, a foreign key in ``column``; chained to all of PARAMETERS."""
    return Parameter(
        type=ParameterType.REFERENCE,
        definition=definition,
        documentation=documentation,
        facts=facts.references(path),
        condition=conditions.refers(column, type="Patient"),
        targets=("Patient",),
        chains={"Patient": conditions.among(column, Person.objects.all, PARAMETERS)},
    )


def split(search: Search) -> tuple[Search, Search]:
    """What the database finds by, and what is then seen in the resources of those who were found."""

    def is_seen(criterion: Criterion) -> bool:
        return PARAMETERS[criterion.name].condition is None

    seen = tuple(one for one in search.criteria if is_seen(one))
    narrowed = any(is_seen(one) for alternative in search.within for one in alternative)
    return (
        replace(
            search,
            criteria=tuple(one for one in search.criteria if one not in seen),
            within=() if narrowed else search.within,
        ),
        replace(search, criteria=seen, within=search.within if narrowed else ()),
    )


def check_that_somebody_is_meant(search: Search) -> None:
    """Nobody walks through the whole population: raises InvalidInput unless a criterion names who is meant."""
    if not any(_names_somebody(criterion) for criterion in search.criteria):
        raise InvalidInput(
            "say whom you mean: by _id, by an identifier, by a family name, or by a date of birth"
        )


def _names_somebody(criterion: Criterion) -> bool:
    if not _is_plain(criterion):
        return False
    match criterion.name:
        case "_id" | "identifier":
            return all(isinstance(value, Coded) and value.code for value in criterion.values)
        case "family":
            return all(isinstance(value, str) and search_key(value) for value in criterion.values)
        case "birthdate":
            return all(isinstance(value, When) and _is_a_day(value) for value in criterion.values)
    return False


def _is_a_day(when: When) -> bool:
    return when.prefix is Prefix.EQ and (when.span.end - when.span.start).days <= 1
