"""What is needed to bring records up to date by a table, and what a table brought."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from population_svc.models import Dwelling, Household, ImportBatch, Person, Statement
from population_svc.models.register import dwelling_version, household_version, person_version
from population_svc.queries.scope import everyone, visible
from population_svc.rules import IMPORTED, CheckedKind
from population_svc.rules.import_matches import Word

_MODELS: Mapping[CheckedKind, tuple[Any, Any, Any]] = {
    CheckedKind.PERSON: (Person, person_version, ImportBatch.person_ids),
    CheckedKind.HOUSEHOLD: (Household, household_version, ImportBatch.household_ids),
    CheckedKind.DWELLING: (Dwelling, dwelling_version, ImportBatch.dwelling_ids),
}


async def records_for_update(session: AsyncSession, kind: CheckedKind, ids: Collection[UUID]) -> Mapping[UUID, Any]:
    """Records by id, locked in one order."""
    model = _MODELS[kind][0]
    asked = everyone(model).where(model.id == any_(literal(sorted(ids), ARRAY(Uuid))))
    return {row.id: row for row in (await session.execute(asked.order_by(model.id).with_for_update())).scalars()}


async def words_of_people(
    session: AsyncSession, kind: CheckedKind, members: Mapping[UUID, Collection[str]]
) -> dict[tuple[UUID, str], Word]:
    """The last word on members of records that came from no table: what was stated, else the entry by hand."""
    ids = sorted(members)
    here = literal(ids, ARRAY(Uuid))
    said = everyone(Statement).where(col(Statement.object_id) == any_(here), col(Statement.evidence) != IMPORTED)
    columns: list[Any] = [
        col(Statement.object_id),
        col(Statement.member),
        func.max(col(Statement.stated_at)).label("at"),
    ]
    said = said.with_only_columns(*columns).group_by(col(Statement.object_id), col(Statement.member))
    words = {(row.object_id, row.member): Word(row.at) for row in await session.execute(said)}
    entered = await _entered_by_hand(session, kind, ids)
    for each, names in members.items():
        if (at := entered.get(each)) is not None:
            for name in names:
                words.setdefault((each, name), Word(at))
    return words


async def _entered_by_hand(session: AsyncSession, kind: CheckedKind, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    versions = _MODELS[kind][1]
    imported = await brought_in(session, kind, ids)
    asked = select(versions.c.id, func.min(versions.c.recorded_at).label("at"))
    asked = asked.where(versions.c.id == any_(literal([each for each in ids if each not in imported], ARRAY(Uuid))))
    return {row.id: row.at for row in await session.execute(asked.group_by(versions.c.id))}


async def brought_in(session: AsyncSession, kind: CheckedKind, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these records were entered by a table."""
    brought = _MODELS[kind][2]
    here = literal(list(ids), ARRAY(Uuid))
    each = func.unnest(brought).label("id")
    rows = everyone(ImportBatch).where(brought.overlap(here)).with_only_columns(each).subquery()
    found = await session.execute(select(rows.c.id).where(rows.c.id == any_(here)))
    return set(found.scalars())


def came_by_table(kind: CheckedKind, record_id: UUID) -> Select[Any]:
    """Whether a record the asker was found to see was entered by a table."""
    brought = _MODELS[kind][2]
    asked = everyone(ImportBatch).where(brought.contains([record_id]))
    return asked.with_only_columns(func.count().label("number"))


def brought_persons(actor: Actor, import_id: UUID, *, after: tuple[int, UUID] | None, limit: int) -> Select[Any]:
    """The persons a table brought or brought up to date, in the order of its batches."""
    touched = col(ImportBatch.person_ids).op("||")(col(ImportBatch.updated_ids))
    each = _brought(import_id, touched, after)
    names = ("id", "name", "area_code", "status")
    columns: list[Any] = [getattr(Person, name) for name in names]
    columns.append((col(Person.id) == any_(each.c.updated_ids)).label("updated"))
    return _page(visible(actor, Person), each, Person, columns, after=after, limit=limit)


def brought_households(actor: Actor, import_id: UUID, *, after: tuple[int, UUID] | None, limit: int) -> Select[Any]:
    """The households a table formed, in the order of its batches."""
    each = _brought(import_id, col(ImportBatch.household_ids), after)
    asked = visible(actor, Household).join(Dwelling, col(Dwelling.id) == col(Household.dwelling_id))
    columns = [col(Household.id), col(Household.area_code), col(Household.dissolved_on), col(Dwelling.address)]
    return _page(asked, each, Household, columns, after=after, limit=limit)


def _brought(import_id: UUID, ids: Any, after: tuple[int, UUID] | None) -> Any:
    asked = everyone(ImportBatch).where(col(ImportBatch.import_id) == import_id)
    if after is not None:
        asked = asked.where(col(ImportBatch.first) >= after[0])
    columns: list[Any] = [
        col(ImportBatch.first),
        func.unnest(ids, type_=Uuid).label("id"),
        col(ImportBatch.updated_ids),
    ]
    return asked.with_only_columns(*columns).subquery()


def _page(
    asked: Select[Any], each: Any, model: Any, columns: list[Any], *, after: tuple[int, UUID] | None, limit: int
) -> Select[Any]:
    asked = asked.join(each, each.c.id == model.id)
    if after is not None:
        asked = asked.where(tuple_(each.c.first, model.id) > tuple_(literal(after[0]), literal(after[1], Uuid)))
    columns.append(each.c.first)
    return asked.with_only_columns(*columns).order_by(each.c.first, model.id).limit(limit + 1)
