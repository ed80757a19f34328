"""The catalogue: what can be applied for, with which papers, under which limits."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query
from sqlalchemy import Text, any_, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from approval_svc import finding, queries, wording
from approval_svc.checklists import situations
from approval_svc.models import ServiceItem
from approval_svc.schemas import ChecklistIn, ChecklistOut, ItemOut
from approval_svc.wording import ReaderWords
from grid_kernel.clock import today
from grid_kernel.errors import InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Runtime
from grid_kernel.schemas import Typed

router = GridRouter(prefix="/items", tags=["items"])
_Code = Annotated[str, Path(pattern=r"^[A-Z]{2}[0-9]{3}$")]
_AsOf = Annotated[date | None, Query(alias="asOf", description="The day the version is in force; today if absent.")]


@router.get("")
async def list_items(
    runtime: CurrentRuntime,
    paging: Paging,
    now: Now,
    said: ReaderWords,
    as_of: _AsOf = None,
    theme: Annotated[Typed | None, Query(max_length=60)] = None,
    words: Annotated[Typed | None, Query(max_length=40, description="Part of the name.")] = None,
    q: Annotated[Typed | None, Query(max_length=40, description="Name, everyday word, initials of pinyin.")] = None,
) -> Page[ItemOut]:
    """Service items in force, by code. The catalogue is public."""
    statement = queries.items_on(as_of or today(now)).order_by(col(ServiceItem.code)).limit(paging.limit + 1)
    if theme is not None:
        statement = statement.where(col(ServiceItem.theme) == theme)
    if words is not None:
        statement = statement.where(col(ServiceItem.name).contains(words, autoescape=True))
    if q is not None and (typed := q.strip()):
        named = col(ServiceItem.name).contains(typed, autoescape=True)
        statement = statement.where(
            or_(named, col(ServiceItem.code) == any_(literal(finding.codes_of(typed), ARRAY(Text))))
        )
    if after := paging.after(str):
        statement = statement.where(col(ServiceItem.code) > after[0])
    rows = await runtime.system_reads().fetch(statement)
    return page_of(rows, paging, key=lambda row: (row["code"],), item=lambda row: wording.item_out(row, said))


@router.get("/{code}")
async def get_item(code: _Code, runtime: CurrentRuntime, now: Now, said: ReaderWords, as_of: _AsOf = None) -> ItemOut:
    """One service item as it is in force on a day."""
    return wording.item_out(await _in_force(runtime, code, as_of or today(now)), said)


@router.post("/{code}/checklists", responses=refusals(NotFound))
async def make_checklist(
    code: _Code, given: ChecklistIn, runtime: CurrentRuntime, now: Now, said: ReaderWords
) -> ChecklistOut:
    """The papers to bring after these answers, each with its reason. Public; nothing of the answers is kept."""
    row = await _in_force(runtime, code, today(now))
    known = {situation.code for situation in situations(row["materials"])}
    for unknown in sorted(set(given.answers) - known):
        raise InvalidInput.at(f"/answers/{unknown}", "unknown-situation")
    return wording.checklist_out(row, given.answers, said)


async def _in_force(runtime: Runtime, code: str, day: date) -> Mapping[str, Any]:
    statement = queries.items_on(day).where(col(ServiceItem.code) == code)
    row = await runtime.system_reads().fetch_one(statement)
    if row is None:
        raise NotFound
    return row
