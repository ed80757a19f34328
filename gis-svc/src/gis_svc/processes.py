"""The processes of OGC API – Processes: what each takes, and the work it does apart from the request."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from time import monotonic
from typing import Annotated, Any

import numpy as np
import shapely
from pydantic import Field
from shapely.geometry import mapping

from gis_svc import circles, designer, rules, shapes
from gis_svc.circles import DOORS_PER_FLOOR, Home, Spot
from gis_svc.designer import Block, Wish
from gis_svc.location import Places
from gis_svc.queries import placed
from gis_svc.schemas import Degree, Kind
from grid_kernel import geo
from grid_kernel.auth import Actor
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.reads import ReadRunner
from grid_kernel.schemas import AreaCode, Input

Row = Mapping[str, Any]


class DismissedError(Exception):
    """Somebody does not want the result any more."""


@dataclass
class Ticket:
    """What a running job and those who watch it share."""

    progress: float = 0.0
    dismissed: Event = field(default_factory=Event)

    def tell(self, progress: float) -> None:
        """Say how far it is; DismissedError when nobody waits any more."""
        if self.dismissed.is_set():
            raise DismissedError
        self.progress = progress


Work = Callable[[Ticket], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and with what it is gathered."""

    actor: Actor
    reads: ReadRunner
    places: Places
    day: date


class CircleInputs(Input):
    """Which service points, and points that might become some."""

    area: AreaCode
    kind: Kind | None = None
    extra_points: Annotated[list[Annotated[list[Degree], Field(min_length=2, max_length=2)]], Field(max_length=20)] = (
        Field(default_factory=list)
    )


