"""How the records of one human being come to differ: one table, with the share of the records that it befalls.

The shares are assumptions of the size that studies of duplicates in hospitals report, not measurements of this
region. ``realistic`` is what the goals are judged on. ``harsh`` is a bad registry (a telephone call, a scanned
form, an old file): nothing is ever tuned on it, and the precision of links must hold there too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from benchmarks.regional_set import spelling
from benchmarks.regional_set.humans import Human, identifier, telephone
from benchmarks.regional_set.names import other_spellings, short_forms
from benchmarks.regional_set.record import address, changed
from salus.mpi.matching.record import Traits

Apply = Callable[[Random, Human, Traits], Traits]


@dataclass(frozen=True)
class Deviation:
    kind: str
    realistic: float  # of the records that it can befall
    harsh: float
    apply: Apply


def written(
    rng: Random, human: Human, record: Traits, *, harsh: bool = False
) -> tuple[Traits, tuple[str, ...]]:
    """The record as another system has it, and the kinds of deviation that it shows."""
    kinds = []
    for deviation in DEVIATIONS:
        if rng.random() < (deviation.harsh if harsh else deviation.realistic):
            other = deviation.apply(rng, human, record)
            if other != record:
                kinds.append(deviation.kind)
                record = other
    return record, tuple(kinds)


def _with(record: Traits, field: str, value: Any) -> Traits:
    return changed(record, **{field: value})


# Names.


def _birth_name(rng: Random, human: Human, record: Traits) -> Traits:
    born = " ".join(human.birth_families)
    return changed(record, family=born, birth_family="") if born else record


def _both_names(rng: Random, human: Human, record: Traits) -> Traits:
    if not human.birth_families:
        return record
    names = [human.families[0], human.birth_families[0]]
    if rng.random() < 0.4:
        names.reverse()
    return changed(record, family=rng.choice(("-", "-", " ", " épouse ")).join(names))


def _surnames(rng: Random, human: Human, record: Traits) -> Traits:
    """Portuguese surnames: the last alone, the first alone, in the other order."""
    if len(human.families) < 2 or record.family != human.family:
        return record
    first, last = human.families
    return changed(record, family=rng.choice((last, last, first, f"{last} {first}")))


def _no_second(rng: Random, human: Human, record: Traits) -> Traits:
    return changed(record, given=human.given[0])


def _by_second(rng: Random, human: Human, record: Traits) -> Traits:
    return changed(record, given=human.given[1]) if len(human.given) > 1 else record


def _shortened(rng: Random, human: Human, record: Traits) -> Traits:
    """Jean-Pierre as Jean, Pierre, J.-P.; Maria de Fátima as Maria or Fátima."""
    parts = human.given[0].replace("-", " ").split()
    if len(parts) < 2:
        return record
    initials = "-".join(f"{part[0]}." for part in parts)
    return changed(record, given=rng.choice((parts[0], parts[0], parts[-1], initials)))


def _short_form(rng: Random, human: Human, record: Traits) -> Traits:
    forms = short_forms(human.given[0])
    return changed(record, given=rng.choice(forms)) if forms else record


def _initial(rng: Random, human: Human, record: Traits) -> Traits:
    return changed(record, given=f"{human.given[0][0]}.")


def _other_spelling(rng: Random, human: Human, record: Traits) -> Traits:
    for field in ("family", "given"):
        others = other_spellings(getattr(record, field))
        if others:
            return _with(record, field, rng.choice(others))
    return record


def _names(change: Callable[[str], str]) -> Apply:
    """A change that befalls the names alike: no accents on this keyboard, all in capitals."""

    def apply(rng: Random, human: Human, record: Traits) -> Traits:
        return changed(
            record,
            given=change(record.given),
            family=change(record.family),
            birth_family=change(record.birth_family),
        )

    return apply


def _one(field: str, change: Callable[[Random, str], str]) -> Apply:
    def apply(rng: Random, human: Human, record: Traits) -> Traits:
        return _with(record, field, change(rng, getattr(record, field)))

    return apply


def _swapped(rng: Random, human: Human, record: Traits) -> Traits:
    return changed(record, given=record.family, family=record.given)


# Dates.


def _born(change: Callable[[Random, date], date | None]) -> Apply:
    def apply(rng: Random, human: Human, record: Traits) -> Traits:
        if record.birth_date is None:
            return record
        return changed(record, birth_date=change(rng, record.birth_date))

    return apply


def _moved_to(born: date, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return born


def _day_and_month(rng: Random, born: date) -> date:
    return _moved_to(born, born.year, born.day, born.month)


def _wrong_digit(rng: Random, born: date) -> date:
    text = born.strftime("%Y%m%d")
    at = rng.randrange(2, 8)
    text = text[:at] + rng.choice("0123456789") + text[at + 1 :]
    return _moved_to(born, int(text[:4]), int(text[4:6]), int(text[6:]))


def _decade(rng: Random, born: date) -> date:
    return _moved_to(born, born.year + rng.choice((-10, 10)), born.month, born.day)


def _year_beside(rng: Random, born: date) -> date:
    return _moved_to(born, born.year + rng.choice((-1, 1)), born.month, born.day)


def _filler_date(rng: Random, born: date) -> date:
    return rng.choice((date(1900, 1, 1), date(1900, 1, 1), date(1, 1, 1)))


def _malformed(rng: Random, human: Human, record: Traits) -> Traits:
    if record.birth_date is None:
        return record
    text = record.birth_date.strftime("%Y-%d-%m")  # 1957-31-02
    return changed(record, birth_date=None, birth_text=text) if text[5:7] > "12" else record


# Where and how to reach them.


def _former_home(rng: Random, human: Human, record: Traits) -> Traits:
    return changed(record, **address(human.former_home))


_ABBREVIATED = {
    "rue ": "r. ",
    "avenue ": "av. ",
    "boulevard ": "bd ",
    "route ": "rte ",
    "place ": "pl. ",
}
_ABBREVIATED |= {"straße": "str.", "Straße": "Str.", "Rua ": "R. ", "strasse": "str."}


def _abbreviated(rng: Random, human: Human, record: Traits) -> Traits:
    street = record.street
    for long, short in _ABBREVIATED.items():
        street = street.replace(long, short)
    return changed(record, street=street)


def _written_in_one(rng: Random, human: Human, record: Traits) -> Traits:
    """Number and street in the one field that an old system has."""
    if not record.house_number:
        return record
    return changed(record, street=f"{record.house_number}, {record.street}", house_number="")


def _wrong_house(rng: Random, human: Human, record: Traits) -> Traits:
    number = record.house_number.rstrip("ABbis")
    return changed(record, house_number=rng.choice((number, number + "A", str(rng.randint(1, 99)))))


_CITIES = {"Esch-sur-Alzette": "Esch/Alzette", "Luxembourg": "Luxemburg", "Trier": "Trèves"}
_CITIES |= {"Dudelange": "Düdelingen", "Differdange": "Differdingen", "Arlon": "Arel"}


def _other_city_name(rng: Random, human: Human, record: Traits) -> Traits:
    return changed(record, city=_CITIES.get(record.city, record.city.upper()))


def _old_phone(rng: Random, human: Human, record: Traits) -> Traits:
    old = human.old_phone or human.former_home.phone
    return changed(record, phone=rng.choice((old, telephone(rng, human.home.country, mobile=True))))


def _phone_written(rng: Random, human: Human, record: Traits) -> Traits:
    digits = record.phone.replace(" ", "")
    national = digits.removeprefix("+352")
    if national != digits:
        return changed(record, phone=rng.choice((national, f"00352{national}", digits)))
    return changed(record, phone=digits.replace("+", "00"))


def _sex(rng: Random, human: Human, record: Traits) -> Traits:
    return changed(record, sex={"female": "male", "male": "female"}.get(record.sex, ""))


def _nothing(*fields: str) -> Apply:
    def apply(rng: Random, human: Human, record: Traits) -> Traits:
        for field in fields:
            record = _with(record, field, getattr(_BLANK, field))
        return record

    return apply


_BLANK = Traits()


def _filled(**fillers: tuple[str, ...]) -> Apply:
    """What is typed so that the form lets one pass."""

    def apply(rng: Random, human: Human, record: Traits) -> Traits:
        for field, texts in fillers.items():
            record = _with(record, field, rng.choice(texts))
        return record

    return apply


def _mistyped(rng: Random, human: Human, record: Traits) -> Traits:
    number = record.national_id
    if not number:
        return record
    at = rng.randrange(len(number) - 1)
    if rng.random() < 0.4:
        return changed(
            record, national_id=number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        )
    digit = rng.choice("0123456789")
    return changed(record, national_id=number[:at] + digit + number[at + 1 :])


def _anothers(rng: Random, human: Human, record: Traits) -> Traits:
    """The number of whom they are insured with."""
    year = human.birth_date.year + rng.choice((-28, -31, -25, -3, 2))
    return changed(record, national_id=identifier(rng, date(year, rng.randint(1, 12), 17)))


_ADDRESS = ("street", "house_number", "postal_code", "city", "country")
FILLERS = ("9999999999999", "0000000000000", "1234567890123", "0")  # for the matricule
# In the order in which they befall a record: what is known first, how it is spelled then, the fields last.
DEVIATIONS = (
    # kind                             realistic  harsh
    Deviation("birth name", 0.20, 0.40, _birth_name),
    Deviation("both names", 0.15, 0.25, _both_names),
    Deviation("surnames in part or reordered", 0.25, 0.50, _surnames),
    Deviation("second given name left out", 0.50, 0.60, _no_second),
    Deviation("called by the second given name", 0.02, 0.06, _by_second),
    Deviation("double given name shortened", 0.08, 0.25, _shortened),
    Deviation("short form of the given name", 0.02, 0.10, _short_form),
    Deviation("initial only", 0.003, 0.02, _initial),
    Deviation("another spelling", 0.05, 0.20, _other_spelling),
    Deviation("family name mistyped", 0.012, 0.06, _one("family", spelling.typed)),
    Deviation("given name mistyped", 0.010, 0.05, _one("given", spelling.typed)),
    Deviation("family name by ear", 0.012, 0.10, _one("family", spelling.heard)),
    Deviation("given name by ear", 0.008, 0.08, _one("given", spelling.heard)),
    Deviation("family name scanned", 0.003, 0.03, _one("family", spelling.scanned)),
    Deviation("given name scanned", 0.003, 0.03, _one("given", spelling.scanned)),
    Deviation("particle", 0.15, 0.30, _one("family", spelling.particles)),
    Deviation("hyphen in the family name", 0.10, 0.25, _one("family", spelling.hyphens)),
    Deviation("hyphen in the given name", 0.10, 0.25, _one("given", spelling.hyphens)),
    Deviation("transliterated", 0.05, 0.15, _names(spelling.transliterated)),
    Deviation("without accents", 0.25, 0.45, _names(spelling.without_accents)),
    Deviation("in capitals", 0.20, 0.30, _names(str.upper)),
    Deviation("given and family name swapped", 0.004, 0.03, _swapped),
    Deviation("day and month swapped", 0.004, 0.03, _born(_day_and_month)),
    Deviation("wrong digit in the date", 0.006, 0.04, _born(_wrong_digit)),
    Deviation("wrong decade", 0.001, 0.01, _born(_decade)),
    Deviation("wrong year by one", 0.002, 0.02, _born(_year_beside)),
    Deviation("wrong day by one", 0.002, 0.02, _born(lambda rng, born: born + timedelta(days=1))),
    Deviation("first of January", 0.001, 0.01, _born(lambda rng, born: date(born.year, 1, 1))),
    Deviation("date that is none", 0.0005, 0.01, _malformed),
    Deviation("filler for the date", 0.001, 0.01, _born(_filler_date)),
    Deviation("no date", 0.001, 0.02, _nothing("birth_date")),
    Deviation("wrong sex", 0.004, 0.02, _sex),
    Deviation("no sex", 0.01, 0.10, _nothing("sex")),
    Deviation("moved", 0.12, 0.35, _former_home),
    Deviation("street abbreviated", 0.20, 0.40, _abbreviated),
    Deviation("wrong house number", 0.02, 0.08, _wrong_house),
    Deviation("street and number in one", 0.10, 0.15, _written_in_one),
    Deviation("city by another name", 0.10, 0.20, _other_city_name),
    Deviation("postal code without its country", 0.30, 0.40,
        lambda rng, human, record: changed(record, postal_code=record.postal_code.removeprefix("L-"))),
    Deviation("no address", 0.06, 0.25, _nothing(*_ADDRESS)),
    Deviation("filler for the address", 0.005, 0.03,
        _filled(street=("inconnue", "unbekannt", "SDF", "xxx", "."), postal_code=("0000", "99999", ""))),
    Deviation("telephone of the household", 0.15, 0.20,
        lambda rng, human, record: changed(record, phone=human.home.phone)),
    Deviation("another telephone", 0.20, 0.40, _old_phone),
    Deviation("telephone written otherwise", 0.40, 0.50, _phone_written),
    Deviation("no telephone", 0.20, 0.45, _nothing("phone")),
    Deviation("filler for the telephone", 0.02, 0.08,
        _filled(phone=("00000000", "999999", "123456", "+352 000000", "0", "inconnu"))),
    Deviation("no e-mail", 0.40, 0.80, _nothing("email")),
    Deviation("filler for the e-mail", 0.01, 0.03,
        _filled(email=("inconnu@inconnu.lu", "test@test.com", "no@mail.lu", "x@x.x"))),
    Deviation("matricule mistyped", 0.010, 0.05, _mistyped),
    Deviation("another's matricule", 0.003, 0.02, _anothers),
    Deviation("no matricule", 0.25, 0.70, _nothing("national_id")),
    Deviation("filler for the matricule", 0.005, 0.03,
        _filled(national_id=FILLERS)),
    Deviation("no birth name", 0.40, 0.70, _nothing("birth_family")),
    Deviation("not said to be a twin", 0.70, 0.95, _nothing("multiple_birth")),
)  # fmt: skip
