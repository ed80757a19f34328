"""What every change of grids shares: reading a drawing, checking it against its surroundings, storing an outline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import shapely
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, shapes, topology
from gis_svc.models import Area, AreaVersion, Building, Road, ServicePoint, Thing
from gis_svc.queries import areas, buildings, inspections, placed
from gis_svc.rules import GridType
from gis_svc.schemas import CutLine, Drawing
from gis_svc.shapes import Area as Surface
from grid_kernel import clock
from grid_kernel.auth import Actor
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput

DRAWN = "drawn"


@dataclass(frozen=True, slots=True)
class Change:
    """When a change is made, and from which day it holds."""

    now: datetime
    effective_on: date

    @classmethod
    def of(cls, effective_on: date | None, now: datetime) -> "Change":
        """A change holds from today unless it says otherwise."""
        return cls(now, effective_on or clock.today(now))


async def open_grids(
    session: AsyncSession,
    actor: Actor,
    seen: Mapping[str, int],
    change: Change,
    grid_type: GridType | None = GridType.BASIC,
) -> list[Area]:
    """The grids to change, locked: the actor may draw them, they are in force and as the actor saw them."""
    await areas.lock_areas(session)
    grids = await areas.grids_for_update(session, list(seen))
    for grid in grids:
        rules.check_may_draw(actor, grid.code)
        rules.check_type(grid.code, grid.grid_type, grid_type)
        expect_version(grid, seen[grid.code])
        rules.check_in_force(grid.code, grid.valid_to, grid.successors)
    await check_effective(session, grids, change)
    return grids


async def check_effective(session: AsyncSession, grids: Iterable[Area], change: Change) -> None:
    """The day a change holds from is not before what it changes, nor after today."""
    for grid in grids:
        present = await areas.version_in_force(session, grid.code)
        rules.check_effective(change.effective_on, since=present.valid_from, today=clock.today(change.now))


def surface_of(drawing: Drawing, pointer: str) -> Surface:
    """The surface somebody drew; InvalidInput at the member when it is none."""
    try:
        return shapes.surface_of(drawing.geometry.model_dump(), drawing.crs)
    except shapes.ShapeInvalidError as error:
        raise InvalidInput.at(pointer, "shape-invalid", reason=str(error)) from None


def line_of(drawing: CutLine, pointer: str) -> shapely.LineString:
    """The line somebody drew; InvalidInput at the member when it is none."""
    try:
        return shapes.line_of(drawing.geometry.model_dump(), drawing.crs)
    except shapes.ShapeInvalidError as error:
        raise InvalidInput.at(pointer, "shape-invalid", reason=str(error)) from None


async def check_surroundings(
    session: AsyncSession,
    drawn: Mapping[str, Surface],
    instead_of: Sequence[str],
    grid_type: GridType = GridType.BASIC,
) -> None:
    """Every grid drawn lies in its community and overlaps no other of its type; those it replaces do not count."""
    community = await areas.outline_in_force(session, rules.check_one_community(drawn))
    others = await areas.grids_touching(session, list(drawn.values()), grid_type)
    others = {code: surface for code, surface in others.items() if code not in instead_of}
    for code, surface in drawn.items():
        if not topology.sticks_out(surface, community).is_empty:
            raise rules.GridOutsideCommunity(code=code)
        if (other := topology.overlapping(surface, others)) is not None:
            raise rules.GridsOverlap(code=code, other=other)
    codes = list(drawn)
    if (pair := topology.first_overlap(list(drawn.values()))) is not None:
        raise rules.GridsOverlap(code=codes[pair[0]], other=codes[pair[1]])


async def with_neighbours(session: AsyncSession, drawn: Mapping[str, Surface]) -> dict[str, Surface]:
    """Grids about to be redrawn, and those around their present outlines: where their buildings may go."""
    present = [await areas.outline_in_force(session, code) for code in drawn]
    return await areas.grids_touching(session, present) | dict(drawn)


async def move_buildings(
    session: AsyncSession, old_codes: Sequence[str], grids: Mapping[str, Surface], *, strict: bool = True
) -> dict[UUID, Building]:
    """Let the buildings of some areas go to the grids they lie in now; returns those that moved.

    BuildingsLeftOut when one would be in no grid; not strict: it stays where it was.
    """
    held = await buildings.buildings_for_update(session, old_codes)
    found = {building.id: topology.grid_at(building.lon, building.lat, grids) for building in held}
    if strict and (left_out := sum(code is None for code in found.values())):
        raise rules.BuildingsLeftOut(count=left_out)
    moved = {b.id: b for b in held if found[b.id] not in (None, b.area_code)}
    for building in moved.values():
        building.assign(str(found[building.id]))
    await _move_homes(session, moved)
    await _move_placed(session, old_codes, grids)
    await session.flush()
    return moved


async def _move_homes(session: AsyncSession, moved: Mapping[UUID, Building]) -> None:
    """Checks in homes go with their building."""
    for check in await inspections.of_buildings(session, list(moved)):
        check.area_code = moved[check.building_id].area_code


async def _move_placed(session: AsyncSession, old_codes: Sequence[str], grids: Mapping[str, Surface]) -> None:
    """Things, service points and roads belong to the grid their middle lies in; in none of these they stay."""
    for model in (Thing, ServicePoint, Road):
        for entry in await placed.placed_for_update(session, model, old_codes):
            spot = shapes.middle_of(shapes.any_from_wkb(entry.shape_wkb))
            code = topology.grid_at(spot.x, spot.y, grids)
            if code not in (None, entry.area_code):
                entry.assign(code)


async def store_outline(
    session: AsyncSession,
    area: Area,
    surface: Surface | None,
    change: Change,
    *,
    name: str | None,
    source: str = DRAWN,
) -> None:
    """End the version in force and begin one with this outline or name; the old one stays as history."""
    present = await areas.version_in_force(session, area.code)
    drawn = surface is not None
    fresh = AreaVersion(
        code=area.code,
        name=name or present.name,
        kind=present.kind,
        source=source if drawn else present.source,
        in_force=True,
        synthetic=present.synthetic and not drawn,
        valid_from=change.effective_on,
        recorded_at=change.now,
    )
    fresh.outlined(shapes.outline_of(surface or shapes.from_wkb(present.outline_wkb or b"")))
    present.valid_to = change.effective_on
    # The period of the old version must end before the new one may begin (exclusion constraint).
    await session.flush()
    session.add(fresh)
    await session.flush()


async def end_of_source(session: AsyncSession, code: str, source: str, change: Change) -> None:
    """What a source said beside the outline in force ends where its outline comes into force itself."""
    if (said := await areas.version_of_source(session, code, source)) is not None:
        said.valid_to = change.effective_on
        await session.flush()


async def store_new(
    session: AsyncSession,
    area: Area,
    name: str,
    surface: Surface,
    now: datetime,
    synthetic: bool,
    *,
    kind: str | None = None,
    source: str = DRAWN,
) -> None:
    """Store a new area with its first outline."""
    session.add(area)
    await session.flush()
    version = AreaVersion(
        code=area.code,
        name=name,
        kind=kind or str(area.grid_type),
        source=source,
        in_force=True,
        synthetic=synthetic,
        valid_from=area.valid_from,
        recorded_at=now,
    )
    session.add(version.outlined(shapes.outline_of(surface)))
    await session.flush()
