"""Reads of imports: for whoever brought them in, and for the job that works on them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Select, Text, any_, delete, func, literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from grid_kernel.types import BlindIndex
from population_svc.models import (
    BuildingGrid,
    ColumnMemory,
    Dwelling,
    Household,
    ImportBlock,
    ImportJob,
    ImportPart,
    ImportRejection,
    Occupancy,
    Person,
)
from population_svc.models.base import ID_NUMBER
from population_svc.queries.grids import grid_now
from population_svc.queries.import_order import forget_order
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import IMPORTERS, Draft, ImportState


def imports(actor: Actor, area: str | None, *, after: tuple[UUID] | None, limit: int) -> Select[Any]:
    """The imports of an area, the latest first."""
    asked = visible(actor, ImportJob).where(in_scope(col(ImportJob.area_code), actor.areas(*IMPORTERS)))
    asked = asked.where(within(col(ImportJob.area_code), area))
    if after is not None:
        asked = asked.where(col(ImportJob.id) < after[0])
    return asked.order_by(col(ImportJob.id).desc()).limit(limit + 1)


async def import_job(session: AsyncSession, actor: Actor, import_id: UUID, *, lock: bool = False) -> ImportJob:
    """An import of the actor's areas; NotFound outside."""
    asked = visible(actor, ImportJob).where(col(ImportJob.id) == import_id)
    found: ImportJob | None = await find(session, asked.with_for_update() if lock else asked)
    if found is None:
        raise NotFound
    return found


async def any_import(session: AsyncSession, import_id: UUID) -> ImportJob:
    """An import for the job that works on it, locked."""
    found = await find(session, everyone(ImportJob).where(col(ImportJob.id) == import_id).with_for_update())
    assert found is not None  # noqa: S101 - whoever asks read its id before
    return found  # type: ignore[no-any-return]


async def waiting_imports(session: AsyncSession) -> list[tuple[UUID, ImportState]]:
    """What is to be read or run, the oldest first."""
    states = [ImportState.READING, ImportState.RUNNING]
    asked = everyone(ImportJob).where(col(ImportJob.state).in_(states)).order_by(col(ImportJob.changed_at))
    found = await session.execute(asked.with_only_columns(col(ImportJob.id), col(ImportJob.state)))
    return [(row.id, row.state) for row in found]


async def same_file(session: AsyncSession, actor: Actor, job: ImportJob) -> UUID | None:
    """An earlier import of the very same file in the actor's areas."""
    asked = visible(actor, ImportJob).where(col(ImportJob.sha256) == job.sha256, col(ImportJob.id) < job.id)
    asked = asked.where(col(ImportJob.area_code) == job.area_code, col(ImportJob.state) == ImportState.DONE)
    found: UUID | None = await session.scalar(
        asked.with_only_columns(col(ImportJob.id)).order_by(col(ImportJob.id).desc()).limit(1)
    )
    return found


async def parts(session: AsyncSession, import_id: UUID) -> dict[int, str]:
    """The parts that arrived, by number."""
    asked = everyone(ImportPart).where(col(ImportPart.import_id) == import_id).order_by(col(ImportPart.number))
    return {part.number: part.sealed for part in (await session.execute(asked)).scalars()}


async def keep_part(session: AsyncSession, import_id: UUID, number: int, sealed: str) -> str | None:
    """Note a part; the one it replaces."""
    before = await session.get(ImportPart, (import_id, number))
    table = ImportPart.__table__  # type: ignore[attr-defined]
    said = insert(table).values(import_id=import_id, number=number, sealed=sealed)
    await session.execute(said.on_conflict_do_update(constraint="pk_import_part", set_={"sealed": sealed}))
    return before.sealed if before else None


async def blocks_from(session: AsyncSession, import_id: UUID, position: int) -> list[ImportBlock]:
    """The blocks that hold rows from a position on."""
    asked = everyone(ImportBlock).where(
        col(ImportBlock.import_id) == import_id, col(ImportBlock.first) + col(ImportBlock.rows) > position
    )
    return list((await session.execute(asked.order_by(col(ImportBlock.first)))).scalars())


