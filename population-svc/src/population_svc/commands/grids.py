"""Following the grids: a building's word moves everything in it, whatever the order in which words arrive."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.clock import start_of
from population_svc import queries
from population_svc.models import BuildingGrid

_WORDS = """(
    select distinct on (building_id) building_id, area_code, effective_on as since from building_grid
    where building_id = any(:buildings) and takes_effect_at <= :now
    order by building_id, sequence desc, takes_effect_at desc, area_code desc
) d"""
_HOMES = f"(select w.id, w.area_code, d.since from dwelling w join {_WORDS} using (building_id)) d"  # noqa: S608
_LAST_HOMES = f"""(
    select distinct on (o.person_id) o.person_id, d.area_code, d.since
    from occupancy o join {_HOMES} on d.id = o.dwelling_id
    where not exists (select from occupancy l where l.person_id = o.person_id and l.valid_from > o.valid_from)
    order by o.person_id, o.valid_from desc
) d"""  # noqa: S608 - every statement here is put together from this module's own words
_STAYS = f"""(
    select o.person_id, o.valid_from, o.valid_to, d.area_code from occupancy o join {_HOMES} on d.id = o.dwelling_id
) d"""  # noqa: S608
_HOUSEHOLDS = f"(select h.id, d.area_code from household h join {_HOMES} on d.id = h.dwelling_id) d"  # noqa: S608
_DURING = "r.valid_from >= d.valid_from and (d.valid_to is null or r.valid_from < d.valid_to)"
_NEW_CONTENT = ", effective_on = greatest(r.effective_on, d.since), recorded_at = greatest(r.recorded_at, :now)"

# What lies in a building, and how it is found: table, what else changes, source, condition.
# Versions and acts change only the area they are looked up by.
_STEPS = (
    ("household", _NEW_CONTENT + ", version = r.version + 1", _HOMES, "r.dwelling_id = d.id"),
    ("occupancy", _NEW_CONTENT, _HOMES, "r.dwelling_id = d.id"),
    ("person", _NEW_CONTENT + ", version = r.version + 1", _LAST_HOMES, "r.id = d.person_id"),
    ("pending_change", "", _LAST_HOMES, "r.object_id = d.person_id"),
    ("pending_change", "", _HOUSEHOLDS, "r.object_id = d.id"),
    ("pending_change", "", _HOMES, "r.object_id = d.id"),
    ("data_request", "", _LAST_HOMES, "r.person_id = d.person_id"),
    ("secrecy", "", _LAST_HOMES, "r.person_id = d.person_id"),
    ("person_merger", "", _LAST_HOMES, "r.kept_id = d.person_id"),
    ("visit", "", _HOMES, "r.dwelling_id = d.id"),
    ("care_entry", "", _HOUSEHOLDS, "r.household_id = d.id"),
    ("spot_check", "", _HOUSEHOLDS, "r.household_id = d.id"),
    ("follow_up", "", _HOUSEHOLDS, "r.household_id = d.id"),
    ("campaign_answer", "", _HOUSEHOLDS, "r.target_id = d.id"),
    ("campaign_answer", "", _HOMES, "r.target_id = d.id"),
    ("transfer", "", _HOUSEHOLDS, "r.household_id = d.id and r.state in ('open', 'with_head')"),
    ("organization", _NEW_CONTENT + ", version = r.version + 1", _WORDS, "r.building_id = d.building_id"),
    ("organization_version", "", _WORDS, "r.building_id = d.building_id"),
    ("dwelling_version", "", _HOMES, "r.id = d.id"),
    ("household_version", "", _HOMES, "r.dwelling_id = d.id"),
    ("occupancy_version", "", _HOMES, "r.dwelling_id = d.id"),
    ("person_version", "", _STAYS, f"r.id = d.person_id and {_DURING}"),
)
_FOLLOW = tuple(
    text(
        f"update {table} r set area_code = d.area_code{more} from {source} "  # noqa: S608
        f"where {condition} and r.area_code <> d.area_code"
    )
    for table, more, source, condition in _STEPS
)
_FOLLOW_TARGETS = text(
    f"update transfer r set to_area_code = d.area_code from {_HOMES} "  # noqa: S608
    "where r.to_dwelling_id = d.id and r.state in ('open', 'with_head') and r.to_area_code <> d.area_code"
)
_MOVE_DWELLINGS = text(
    f"update dwelling r set area_code = d.area_code{_NEW_CONTENT}, version = r.version + 1 from {_WORDS} "  # noqa: S608
    "where r.building_id = d.building_id and r.area_code <> d.area_code"
)


async def hear_buildings(
    session: AsyncSession,
    grids: Mapping[UUID, str],
    *,
    sequences: Mapping[UUID, int],
    effective_on: date,
    said_at: datetime,
    building_no: str | None = None,
    now: datetime,
) -> None:
    """Keep what gis says of buildings and, where it is in effect, let everything in them follow."""
    takes_effect_at = max(start_of(effective_on), said_at)
    rows = [
        {
            "building_id": building_id,
            "sequence": sequences.get(building_id, 0),
            "takes_effect_at": takes_effect_at,
            "area_code": grid,
            "effective_on": effective_on,
            "building_no": building_no,
        }
        for building_id, grid in grids.items()
    ]
    if rows:
        await session.execute(insert(BuildingGrid).values(rows).on_conflict_do_nothing())
        await follow_buildings(session, list(grids), now=now)


async def follow_buildings(session: AsyncSession, building_ids: Sequence[UUID], *, now: datetime) -> int:
    """Bring everything in these buildings into the grid the last word in effect names; how many dwellings moved."""
    given = {"buildings": list(building_ids), "now": now}
    dwellings = await session.execute(_MOVE_DWELLINGS, given)
    for follow in (*_FOLLOW, _FOLLOW_TARGETS):
        await session.execute(follow, given)
    return int(dwellings.rowcount)  # type: ignore[attr-defined]  # a cursor result, since it is an update


async def follow_misplaced(session: AsyncSession, *, now: datetime) -> int:
    """Let buildings follow whose new grid took effect since they were last looked at."""
    buildings = await queries.misplaced(session, now)
    return await follow_buildings(session, buildings, now=now) if buildings else 0
