"""Pictures of what the map service works out, to be looked at: grids, a designed division, a 15-minute circle.

python -m grid_deploy.demo --seed 1 --as-of 2026-11-24 --out var/bench-demo --district
python benchmarks/gis/pictures.py var/bench-demo docs/images     # gis-grids.png, gis-design.png, gis-circle.png
"""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from gis_svc.circles import Home, Spot, circles
from gis_svc.designer import Wish
from gis_svc.proposals import Ground, House, propose
from gis_svc.walking import synthetic_roads

WIDE, HIGH, HEAD, FINE = 1400, 1050, 74, 2
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
COLOURS = ("#dbe7f3", "#f3e8d3", "#dcebd8", "#f3dfdc", "#e5e0f2", "#d7ecec", "#f1efd0", "#e9e9e9")
INK, SOFT, ROAD, BORDER, OLD, OUT = "#1d2733", "#5b6876", "#b9b3a6", "#1f4e79", "#c0504d", "#c0392b"
RINGS = {15: "#d5ead9", 10: "#a5d2b1", 5: "#6bb184"}
DATA = files("gis_svc") / "data"
COMMUNITY, STATION = "150204006019", "150204006019"


class Canvas:
    """A picture of some ground in degrees, north up, under a title and with a scale."""

    def __init__(self, ground: BaseGeometry, title: str, said: str, *, above: bool = False) -> None:
        west, south, east, north = ground.bounds
        self._narrow = math.cos(math.radians((south + north) / 2))
        room = (WIDE - 60, HIGH - HEAD - 50)
        self._scale = min(room[0] / ((east - west) * self._narrow), room[1] / (north - south)) * FINE
        self._middle = ((west + east) / 2, (south + north) / 2)
        self._image = Image.new("RGB", (WIDE * FINE, HIGH * FINE), "#fbfaf7")
        self._pen = ImageDraw.Draw(self._image, "RGBA")
        self._title, self._said, self._above = title, said, above

    def _places(self, line: Any) -> list[tuple[float, float]]:
        lon, lat = self._middle
        xy = shapely.get_coordinates(line)
        x = WIDE * FINE / 2 + (xy[:, 0] - lon) * self._narrow * self._scale
        y = (HEAD + (HIGH - HEAD) / 2) * FINE - (xy[:, 1] - lat) * self._scale
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def surface(self, ground: BaseGeometry, fill: str | None, border: str | None = None, width: float = 1) -> None:
        """Fill it, draw its borders, or both."""
        for part in shapely.get_parts(ground):
            if fill:
                self._pen.polygon(self._places(part.exterior), fill=fill)
            for ring in (part.exterior, *part.interiors) if border else ():
                self.line(ring, str(border), width)

    def line(self, line: BaseGeometry, colour: str, width: float = 1) -> None:
        """Draw a line."""
        self._pen.line(self._places(line), fill=colour, width=round(width * FINE), joint="curve")

    def dashes(self, ring: BaseGeometry, colour: str, width: float = 2) -> None:
        """Draw a line in dashes."""
        step = 9 * FINE / self._scale
        for begin in np.arange(0, ring.length, 2 * step):
            self.line(substring(ring, begin, begin + step), colour, width)

    def dot(self, lon: float, lat: float, colour: str, radius: float) -> None:
        """Draw a point with a white rim."""
        [(x, y)] = self._places(shapely.Point(lon, lat))
        for size, fill in ((radius + 2, "white"), (radius, colour)):
            self._pen.ellipse((x - size * FINE, y - size * FINE, x + size * FINE, y + size * FINE), fill=fill)

    def words(self, lon: float, lat: float, text: str, size: int = 15, colour: str = INK) -> None:
        """Write in the middle of a place."""
        [(x, y)] = self._places(shapely.Point(lon, lat))
        self._write(x, y, text, size, colour, "mm")

    def _write(self, x: float, y: float, text: str, size: int, colour: str, anchor: str) -> None:
        font = ImageFont.truetype(FONT, size * FINE, index=2)
        self._pen.text((x, y), text, colour, font, anchor=anchor, stroke_width=2 * FINE, stroke_fill="#fbfaf7")

    def save(self, path: Path, legend: Sequence[tuple[str, str, str]]) -> None:
        """With title, legend (mark, colour, words) and scale."""
        self._pen.rectangle((0, 0, WIDE * FINE, HEAD * FINE), fill="white")
        self._pen.line((0, HEAD * FINE, WIDE * FINE, HEAD * FINE), fill="#d9d5cb", width=FINE)
        self._write(28 * FINE, 25 * FINE, self._title, 24, INK, "lm")
        self._write(28 * FINE, 54 * FINE, self._said, 15, SOFT, "lm")
        self._legend(legend)
        self._bar()
        self._image.resize((WIDE, HIGH), Image.Resampling.LANCZOS).save(path, optimize=True)

    def _legend(self, legend: Sequence[tuple[str, str, str]]) -> None:
        high = (len(legend) * 26 + 20) * FINE
        left, top = 24 * FINE, (HEAD + 24) * FINE if self._above else HIGH * FINE - high - 24 * FINE
        self._pen.rounded_rectangle((left, top, left + 310 * FINE, top + high), 6 * FINE, "#ffffffee", "#d9d5cb", FINE)
        for number, (mark, colour, text) in enumerate(legend):
            y = top + (23 + number * 26) * FINE
            x, w = left + 16 * FINE, 26 * FINE
            if mark == "line":
                self._pen.line((x, y, x + w, y), fill=colour, width=3 * FINE)
            elif mark == "dashes":
                for begin in (0, 10, 20):
                    self._pen.line((x + begin * FINE, y, x + (begin + 6) * FINE, y), fill=colour, width=2 * FINE)
            elif mark == "dot":
                self._pen.ellipse((x + 7 * FINE, y - 6 * FINE, x + 19 * FINE, y + 6 * FINE), fill=colour)
            else:
                self._pen.rectangle((x, y - 8 * FINE, x + w, y + 8 * FINE), fill=colour, outline="#8a8a8a")
            self._write(x + 40 * FINE, y, text, 15, INK, "lm")

    def _bar(self) -> None:
        metres = self._scale / (111_320 * FINE)
        length = max(each for each in (100, 200, 500, 1000, 2000, 5000) if each * metres < 220)
        x, y = (WIDE - 40) * FINE, (HIGH - 34) * FINE
        self._pen.line((x - length * metres * FINE, y, x, y), fill=INK, width=3 * FINE)
        text = f"{length // 1000} km" if length >= 1000 else f"{length} m"
        self._write(x, y - 16 * FINE, text, 15, INK, "rm")


