"""Campaigns: planned, answered at the door, told by grid, gone on their last day."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from grid_kernel.audit import record_access
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import Line
from population_svc import commands, form_documents, queries, register_text, rules
from population_svc.campaign_packs import LABELS, label
from population_svc.models import Campaign
from population_svc.register_reads import read_rows
from population_svc.returned_tables import key_of
from population_svc.routes.asked import Area, AreaOrAll
from population_svc.routes.forms import MOST_FILLED, Workbook
from population_svc.rules import AlreadyRecorded, CampaignEnded, CampaignNotBegun, FormNotInUse, NobodySelected
from population_svc.schemas import (
    CampaignAnswerIn,
    CampaignAnswerOut,
    CampaignIn,
    CampaignOut,
    CampaignRow,
    CampaignTarget,
    GridShare,
)

campaigns = GridRouter(prefix="/campaigns", tags=["campaigns"])


@campaigns.post(
    "", status_code=201, responses=refusals(InvalidInput, Forbidden, NotFound, FormNotInUse, NobodySelected)
)
async def plan_campaign(
    entry: CampaignIn, actor: CurrentActor, runtime: CurrentRuntime, session: WriteSession, now: Now
) -> CampaignOut:
    """Plan a campaign over homes or places of an area with an approved form; one whose first day has come begins at
    once, over places as soon as gis has named them."""
    places = await commands.places_for(runtime, actor, entry, now)
    planned = await commands.plan_campaign(session, actor, entry, places=places, now=now)
    return await _out(session, actor, planned)


@campaigns.get("", responses=refusals(NotFound))
async def list_campaigns(
    actor: CurrentActor, reads: Reads, paging: Paging, area: AreaOrAll = None
) -> Page[CampaignRow]:
    """The campaigns of an area and of those it lies in, the latest first."""
    if area is not None:
        rules.check_asked_area(actor, area)
    rows = await reads.fetch(queries.campaigns(actor, area, after=paging.after(UUID), limit=paging.limit))
    return page_of(rows, paging, key=lambda row: (row["id"],), item=CampaignRow.model_validate)


@campaigns.get("/{campaign_id}", responses=refusals(NotFound))
async def get_campaign(campaign_id: UUID, actor: CurrentActor, session: WriteSession) -> CampaignOut:
    """A campaign and how far it has come in each grid of one's own; never by person."""
    return await _out(session, actor, await queries.campaign(session, actor, campaign_id))


@campaigns.post("/{campaign_id}/end", responses=refusals(Forbidden, NotFound, CampaignEnded) | CHANGED)
async def end_campaign(
    campaign_id: UUID, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CampaignOut:
    """End a campaign before its day; its form disappears, what was answered is kept for its time."""
    ended = await commands.end_campaign(session, actor, campaign_id, version=version, now=now)
    return await _out(session, actor, ended)


@campaigns.get("/{campaign_id}/targets", responses=refusals(Forbidden, NotFound, CampaignEnded, CampaignNotBegun))
async def list_campaign_targets(
    campaign_id: UUID, area: Area, actor: CurrentActor, session: WriteSession, reads: Reads, paging: Paging, now: Now
) -> Page[CampaignTarget]:
    """The homes of a campaign in an area in the order of a walk, what is known of each filled in and recorded."""
    running = await queries.campaign(session, actor, campaign_id)
    rules.check_asked_area(actor, area)
    rules.check_keeps_register(actor)
    running.require_open(today(now))
    fields = (await queries.form(session, actor, running.form_id)).fields
    after = paging.after(Line, UUID)
    rows = await _homes(reads, actor, running, fields, area, after=after, limit=paging.limit + 1)
    return page_of(
        rows,
        paging,
        key=lambda row: (row["place"], row["id"]),
        item=lambda row: CampaignTarget(
            target_id=row["id"],
            label=label(running.subject, row),
            known=register_text.known_of(actor, fields, row),
            answered_at=row["answered_at"],
        ),
    )


@campaigns.post(
    "/{campaign_id}/answers",
    status_code=201,
    responses=refusals(InvalidInput, Forbidden, NotFound, AlreadyRecorded, CampaignEnded, CampaignNotBegun),
)
async def answer_campaign(
    campaign_id: UUID, said: CampaignAnswerIn, actor: CurrentActor, session: WriteSession, now: Now
) -> CampaignAnswerOut:
    """Keep what was answered at a home; only what nobody knew is asked."""
    return CampaignAnswerOut.model_validate(await commands.answer_campaign(session, actor, campaign_id, said, now=now))


@campaigns.get(
    "/{campaign_id}/workbook", responses=refusals(Forbidden, NotFound, InvalidInput), response_class=Workbook
)
async def get_campaign_workbook(
    campaign_id: UUID, area: Area, actor: CurrentActor, session: WriteSession, reads: Reads, now: Now
) -> Workbook:
    """The filled form of an area, for whoever runs the campaign, also after its end; who is in it is recorded."""
    done = await queries.campaign(session, actor, campaign_id)
    rules.check_runs_campaigns(actor, area)
    form = await queries.form(session, actor, done.form_id)
    rows = await _homes(reads, actor, done, form.fields, area, after=None, limit=MOST_FILLED + 1)
    if len(rows) > MOST_FILLED:
        raise InvalidInput.at("#/query/area", "area-too-large", most=MOST_FILLED)
    await record_access(session, actor, kind="campaign", ids=[done.id], fields=("workbook",))
    asked = queries.last_answers(actor, done.id, [row["id"] for row in rows])
    said = {row["target_id"]: orjson.loads(row["answers"]) for row in await reads.fetch(asked)}

    def lines() -> Iterator[Sequence[str]]:
        for row in rows:
            known = register_text.known_of(actor, form.fields, row)
            answers = known | {name: _text(value) for name, value in said.get(row["id"], {}).items()}
            yield [*(answers.get(field["element"], "") for field in form.fields), key_of(row["id"], row["version"])]

    mark = f"{actor.id[-6:]}　{now:%Y-%m-%d}"
    headers = {"Content-Disposition": 'attachment; filename="campaign.xlsx"'}
    return Workbook(form_documents.workbook(form, {}, lines(), mark, numbered=True), headers=headers)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


async def _homes(
    reads: Reads,
    actor: Actor,
    running: Campaign,
    fields: Sequence[Mapping[str, Any]],
    area: str,
    *,
    after: tuple[str, UUID] | None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    told = [field["element"] for field in fields if field["known"]]
    told += [each for each in LABELS.get(running.subject, ()) if each not in told]
    subject, why = running.subject, "campaign"
    return await read_rows(
        reads, actor, subject, told, purpose=why, area=area, campaign=running.id, after=after, limit=limit
    )


async def _out(session: WriteSession, actor: Actor, running: Campaign) -> CampaignOut:
    asked = queries.shares(actor, running.id, running.subject)
    grids = [GridShare.model_validate(row) for row in (await session.execute(asked)).mappings()]
    answered = sum(grid.answered for grid in grids)
    return CampaignOut.model_validate(running.model_dump() | {"grids": grids, "answered": answered})
