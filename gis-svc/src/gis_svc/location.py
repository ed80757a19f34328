"""Point → grid from memory: every outline ever in force in one STRtree, answered as of any day."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import numpy as np
import shapely
from fastapi import Depends
from numpy.typing import NDArray

from gis_svc.queries import areas as queries
from gis_svc.revisions import revisions_of
from gis_svc.rules import GRID_DIGITS, parent_of
from gis_svc.shapes import circle
from gis_svc.topology import CRACK_DEGREES
from grid_kernel.geo import Box
from grid_kernel.runtime import CurrentRuntime, Runtime

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
_FOR_EVER = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Place:
    """An area for some days."""

    code: str
    name: str
    level: str
    valid_from: date
    valid_to: date | None
    wkb: bytes | None
    synthetic: bool = False


class Places:
    """An immutable picture of all areas at one revision. Safe to share; never blocks."""

    def __init__(self, revision: int, places: Iterable[Place]) -> None:
        self.revision = revision
        known = sorted(places, key=lambda place: (place.code, place.valid_from))
        drawn = self._drawn = [place for place in known if place.wkb]
        self._named: dict[str, list[Place]] = {}
        for place in known:
            self._named.setdefault(place.code, []).append(place)
        self._codes = np.array([place.code for place in drawn], dtype=object)
        self._surfaces = shapely.from_wkb(np.array([place.wkb for place in drawn], dtype=object))
        self._from = np.array([place.valid_from.toordinal() for place in drawn], dtype=np.int64)
        self._to = np.array([p.valid_to.toordinal() if p.valid_to else _FOR_EVER for p in drawn], dtype=np.int64)
        self._is_grid = np.array([len(place.code) == GRID_DIGITS for place in drawn], dtype=bool)
        shapely.prepare(self._surfaces)
        self._tree = shapely.STRtree(self._surfaces)

    def locate(self, lon: float, lat: float, day: date) -> str | None:
        """The code of the grid a point lies in, else of the smallest area; None outside the district."""
        return self.locate_many(np.array([lon]), np.array([lat]), day)[0]

    def locate_many(self, lons: NDArray[np.float64], lats: NDArray[np.float64], day: date) -> list[str | None]:
        """The codes for many points. On a border the lowest code wins, so the answer is always the same."""
        points: Any = shapely.points(lons, lats)
        best: list[str | None] = [None] * len(points)
        which, found = self._tree.query(points)
        held = self._held(found, day)
        which, found = which[held], found[held]
        hit = shapely.intersects_xy(self._surfaces[found], lons[which], lats[which])
        for point, code in zip(which[hit].tolist(), self._codes[found[hit]].tolist(), strict=True):
            best[point] = _preferred(best[point], code)
        missed = [index for index, code in enumerate(best) if code is None or len(code) < GRID_DIGITS]
        if missed:
            self._fill_from_nearest(points, missed, best, day)
        return best

    def _held(self, found: NDArray[np.int64], day: date) -> NDArray[np.bool_]:
        ordinal = day.toordinal()
        return (self._from[found] <= ordinal) & (ordinal < self._to[found])

    def _fill_from_nearest(self, points: Any, missed: list[int], best: list[str | None], day: date) -> None:
        asked = points[missed]
        which, found = self._tree.query(asked, predicate="dwithin", distance=CRACK_DEGREES)
        held = self._held(found, day) & self._is_grid[found]
        which, found = which[held], found[held]
        distances = shapely.distance(self._surfaces[found], asked[which])
        nearest: dict[int, tuple[float, str]] = {}
        for point, distance, code in zip(which.tolist(), distances.tolist(), self._codes[found].tolist(), strict=True):
            nearest[point] = min(nearest.get(point, (np.inf, "")), (distance, code))
        for point, (_, code) in nearest.items():
            best[missed[point]] = code

    def grids_within(self, lon: float, lat: float, radius_m: float, day: date) -> list[str]:
        """The grids a circle on the ground touches, by code."""
        found = self._tree.query(circle(lon, lat, radius_m), predicate="intersects")
        kept = found[self._held(found, day) & self._is_grid[found]]
        return sorted(self._codes[kept].tolist())

    def place(self, code: str, day: date) -> Place | None:
        """An area as it was on a day."""
        held = (p for p in self._named.get(code, ()) if p.valid_from <= day and (not p.valid_to or day < p.valid_to))
        return next(held, None)

    def drawn(self) -> list[Place]:
        """Every area that has an outline, as it was for some days."""
        return self._drawn

    @property
    def bounds(self) -> Box:
        """The box around everything that is drawn; the whole world while nothing is."""
        west, south, east, north = shapely.total_bounds(self._surfaces).tolist()
        return Box(west, south, east, north) if self._drawn else Box(-180.0, -90.0, 180.0, 90.0)

    @property
    def since(self) -> date | None:
        """The first day anything is known of."""
        return min((place.valid_from for place in self._drawn), default=None)

    def path(self, code: str | None, day: date) -> list[Place]:
        """The areas from the district down to the one named."""
        found: list[Place] = []
        while code is not None:
            if (place := self.place(code, day)) is not None:
                found.append(place)
            code = parent_of(code)
        return found[::-1]


def _preferred(one: str | None, other: str) -> str:
    """The smaller area, and of two of a size the lower code."""
    return other if one is None else min(one, other, key=lambda code: (-len(code), code))


def places_of(revision: int, rows: Sequence[Any]) -> Places:
    """The picture out of the rows of all outlines."""
    return Places(
        revision,
        (
            Place(
                row["code"],
                row["name"],
                str(row["level"]),
                row["valid_from"],
                row["valid_to"],
                row["outline_wkb"],
                row["synthetic"],
            )
            for row in rows
        ),
    )


class AreaMap:
    """The present picture of one process, read again when areas were changed here or elsewhere."""

    def __init__(self) -> None:
        self._places: Places | None = None
        self._changes = 0
        self._changes_read = 0
        self._reading = asyncio.Lock()

    async def current(self, runtime: Runtime) -> Places:
        """The picture as last read; a change made by this process is always in it."""
        if self._places is None or self._changes_read < self._changes:
            return await self.refresh(runtime)
        return self._places

    def changed(self) -> None:
        """This process changed areas; whoever asks from now on waits for the new picture."""
        self._changes += 1

    async def refresh(self, runtime: Runtime) -> Places:
        """Read all areas again if their revision is another one."""
        async with self._reading:
            changes, reads = self._changes, runtime.system_reads()
            revision = await queries.revision(reads)
            if self._places is None or self._places.revision != revision:
                rows = await queries.all_outlines(reads)
                self._places = await asyncio.to_thread(places_of, revision, rows)
            self._changes_read = changes
            return self._places


def map_of(runtime: Runtime) -> AreaMap:
    """The one map of a process."""
    kept: AreaMap = runtime.extra.setdefault("areas", AreaMap())
    return kept


@asynccontextmanager
async def keep_current(runtime: Runtime) -> AsyncIterator[None]:
    """Follow the changes other processes make while the service runs."""

    async def follow() -> None:
        while not runtime.stopping.is_set():
            try:
                await map_of(runtime).refresh(runtime)
                await revisions_of(runtime).refresh(runtime)
            except Exception:
                log.exception("the areas could not be read; the last picture stays in use")
            try:
                await asyncio.wait_for(runtime.stopping.wait(), REFRESH_SECONDS)
            except TimeoutError:
                continue

    runtime.start(follow)
    yield


async def current_places(runtime: CurrentRuntime) -> Places:
    """The areas as this process knows them."""
    return await map_of(runtime).current(runtime)


CurrentPlaces = Annotated[Places, Depends(current_places)]
