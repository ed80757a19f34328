"""What is checked before it counts, and deciding what waits."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads
from population_svc import commands, queries, rules
from population_svc.routes.asked import Area
from population_svc.rules import AlreadyRecorded, ChangeDecided, HouseholdEnded, PendingState, SettingEnded
from population_svc.schemas import CheckSettingIn, CheckSettingOut, PendingChangeOut, PendingDecision

pending = GridRouter(tags=["checks"])


@pending.get("/check-settings", responses=refusals(NotFound))
async def list_check_settings(area: Area, actor: CurrentActor, reads: Reads) -> list[CheckSettingOut]:
    """Which members are checked before they count, in an area, above and below it."""
    rules.check_asked_area(actor, area)
    return [CheckSettingOut.model_validate(row) for row in await reads.fetch(queries.check_settings(area))]


@pending.post("/check-settings", status_code=201, responses=refusals(InvalidInput, Forbidden, AlreadyRecorded))
async def set_check(entry: CheckSettingIn, actor: CurrentActor, session: WriteSession, now: Now) -> CheckSettingOut:
    """Let a member be checked in an area and below from a day on; set by the leader of the area."""
    return CheckSettingOut.model_validate(await commands.set_check(session, actor, entry, now=now))


@pending.post("/check-settings/{setting_id}/end", responses=refusals(Forbidden, NotFound, SettingEnded) | CHANGED)
async def end_check(
    setting_id: UUID, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CheckSettingOut:
    """Let a member be checked no more from today on."""
    ended = await commands.end_check(session, actor, setting_id, version=version, now=now)
    return CheckSettingOut.model_validate(ended)


@pending.get("/pending-changes", responses=refusals(Forbidden, NotFound))
async def list_pending_changes(
    area: Area,
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    state: Annotated[PendingState, Query(description="Those that wait; or what became of others.")] = (
        PendingState.WAITING
    ),
) -> Page[PendingChangeOut]:
    """The changes of an area that a second person has to look at, for whoever keeps it."""
    rules.check_asked_area(actor, area)
    rules.check_may_keep(actor, area)
    asked = queries.pending_changes(actor, area, state, after=paging.after(UUID), limit=paging.limit)
    rows = await reads.fetch(asked)
    shown = PendingChangeOut.model_validate
    return page_of(rows, paging, key=lambda r: (r["id"],), item=lambda r: shown(queries.pending_shown(r)))


@pending.post(
    "/pending-changes/{change_id}/decision",
    responses=refusals(InvalidInput, Forbidden, NotFound, ChangeDecided, HouseholdEnded) | CHANGED,
)
async def decide_pending_change(
    change_id: UUID, decision: PendingDecision, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> PendingChangeOut:
    """Publish a change, with the word and evidence of whoever said it, or refuse it; never one's own."""
    decided = await commands.decide_change(session, actor, change_id, decision, version=version, now=now)
    return PendingChangeOut.model_validate(queries.pending_shown(decided))