def outlines(name: str) -> dict[str, BaseGeometry]:
    """The shapes of a packaged file by code."""
    found = json.loads((DATA / name).read_text("utf-8"))["features"]
    return {each["properties"]["code"]: shape(each["geometry"]) for each in found}


def names(name: str) -> dict[str, str]:
    """The names of a packaged file by code."""
    found = json.loads((DATA / name).read_text("utf-8"))["features"]
    return {each["properties"]["code"]: each["properties"]["name"] for each in found}


def buildings(folder: Path) -> list[dict[str, Any]]:
    """The buildings of the demo."""
    return [json.loads(line) for line in (folder / "gis" / "buildings.ndjson").read_text("utf-8").splitlines()]


def doors(row: dict[str, Any]) -> int:
    """The households a building may hold."""
    return int(row["floors"] * row["entrances"] * 2)


def coloured(parts: Sequence[BaseGeometry]) -> list[str]:
    """A colour for each, another than those of its neighbours."""
    chosen: list[int] = []
    for number, part in enumerate(parts):
        near = {chosen[other] for other in range(number) if parts[other].distance(part) < 1e-6}
        chosen.append(next(colour for colour in range(len(COLOURS)) if colour not in near))
    return [COLOURS[each] for each in chosen]


def draw_grids(grids: dict[str, BaseGeometry], path: Path) -> None:
    """The district with its grids, by community, streets in bold with their names."""
    ground = shapely.union_all(list(grids.values()))
    canvas = Canvas(
        ground, "Qingshan: 11 streets, 78 communities, 475 grids", "Real codes and names; shapes are synthetic"
    )
    for code, surface in grids.items():
        canvas.surface(surface, COLOURS[int(code[6:12]) % len(COLOURS)], "#9aa3ad", 0.8)
    for surface in outlines("communities.geojson").values():
        canvas.surface(surface, None, SOFT, 1.4)
    called = names("streets.geojson")
    for surface in outlines("streets.geojson").values():
        canvas.surface(surface, None, INK, 3)
    for code, surface in outlines("streets.geojson").items():
        spot = surface.representative_point()
        canvas.words(spot.x, spot.y, called[code], 17)
    canvas.save(path, [("line", INK, "street"), ("line", SOFT, "community"), ("line", "#9aa3ad", "grid")])


