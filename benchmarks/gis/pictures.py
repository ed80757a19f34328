"""Pictures of what the map service works out, to be looked at: grids, a designed division, a 15-minute circle.

python benchmarks/gis/pictures.py FOLDER       # grids.png, design.png, circle.png
"""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from PIL import Image, ImageDraw
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gis_svc.circles import Home, Spot, circles
from gis_svc.designer import Block, Wish, design, outlines
from gis_svc.walking import synthetic_roads
from grid_kernel import geo

SIDE = 1400
COLOURS = ("#d8e2ec", "#e6dcc8", "#d9e4d4", "#ecd9d6", "#e2dcec", "#d4e6e6", "#ece8cc", "#e0e0e0")
DATA = files("gis_svc") / "data"


class Canvas:
    """A square picture of some ground in degrees, north up."""

    def __init__(self, ground: BaseGeometry) -> None:
        west, south, east, north = ground.bounds
        self._narrow = float(np.cos(np.radians((south + north) / 2)))
        self._scale = 0.94 * SIDE / max((east - west) * self._narrow, north - south)
        self._middle = ((west + east) / 2, (south + north) / 2)
        self.image = Image.new("RGB", (SIDE, SIDE), "white")
        self._pen = ImageDraw.Draw(self.image, "RGBA")

    def _places(self, line: Any) -> list[tuple[float, float]]:
        lon, lat = self._middle
        xy = shapely.get_coordinates(line)
        x = SIDE / 2 + (xy[:, 0] - lon) * self._narrow * self._scale
        return list(zip(x.tolist(), (SIDE / 2 - (xy[:, 1] - lat) * self._scale).tolist(), strict=True))

    def surface(self, ground: BaseGeometry, fill: str | None, border: str | None = None, width: int = 1) -> None:
        """Fill it, draw its borders, or both."""
        for part in shapely.get_parts(ground):
            if fill:
                self._pen.polygon(self._places(part.exterior), fill=fill)
            for ring in (part.exterior, *part.interiors) if border else ():
                self._pen.line(self._places(ring), fill=border, width=width, joint="curve")

    def line(self, line: BaseGeometry, colour: str, width: int = 1) -> None:
        """Draw a line."""
        self._pen.line(self._places(line), fill=colour, width=width)

    def dot(self, lon: float, lat: float, colour: str, radius: float) -> None:
        """Draw a point."""
        [(x, y)] = self._places(shapely.Point(lon, lat))
        self._pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def features(name: str) -> list[dict[str, Any]]:
    """The features of a packaged file."""
    found: list[dict[str, Any]] = json.loads((DATA / name).read_text("utf-8"))["features"]
    return found


def homes_in(surface: BaseGeometry, code: str, random: np.random.Generator) -> list[Home]:
    """Thirty-three made-up buildings of about twelve households in a grid."""
    west, south, east, north = surface.bounds
    made: list[Home] = []
    while len(made) < 33:
        lon, lat = random.uniform((west, south), (east, north)).tolist()
        if surface.contains(shapely.Point(lon, lat)):
            made.append(Home(f"{code}-{len(made)}", "", code, lon, lat, int(random.integers(6, 19))))
    return made


def draw_grids(grids: dict[str, BaseGeometry], folder: Path) -> None:
    """The district with its grids, by community, streets in bold."""
    canvas = Canvas(shapely.union_all(list(grids.values())))
    for code, surface in grids.items():
        canvas.surface(surface, COLOURS[int(code[9:12]) % len(COLOURS)], "#8a8a8a")
    for street in features("streets.geojson"):
        canvas.surface(shape(street["geometry"]), None, "#333333", 3)
    canvas.image.save(folder / "grids.png")


def draw_design(grids: dict[str, BaseGeometry], roads: list[BaseGeometry], folder: Path) -> None:
    """A community of several grids divided anew; old borders dashed below, roads in grey."""
    community = max({code[:12] for code in grids}, key=lambda c: (sum(code.startswith(c) for code in grids) == 12, c))
    own = {code: surface for code, surface in grids.items() if code.startswith(community)}
    random = np.random.default_rng(7)
    homes = [home for code, surface in own.items() for home in homes_in(surface, code, random)]
    plane = shapely.get_coordinates(geo.to_plane(shapely.MultiPoint([(home.lon, home.lat) for home in homes])))
    blocks = [Block(x, y, h.households, h.area_code) for (x, y), h in zip(plane.tolist(), homes, strict=True)]
    ground = geo.to_plane(shapely.union_all(list(own.values())))
    found = design(blocks, Wish(seconds=20), [geo.to_plane(road) for road in roads], within=ground)
    canvas = Canvas(shapely.union_all(list(own.values())))
    for part, outline in outlines(blocks, found.parts, ground).items():
        canvas.surface(geo.to_degrees(outline), COLOURS[part % len(COLOURS)], "#1f4e79", 4)
    for surface in own.values():
        canvas.surface(surface, None, "#c0504d90", 2)
    for home in homes:
        canvas.dot(home.lon, home.lat, "#222222", 2 + home.households / 5)
    canvas.image.save(folder / "design.png")
    print(f"{community}: {found.households}, not met: {found.unmet}")


def draw_circle(grids: dict[str, BaseGeometry], roads: list[BaseGeometry], folder: Path) -> None:
    """Ground within 5, 10 and 15 minutes of one station, and the buildings outside in red."""
    spot = grids["150204006019001"].centroid
    near = {code: surface for code, surface in grids.items() if surface.distance(spot) < 0.016}
    random = np.random.default_rng(5)
    homes = [home for code, surface in near.items() for home in homes_in(surface, code, random)]
    made = circles(roads, [Spot("s", "", "station", spot.x, spot.y)], homes, lambda _: None)
    canvas = Canvas(spot.buffer(0.017))
    for surface in near.values():
        canvas.surface(surface, None, "#dddddd")
    for circle, colour in zip(made["features"], ("#cfe3d4", "#9fcbad", "#5fa97a"), strict=True):
        canvas.surface(shape(circle["geometry"]), colour, "#2f6b45", 2)
    for road in roads:
        canvas.line(road, "#777777", 2)
    outside = {each["buildingId"] for each in made["summary"]["outside"]}
    for home in homes:
        canvas.dot(home.lon, home.lat, "#c0504d" if home.id in outside else "#222222", 3)
    canvas.dot(spot.x, spot.y, "#0b3d91", 12)
    canvas.image.save(folder / "circle.png")
    print({name: value for name, value in made["summary"].items() if name != "outside"})


def main() -> None:
    """All three."""
    folder = Path(sys.argv[1])
    grids = {each["properties"]["code"]: shape(each["geometry"]) for each in features("grids.geojson")}
    roads = synthetic_roads(list(grids.values()))
    draw_grids(grids, folder)
    draw_design(grids, roads, folder)
    draw_circle(grids, roads, folder)


if __name__ == "__main__":
    main()
