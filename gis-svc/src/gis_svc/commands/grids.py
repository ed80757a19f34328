"""Drawing grids: a new one where there is none, another outline or name, a border moved between several."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules
from gis_svc.commands import drawing, wording
from gis_svc.commands.drawing import Change
from gis_svc.models import Area
from gis_svc.queries import areas
from gis_svc.rules import GridType, Level
from gis_svc.schemas import AreaOut, AreasRedrawn, AreaVersionOut, Closure, GridChange, NewGrid, Redraw
from gis_svc.shapes import Area as Surface
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.codes import codes
from grid_kernel.errors import InvalidInput
from grid_kernel.events import publish, publish_many


async def draw(session: AsyncSession, actor: Actor, new: NewGrid, *, now: datetime) -> AreaOut:
    """Draw a basic grid where its community has none, or a special one over those there are."""
    rules.check_may_draw(actor, new.community_code)
    if new.grid_type is GridType.SPECIAL:
        return await _draw_special(session, actor, new, now)
    change = Change.of(new.effective_on, now)
    surface = drawing.surface_of(new.outline, "/outline")
    await areas.lock_areas(session)
    community = await areas.version_in_force(session, new.community_code)
    rules.check_effective(change.effective_on, since=community.valid_from, today=Change.of(None, now).effective_on)
    [area] = await new_grids(session, new.community_code, 1, change)
    await drawing.check_surroundings(session, {area.code: surface}, ())
    name = new.name or wording.grid_name(community.name, area.code)
    await drawing.store_new(session, area, name, surface, now, synthetic=False)
    moved = await drawing.move_buildings(session, [new.community_code], {area.code: surface}, strict=False)
    await publish(session, area.drawn(now, valid_from=change.effective_on))
    await publish_many(session, [building.located(now) for building in moved.values()])
    await record_act(session, actor, "grid.drawn", area, kind="grid", now=now)
    return (await areas.areas_now(session, [area.code]))[0]


async def _draw_special(session: AsyncSession, actor: Actor, new: NewGrid, now: datetime) -> AreaOut:
    """A special grid takes no building and is announced to nobody: posts and rows belong to basic grids."""
    kind = new.kind or str(GridType.SPECIAL)
    if kind not in codes("gis_svc", "special_grid_kinds"):
        raise InvalidInput.at("/kind", "unknown-kind")
    change = Change.of(new.effective_on, now)
    surface = drawing.surface_of(new.outline, "/outline")
    await areas.lock_areas(session)
    community = await areas.version_in_force(session, new.community_code)
    rules.check_effective(change.effective_on, since=community.valid_from, today=Change.of(None, now).effective_on)
    [area] = await new_grids(session, new.community_code, 1, change, GridType.SPECIAL)
    await drawing.check_surroundings(session, {area.code: surface}, (), GridType.SPECIAL)
    name = new.name or wording.grid_name(community.name, area.code)
    await drawing.store_new(session, area, name, surface, now, synthetic=False, kind=kind)
    await record_act(session, actor, "grid.drawn", area, kind="grid", now=now)
    return (await areas.areas_now(session, [area.code]))[0]


async def close(
    session: AsyncSession, actor: Actor, code: str, wanted: Closure, *, version: int, now: datetime
) -> AreaVersionOut:
    """End a special grid; nothing follows it."""
    change = Change.of(wanted.effective_on, now)
    [grid] = await drawing.open_grids(session, actor, {code: version}, change, GridType.SPECIAL)
    present = await areas.version_in_force(session, code)
    grid.close(change.effective_on)
    present.valid_to = change.effective_on
    await record_act(session, actor, "grid.closed", grid, kind="grid", now=now)
    await session.flush()
    return AreaVersionOut.of({**grid.model_dump(), **present.model_dump()})


async def change(
    session: AsyncSession, actor: Actor, code: str, wanted: GridChange, *, version: int, now: datetime
) -> AreaOut:
    """Give one grid another outline, another name, or both."""
    drawn = {} if wanted.outline is None else {code: drawing.surface_of(wanted.outline, "/outline")}
    since = Change.of(wanted.effective_on, now)
    # Whoever changes areas holds them before any row of theirs: two in another order would wait for each other.
    await areas.lock_areas(session)
    [known] = await areas.grids_for_update(session, [code])
    if known.grid_type is GridType.SPECIAL:
        await _redraw_special(session, actor, known, version, drawn, since, wanted.name)
    else:
        await _redraw(session, actor, {code: version}, drawn, since, name=wanted.name)
    return (await areas.areas_now(session, [code]))[0]


async def _redraw_special(
    session: AsyncSession,
    actor: Actor,
    grid: Area,
    version: int,
    drawn: Mapping[str, Surface],
    change: Change,
    name: str | None,
) -> None:
    [grid] = await drawing.open_grids(session, actor, {grid.code: version}, change, GridType.SPECIAL)
    if drawn:
        await drawing.check_surroundings(session, drawn, [grid.code], GridType.SPECIAL)
    grid.redraw(change.now, effective_on=change.effective_on)
    await drawing.store_outline(session, grid, drawn.get(grid.code), change, name=name)
    await record_act(session, actor, "grid.drawn", grid, kind="grid", now=change.now)


async def redraw(session: AsyncSession, actor: Actor, wanted: Redraw, *, now: datetime) -> AreasRedrawn:
    """Move borders between several grids of one community in one step."""
    outlines = enumerate(wanted.grids)
    drawn = {g.code: drawing.surface_of(g.outline, f"/grids/{index}/outline") for index, g in outlines}
    seen = {grid.code: grid.version for grid in wanted.grids}
    moved = await _redraw(session, actor, seen, drawn, Change.of(wanted.effective_on, now))
    return AreasRedrawn(grids=await areas.areas_now(session, list(seen)), buildings=moved)


async def _redraw(
    session: AsyncSession,
    actor: Actor,
    seen: Mapping[str, int],
    drawn: Mapping[str, Surface],
    change: Change,
    *,
    name: str | None = None,
) -> dict[UUID, str]:
    grids = await drawing.open_grids(session, actor, seen, change)
    moved = {}
    if drawn:
        await drawing.check_surroundings(session, drawn, list(drawn))
        around = await drawing.with_neighbours(session, drawn)
        moved = await drawing.move_buildings(session, list(drawn), around)
    for grid in grids:
        event = grid.redraw(change.now, effective_on=change.effective_on)
        await drawing.store_outline(session, grid, drawn.get(grid.code), change, name=name)
        await publish(session, event)
        await record_act(session, actor, "grid.drawn", grid, kind="grid", now=change.now)
    await publish_many(session, [building.located(change.now) for building in moved.values()])
    return {key: building.area_code for key, building in moved.items()}


async def new_grids(
    session: AsyncSession, community_code: str, count: int, change: Change, grid_type: GridType = GridType.BASIC
) -> list[Area]:
    """Grids with the next codes of a community, not stored yet; a code once given is never given again."""
    used = [code for code in await areas.known_codes(session, community_code) if len(code) == rules.GRID_DIGITS]
    codes = rules.next_grid_codes(community_code, used, count)
    return [
        Area(
            code=code,
            level=Level.GRID,
            parent_code=community_code,
            grid_type=grid_type,
            valid_from=change.effective_on,
        )
        for code in codes
    ]
