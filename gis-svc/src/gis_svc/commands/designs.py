"""Approving a design: a whole community divided anew in one step, with its history and events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import shapely
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, shapes, topology
from gis_svc.commands import drawing, wording
from gis_svc.commands.drawing import Change
from gis_svc.commands.grids import new_grids
from gis_svc.models import Area, Building
from gis_svc.queries import areas, buildings, jobs
from gis_svc.rules import JobState
from gis_svc.schemas import Approval, DesignApproved
from gis_svc.shapes import Area as Surface
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.errors import NotFound
from grid_kernel.events import publish, publish_many

_SAME = 1e-9
"""Square degrees, some square metres: less is the same outline."""


@dataclass(frozen=True, slots=True)
class _Redesign:
    """Where the ground goes: outlines by code, old and new, and which grids each new one comes from."""

    drawn: Mapping[str, Surface]
    came: Mapping[str, Sequence[str]]
    old: Mapping[str, Area]


async def approve(
    session: AsyncSession, actor: Actor, job_id: UUID, wanted: Approval, *, now: datetime
) -> DesignApproved:
    """Put the design of a community into force; DesignOutdated when grids or buildings changed since."""
    community, change = wanted.community_code, Change.of(wanted.effective_on, now)
    rules.check_may_draw(actor, community)
    proposal = await _proposal(session, actor, job_id)
    base = proposal["bases"].get(community)
    if base is None:
        raise NotFound
    await areas.lock_areas(session)
    await _check_base(session, community, base)
    made = [each for each in proposal["features"] if each["properties"]["areaCode"] == community]
    parts = [each for each in made if not each["properties"]["fixed"]]
    open_codes = sorted(set(base["grids"]) - {str(each["id"]) for each in made if each["properties"]["fixed"]})
    seen = {code: base["grids"][code] for code in open_codes}
    old = {grid.code: grid for grid in await drawing.open_grids(session, actor, seen, change)}
    redesign, fresh = await _redesign(session, community, parts, old, change)
    await _check(session, redesign)
    return await _store(session, actor, community, redesign, fresh, change)


async def _proposal(session: AsyncSession, actor: Actor, job_id: UUID) -> dict[str, Any]:
    job = await jobs.design_for_update(session, actor, job_id)
    if job.state is not JobState.SUCCESSFUL or job.result is None:
        raise rules.ResultNotReady(state=job.state)
    found: dict[str, Any] = orjson.loads(job.result)
    return found


async def _check_base(session: AsyncSession, community: str, base: Mapping[str, Any]) -> None:
    present = await areas.grids_present(session, community)
    held = await buildings.buildings_for_update(session, list(present))
    if present != base["grids"] or {str(each.id): each.area_code for each in held} != base["buildings"]:
        raise rules.DesignOutdated(community=community)


async def _redesign(
    session: AsyncSession, community: str, parts: Sequence[Mapping[str, Any]], old: Mapping[str, Area], change: Change
) -> tuple[_Redesign, list[Area]]:
    """A part that has most households of a grid goes on under its code; others get the next codes."""
    came = [each["properties"]["from"] for each in parts]
    kept = rules.codes_kept(came)
    fresh = await new_grids(session, community, kept.count(None), change) if None in kept else []
    unused = iter(fresh)
    codes = [code or next(unused).code for code in kept]
    surfaces = [shapes.surface_of(each["geometry"]) for each in parts]
    by_code = {code: sorted(grids) for code, grids in zip(codes, came, strict=True)}
    return _Redesign(dict(zip(codes, surfaces, strict=True)), by_code, old), fresh


async def _check(session: AsyncSession, redesign: _Redesign) -> None:
    """The parts are good neighbours of the grids that stay, and leave nothing of the old ground."""
    await drawing.check_surroundings(session, redesign.drawn, list(redesign.old))
    ground = shapely.union_all([await areas.outline_in_force(session, code) for code in redesign.old])
    if not topology.uncovered(ground, redesign.drawn.values()).is_empty:
        raise rules.PartsLeaveGap(code=" ".join(redesign.old))


async def _store(
    session: AsyncSession, actor: Actor, community: str, redesign: _Redesign, fresh: Sequence[Area], change: Change
) -> DesignApproved:
    ended = sorted(set(redesign.old) - set(redesign.drawn))
    left = {each.id: each.area_code for each in await buildings.buildings_for_update(session, ended)}
    await _store_fresh(session, community, redesign, fresh, change)
    moved = await drawing.move_buildings(session, list(redesign.old), redesign.drawn)
    for area in fresh:
        await publish(session, area.drawn(change.now, valid_from=change.effective_on))
        await record_act(session, actor, "grid.drawn", area, kind="grid", now=change.now)
    for code in sorted(set(redesign.old) & set(redesign.drawn)):
        await _redraw(session, actor, redesign.old[code], redesign.drawn[code], change)
    for code in ended:
        own = {key: building for key, building in moved.items() if left.get(key) == code}
        await _end(session, actor, redesign, code, own, change)
    rest = [building for key, building in moved.items() if key not in left]
    await publish_many(session, [building.located(change.now) for building in rest])
    await session.flush()
    grids = await areas.areas_now(session, sorted(redesign.drawn))
    gone_to = {key: building.area_code for key, building in moved.items()}
    return DesignApproved(
        community_code=community, grids=grids, ended=ended, buildings=gone_to, effective_on=change.effective_on
    )


async def _store_fresh(
    session: AsyncSession, community: str, redesign: _Redesign, fresh: Sequence[Area], change: Change
) -> None:
    called = (await areas.version_in_force(session, community)).name
    for area in fresh:
        area.predecessors = list(redesign.came[area.code])
        name = wording.grid_name(called, area.code)
        await drawing.store_new(session, area, name, redesign.drawn[area.code], change.now, synthetic=False)


async def _redraw(session: AsyncSession, actor: Actor, grid: Area, surface: Surface, change: Change) -> None:
    present = await areas.outline_in_force(session, grid.code)
    if present.symmetric_difference(surface).area < _SAME:
        return
    event = grid.redraw(change.now, effective_on=change.effective_on)
    await drawing.store_outline(session, grid, surface, change, name=None)
    await publish(session, event)
    await record_act(session, actor, "grid.drawn", grid, kind="grid", now=change.now)


async def _end(
    session: AsyncSession, actor: Actor, redesign: _Redesign, code: str, own: Mapping[UUID, Building], change: Change
) -> None:
    """The grid ends; those that took something of it follow it."""
    grid = redesign.old[code]
    successors = sorted(other for other, came in redesign.came.items() if code in came)
    present = await areas.version_in_force(session, code)
    event = grid.split(successors, own, change.now, effective_on=change.effective_on)
    present.valid_to = change.effective_on
    await publish(session, event)
    await record_act(session, actor, "grid.split", grid, kind="grid", now=change.now)
