"""Luxembourg's number of a person, the matricule (numéro d'identification national).

13 digits: the birth date YYYYMMDD, a 3-digit serial, a Luhn and a Verhoeff check digit, both over the first 11 digits
(law of 19 June 2013 and its regulation). Numbers given before 2014 had these 11 alone, of which the last was a check
digit modulo 11, and kept them: two digits were added. Both forms are typed to this day.
"""

from collections.abc import Iterator
from datetime import date

from stdnum import luhn, verhoeff

from salus.country.identifiers import Typo, WrongIdentifier

LENGTH, OLD_LENGTH = 13, 11
_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_NO_DIGIT = 10  # a check "digit" that stands for a number which was never given
VARIANTS = 3  # ways to compute the old check digit, taken up as the numbers of a day ran out
_TYPOS_SHOWN = 3  # more are no help, and less sure


def matricule(birth_date: date, serial: int) -> str:
    """The 13 digits for a birth date and a serial from 0 to 999."""
    if not 0 <= serial <= 999:
        raise ValueError(f"serial {serial} has more than three digits")
    return _extended(f"{birth_date:%Y%m%d}{serial:03}")


def weighted_sum(head: str) -> int:
    """Of the first 10 digits of an old number."""
    return sum(int(digit) * weight for digit, weight in zip(head, _WEIGHTS, strict=True))


def check_digit(weighted: int, variant: int) -> int | None:
    """The 11th digit of an old number, by variant 0, 1 or 2; None: such a number was not given."""
    check = (11 + variant - weighted) % 11
    return None if check == _NO_DIGIT else check


def check_matricule(text: str, *, today: date) -> str:
    """The 13 digits without spaces, of either form.

    Raises WrongIdentifier, which says which check failed and what was probably mistyped, never the number.
    """
    digits = text.replace(" ", "")
    if len(digits) not in (LENGTH, OLD_LENGTH) or not (digits.isascii() and digits.isdigit()):
        raise WrongIdentifier("a matricule has 13 digits, or 11 in its older form")
    if problem := _problem(digits, today):
        raise WrongIdentifier(problem, typos=_likely(_typos(digits, today)))
    return digits if len(digits) == LENGTH else _extended(digits)


def _problem(digits: str, today: date) -> str:
    """Which check fails; '' when none does."""
    if len(digits) == OLD_LENGTH and digits[4] > "1":
        return "this is the number of a company or an association, not of a person"
    if problem := _wrong_date(digits, today):
        return problem
    if len(digits) == OLD_LENGTH:
        return "" if _is_old(digits) else "the 11th digit of the matricule does not fit the others"
    head, luhn_digit, verhoeff_digit = digits[:11], digits[11], digits[12]
    if luhn.calc_check_digit(head) != luhn_digit:
        return "the 12th digit of the matricule (Luhn) does not fit the others"
    if verhoeff.calc_check_digit(head) != verhoeff_digit:
        return "the 13th digit of the matricule (Verhoeff) does not fit the others"
    return ""


def _wrong_date(digits: str, today: date) -> str:
    year, month, day = digits[:4], digits[4:6], digits[6:8]
    if "00" in (month, day) and _is_old(digits[:11]):
        # Not known: such numbers were given before 2014 alone.
        month, day = ("01", "01") if month == "00" else (month, "01")
    try:
        birth = date(int(year), int(month), int(day))
    except ValueError:
        return "the first 8 digits of the matricule are not a date"
    return "the date of birth in the matricule lies in the future" if birth > today else ""


def _is_old(digits: str) -> bool:
    weighted = weighted_sum(digits[:10])
    return int(digits[10]) in [check_digit(weighted, variant) for variant in range(VARIANTS)]


def _extended(head: str) -> str:
    return head + luhn.calc_check_digit(head) + verhoeff.calc_check_digit(head)


def _typos(digits: str, today: date) -> Iterator[Typo]:
    """Each that would explain the number: two neighbours swapped, or one digit."""
    for at in range(len(digits) - 1):
        swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
        if swapped != digits and not _problem(swapped, today):
            yield Typo(place=at + 1, swapped=True)
    for at in range(len(digits)):
        others = (digits[:at] + digit + digits[at + 1 :] for digit in "0123456789")
        if any(not _problem(other, today) for other in others if other != digits):
            yield Typo(place=at + 1, swapped=False)


def _likely(typos: Iterator[Typo]) -> list[Typo]:
    """Those that are worth a look; none when nearly anything would do, as with the old form's one weak digit."""
    found = list(typos)
    return found if len(found) <= _TYPOS_SHOWN else [t for t in found if t.swapped][:_TYPOS_SHOWN]
