"""What visiting demands, and asking back."""

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
from population_svc.rules import AlreadyAnswered, AlreadyRecorded
from population_svc.schemas import SpotCheckAnswerIn, SpotCheckOut, VisitRuleIn, VisitRuleOut

visit_rules = GridRouter(prefix="/visit-rules", tags=["visits"])
spot_checks = GridRouter(prefix="/spot-checks", tags=["visits"])


@visit_rules.get("", responses=refusals(NotFound))
async def list_visit_rules(area: Area, actor: CurrentActor, reads: Reads) -> list[VisitRuleOut]:
    """The rules that hold, held or will hold in an area: its own and those of the areas above, the nearest first."""
    rules.check_asked_area(actor, area)
    return [VisitRuleOut.model_validate(row) for row in await reads.fetch(queries.rules_over(area))]


@visit_rules.post("", status_code=201, responses=refusals(InvalidInput, Forbidden, AlreadyRecorded))
async def set_visit_rule(entry: VisitRuleIn, actor: CurrentActor, session: WriteSession, now: Now) -> VisitRuleOut:
    """Let a rule hold in an area and below from a day on; set by the leader of the area."""
    return VisitRuleOut.model_validate(await commands.set_visit_rule(session, actor, entry, now=now))


@spot_checks.get("", responses=refusals(Forbidden, NotFound))
async def list_spot_checks(
    area: Area,
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    opened: Annotated[bool, Query(alias="open", description="Those still to be asked, or those that were.")] = True,
) -> Page[SpotCheckOut]:
    """The households drawn by chance to be asked back by the station; nobody's name stands beside a visit."""
    rules.check_asked_area(actor, area)
    rules.check_asks_back(actor, area)
    asked = queries.spot_checks(actor, area, opened=opened, after=paging.after(UUID), limit=paging.limit)
    rows = await reads.fetch(asked)
    return page_of(rows, paging, key=lambda row: (row["id"],), item=SpotCheckOut.model_validate)


@spot_checks.post("/{check_id}/answer", responses=refusals(Forbidden, NotFound, AlreadyAnswered) | CHANGED)
async def answer_spot_check(
    check_id: UUID, said: SpotCheckAnswerIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> SpotCheckOut:
    """Note what a household said when it was asked back; it has no consequence for the household."""
    answered = await commands.answer_check(session, actor, check_id, said, version=version, now=now)
    return SpotCheckOut.model_validate(answered)
