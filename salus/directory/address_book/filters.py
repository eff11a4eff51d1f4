"""What a search filter means (RFC 4511, 4.5.1.7): true, false or undefined of an entry, by three-valued logic.

Pure. A filter is read once into `Item`s and `Combined` ones, with bounds; conditions.py asks the same in SQL.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import sansldap

from salus.kernel.errors import InvalidInput
from salus.kernel.search_key import search_key

_NODES, _DEPTH = 128, 16
_LONGEST = 200  # characters of a value that is looked for


class Logic(Enum):
    AND = auto()
    OR = auto()
    NOT = auto()


@dataclass(frozen=True, kw_only=True)
class Item:
    """An attribute, in lower case, has a value that begins so, goes on with these in order, and ends so.

    ``whole`` alone: a value that is this. Nothing at all: any value.
    """

    attribute: str
    whole: str | None = None
    initial: str = ""
    any: Sequence[str] = ()
    final: str = ""

    @property
    def is_presence(self) -> bool:
        return self.whole is None and not (self.initial or self.any or self.final)

    def pattern(self, normal: Callable[[str], str]) -> str:
        """For SQL's LIKE, by the attribute's own way of writing values."""
        if self.whole is not None:
            return _literal(normal(self.whole))
        parts = [normal(self.initial), *map(normal, self.any), normal(self.final)]
        return "%".join(map(_literal, parts))

    def holds(self, value: str, normal: Callable[[str], str]) -> bool:
        """The same of one value, as a program reads it."""
        given = normal(value)
        if self.whole is not None:
            return given == normal(self.whole)
        initial, final = normal(self.initial), normal(self.final)
        if not given.startswith(initial):
            return False
        place = len(initial)
        for part in map(normal, self.any):
            found = given.find(part, place)
            if found < 0:
                return False
            place = found + len(part)
        return given.endswith(final) and len(given) - len(final) >= place


@dataclass(frozen=True, kw_only=True)
class Undefined:
    """What is asked is not known here: neither true nor false of any entry."""


@dataclass(frozen=True, kw_only=True)
class Combined:
    logic: Logic
    parts: Sequence["Filter"]


Filter = Item | Undefined | Combined
Values = Mapping[str, Sequence[str]]  # by attribute in lower case


def folded(text: str) -> str:
    """Case apart; codes, addresses and numbers are else compared as they are."""
    return text.strip().casefold()


# How the values of an attribute are compared. Names by the key that all searches of the directory use.
NORMAL: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(
        ("cn", "displayname", "sn", "givenname", "o", "ou", "l", "title", "businesscategory"),
        search_key,
    ),
    **dict.fromkeys(("mail", "uid", "employeetype", "objectclass"), folded),
}


def read(given: sansldap.LDAPFilter) -> Filter:
    """Raises InvalidInput for one that asks too much."""
    return _Reader().read(given, 1)


class _Reader:
    def __init__(self) -> None:
        self._nodes = 0

    def read(self, given: sansldap.LDAPFilter, depth: int) -> Filter:
        self._count(1)
        if depth > _DEPTH:
            raise InvalidInput("the filter asks too much at once")
        match given:
            case sansldap.FilterAnd():
                return self._combined(Logic.AND, given.filters, depth)
            case sansldap.FilterOr():
                return self._combined(Logic.OR, given.filters, depth)
            case sansldap.FilterNot():
                return self._combined(Logic.NOT, [given.filter], depth)
            case sansldap.FilterPresent():
                return _known(Item(attribute=given.attribute.casefold()))
            case sansldap.FilterEquality() | sansldap.FilterApproxMatch():
                return _known(Item(attribute=given.attribute.casefold(), whole=_text(given.value)))
            case sansldap.FilterSubstrings():
                self._count(len(given.any))
                return _known(
                    Item(
                        attribute=given.attribute.casefold(),
                        initial=_text(given.initial or b""),
                        any=tuple(map(_text, given.any)),
                        final=_text(given.final or b""),
                    )
                )
            case _:
                return Undefined()  # an order among names, or a rule of its own

    def _count(self, more: int) -> None:
        self._nodes += more
        if self._nodes > _NODES:
            raise InvalidInput("the filter asks too much at once")

    def _combined(self, logic: Logic, parts: Sequence[sansldap.LDAPFilter], depth: int) -> Combined:
        return Combined(logic=logic, parts=[self.read(part, depth + 1) for part in parts])


def matches(filter: Filter, values: Values) -> bool | None:
    """Whether an entry with these values is meant; None: undefined."""
    match filter:
        case Undefined():
            return None
        case Item():
            normal = NORMAL[filter.attribute]
            given = values.get(filter.attribute, ())
            return bool(given) and (
                filter.is_presence or any(filter.holds(value, normal) for value in given)
            )
        case Combined():
            found = [matches(part, values) for part in filter.parts]
            match filter.logic:
                case Logic.NOT:
                    return None if found[0] is None else not found[0]
                case Logic.AND:
                    return False if False in found else None if None in found else True
                case _:
                    return True if True in found else None if None in found else False


def _known(item: Item) -> Filter:
    return item if item.attribute in NORMAL else Undefined()


def _text(value: bytes) -> str:
    text = value.decode("utf-8", errors="replace").replace("\0", "\ufffd")
    if len(text) > _LONGEST:
        raise InvalidInput("a value is too long to be looked for")
    return text


def _literal(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
