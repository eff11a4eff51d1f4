"""The 13-digit matricule: built right, and every single wrong digit found."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.country.lu import check_matricule, matricule
from salus.kernel.errors import InvalidInput

PUBLISHED = "1893120105732"  # the worked example of the reference: check digits 3 and 2

numbers = st.builds(
    matricule,
    st.dates(min_value=date(1890, 1, 1), max_value=date(2030, 12, 31)),
    st.integers(min_value=0, max_value=999),
)


def test_the_published_example() -> None:
    assert matricule(date(1893, 12, 1), 57) == PUBLISHED
    assert check_matricule("1893 1201 057 32") == PUBLISHED


@given(numbers)
def test_what_is_built_passes(number: str) -> None:
    assert check_matricule(number) == number


@given(numbers, st.integers(min_value=0, max_value=12), st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_is_found_and_never_shown(number: str, place: int, shift: int) -> None:
    digit = str((int(number[place]) + shift) % 10)
    wrong = number[:place] + digit + number[place + 1 :]
    with pytest.raises(InvalidInput) as refusal:
        check_matricule(wrong)
    assert wrong not in str(refusal.value)


@given(numbers, st.integers(min_value=0, max_value=9))
def test_two_neighbours_swapped_are_found(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(InvalidInput):
            check_matricule(swapped)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "13 digits"),
        ("189312010573", "13 digits"),
        ("١٨٩٣١٢٠١٠٥٧٣٢", "13 digits"),
        ("1893139905732", "not a date"),
        ("1893120105742", "Luhn"),
        ("1893120105733", "Verhoeff"),
    ],
)
def test_the_refusal_says_which_check_failed(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        check_matricule(text)
