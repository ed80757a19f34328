"""The catalogue: what can be applied for, with which papers, under which limits."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query
from sqlmodel import col

from approval_svc import queries, wording
from approval_svc.models import ServiceItem
from approval_svc.schemas import ItemOut
from grid_kernel.clock import today
from grid_kernel.errors import NotFound
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now

router = GridRouter(prefix="/items", tags=["items"])
_AsOf = Annotated[date | None, Query(alias="asOf", description="The day the version is in force; today if absent.")]


@router.get("")
async def list_items(
    runtime: CurrentRuntime,
    paging: Paging,
    now: Now,
    as_of: _AsOf = None,
    theme: Annotated[str | None, Query(max_length=60)] = None,
    words: Annotated[str | None, Query(max_length=40, description="Part of the name.")] = None,
) -> Page[ItemOut]:
    """Service items in force, by code. The catalogue is public."""
    statement = queries.items_on(as_of or today(now)).order_by(col(ServiceItem.code)).limit(paging.limit + 1)
    if theme is not None:
        statement = statement.where(col(ServiceItem.theme) == theme)
    if words is not None:
        statement = statement.where(col(ServiceItem.name).contains(words, autoescape=True))
    if after := paging.after(str):
        statement = statement.where(col(ServiceItem.code) > after[0])
    rows = await runtime.system_reads().fetch(statement)
    return page_of(rows, paging, key=lambda row: (row["code"],), item=wording.item_out)


@router.get("/{code}")
async def get_item(
    code: Annotated[str, Path(pattern=r"^[A-Z]{2}[0-9]{3}$")], runtime: CurrentRuntime, now: Now, as_of: _AsOf = None
) -> ItemOut:
    """One service item as it is in force on a day."""
    statement = queries.items_on(as_of or today(now)).where(col(ServiceItem.code) == code)
    row = await runtime.system_reads().fetch_one(statement)
    if row is None:
        raise NotFound
    return wording.item_out(row)
