import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.kernel.search_key import search_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Müller", "muller"),
        ("D'Almeida-Müller", "d almeida muller"),
        ("GONÇALVES  da  Conceição", "goncalves da conceicao"),
        ("Groß", "gross"),
        ("Lœwen", "loewen"),
        ("  ", ""),
    ],
)
def test_names_of_the_region(name: str, key: str) -> None:
    assert search_key(name) == key


@given(st.text())
def test_a_key_is_its_own_key_and_plain(name: str) -> None:
    key = search_key(name)
    assert search_key(key) == key
    assert key.isascii()
