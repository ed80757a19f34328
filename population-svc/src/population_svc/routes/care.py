"""The care list, and the visits cases ask for."""

from datetime import date
from uuid import UUID

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads
from population_svc import commands, queries, rules
from population_svc.routes.asked import Area, AreaOrAll
from population_svc.rules import AlreadyRecorded, CareEntryEnded, NoConsentToWithdraw, PersonHasLeft
from population_svc.schemas import CareEntryEndIn, CareEntryIn, CareEntryOut, CareRenewalIn, FollowUpOut

care_entries = GridRouter(tags=["care"])
follow_ups = GridRouter(prefix="/follow-ups", tags=["visits"])


@care_entries.get("/households/{household_id}/care-entries", responses=refusals(Forbidden, NotFound))
async def list_care_entries(household_id: UUID, actor: CurrentActor, reads: Reads, now: Now) -> list[CareEntryOut]:
    """The care entries of a household's persons; only for those who look after it, and recorded."""
    await queries.require_household(reads, actor, household_id, today(now))
    rules.check_keeps_register(actor)
    asked = queries.care_entries_of(actor, household_id)
    rows = await reads.fetch(asked, access="care_entry", fields=("reason", "basis"))
    return [CareEntryOut.model_validate(queries.care_shown(row, today(now))) for row in rows]


@care_entries.post(
    "/care-entries",
    status_code=201,
    responses=refusals(InvalidInput, Forbidden, NotFound, PersonHasLeft, AlreadyRecorded),
)
async def list_for_care(entry: CareEntryIn, actor: CurrentActor, session: WriteSession, now: Now) -> CareEntryOut:
    """Put a person on the care list for a service need; no other kind of list exists."""
    listed = await commands.list_for_care(session, actor, entry, now=now)
    return CareEntryOut.model_validate(queries.care_shown(listed, today(now)))


@care_entries.post("/care-entries/{entry_id}/end", responses=refusals(Forbidden, NotFound, CareEntryEnded) | CHANGED)
async def end_care(
    entry_id: UUID, ending: CareEntryEndIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CareEntryOut:
    """End a care entry on a day."""
    ended = await commands.end_care(session, actor, entry_id, ending, version=version, now=now)
    return CareEntryOut.model_validate(queries.care_shown(ended, today(now)))


@care_entries.get("/care-renewals", responses=refusals(Forbidden, NotFound))
async def list_care_renewals(
    area: Area, actor: CurrentActor, reads: Reads, paging: Paging, now: Now
) -> Page[CareEntryOut]:
    """The care entries that want a decision: 30 days before they expire, and from then on until somebody decides."""
    rules.check_asked_area(actor, area)
    rules.check_keeps_register(actor)
    asked = queries.care_renewals(actor, area, today(now), after=paging.after(date, UUID), limit=paging.limit)
    rows = await reads.fetch(asked, access="care_entry", fields=("reason", "basis"))
    shown = [queries.care_shown(row, today(now)) for row in rows]
    return page_of(shown, paging, key=lambda row: (row["expires_on"], row["id"]), item=CareEntryOut.model_validate)


@care_entries.post(
    "/care-entries/{entry_id}/renewal", responses=refusals(InvalidInput, Forbidden, NotFound, CareEntryEnded) | CHANGED
)
async def renew_care(
    entry_id: UUID, renewal: CareRenewalIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CareEntryOut:
    """Let a care entry run on, once the person was asked."""
    renewed = await commands.renew_care(session, actor, entry_id, renewal, version=version, now=now)
    return CareEntryOut.model_validate(queries.care_shown(renewed, today(now)))


@care_entries.post(
    "/care-entries/{entry_id}/withdrawal",
    responses=refusals(Forbidden, NotFound, CareEntryEnded, NoConsentToWithdraw) | CHANGED,
)
async def withdraw_consent(
    entry_id: UUID, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CareEntryOut:
    """End a care entry today, because the person or the guardian no longer agrees."""
    ended = await commands.withdraw_consent(session, actor, entry_id, version=version, now=now)
    return CareEntryOut.model_validate(queries.care_shown(ended, today(now)))


@follow_ups.get("", responses=refusals(NotFound))
async def list_follow_ups(
    actor: CurrentActor, reads: Reads, paging: Paging, area: AreaOrAll = None
) -> Page[FollowUpOut]:
    """The visits cases asked for and nobody made yet."""
    if area is not None:
        rules.check_asked_area(actor, area)
    rows = await reads.fetch(queries.follow_ups(actor, area, after=paging.after(UUID), limit=paging.limit))
    return page_of(rows, paging, key=lambda row: (row["id"],), item=FollowUpOut.model_validate)
