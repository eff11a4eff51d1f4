"""A grid over the earth, so that what lies near is found by `=`: cells of a tenth of a degree, numbered."""

from math import cos, floor, radians

from salus.country.gazetteer import EARTH, Position

_PER_DEGREE = 10
_AROUND = 360 * _PER_DEGREE
_MOST_CELLS = 5_000  # beyond that all are looked at
_LENGTH = radians(1 / _PER_DEGREE) * EARTH  # kilometres from a cell to the next one northward


def cell_of(position: Position) -> int:
    row, column = _row(position[0]), _column(position[1])
    return row * _AROUND + column % _AROUND


def cells_within(position: Position, within: float) -> list[int] | None:
    """The cells in which every place within so many kilometres lies; None: there are too many to name."""
    rows = floor(within / _LENGTH) + 1
    middle = _row(position[0])
    pole = max(abs(middle - rows), abs(middle + rows + 1)) / _PER_DEGREE
    if pole >= 89:
        return None
    columns = floor(within / (_LENGTH * cos(radians(pole)))) + 1
    if (2 * rows + 1) * (2 * columns + 1) > _MOST_CELLS:
        return None
    column = _column(position[1])
    return [
        row * _AROUND + east % _AROUND
        for row in range(middle - rows, middle + rows + 1)
        for east in range(column - columns, column + columns + 1)
    ]


def _row(latitude: float) -> int:
    return floor(latitude * _PER_DEGREE)


def _column(longitude: float) -> int:
    return floor(longitude * _PER_DEGREE)
