"""Keys of words, the grid, opening hours, the gazetteer: the pure parts of finding."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from salus.country.gazetteer import kilometres, known_places, position_of
from salus.directory.finding.grid import cell_of, cells_within
from salus.directory.finding.hours import minute_of_week, openings
from salus.directory.finding.words import ANOTHER, cost, keys_of, mistakes, person_words, rarity

ROOT = Path(__file__).parents[2]
words = st.text("abcs", min_size=1, max_size=9)
positions = st.tuples(st.floats(-88, 88), st.floats(-180, 179.99))

MUNICIPALITIES = (  # of Luxembourg since 1 September 2023: 100
    "Dippach, Garnich, Habscht, Käerjeng, Kehlen, Koerich, Kopstal, Mamer, Steinfort, Bettembourg, Differdange,"
    " Dudelange, Esch-sur-Alzette, Frisange, Kayl, Leudelange, Mondercange, Pétange, Reckange-sur-Mess, Roeser,"
    " Rumelange, Sanem, Schifflange, Bertrange, Contern, Hesperange, Luxembourg, Niederanven, Sandweiler, Schuttrange,"
    " Steinsel, Strassen, Walferdange, Weiler-la-Tour, Bissen, Colmar-Berg, Fischbach, Heffingen, Helperknapp,"
    " Larochette, Lintgen, Lorentzweiler, Mersch, Nommern, Clervaux, Parc Hosingen, Troisvierges, Weiswampach,"
    " Wincrange, Bettendorf, Bourscheid, Diekirch, Erpeldange-sur-Sûre, Ettelbruck, Feulen, Mertzig, Reisdorf,"
    " Schieren, Vallée de l'Ernz, Beckerich, Ell, Groussbus-Wal, Préizerdaul, Rambrouch, Redange, Saeul, Useldange,"
    " Vichten, Putscheid, Tandel, Vianden, Boulaide, Esch-sur-Sûre, Goesdorf, Kiischpelt, Lac de la Haute-Sûre, Wiltz,"
    " Winseler, Beaufort, Bech, Berdorf, Consdorf, Echternach, Rosport-Mompach, Waldbillig, Betzdorf, Biwer,"
    " Flaxweiler, Grevenmacher, Junglinster, Manternach, Mertert, Wormeldange, Bous-Waldbredimus, Dalheim, Lenningen,"
    " Mondorf-les-Bains, Remich, Schengen, Stadtbredimus"
)


@given(words, words)
def test_a_mistyped_word_shares_a_key_with_what_is_meant(typed: str, word: str) -> None:
    if cost(typed, word) is not None:
        assert keys_of(typed) & keys_of(word)


@given(words, st.data())
def test_as_many_mistakes_as_are_allowed_are_forgiven(word: str, data: st.DataObject) -> None:
    typed = word
    for _ in range(mistakes(word)):
        at = data.draw(st.integers(0, len(typed) - 1))
        letter = data.draw(st.sampled_from("abcs"))
        typed = data.draw(
            st.sampled_from(
                [typed[:at] + letter + typed[at + 1 :], typed[:at] + letter + typed[at:], typed]
            )
        )
    if OSA.distance(typed, word) <= mistakes(typed):
        assert cost(typed, word) is not None


@pytest.mark.parametrize(
    ("typed", "allowed"),
    [("ab", 0), ("abc", 1), ("abcde", 1), ("abcdef", 2), ("123456", 0)],
)
def test_longer_words_may_have_more_mistakes_and_numbers_none(typed: str, allowed: int) -> None:
    assert mistakes(typed) == allowed


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("meyer", "maier"),
        ("schmit", "schmitt"),
        ("chmitt", "schmidt"),
        ("gonzalves", "goncalves"),
        ("webr", "weber"),
    ],
)
def test_what_sounds_alike_or_has_a_slip_is_meant(typed: str, word: str) -> None:
    assert keys_of(typed) & keys_of(word)
    assert cost(typed, word) is not None


def test_another_name_is_not_meant() -> None:
    assert cost("weber", "wagner") is None
    assert cost("roy", "leroy") is None
    assert cost("ab", "ac") is None


def test_what_is_heard_the_same_is_nearer_and_the_frequent_one_is_meant() -> None:
    assert (cost("schmit", "schmidt") or 0) < ANOTHER <= (cost("schmit", "schmih") or 0)
    assert [rarity(bearers) for bearers in (0, 1, 2, 4, 512, 100_000)] == [9, 9, 8, 7, 0, 0]


def test_the_words_of_a_person() -> None:
    assert person_words("Jean-Pierre", "de Almeida-Müller") == {
        "jean",
        "pierre",
        "jeanpierre",
        "almeida",
        "muller",
        "almeidamuller",
        "dealmeidamuller",
    }


@given(positions, positions)
def test_what_lies_near_is_in_the_cells(
    here: tuple[float, float], there: tuple[float, float]
) -> None:
    within = kilometres(here, there) * 1.000001
    cells = cells_within(here, within)
    assert cells is None or cell_of(there) in cells


@given(positions, st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_what_lies_very_near_is_in_the_cells(
    here: tuple[float, float], north: float, east: float
) -> None:
    there = (here[0] + north, (here[1] + east + 180) % 360 - 180)
    cells = cells_within(here, kilometres(here, there) * 1.000001)
    assert cells is not None
    assert cell_of(there) in cells


def test_the_great_circle() -> None:
    luxembourg, esch = (position_of("LU", "", name) for name in ("Luxembourg", "Esch-sur-Alzette"))
    assert luxembourg
    assert esch
    assert kilometres(luxembourg, esch) == pytest.approx(16.8, abs=0.2)
    assert kilometres((0, 0), (0, 180)) == pytest.approx(20_015, abs=1)


def test_opening_hours_are_local() -> None:
    hours: list[dict[str, Any]] = [
        {
            "daysOfWeek": ["mon", "sun"],
            "availableStartTime": "08:00:00",
            "availableEndTime": "12:30:00",
        },
        {"daysOfWeek": ["tue"], "allDay": True},
    ]
    assert openings(hours) == [(480, 750), (1440, 2880), (9120, 9390)]
    monday = datetime(2025, 7, 7, 6, tzinfo=UTC)  # eight o'clock in summer
    assert minute_of_week(monday) == 480
    assert minute_of_week(monday + timedelta(days=6)) == 9120


def test_every_municipality_has_a_position() -> None:
    names = MUNICIPALITIES.split(", ")
    assert len(names) == 100
    assert [name for name in names if position_of("LU", "", name) is None] == []


def test_every_place_of_the_nation_has_a_position_near_where_it_lies() -> None:
    table = (ROOT / "salus/simulation/data/places.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    assert rows
    assert [row[:3] for row in rows if position_of(*row[:3]) is None] == []


def test_no_two_places_have_one_name() -> None:
    names = [(place.country, place.name) for place in known_places()]
    assert len(names) == len(set(names))
    assert all(-90 <= place.position[0] <= 90 for place in known_places())
