"""Reads of claims and transfers: both grids see them, the taking grid no more than the giving one told."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, and_, exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from grid_kernel.reads import ReadRunner
from population_svc import rules
from population_svc.models import Dwelling, Household, Occupancy, Person, Transfer, Visit
from population_svc.queries.scope import everyone, within
from population_svc.rules import UNDECIDED, TransferState
from population_svc.schemas import TransferDetail, TransferOut, TransferPerson

Side = Literal["giving", "taking"]


def _undecided() -> Any:
    return or_(*(col(Transfer.state) == state for state in UNDECIDED))


def _either_side(actor: Actor) -> Select[Any]:
    scope = rules.scope(actor)
    sides = or_(in_scope(col(Transfer.area_code), scope), in_scope(col(Transfer.to_area_code), scope))
    return everyone(Transfer).where(sides)


def transfers(
    actor: Actor, area: str | None, side: Side | None, state: TransferState | None, *, after: Any, limit: int
) -> Select[Any]:
    """The claims and transfers that concern an area, the oldest first."""
    giving, taking = within(col(Transfer.area_code), area), within(col(Transfer.to_area_code), area)
    asked = _either_side(actor).where({"giving": giving, "taking": taking, None: or_(giving, taking)}[side])
    if state is not None:
        asked = asked.where(col(Transfer.state) == state)
    if after is not None:
        asked = asked.where(col(Transfer.id) > after[0])
    return asked.order_by(col(Transfer.id)).limit(limit + 1)


def arriving(actor: Actor, grid: str) -> Select[Any]:
    """Who is to come to a grid and may be visited there before the other grid agrees."""
    asked = _either_side(actor).where(col(Transfer.to_area_code) == grid, _undecided())
    return asked.where(col(Transfer.person_id).is_(None)).order_by(col(Transfer.id))


async def transfer_for_update(session: AsyncSession, actor: Actor, transfer_id: UUID) -> Transfer:
    """The transfer, locked; NotFound where it concerns neither of the actor's grids."""
    asked = _either_side(actor).where(col(Transfer.id) == transfer_id)
    found: Transfer | None = await find(session, asked.with_for_update())
    if found is None:
        raise NotFound
    return found


async def arriving_to(session: AsyncSession, actor: Actor, household_id: UUID) -> Transfer | None:
    """The undecided transfer that lets the actor visit a household which is not of the own grid yet."""
    asked = _either_side(actor).where(col(Transfer.household_id) == household_id, col(Transfer.person_id).is_(None))
    asked = asked.where(_undecided(), in_scope(col(Transfer.to_area_code), rules.scope(actor)))
    return await find(session, asked)


async def silent_transfers(session: AsyncSession, now: datetime) -> list[Transfer]:
    """The transfers nobody answered in time, locked."""
    asked = everyone(Transfer).where(col(Transfer.state) == TransferState.OPEN, col(Transfer.due_at) < now)
    found = await session.execute(asked.order_by(col(Transfer.id)).with_for_update(skip_locked=True))
    return list(found.scalars())


async def overtaken_transfers(session: AsyncSession) -> list[Transfer]:
    """The undecided transfers of those who do not live where they did when it began, locked."""
    lives = everyone(Occupancy).where(
        col(Occupancy.household_id) == col(Transfer.household_id),
        col(Occupancy.valid_to).is_(None),
        or_(col(Transfer.person_id).is_(None), col(Occupancy.person_id) == col(Transfer.person_id)),
    )
    there = everyone(Household).where(
        col(Household.id) == col(Transfer.household_id), col(Household.area_code) == col(Transfer.area_code)
    )
    asked = everyone(Transfer).where(_undecided(), ~and_(exists(lives), exists(there)))
    found = await session.execute(asked.order_by(col(Transfer.id)).with_for_update(skip_locked=True))
    return list(found.scalars())


async def visits_made_there(session: AsyncSession, transfer: Transfer, grid: str) -> list[Visit]:
    """The visits the taking grid made before it was agreed, locked."""
    asked = everyone(Visit).where(col(Visit.household_id) == transfer.household_id)
    asked = asked.where(col(Visit.grid_code_then) == grid)
    asked = asked.where(col(Visit.recorded_at) >= transfer.asked_at)
    return list((await session.execute(asked.with_for_update())).scalars())


def transfer_shown(transfer: Any) -> TransferOut:
    """A transfer as both grids see it."""
    row = transfer if isinstance(transfer, Transfer) else Transfer(**transfer)
    waits = rules.awaited(row) if row.state in UNDECIDED else None
    return TransferOut.model_validate(row.model_dump() | {"from_area_code": row.area_code, "awaits": waits})


async def read_transfer(reads: ReadRunner, own: ReadRunner, actor: Actor, transfer_id: UUID) -> TransferDetail:
    """One transfer; names and the old address only for whoever may know them, recorded."""
    found = await reads.fetch_one(_either_side(actor).where(col(Transfer.id) == transfer_id))
    if found is None:
        raise NotFound
    row = Transfer(**found)
    shown = transfer_shown(row).model_dump(by_alias=False)
    if not rules.sees_who(actor, row):
        return TransferDetail(**shown, address=None, persons=[])
    people = await own.fetch(_people(row), access="person", fields=("name", "relation_to_head"))
    address = people[0]["address"] if people else None
    return TransferDetail(**shown, address=address, persons=[TransferPerson.model_validate(each) for each in people])


def _people(transfer: Transfer) -> Select[Any]:
    columns: list[Any] = [col(Person.id), col(Person.name), col(Occupancy.relation_to_head), col(Dwelling.address)]
    asked = everyone(Person).join(Occupancy, col(Occupancy.person_id) == col(Person.id))
    asked = asked.join(Dwelling, col(Dwelling.id) == col(Occupancy.dwelling_id))
    asked = asked.where(col(Occupancy.valid_to).is_(None), col(Person.restricted_on).is_(None))
    if transfer.person_id is not None:
        asked = asked.where(col(Person.id) == transfer.person_id)
    else:
        asked = asked.where(col(Occupancy.household_id) == transfer.household_id)
    return asked.with_only_columns(*columns).order_by(col(Occupancy.relation_to_head), col(Person.id))