def rejections(actor: Actor, import_id: UUID, *, after: int, limit: int) -> Select[Any]:
    """Rows that were not entered, in the order of the file."""
    asked = visible(actor, ImportRejection).where(col(ImportRejection.import_id) == import_id)
    return asked.where(col(ImportRejection.row_no) > after).order_by(col(ImportRejection.row_no)).limit(limit + 1)


async def forget_rows(session: AsyncSession, import_id: UUID, *, everything: bool) -> list[str]:
    """Forget what was refused; with everything, also the rows of the file. The sealed pieces that are to go."""
    await session.execute(delete(ImportRejection).where(col(ImportRejection.import_id) == import_id))
    await forget_order(session, import_id)
    if not everything:
        return []
    return [*await forget_blocks(session, import_id), *await forget_parts(session, import_id)]


async def forget_blocks(session: AsyncSession, import_id: UUID) -> list[str]:
    """Forget the rows of a sheet that is not the right one."""
    said = delete(ImportBlock).where(col(ImportBlock.import_id) == import_id).returning(col(ImportBlock.sealed))
    return list((await session.execute(said)).scalars())


async def forget_parts(session: AsyncSession, import_id: UUID) -> list[str]:
    """Forget the parts of a file that was read."""
    said = delete(ImportPart).where(col(ImportPart.import_id) == import_id).returning(col(ImportPart.sealed))
    return list((await session.execute(said)).scalars())


async def imports_to_expire(session: AsyncSession, now: datetime) -> list[ImportJob]:
    """Imports whose files have been kept long enough, locked."""
    asked = everyone(ImportJob).where(col(ImportJob.expires_at) <= now, col(ImportJob.state) != ImportState.EXPIRED)
    working = [ImportState.READING, ImportState.RUNNING]
    asked = asked.where(col(ImportJob.state).not_in(working)).with_for_update(skip_locked=True)
    return list((await session.execute(asked)).scalars())


async def remembered(session: AsyncSession, owner: str) -> dict[str, str | None]:
    """What a unit took headings for."""
    asked = everyone(ColumnMemory).where(col(ColumnMemory.owner) == owner)
    return {row.heading: row.element for row in (await session.execute(asked)).scalars()}


async def remember(session: AsyncSession, owner: str, columns: Mapping[str, str | None], day: date) -> None:
    """Remember what headings were taken for."""
    if not columns:
        return
    rows = [{"owner": owner, "heading": h, "element": e, "used_on": day} for h, e in sorted(columns.items())]
    said = insert(ColumnMemory.__table__).values(rows)  # type: ignore[attr-defined]
    changed = {"element": said.excluded.element, "used_on": said.excluded.used_on}
    await session.execute(said.on_conflict_do_update(constraint="pk_column_memory", set_=changed))


async def _buildings_numbered(
    session: AsyncSession, communities: Collection[str], numbers: Collection[str], now: datetime
) -> dict[tuple[str, str], tuple[UUID, str]]:
    """Buildings by community and number: which they are, and in which grid they stand now."""
    community = func.left(col(BuildingGrid.area_code), 12)
    said = everyone(BuildingGrid).where(
        community.in_(sorted(communities)), func.lpad(col(BuildingGrid.building_no), 4, "0").in_(sorted(numbers))
    )
    columns = (col(BuildingGrid.building_id), community.label("community"), col(BuildingGrid.building_no))
    rows = (await session.execute(said.with_only_columns(*columns).distinct())).all()
    placed = (await session.execute(grid_now(now, list({row.building_id for row in rows})))).scalars()
    grids = {word.building_id: word.area_code for word in placed}
    found = {(row.community, row.building_no.zfill(4)): (row.building_id, grids.get(row.building_id)) for row in rows}
    return {key: (building, grid) for key, (building, grid) in found.items() if grid is not None}


async def _dwellings_coded(session: AsyncSession, codes: Collection[str]) -> dict[str, Any]:
    """Dwellings by house code."""
    names = ("id", "building_id", "area_code", "house_code", "floor", "room_no", "use", "area_m2", "address")
    columns: list[Any] = [getattr(Dwelling, name) for name in names]
    asked = everyone(Dwelling).where(col(Dwelling.house_code) == any_(literal(sorted(codes), ARRAY(Text))))
    return {row.house_code: row for row in await session.execute(asked.with_only_columns(*columns))}


