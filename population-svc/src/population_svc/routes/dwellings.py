"""Dwellings."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import Line
from population_svc import commands, queries, rules
from population_svc.routes.asked import AreaOrAll, When
from population_svc.schemas import DwellingChange, DwellingChanged, DwellingOut
from population_svc.schemas.persons import Code

dwellings = GridRouter(prefix="/dwellings", tags=["dwellings"])


@dwellings.get("", responses=refusals(NotFound))
async def list_dwellings(
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    when: When,
    area: AreaOrAll = None,
    use: Annotated[Code | None, Query(description="A code of the table dwelling_uses.")] = None,
) -> Page[DwellingOut]:
    """The dwellings of an area by house code."""
    if area is not None:
        rules.check_asked_area(actor, area)
    after = paging.after(Line, UUID)
    of, known = when
    asked = queries.dwellings(actor, area=area, use=use, day=of, after=after, limit=paging.limit, known_at=known)
    rows = await reads.fetch(asked)
    return page_of(rows, paging, key=lambda row: (row["house_code"], row["id"]), item=DwellingOut.model_validate)


@dwellings.get("/{dwelling_id}", responses=refusals(NotFound))
async def get_dwelling(dwelling_id: UUID, actor: CurrentActor, reads: Reads) -> DwellingOut:
    """A dwelling."""
    row = await reads.fetch_one(queries.dwelling(actor, dwelling_id))
    if row is None:
        raise NotFound
    return DwellingOut.model_validate(row)


@dwellings.patch("/{dwelling_id}", responses=refusals(Forbidden, NotFound) | CHANGED)
async def change_dwelling(
    dwelling_id: UUID, change: DwellingChange, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> DwellingChanged:
    """Take over what is different about a dwelling since a day."""
    changed = await commands.change_dwelling(session, actor, dwelling_id, change, version=version, now=now)
    waiting = await queries.waiting_members(session, dwelling_id, now)
    return DwellingChanged(**DwellingOut.model_validate(changed).model_dump(), waiting=waiting)
