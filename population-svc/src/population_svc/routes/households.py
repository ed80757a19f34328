"""Households: the roster, one of them, entering, changing and moving."""

from datetime import date
from uuid import UUID

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import AreaCode, Line
from population_svc import commands, queries, rules
from population_svc.routes.asked import Days, Wanted
from population_svc.rules import AlreadyRecorded, DwellingKnown, HouseholdEnded, IdNumberRegistered
from population_svc.schemas import (
    HouseholdChange,
    HouseholdChanged,
    HouseholdIn,
    HouseholdMove,
    HouseholdOut,
    HouseholdRow,
    Moved,
    VisitOut,
)

households = GridRouter(prefix="/households", tags=["households"])


@households.get("", responses=refusals(NotFound))
async def list_households(
    actor: CurrentActor, wanted: Wanted, reads: Reads, paging: Paging, days: Days, now: Now
) -> Page[HouseholdRow]:
    """The roster of an area in the order of a walk through it; with a quarter, how each household stands in it.

    Whoever walks through the own grid is recorded once a working day and household, everybody else each time.
    """
    if wanted.area is not None:
        rules.check_asked_area(actor, wanted.area)
    after = paging.after(AreaCode, Line, UUID)
    asked = queries.roster(actor, wanted, today=today(now), after=after, limit=paging.limit)
    once = rules.routine_since(now, days) if wanted.area and rules.walks(actor, wanted.area) else None
    rows = await reads.fetch(asked, access="household", fields=("head_name", "phone_masked"), once_since=once)
    lines = [queries.masked_line(actor, row) for row in rows]
    return page_of(lines, paging, key=queries.key_of, item=HouseholdRow.model_validate)


@households.post(
    "",
    status_code=201,
    responses=refusals(InvalidInput, Forbidden, NotFound, AlreadyRecorded, DwellingKnown, IdNumberRegistered),
)
async def register_household(entry: HouseholdIn, actor: CurrentActor, session: WriteSession, now: Now) -> HouseholdOut:
    """Enter a household with its persons in a dwelling that is known, or entered with it."""
    household = await commands.register_household(session, actor, entry, now=now)
    return await queries.written_household(session, actor, household.id, today(now))


@households.get("/{household_id}", responses=refusals(NotFound))
async def get_household(household_id: UUID, actor: CurrentActor, reads: Reads, now: Now) -> HouseholdOut:
    """A household with its dwelling and persons, masked by the reader's right; the read is recorded."""
    return await queries.read_household(reads, actor, household_id, today(now))


@households.patch("/{household_id}", responses=refusals(Forbidden, NotFound, HouseholdEnded) | CHANGED)
async def change_household(
    household_id: UUID, change: HouseholdChange, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> HouseholdChanged:
    """Take over what is different about a household since a day."""
    await commands.change_household(session, actor, household_id, change, version=version, now=now)
    shown = await queries.written_household(session, actor, household_id, today(now))
    waiting = await queries.waiting_members(session, household_id, now)
    return HouseholdChanged(**shown.model_dump(), waiting=waiting)


@households.post(
    "/{household_id}/moves", responses=refusals(Forbidden, NotFound, HouseholdEnded, DwellingKnown) | CHANGED
)
async def move_household(
    household_id: UUID, to: HouseholdMove, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> Moved:
    """Let a household with all its persons live in another dwelling of the district."""
    moved = await commands.move_household(session, actor, household_id, to, version=version, now=now)
    return Moved(id=moved.id, area_code=moved.area_code, moved_on=to.moved_on, version=moved.version)


@households.get("/{household_id}/visits", responses=refusals(NotFound))
async def list_visits(
    household_id: UUID, actor: CurrentActor, reads: Reads, paging: Paging, now: Now
) -> Page[VisitOut]:
    """The visits of a household and the attempts, the latest first; who reads their notes is recorded."""
    await queries.require_household(reads, actor, household_id, today(now))
    asked = queries.visits_of(actor, household_id, after=paging.after(date, UUID), limit=paging.limit)
    rows = await reads.fetch(asked, access="visit", fields=("needs", "note"))
    shown = [queries.visit_shown(actor, row) for row in rows]
    return page_of(shown, paging, key=lambda row: (row["visited_on"], row["id"]), item=VisitOut.model_validate)
