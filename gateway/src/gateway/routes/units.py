"""Units: departments, stations, committees, centres and teams that can be given work."""

from typing import Annotated

from fastapi import Query
from sqlmodel import col

from gateway import commands, queries
from gateway.models import Unit
from gateway.rules import UnitTaken
from gateway.schemas import UnitChange, UnitIn, UnitOut
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now
from grid_kernel.schemas import AreaCode, Typed, UnitCode

router = GridRouter(prefix="/units", tags=["units"])


@router.post("", status_code=201, responses=refusals(UnitTaken))
async def register_unit(given: UnitIn, actor: CurrentActor, session: WriteSession, now: Now) -> UnitOut:
    """Enter a unit; the services hear of it and may give it work."""
    return UnitOut.model_validate(await commands.register_unit(session, actor, given, now=now))


@router.get("")
async def list_units(
    _: CurrentActor,
    runtime: CurrentRuntime,
    paging: Paging,
    kind: Annotated[Typed | None, Query(max_length=40)] = None,
    area: Annotated[AreaCode | None, Query()] = None,
) -> Page[UnitOut]:
    """Units, by code. Names of offices are public to everybody who is signed in."""
    statement = queries.units().order_by(col(Unit.code)).limit(paging.limit + 1)
    if kind is not None:
        statement = statement.where(col(Unit.kind) == kind)
    if area is not None:
        statement = statement.where(col(Unit.area_code) >= area, col(Unit.area_code) < f"{area}~")
    if after := paging.after(str):
        statement = statement.where(col(Unit.code) > after[0])
    rows = await runtime.system_reads().fetch(statement)
    return page_of(rows, paging, key=lambda row: (row["code"],), item=UnitOut.model_validate)


@router.put("/{code}", responses=CHANGED)
async def change_unit(
    code: UnitCode, given: UnitChange, actor: CurrentActor, session: WriteSession, version: IfMatch, now: Now
) -> UnitOut:
    """Rename, close or reopen a unit."""
    changed = await commands.change_unit(session, actor, code, given.model_dump(), version=version, now=now)
    return UnitOut.model_validate(changed)
