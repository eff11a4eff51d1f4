"""The directory's own map: where things lie on it, and what stands together."""

from itertools import combinations
from math import dist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.directory.public.maps import (
    HEIGHT,
    WIDTH,
    Frame,
    Spot,
    Town,
    around,
    drawn,
    frame_of,
    whole,
)
from salus.kernel.errors import InvalidInput

LUXEMBOURG, ESCH, CLERVAUX = (49.611, 6.130), (49.496, 5.981), (50.055, 6.031)
POSITIONS = st.tuples(st.floats(49.45, 50.18), st.floats(5.74, 6.53))


def spots(*positions: tuple[float, float]) -> list[Spot]:
    return [Spot(number=n, name=f"No {n}", position=at) for n, at in enumerate(positions, 1)]


def test_north_is_up_and_east_is_right() -> None:
    frame = around([LUXEMBOURG, ESCH, CLERVAUX], least=1)
    assert frame
    capital, esch, clervaux = map(frame.point, (LUXEMBOURG, ESCH, CLERVAUX))
    assert clervaux[1] < capital[1] < esch[1]
    assert esch[0] < clervaux[0] < capital[0]


def test_distances_are_those_on_the_ground() -> None:
    frame = Frame(latitude=49.55, longitude=6.05, across=40)
    pixels = dist(frame.point(LUXEMBOURG), frame.point(ESCH))
    assert pixels * 40 / WIDTH == pytest.approx(16.75, abs=0.1)  # kilometres, by great circle


@given(st.lists(POSITIONS, min_size=1, max_size=30))
def test_every_place_is_marked_once_and_no_marker_covers_another(
    positions: list[tuple[float, float]],
) -> None:
    frame = around(positions, least=8)
    assert frame
    markers = drawn(frame, spots(*positions), country="LU").markers
    numbers = sorted(number for one in markers for number in one.numbers)
    assert numbers == list(range(1, len(positions) + 1))
    for one, other in combinations(markers, 2):
        beside = abs(one.x - other.x) >= (one.width + other.width) / 2
        assert beside or abs(one.y - other.y) >= 30
    assert all(0 <= one.x <= WIDTH and 0 <= one.y <= HEIGHT for one in markers)


def test_what_stands_together_is_parted_by_a_closer_look() -> None:
    near = (49.6115, 6.138)
    country = whole("LU")
    assert country
    (together,) = drawn(country, spots(LUXEMBOURG, near), country="LU").markers
    assert together.text == "1·2"
    assert together.label == "1·2: 1 No 1; 2 No 2"
    assert together.closer
    assert len(drawn(together.closer, spots(LUXEMBOURG, near), country="LU").markers) == 2


def test_no_look_parts_one_address() -> None:
    country = whole("LU")
    assert country
    (together,) = drawn(country, spots(*[ESCH] * 5), country="LU").markers
    assert (together.text, together.closer) == ("1·2·+3", None)


def test_the_country_is_drawn_and_another_without_lines_is_not() -> None:
    country = whole("LU")
    assert country
    map_ = drawn(country, [], country="LU")
    assert map_.outline.startswith("M")
    assert map_.borders
    assert drawn(country, [], country="XA").outline == ""
    assert whole("XA") is None


def test_names_of_towns_leave_markers_and_each_other_free() -> None:
    country = whole("LU")
    assert country
    towns = [
        Town(name="Luxembourg", position=LUXEMBOURG, large=True),
        Town(name="Strassen", position=(49.62, 6.073), large=False),
        Town(name="Clervaux", position=CLERVAUX, large=False),
    ]
    labels = drawn(country, spots(LUXEMBOURG), country="LU", towns=towns).labels
    assert [one.town.name for one in labels] == ["Luxembourg", "Clervaux"]
    assert abs(labels[0].y - country.point(LUXEMBOURG)[1]) > 20  # beside its marker


def test_an_address_names_a_frame_and_nothing_else() -> None:
    frame = Frame(latitude=49.6112, longitude=6.13, across=12.5)
    assert str(frame_of(str(frame))) == str(frame) == "49.611,6.130,12.5"
    for text in ("", "49,6", "a,b,c", "91,6,10", "49,6,0.1", "49,6,1000", "nan,6,10", "49,6,10,1"):
        with pytest.raises(InvalidInput):
            frame_of(text)


def test_a_map_of_nothing_has_no_frame() -> None:
    assert around([], least=8) is None