class DesignInputs(Input):
    """The area to divide, how many households a grid shall have, and how long to search."""

    area: AreaCode
    target: Annotated[int, Field(ge=50, le=5_000)] = 400
    tolerance: Annotated[float, Field(ge=0.01, le=0.5)] = 0.05
    seconds: Annotated[float, Field(ge=1, le=55)] = 20
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its inputs, and how its work is made ready."""

    id: str
    inputs: type[CircleInputs] | type[DesignInputs]
    ready: Callable[[Asking, Any], Awaitable[Work]]
    check: Callable[[Actor, str], None]


async def _circle(asking: Asking, wanted: CircleInputs) -> Work:
    roads = [row["shape_wkb"] for row in await placed.network(asking.reads, asking.actor)]
    if not roads:
        raise InvalidInput.at("/inputs/area", "no-roads")
    points = await placed.open_service_points(asking.reads, asking.actor, wanted.area, wanted.kind)
    homes = [_home(row) for row in await placed.buildings_of(asking.reads, asking.actor, wanted.area)]
    spots = [_spot(row) for row in points]
    spots += [Spot(f"extra-{n}", f"+{n}", "extra", *at) for n, at in enumerate(wanted.extra_points, 1)]

    def work(ticket: Ticket) -> dict[str, Any]:
        lines = shapely.from_wkb(np.array(roads, dtype=object)).tolist()
        return circles.circles(lines, spots, homes, ticket.tell)

    return work


def _home(row: Row) -> Home:
    return Home(str(row["id"]), row["name"], row["area_code"], row["lon"], row["lat"], _capacity(row))


def _capacity(row: Row) -> int:
    """Households a building may hold: two doors on every floor of every entrance."""
    return int(row["floors"] * row["entrances"] * DOORS_PER_FLOOR)


def _spot(row: Row) -> Spot:
    at = shapes.any_from_wkb(row["shape_wkb"]).centroid
    return Spot(str(row["id"]), row["name"], row["kind"], at.x, at.y)


async def _design(asking: Asking, wanted: DesignInputs) -> Work:
    rows = await placed.buildings_of(asking.reads, asking.actor, wanted.area)
    if not rows:
        raise InvalidInput.at("/inputs/area", "no-buildings")
    roads = [row["shape_wkb"] for row in await placed.network(asking.reads, asking.actor)]
    by_area: dict[str, list[Row]] = {}
    digits = max(rules.COMMUNITY_DIGITS, len(wanted.area))
    for row in rows:
        by_area.setdefault(row["area_code"][:digits], []).append(row)
    grounds = {code: _ground(asking, code) for code in by_area}

    def work(ticket: Ticket) -> dict[str, Any]:
        lines: Any = [geo.to_plane(shapes.any_from_wkb(road)) for road in roads]
        return _designed(by_area, grounds, lines, wanted, ticket)

    return work


def _ground(asking: Asking, code: str) -> shapely.Geometry:
    place = asking.places.place(code, asking.day)
    if place is None or place.wkb is None:
        raise NotFound
    return geo.to_plane(shapes.from_wkb(place.wkb))


def _designed(
    by_area: Mapping[str, Sequence[Row]], grounds: Mapping[str, Any], roads: Any, wanted: DesignInputs, ticket: Ticket
) -> dict[str, Any]:
    begun, done, total = monotonic(), 0, sum(map(len, by_area.values()))
    features: list[dict[str, Any]] = []
    unmet: list[dict[str, Any]] = []
    for code, rows in sorted(by_area.items()):
        share = len(rows) / total
        wish = Wish(wanted.target, wanted.tolerance, wanted.seconds * share, wanted.seed)
        blocks = _blocks(rows, keep=len(code) < rules.GRID_DIGITS)
        tell = _share_of(ticket, done / total, share)
        found = designer.design(blocks, wish, roads, tell, within=grounds[code])
        features += _features(code, blocks, found, grounds[code], wish)
        unmet += [{"areaCode": code, **each} for each in found.unmet]
        done += len(rows)
    summary = {
        "grids": len(features),
        "met": len(features) - len(unmet),
        "unmet": unmet,
        "households": sum(feature["properties"]["households"] for feature in features),
        "changedHouseholds": sum(feature["properties"]["changedHouseholds"] for feature in features),
        "seconds": round(monotonic() - begun, 1),
    }
    return {"type": "FeatureCollection", "features": features, "summary": summary}


def _share_of(ticket: Ticket, begin: float, share: float) -> circles.Progress:
    return lambda progress: ticket.tell(begin + progress * share)


def _blocks(rows: Sequence[Row], *, keep: bool) -> list[Block]:
    places = shapely.get_coordinates(geo.to_plane(shapely.multipoints([(row["lon"], row["lat"]) for row in rows])))
    pairs = zip(places.tolist(), rows, strict=True)
    return [Block(x, y, _capacity(row), row["area_code"] if keep else None) for (x, y), row in pairs]


def _features(
    code: str, blocks: Sequence[Block], found: designer.Design, ground: Any, wish: Wish
) -> list[dict[str, Any]]:
    drawn = designer.outlines(blocks, found.parts, ground)
    features = []
    for part, outline in drawn.items():
        members = [block for block, own in zip(blocks, found.parts, strict=True) if own == part]
        came: dict[str, int] = {}
        for block in members:
            if block.grid:
                came[block.grid] = came.get(block.grid, 0) + block.households
        before = max(came, key=lambda grid: came[grid], default=None)
        properties = {
            "areaCode": code,
            "part": part,
            "households": found.households[part],
            "buildings": len(members),
            "met": wish.holds(found.households[part]),
            "before": before,
            "changedHouseholds": sum(came.values()) - (came[before] if before else 0),
        }
        shape = shapely.set_precision(geo.to_degrees(outline), 1e-7)
        feature_id = f"{code}-{part}"
        features.append({"type": "Feature", "id": feature_id, "properties": properties, "geometry": mapping(shape)})
    return features


def _check_design(actor: Actor, area: str) -> None:
    rules.check_may_propose(actor, area)


def _check_circle(actor: Actor, area: str) -> None:
    rules.check_may_look(actor, area)


_ALL = (
    Process("service-circle", CircleInputs, _circle, _check_circle),
    Process("grid-designer", DesignInputs, _design, _check_design),
)
PROCESSES: Mapping[str, Process] = {process.id: process for process in _ALL}


def process_of(name: str) -> Process:
    """The process of a name; NotFound when there is none."""
    if name not in PROCESSES:
        raise NotFound
    return PROCESSES[name]
