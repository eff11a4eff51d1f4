"""Writes salus/directory/outlines.json, the lines of the directory's maps, from Natural Earth (1:10 million).

    npm (package-lock.json)   world-atlas   countries-10m.json   public domain, as TopoJSON

Of each country that has an installation: its outline, and the borders among its neighbours around it. Run by
`make assets`. Nothing of it is committed; the built wheel contains it. `salus/directory/public/maps.py` reads it.
"""

import json
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ATLAS = ROOT / "node_modules/world-atlas/countries-10m.json"
TABLE = ROOT / "salus/directory/outlines.json"
COUNTRIES = {
    "LU": "442"
}  # ISO 3166-1: by two letters, as settings name them, and by number, as the atlas does
AROUND = 0.6  # degrees beyond the outline, in which others' borders are kept

Point = tuple[float, float]  # longitude and latitude, degrees
Line = list[Point]


def main() -> None:
    atlas = json.loads(ATLAS.read_text("utf-8"))
    table = {code: _lines(atlas, number) for code, number in COUNTRIES.items()}
    TABLE.write_text(json.dumps(table, separators=(",", ":")) + "\n", "utf-8")


def _lines(atlas: dict[str, Any], number: str) -> dict[str, list[Line]]:
    arcs = _arcs(atlas)
    countries = atlas["objects"]["countries"]["geometries"]
    (country,) = (one for one in countries if one.get("id") == number)
    polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
    rings = [_ring(arcs, ring) for polygon in polygons for ring in polygon]
    own = {_arc(index) for polygon in polygons for ring in polygon for index in ring}
    others = [line for index, line in enumerate(arcs) if index not in own]
    west, south, east, north = _box(rings)
    near = (west - AROUND, south - AROUND, east + AROUND, north + AROUND)
    return {"outline": rings, "borders": [part for line in others for part in _within(line, near)]}


def _arcs(atlas: dict[str, Any]) -> list[Line]:
    """TopoJSON, 2.1.3: each point is the difference to the one before, in steps of a grid."""
    scale, translate = atlas["transform"]["scale"], atlas["transform"]["translate"]
    lines = []
    for arc in atlas["arcs"]:
        x = y = 0
        line = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            line.append(
                (round(x * scale[0] + translate[0], 4), round(y * scale[1] + translate[1], 4))
            )
        lines.append(line)
    return lines


def _arc(index: int) -> int:
    """A negative index is the arc's complement, walked from its end (TopoJSON, 2.1.4)."""
    return index if index >= 0 else ~index


def _ring(arcs: list[Line], indexes: list[int]) -> Line:
    line: Line = []
    for index in indexes:
        part = arcs[_arc(index)]
        line += (part if index >= 0 else part[::-1])[bool(line) :]
    return line


def _box(lines: list[Line]) -> tuple[float, float, float, float]:
    points = list(chain(*lines))
    longitudes, latitudes = [x for x, _ in points], [y for _, y in points]
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _within(line: Line, box: tuple[float, float, float, float]) -> list[Line]:
    """The parts of a line in the box, each with one point beyond."""
    west, south, east, north = box
    parts: list[Line] = []
    inside = False
    for before, point in zip([line[0], *line], line, strict=False):
        if west <= point[0] <= east and south <= point[1] <= north:
            if not inside:
                parts.append([] if before == point else [before])
            parts[-1].append(point)
            inside = True
        elif inside:
            parts[-1].append(point)
            inside = False
    return [part for part in parts if len(part) > 1]


if __name__ == "__main__":
    main()
