"""The matricule in both forms: built right, every single wrong digit of 13 found, and the likely typo said."""

from datetime import date

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from salus.country.identifiers import Typo, WrongIdentifier
from salus.country.lu.matricule import check_digit, check_matricule, matricule, weighted_sum
from salus.kernel.errors import InvalidInput

TODAY = date(2026, 11, 27)
PUBLISHED = "1893120105732"  # the worked example of the reference: check digits 3 and 2

numbers = st.builds(
    matricule,
    st.dates(min_value=date(1890, 1, 1), max_value=TODAY),
    st.integers(min_value=0, max_value=999),
)


def test_the_published_example() -> None:
    assert matricule(date(1893, 12, 1), 57) == PUBLISHED
    assert check_matricule("1893 1201 057 32", today=TODAY) == PUBLISHED


@given(numbers)
def test_what_is_built_passes(number: str) -> None:
    assert check_matricule(number, today=TODAY) == number


@given(numbers, st.integers(min_value=0, max_value=12), st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_is_found_and_never_shown(number: str, place: int, shift: int) -> None:
    digit = str((int(number[place]) + shift) % 10)
    wrong = number[:place] + digit + number[place + 1 :]
    with pytest.raises(InvalidInput) as refusal:
        check_matricule(wrong, today=TODAY)
    assert wrong not in str(refusal.value)


@given(numbers, st.integers(min_value=0, max_value=9))
def test_two_neighbours_swapped_are_found(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(InvalidInput):
            check_matricule(swapped, today=TODAY)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "13 digits, or 11"),
        ("189312010573", "13 digits"),
        ("١٨٩٣١٢٠١٠٥٧٣٢", "13 digits"),
        ("1893139905732", "not a date"),
        ("1893000105742", "not a date"),
        ("2026112805742", "in the future"),
        ("18931201056", "11th digit"),
        ("20042405123", "a company"),
        ("1893120105742", "Luhn"),
        ("1893120105733", "Verhoeff"),
    ],
)
def test_the_refusal_says_which_check_failed(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        check_matricule(text, today=TODAY)


# The 11 digits (Mémorial: structure du numéro d'identité, personnes physiques)


@pytest.mark.parametrize(
    ("head", "variant", "check"),
    [
        # 1x5 + 8x4 + 9x3 + 3x2 + 1x7 + 2x6 + 0x5 + 1x4 + 0x3 + 5x2 = 103, of which 4 remain
        ("1893120105", 0, 7),
        ("1893120105", 1, 8),
        ("1893120105", 2, 9),
        # 98 in front, 10 remain: the first variant's digit is 1
        ("1893120106", 0, 5),
        # a remainder of 1 is not given out by the first variant, and has 0 by the second
        ("1893120109", 0, None),
        ("1893120109", 1, 0),
        ("1893120109", 2, 1),
    ],
)
def test_the_older_check_digit(head: str, variant: int, check: int | None) -> None:
    assert check_digit(weighted_sum(head), variant) == check


@pytest.mark.parametrize("variant", range(3))
@given(day=st.dates(date(1900, 1, 1), date(2013, 12, 31)), order=st.integers(0, 99))
def test_an_older_number_is_the_new_one_without_its_last_two_digits(
    variant: int, day: date, order: int
) -> None:
    head = f"{day:%Y%m%d}{order:02}"
    last = check_digit(weighted_sum(head), variant)
    if last is not None:
        number = matricule(day, order * 10 + last)
        assert check_matricule(number[:11], today=TODAY) == number
        assert check_matricule(number, today=TODAY) == number


@pytest.mark.parametrize("unknown", ["19500000", "19500600"])
def test_the_day_of_birth_may_be_unknown_in_numbers_given_before_2014_alone(unknown: str) -> None:
    checks = [check_digit(weighted_sum(f"{unknown}07"), variant) for variant in range(3)]
    for last in range(10):
        if last in checks:
            number = check_matricule(f"{unknown}07{last}", today=TODAY)
            assert check_matricule(number, today=TODAY) == number
        else:
            with pytest.raises(WrongIdentifier):
                check_matricule(f"{unknown}07{last}", today=TODAY)


# The likely typo


@given(numbers, st.integers(min_value=0, max_value=12), st.integers(min_value=1, max_value=9))
def test_the_wrong_digit_is_among_the_hints(number: str, place: int, shift: int) -> None:
    digit = str((int(number[place]) + shift) % 10)
    with pytest.raises(WrongIdentifier) as refusal:
        check_matricule(number[:place] + digit + number[place + 1 :], today=TODAY)
    typos = refusal.value.typos
    if all(not typo.swapped for typo in typos) and typos:
        assert Typo(place=place + 1, swapped=False) in typos


@given(numbers, st.integers(min_value=0, max_value=11))
def test_the_swapped_digits_are_among_the_hints(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(WrongIdentifier) as refusal:
            check_matricule(swapped, today=TODAY)
        assert Typo(place=place + 1, swapped=True) in refusal.value.typos


def test_hints_are_words() -> None:
    with pytest.raises(WrongIdentifier) as refusal:
        check_matricule("1893120150732", today=TODAY)
    assert str(refusal.value) == (
        "the 12th digit of the matricule (Luhn) does not fit the others;"
        " perhaps digits 9 and 10 are swapped; perhaps digit 7 is wrong"
    )
    with override("de"):
        assert "die Ziffern 9 und 10 vertauscht" in refusal.value.in_words()
