"""A record in the form in which it is compared: every value normalised once, placeholders gone."""

import re
from dataclasses import dataclass

from salus.kernel.spelling.names import folded, name
from salus.kernel.spelling.phonetic import sounds
from salus.kernel.spelling.placeholders import (
    is_date_placeholder,
    is_name_placeholder,
    is_number_placeholder,
)
from salus.mpi.matching.record import Traits

_SEXES = {
    word: sex
    for sex, words in {
        "male": "male m h homme mann mannlich masculin masculino 1",
        "female": "female f w femme frau weiblich feminin feminino k 2",
        "other": "other o x d divers autre outro 3",
    }.items()
    for word in words.split()
}
_STREET_WORDS = {
    "r": "rue",
    "str": "strasse",
    "strooss": "strasse",
    "av": "avenue",
    "ave": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "blvd": "boulevard",
    "boul": "boulevard",
    "rte": "route",
    "pl": "place",
    "ch": "chemin",
    "imp": "impasse",
    "all": "allee",
    "sq": "square",
    "st": "saint",
    "ste": "sainte",
}
_FILLERS = "de du des d la le les l an am der den dem da do dos das e"
_STREET_FILLERS = frozenset(_FILLERS.split())
_COUNTRY_OF_CODE = re.compile(r"^(?:lu|fr|de|be|pt|[lfdb])(?=\d)")
_DIAL_CODE = re.compile(r"^(?:00|\+)(?:352|33|32|49|351|39)")
_NO_MAIL = re.compile(
    r"^(?:no-?reply|none?|unknown|inconnue?|test|xx*|aa*|na)@|@(?:example|test)\.", re.IGNORECASE
)
_MOST_NAMES = 8  # of one person; more are a mistake of the sender, and cost much


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The columns that are compared, here and in SQL; "" and (): not known."""

    given: str = ""  # in one word
    given_words: tuple[str, ...] = ()
    given_sounds: tuple[str, ...] = ()
    family: str = ""  # in one word, without particles
    family_full: str = ""  # with them
    families: tuple[str, ...] = ()  # every family name: parts, maiden, former
    family_sounds: tuple[str, ...] = ()
    born: str = ""  # YYYYMMDD, "00" for a day or month that is not known; may be no date
    sex: str = ""
    street: str = ""
    house_number: str = ""
    postal_code: str = ""
    city: str = ""
    phone: str = ""
    email: str = ""
    national_id: str = ""
    multiple_birth: int | None = None


def prepare(traits: Traits) -> Prepared:
    given, family = name(traits.given), name(traits.family)
    street, house_number = _street(traits.street, traits.house_number)
    families: dict[str, None] = dict.fromkeys([family.joined, family.full])
    for other in (family, *map(name, (traits.birth_family, *traits.former_families))):
        families |= dict.fromkeys((other.joined, *other.others))
        if len(other.words) > 1:
            families |= dict.fromkeys(word for word in other.words if len(word) > 2)
    families.pop("", None)
    kept = tuple(families)[:_MOST_NAMES]
    return Prepared(
        given=given.joined,
        given_words=given.words,
        given_sounds=_sounds((given.joined, *given.words)),
        family=family.joined or (kept[0] if kept else ""),
        family_full=family.full or (kept[0] if kept else ""),
        families=kept,
        family_sounds=_sounds(kept),
        born=_born(traits),
        sex=_SEXES.get(folded(traits.sex).replace(" ", ""), ""),
        street=street,
        house_number=house_number,
        postal_code=_postal_code(traits.postal_code),
        city=_place(traits.city),
        phone=_phone(traits.phone),
        email=_email(traits.email),
        national_id=_national_id(traits.national_id),
        multiple_birth=traits.multiple_birth,
    )


def _sounds(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sound for word in names if (sound := sounds(word))))


def _born(traits: Traits) -> str:
    # Not by strftime, which writes year 1 as "1".
    known = traits.birth_date.isoformat().replace("-", "") if traits.birth_date else ""
    digits = known or birth_digits(traits.birth_text)
    return "" if is_date_placeholder(digits) else digits


def birth_digits(text: str) -> str:
    """YYYYMMDD of a birth date in one of the common spellings, "" where no year is to be seen.

    The digits need be no date: one that was mistyped still has most of them right.
    """
    parts: list[str] = re.findall(r"\d+", text.split("T")[0])
    match [len(part) for part in parts]:
        case [8]:
            whole = parts[0]
            # DDMMYYYY has no year in front.
            return whole if "1800" <= whole[:4] <= "2200" else whole[4:] + whole[2:4] + whole[:2]
        case [4]:
            return parts[0] + "0000"
        case [4, 1 | 2]:
            return parts[0] + parts[1].zfill(2) + "00"
        case [4, 1 | 2, 1 | 2, *_]:
            return parts[0] + parts[1].zfill(2) + parts[2].zfill(2)
        case [1 | 2, 1 | 2, 4, *_]:
            return parts[2] + parts[1].zfill(2) + parts[0].zfill(2)
        case _:
            return ""


def _street(street: str, house_number: str) -> tuple[str, str]:
    words = folded(street).split()
    number = _house_number(house_number)
    if words and not number:
        # "12, rue de la Gare" and "Bahnhofstraße 12"
        for place in (0, -1):
            if words[place][0].isdigit() and len(words) > 1:
                number = _house_number(words.pop(place))
                break
    spelled = (_STREET_WORDS.get(word, word) for word in words if word not in _STREET_FILLERS)
    joined = " ".join(re.sub(r"(?<=\w)str$", "strasse", word) for word in spelled)
    return ("" if set(joined) <= set("x ") or is_name_placeholder(joined) else joined), number


def _house_number(text: str) -> str:
    found = re.match(r"0*(\d+) ?([a-z]?)\b", folded(text))
    return found[1] + found[2] if found else ""


def _postal_code(text: str) -> str:
    code = _COUNTRY_OF_CODE.sub("", folded(text).replace(" ", ""))
    return "" if set(code) in ({"0"}, {"9"}) else code  # 1111 is a part of Luxembourg


def _place(text: str) -> str:
    words = [
        _STREET_WORDS.get(word, word) if word in {"st", "ste"} else word
        for word in folded(text).split()
    ]
    joined = " ".join(word for word in words if word not in {"l", "d", "sur", "an", "der"})
    return "" if set(joined) <= set("x ") or is_name_placeholder(joined) else joined


def _phone(text: str) -> str:
    """The last eight digits: with or without the code of the country, the end stays."""
    digits = re.sub(r"\D", "", _DIAL_CODE.sub("", re.sub(r"[\s./()-]", "", text)))
    return "" if len(digits) < 5 or is_number_placeholder(digits) else digits[-8:]


def _email(text: str) -> str:
    plain = text.strip().casefold()
    return plain if plain.isascii() and "@" in plain[1:-1] and not _NO_MAIL.search(plain) else ""


def _national_id(text: str) -> str:
    plain = folded(text).replace(" ", "")
    return "" if len(plain) < 4 or is_number_placeholder(plain) or set(plain) <= set("x") else plain
