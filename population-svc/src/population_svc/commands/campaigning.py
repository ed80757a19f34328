"""Campaigns: planned with a form that was approved, begun on their day, answered at the door, ended without a trace."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.ask import ask
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.clock import today
from grid_kernel.contracts.gis import LIST_PLACES, ListPlaces, PlaceNamed
from grid_kernel.db import expect_version
from grid_kernel.errors import FieldError, InvalidInput, Unavailable
from grid_kernel.types import uuid7
from population_svc import queries, rules
from population_svc.models import Campaign, CampaignAnswer
from population_svc.rules import CampaignState
from population_svc.schemas import CampaignAnswerIn, CampaignIn, PlacesChosen

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime


async def places_for(runtime: "Runtime", actor: Actor, entry: CampaignIn, now: datetime) -> Sequence[PlaceNamed] | None:
    """The places a campaign that begins today is about; None for homes, a later day, or while gis does not answer.

    Asked before the transaction that plans it, so that none waits for another service.
    """
    rules.check_runs_campaigns(actor, entry.area_code)
    if entry.selection.places is None or entry.starts_on > today(now):
        return None
    try:
        return await _asked(runtime, entry.area_code, entry.selection.places)
    except Unavailable:
        return None


async def _asked(runtime: "Runtime", area: str, chosen: PlacesChosen) -> Sequence[PlaceNamed]:
    found, after = list[PlaceNamed](), None
    while len(found) < rules.MOST_MEMBERS:
        asked = ListPlaces(area_code=area, of=chosen.of, kinds=tuple(chosen.kinds), after=after)
        answer = await ask(runtime, LIST_PLACES, asked)
        found += answer.places
        if not answer.more:
            break
        after = answer.places[-1].id
    return found


async def name_places(runtime: "Runtime", now: datetime) -> int:
    """Begin campaigns over places that are due, and follow those that run: a place may stand in another grid now."""
    async with runtime.system_session() as session:
        waiting = await queries.campaigns_of_places(session, today(now))
    for each in waiting:
        try:
            places = await _asked(runtime, each.area_code, PlacesChosen.model_validate(each.selection["places"]))
        except Unavailable:
            return 0
        async with runtime.system_session() as session:
            current = await queries.any_campaign_for_update(session, each.id)
            if current.state is CampaignState.RUNNING:
                await queries.follow_places(session, current, places)
            elif current.state is CampaignState.PLANNED:
                await _begin(session, current, now, places)
    return len(waiting)


async def plan_campaign(
    session: AsyncSession,
    actor: Actor,
    entry: CampaignIn,
    *,
    places: Sequence[PlaceNamed] | None = None,
    now: datetime,
) -> Campaign:
    """Plan a campaign; one whose first day has come begins at once."""
    rules.check_runs_campaigns(actor, entry.area_code)
    form = await queries.form(session, actor, entry.form_id)
    form.require_in_use(today(now))
    rules.check_dates(entry.starts_on, entry.ends_on, form.ends_on, today(now))
    errors = rules.code_error("campaign_kinds", entry.kind, "/kind")
    for place, use in enumerate(entry.selection.dwelling_uses):
        errors += rules.code_error("dwelling_uses", use, f"/selection/dwellingUses/{place}")
    if form.subject == "person":
        errors.append(FieldError("/formId", "form-of-persons"))
    if (form.subject == rules.PLACE) != (entry.selection.places is not None):
        errors.append(FieldError("/selection/places", "missing" if form.subject == rules.PLACE else "extra-forbidden"))
    if not (entry.area_code.startswith(form.area_code) or form.area_code.startswith(entry.area_code)):
        errors.append(FieldError("/formId", "form-of-another-area"))
    if errors:
        raise InvalidInput(errors=errors)
    planned = Campaign(
        **entry.model_dump(by_alias=False, exclude={"selection"}),
        id=uuid7(),
        selection=entry.selection.model_dump(mode="json"),
        subject=form.subject,
        asked_by=actor.id,
        asked_at=now,
    )
    session.add(planned)
    await session.flush()
    await record_act(session, actor, "campaign.planned", planned, kind="campaign", now=now)
    if planned.starts_on <= today(now) and (places is not None or planned.subject != rules.PLACE):
        await _begin(session, planned, now, places)
        if not planned.members:
            raise rules.NobodySelected.at("/selection", "nobody-selected")
    return planned


async def _begin(
    session: AsyncSession, planned: Campaign, now: datetime, places: Sequence[PlaceNamed] | None = None
) -> None:
    """Choose its homes by the right of whoever leads its area, or take the places gis has named."""
    if places is not None:
        await queries.take_places(session, planned, places)
        planned.begin(await queries.enrol_places(session, planned))
    else:
        planned.begin(await queries.take_members(session, _leader_of(planned), planned))
    await session.flush()
    await record_act(session, Actor.system("population"), "campaign.begun", planned, kind="campaign", now=now)


def _leader_of(planned: Campaign) -> Actor:
    grant = Grant(post=Post.DISTRICT_LEADER, area=planned.area_code)
    return Actor(kind="service", id="population", grants=(grant,))


async def end_campaign(
    session: AsyncSession, actor: Actor, campaign_id: UUID, *, version: int, now: datetime
) -> Campaign:
    """End a campaign before its day: its form disappears, what was answered stays."""
    running = await queries.campaign(session, actor, campaign_id, lock=True)
    rules.check_runs_campaigns(actor, running.area_code)
    expect_version(running, version)
    running.end(now)
    await session.flush()
    await record_act(session, actor, "campaign.ended", running, kind="campaign", now=now)
    return running


async def turn_campaigns(session: AsyncSession, *, now: datetime) -> int:
    """Begin what is to begin today, end what ended yesterday; how many."""
    due = await queries.campaigns_due(session, today(now))
    for each in due:
        if each.ends_on < today(now):
            each.end(now)
            await record_act(session, Actor.system("population"), "campaign.ended", each, kind="campaign", now=now)
        else:
            await _begin(session, each, now)
    await session.flush()
    return len(due)


async def answer_campaign(
    session: AsyncSession,
    actor: Actor,
    campaign_id: UUID,
    said: CampaignAnswerIn,
    *,
    now: datetime,
) -> CampaignAnswer:
    """Keep what was answered at a home; the same id again changes nothing, a later answer takes its place."""
    rules.check_keeps_register(actor)
    running = await queries.campaign(session, actor, campaign_id)
    answered_at = said.answered_at or now
    if answered_at > now + rules.CLOCK_TOLERANCE:
        raise InvalidInput.at("/answeredAt", "in-the-future")
    if running.state is CampaignState.PLANNED:
        raise rules.CampaignNotBegun
    running.require_open(today(answered_at))
    if said.id is not None and (known := await queries.answer(session, said.id)) is not None:
        if known.worker_id != actor.id:
            raise rules.AlreadyRecorded
        return known
    grid = await queries.member_place(session, actor, running, said.target_id)
    rules.check_may_keep(actor, grid)
    form = await queries.form(session, actor, running.form_id)
    rules.check_answers(form.fields, said.answers)
    given = CampaignAnswer(
        id=said.id or uuid7(),
        campaign_id=running.id,
        target_id=said.target_id,
        area_code=grid,
        answers=orjson.dumps(said.answers).decode(),
        worker_id=actor.id,
        answered_at=answered_at,
        recorded_at=now,
    )
    session.add(given)
    await session.flush()
    await queries.note_answered(session, running.id, said.target_id, answered_at)
    await record_act(session, actor, "campaign.answered", given, kind="campaign_answer", now=now)
    return given