def draw_design(
    grids: dict[str, BaseGeometry], roads: list[BaseGeometry], rows: Iterable[dict[str, Any]], path: Path
) -> None:
    """A community divided anew: households of each grid, borders of before in dashes."""
    own = {code: surface for code, surface in grids.items() if code.startswith(COMMUNITY)}
    held = [row for row in rows if row["community_code"] == COMMUNITY]
    houses = [House(row["id"], row["area_code"], row["lon"], row["lat"], doors(row)) for row in held]
    ground = Ground(COMMUNITY, outlines("communities.geojson")[COMMUNITY], houses, {}, dict.fromkeys(own, 1))
    made = propose([ground], roads, Wish(seconds=20), lambda _: None)
    told = made["summary"]
    canvas = Canvas(
        ground.outline,
        f"{names('communities.geojson')[COMMUNITY]}: {len(own)} grids divided anew into {told['grids']}",
        f"{told['met']} of {told['grids']} have 400 ± 5 %; {told['changedHouseholds']:,} of {told['households']:,}"
        f" households change grid; {told['roadBorders']} borders along roads, {told['openBorders']} others",
        above=True,
    )
    parts = [shape(feature["geometry"]) for feature in made["features"]]
    for part, colour in zip(parts, coloured(parts), strict=True):
        canvas.surface(part, colour)
    for road in roads:
        if road.intersects(ground.outline):
            canvas.line(road.intersection(ground.outline.buffer(2e-4)), ROAD, 5)
    for row in held:
        canvas.surface(shape(row["footprint"]), "#7d8894" if row["kind"] == "residential" else "#b9c0c7")
    for feature in made["features"]:
        canvas.surface(shape(feature["geometry"]), None, BORDER, 3.5)
    for surface in own.values():
        canvas.dashes(surface.exterior, OLD)
    for feature in made["features"]:
        spot = shape(feature["geometry"]).representative_point()
        canvas.words(spot.x, spot.y, str(feature["properties"]["households"]), 21)
    marks = [
        ("line", BORDER, "proposed grid, with its households"),
        ("dashes", OLD, "grid as it is"),
        ("line", ROAD, "road"),
        ("box", "#7d8894", "residential building"),
    ]
    canvas.save(path, marks)
    print(COMMUNITY, {name: value for name, value in told.items() if name != "communities"})


def draw_circle(
    grids: dict[str, BaseGeometry], roads: list[BaseGeometry], rows: Iterable[dict[str, Any]], path: Path
) -> None:
    """Ground within 5, 10 and 15 minutes of one station, and the buildings outside in red."""
    spot = outlines("communities.geojson")[STATION].representative_point()
    frame = spot.buffer(0.0165)
    near = [row for row in rows if frame.contains(shapely.Point(row["lon"], row["lat"]))]
    homes = [Home(row["id"], row["name"], row["area_code"], row["lon"], row["lat"], doors(row)) for row in near]
    made = circles(roads, [Spot("s", "", "station", spot.x, spot.y)], homes, lambda _: None)
    told = made["summary"]
    canvas = Canvas(
        spot.buffer(0.0135),
        "15 minutes on foot from the station of " + names("communities.geojson")[STATION],
        f"{told['households'] - told['householdsOutside']:,} households inside, {told['householdsOutside']:,} of this"
        " neighbourhood outside; 75 m a minute along the roads",
    )
    for surface in grids.values():
        canvas.surface(surface, "#f1eee6", "#e2ddd0")
    for feature in made["features"]:
        canvas.surface(shape(feature["geometry"]), RINGS[feature["properties"]["minutes"]], "#3c7a50", 1.6)
    for road in roads:
        canvas.line(road, ROAD, 3)
    outside = {each["buildingId"] for each in told["outside"]}
    for row in near:
        canvas.surface(shape(row["footprint"]), OUT if row["id"] in outside else "#56616d")
    canvas.dot(spot.x, spot.y, "#0b3d91", 11)
    rings = [("box", colour, f"{minutes} minutes") for minutes, colour in reversed(RINGS.items())]
    canvas.save(
        path,
        [
            ("dot", "#0b3d91", "station"),
            *rings,
            ("box", "#56616d", "building inside"),
            ("box", OUT, "building outside"),
        ],
    )
    print({name: value for name, value in told.items() if name != "outside"})


def main() -> None:
    """All three."""
    demo, folder = map(Path, sys.argv[1:3])
    grids, rows = outlines("grids.geojson"), buildings(demo)
    roads = synthetic_roads(list(grids.values()))
    draw_grids(grids, folder / "gis-grids.png")
    draw_design(grids, roads, rows, folder / "gis-design.png")
    draw_circle(grids, roads, rows, folder / "gis-circle.png")


if __name__ == "__main__":
    main()