_COMPARED = ("id", "name", "phone", "population_type", "registered_here", "restricted_on")


async def _persons_numbered(session: AsyncSession, numbers: Collection[str]) -> dict[str, Any]:
    """Persons by their whole number, with the dwelling and household they live in."""
    kind, dialect = BlindIndex(ID_NUMBER), (await session.connection()).dialect
    hashed = {kind.process_bind_param(number, dialect): number for number in numbers}
    asked = everyone(Person).outerjoin(
        Occupancy, (col(Occupancy.person_id) == col(Person.id)) & col(Occupancy.valid_to).is_(None)
    )
    asked = asked.where(col(Person.id_number_index) == any_(literal(list(hashed), ARRAY(LargeBinary))))
    columns: list[Any] = [getattr(Person, name) for name in ("id_number_index", "status", *_COMPARED)]
    columns += [col(Occupancy.dwelling_id), col(Occupancy.household_id)]
    found = await session.execute(asked.with_only_columns(*columns))
    return {hashed[bytes(row.id_number_index)]: row for row in found}


async def _living_in(session: AsyncSession, dwellings: Sequence[UUID]) -> list[Any]:
    """Who lives in dwellings: name, birth date, whether the number is known, in which household."""
    asked = everyone(Person).join(Occupancy, col(Occupancy.person_id) == col(Person.id))
    asked = asked.where(col(Occupancy.dwelling_id).in_(dwellings), col(Occupancy.valid_to).is_(None))
    columns: list[Any] = [getattr(Person, name) for name in ("birth_date", "status", *_COMPARED)]
    columns += [col(Occupancy.dwelling_id), col(Occupancy.household_id)]
    return list(await session.execute(asked.with_only_columns(*columns)))


async def _households_at(session: AsyncSession, dwellings: Sequence[UUID]) -> list[Any]:
    """The households of dwellings that are not dissolved."""
    asked = everyone(Household).where(col(Household.dwelling_id).in_(dwellings), col(Household.dissolved_on).is_(None))
    names = ("id", "dwelling_id", "formed_on", "phone", "household_type")
    columns: list[Any] = [getattr(Household, name) for name in names]
    return list(await session.execute(asked.with_only_columns(*columns)))


@dataclass(frozen=True, slots=True)
class KnownRows:
    """What the register knows of the places and persons of some rows."""

    area: str
    dwellings: Mapping[str, Any]
    buildings: Mapping[tuple[str, str], tuple[UUID, str]]
    numbered: Mapping[str, Any]
    households: Mapping[UUID, list[Any]]
    neighbours: Mapping[tuple[UUID, str, date], Any]

    def household(self, dwelling_id: UUID, household_id: UUID) -> Any:
        """A household of a dwelling that is not dissolved; None otherwise."""
        return next((each for each in self.households.get(dwelling_id, ()) if each.id == household_id), None)


async def known_of(session: AsyncSession, area: str, drafts: Sequence[Draft], now: datetime) -> KnownRows:
    """What the register knows of the places and persons of some rows."""
    codes = {draft.house_code for draft in drafts}
    dwellings = await _dwellings_coded(session, codes)
    new = [code for code in codes if code not in dwellings]
    communities, numbers = {code[:12] for code in new}, {code[12:16] for code in new}
    buildings = await _buildings_numbered(session, communities, numbers, now) if new else {}
    numbered = await _persons_numbered(session, {draft.id_number for draft in drafts if draft.id_number})
    ids = [row.id for row in dwellings.values()]
    households: dict[UUID, list[Any]] = defaultdict(list)
    for row in await _households_at(session, ids) if ids else ():
        households[row.dwelling_id].append(row)
    lived = await _living_in(session, ids) if ids else []
    neighbours = {(row.dwelling_id, row.name, row.birth_date): row for row in lived}
    return KnownRows(area, dwellings, buildings, numbered, households, neighbours)
