"""The routing table, what it would say, and the categories it speaks of."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from dispute_svc import catalogue, commands, field_work, queries, rules
from dispute_svc.schemas import (
    CategoryCode,
    CategoryOut,
    DryRun,
    PreviewIn,
    PreviewOut,
    RouteOut,
    RuleChange,
    RuleIn,
    RuleOut,
)
from dispute_svc.wording import ReaderWords
from grid_kernel.auth import CurrentActor
from grid_kernel.db import SystemSession, WriteSession
from grid_kernel.errors import NotFound, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import AreaCode, GridCode

router = GridRouter(tags=["routing"])


@router.get("/categories")
async def list_categories(_: CurrentActor) -> list[CategoryOut]:
    """What a matter can be about, and the number to dial first."""
    return [CategoryOut.model_validate(category) for category in catalogue.categories().values()]


@router.get("/routing-rules")
async def list_routing_rules(_: CurrentActor, reads: Reads, category: CategoryCode | None = None) -> list[RuleOut]:
    """The routing table with its past and coming rows."""
    return [RuleOut.model_validate(dict(row)) for row in await reads.fetch(queries.rules_listed(category))]


@router.post("/routing-rules", status_code=201, responses=refusals(rules.MayNotChangeRule))
async def add_routing_rule(given: RuleIn, actor: CurrentActor, session: WriteSession, now: Now) -> RuleOut:
    """Add a row."""
    return RuleOut.model_validate(await commands.add_rule(session, actor, given, now=now))


@router.put("/routing-rules/{rule_id}", responses=CHANGED | refusals(NotFound, rules.MayNotChangeRule))
async def change_routing_rule(
    rule_id: UUID, given: RuleChange, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> RuleOut:
    """Let something else hold from a day on. A row that has begun ends there; the row that follows is answered."""
    row = await commands.change_rule(session, actor, rule_id, given, version=version, now=now)
    return RuleOut.model_validate(row)


@router.post("/routing-previews")
async def preview_routing(
    given: PreviewIn,
    _: CurrentActor,
    session: SystemSession,
    runtime: CurrentRuntime,
    reads: Reads,
    words: ReaderWords,
    now: Now,
) -> PreviewOut:
    """Which unit a report would go to, before it is sent. A point that cannot be placed does not fail."""
    decision = await commands.preview(session, runtime, given, now=now)
    return field_work.preview_out(decision, await field_work.unit_names(reads), words)


@router.get("/routing-tables/{grid_code}")
async def get_routing_table(
    grid_code: GridCode, _: CurrentActor, session: SystemSession, reads: Reads, words: ReaderWords, now: Now
) -> list[RouteOut]:
    """Which unit every category goes to in a grid today, for a phone without a signal."""
    names = await field_work.unit_names(reads)
    return [field_work.route_out(each, names, words) for each in await commands.routes_of(session, grid_code, now=now)]


@router.get("/routing/dry-run")
async def dry_run_routing(
    _: CurrentActor,
    session: SystemSession,
    words: ReaderWords,
    now: Now,
    category: CategoryCode,
    area: Annotated[AreaCode, Query(description="A grid, for an answer that names a unit.")],
) -> DryRun:
    """What would happen to a report here and today, and why."""
    decision = await commands.dry_run(session, category, area, now=now)
    limit = decision.rule.limit if decision.rule else None
    return DryRun(
        category=category,
        area_code=area,
        routed=decision.routed,
        unit_code=decision.unit_code,
        rule_id=decision.rule.id if decision.rule else None,
        explanation=words.routing(decision.as_record()),
        fitting=decision.fitting,
        limit_amount=limit.amount if limit else None,
        limit_unit=limit.unit if limit else None,
        emergency_number=catalogue.categories()[category].emergency_number,
    )
