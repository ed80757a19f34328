"""Splitting and merging grids: codes end and are never used again, successors take the buildings."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, topology
from gis_svc.commands import drawing, wording
from gis_svc.commands.drawing import Change
from gis_svc.commands.grids import new_grids
from gis_svc.models import Area, Building
from gis_svc.queries import areas
from gis_svc.schemas import GridsChanged, Merge, Split
from gis_svc.shapes import Area as Surface
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.events import publish


async def split(
    session: AsyncSession, actor: Actor, code: str, wanted: Split, *, version: int, now: datetime
) -> GridsChanged:
    """End a grid and let parts of it follow, by a cut or by drawn parts."""
    change = Change.of(wanted.effective_on, now)
    [grid] = await drawing.open_grids(session, actor, {code: version}, change)
    outline = await areas.outline_in_force(session, code)
    parts, names = _parts(wanted, code, outline)
    present = await areas.version_in_force(session, code)
    successors = await new_grids(session, str(grid.parent_code), len(parts), change)
    drawn = {area.code: part for area, part in zip(successors, parts, strict=True)}
    await drawing.check_surroundings(session, drawn, [code])
    await _store(session, successors, drawn, names, change, predecessors=[code], synthetic=present.synthetic)
    moved = await drawing.move_buildings(session, [code], drawn)
    event = grid.split(list(drawn), moved, now, effective_on=change.effective_on)
    present.valid_to = change.effective_on
    await publish(session, event)
    await record_act(session, actor, "grid.split", grid, kind="grid", now=now)
    return await _changed(session, [code], list(drawn), moved, change.effective_on)


def _parts(wanted: Split, code: str, outline: Surface) -> tuple[list[Surface], list[str | None]]:
    if wanted.cut is not None:
        parts = topology.cut(outline, drawing.line_of(wanted.cut, "/cut"))
        if len(parts) < 2:  # noqa: PLR2004 - one part is no split
            raise rules.CutDoesNotDivide(code=code)
        return parts, [None] * len(parts)
    given = [(drawing.surface_of(p.outline, f"/parts/{i}/outline"), p.name) for i, p in enumerate(wanted.parts or ())]
    if not topology.uncovered(outline, [surface for surface, _ in given]).is_empty:
        raise rules.PartsLeaveGap(code=code)
    if any(not topology.sticks_out(surface, outline).is_empty for surface, _ in given):
        raise rules.PartsOutsideGrid(code=code)
    return [surface for surface, _ in given], [name for _, name in given]


async def merge(session: AsyncSession, actor: Actor, wanted: Merge, *, now: datetime) -> GridsChanged:
    """End neighbouring grids of one community and let one follow."""
    seen = {grid.code: grid.version for grid in wanted.grids}
    community = rules.check_one_community(seen)
    change = Change.of(wanted.effective_on, now)
    predecessors = await drawing.open_grids(session, actor, seen, change)
    outline = topology.join([await areas.outline_in_force(session, code) for code in seen])
    if outline is None or len(seen) < 2:  # noqa: PLR2004 - one grid is no merger
        raise rules.GridsNotContiguous(codes=" ".join(seen))
    present = [await areas.version_in_force(session, code) for code in seen]
    [successor] = await new_grids(session, community, 1, change)
    drawn = {successor.code: outline}
    synthetic = any(version.synthetic for version in present)
    await _store(session, [successor], drawn, [wanted.name], change, predecessors=list(seen), synthetic=synthetic)
    moved = await drawing.move_buildings(session, list(seen), drawn)
    event = successor.merged(predecessors, moved, now, effective_on=change.effective_on)
    for version in present:
        version.valid_to = change.effective_on
    await publish(session, event)
    await record_act(session, actor, "grid.merged", successor, kind="grid", now=now)
    return await _changed(session, list(seen), list(drawn), moved, change.effective_on)


async def _store(
    session: AsyncSession,
    successors: list[Area],
    drawn: dict[str, Surface],
    names: list[str | None],
    change: Change,
    *,
    predecessors: list[str],
    synthetic: bool,
) -> None:
    community = await areas.version_in_force(session, str(successors[0].parent_code))
    for area, name in zip(successors, names, strict=True):
        area.predecessors = predecessors
        called = name or wording.grid_name(community.name, area.code)
        await drawing.store_new(session, area, called, drawn[area.code], change.now, synthetic=synthetic)


async def _changed(
    session: AsyncSession, old: list[str], new: list[str], moved: dict[UUID, Building], effective_on: date
) -> GridsChanged:
    await session.flush()
    buildings = {key: building.area_code for key, building in moved.items()}
    found = await areas.areas_now(session, new)
    return GridsChanged(predecessors=old, successors=found, effective_on=effective_on, buildings=buildings)
