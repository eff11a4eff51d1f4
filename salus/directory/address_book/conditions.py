"""What a filter means, asked of the database: two conditions, one under which it is true, one under which false.

An entry that fits neither makes it undefined. Values are only ever parameters.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from django.db.models import BooleanField, CharField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat, Lower, Trim

from salus.directory.address_book.cards import ORGANIZATION, PERSON, labels, worked_today
from salus.directory.address_book.filters import NORMAL, Combined, Filter, Item, Logic, folded
from salus.directory.address_book.tree import Branch
from salus.directory.models import Location, Organization, PractitionerRole
from salus.kernel.search_key import search_key
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

_ALL, _NONE = Q(pk__isnull=False), Q(pk__isnull=True)
Ask = Callable[[Item], Q]


@dataclass(frozen=True, kw_only=True)
class Truth:
    true: Q
    false: Q


class _Like(Func):
    template = "%(expressions)s"
    arg_joiner = " like "
    output_field = BooleanField()


def truth(filter: Filter, branch: Branch) -> Truth:
    """Of the rows of one branch."""
    match filter:
        case Item():
            asked = _ASKED[branch].get(filter.attribute)
            holds = asked(filter) if asked else _NONE
            return Truth(true=holds, false=~holds)
        case Combined():
            parts = [truth(part, branch) for part in filter.parts]
            match filter.logic:
                case Logic.NOT:
                    return Truth(true=parts[0].false, false=parts[0].true)
                case Logic.AND:
                    return Truth(
                        true=_every(one.true for one in parts),
                        false=_some(one.false for one in parts),
                    )
                case _:
                    return Truth(
                        true=_some(one.true for one in parts),
                        false=_every(one.false for one in parts),
                    )
        case _:
            return Truth(true=_NONE, false=_NONE)


def _every(conditions: Iterable[Q]) -> Q:
    return reduce(and_, conditions, _ALL)


def _some(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions, _NONE)


def _like(expression: Combinable, item: Item) -> Q:
    pattern = item.pattern(NORMAL[item.attribute])
    return Q(_Like(expression, Value(pattern, output_field=CharField())))


def _column(name: str, *, like: Combinable | None = None) -> Ask:
    def ask(item: Item) -> Q:
        return ~Q(**{name: ""}) & _like(like or F(f"{name}_key"), item)

    return ask


def _in_full(*keys: str) -> Combinable:
    return Trim(Concat(F(keys[0]), Value(" "), F(keys[1]), output_field=TextField()))


def _name(item: Item) -> Q:
    return _display_name(item) | _like(_in_full("family_key", "given_key"), item)


def _display_name(item: Item) -> Q:
    return _like(_in_full("given_key", "family_key"), item)


def _number(item: Item) -> Q:
    if item.whole is None:
        return _like(Cast("pk", CharField()), item)
    text = folded(item.whole)
    is_one = text.isascii() and text.isdecimal() and text == str(int(text))
    return Q(pk=int(text)) if is_one else _NONE


def _class(names: Iterable[str]) -> Ask:
    return lambda item: _ALL if _any(item, names, folded) else _NONE


def _any(item: Item, values: Iterable[str], normal: Callable[[str], str]) -> bool:
    return item.is_presence or any(item.holds(value, normal) for value in values)


def _codes(item: Item, among: Iterable[str]) -> list[str]:
    return [code for code in among if _any(item, labels(code), search_key)]


def _profession(codes: Iterable[str]) -> Q:
    return Q(profession__in=codes) | _with_role(Q(profession__in=codes))


def _place(item: Item) -> Q:
    """That of the location, or of the organisation when the location has no address: as cards.py writes it."""
    located = Q(location__municipality__gt="")
    there = Q(location__municipality__in=_towns(item, Location))
    at_organization = Q(organization__municipality__in=_towns(item, Organization))
    elsewhere = Q(location=None) | Q(location__municipality="")
    return _with_role(located & there | elsewhere & at_organization)


def _towns(item: Item, table: type[Location | Organization]) -> list[str]:
    """Those of the table that are meant: there are few, and they have no key of their own."""
    known = table._default_manager.values_list("municipality", flat=True).distinct()
    return [town for town in known if town and _any(item, [town], search_key)]


def _with_role(condition: Q) -> Q:
    """Whoever works somewhere today under this condition; what a duplicate does is the professional's."""
    roles: QuerySet[PractitionerRole] = worked_today().filter(condition)
    root = Coalesce("practitioner__same_as", "practitioner")
    return Q(pk__in=roles.annotate(root=root).values("root"))


def _mail(item: Item) -> Q:
    own = _column("email", like=Lower("email"))(item)
    return own | _with_role(own)


_ASKED: Mapping[Branch, Mapping[str, Ask]] = {
    Branch.PROFESSIONALS: {
        "objectclass": _class(PERSON),
        "uid": _number,
        "cn": _name,
        "displayname": _display_name,
        "sn": _column("family"),
        "givenname": _column("given"),
        "mail": _mail,
        "title": lambda item: _profession(_codes(item, PROFESSIONS)),
        "employeetype": lambda item: _profession(
            [code for code in PROFESSIONS if _any(item, [code], folded)]
        ),
        "o": lambda item: _with_role(_like(F("organization__name_key"), item)),
        "l": _place,
    },
    Branch.ORGANIZATIONS: {
        "objectclass": _class(ORGANIZATION),
        "uid": _number,
        **dict.fromkeys(("cn", "displayname", "o"), _column("name")),
        "mail": _column("email", like=Lower("email")),
        "businesscategory": lambda item: Q(type__in=_codes(item, ORGANIZATION_TYPES)),
        "l": lambda item: Q(municipality__in=_towns(item, Organization)),
    },
}
