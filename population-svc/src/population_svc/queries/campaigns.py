"""Reads of campaigns: where they run, which homes they are about, how far they have come."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, delete, func, literal, or_, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.contracts.gis import PlaceNamed
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from population_svc.models import Campaign, CampaignAnswer, CampaignMember, CampaignPlace, Dwelling, Form, Household
from population_svc.queries.forms import concerning
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import PLACE, CampaignState

_AT_ONCE = 1_000


def campaigns(actor: Actor, area: str | None, *, after: tuple[UUID] | None, limit: int) -> Select[Any]:
    """The campaigns that concern an actor, the latest first."""
    asked = everyone(Campaign).where(concerning(actor, col(Campaign.area_code)))
    if area is not None:
        here = col(Campaign.area_code)
        asked = asked.where(or_(func.starts_with(here, area), func.starts_with(literal(area), here)))
    if after is not None:
        asked = asked.where(col(Campaign.id) < after[0])
    return asked.order_by(col(Campaign.id).desc()).limit(limit + 1)


async def campaign(session: AsyncSession, actor: Actor, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """A campaign that concerns an actor; NotFound otherwise."""
    asked = everyone(Campaign).where(col(Campaign.id) == campaign_id, concerning(actor, col(Campaign.area_code)))
    found: Campaign | None = await find(session, asked.with_for_update() if lock else asked)
    if found is None:
        raise NotFound
    return found


def running_in(grid: str, day: date) -> Select[Any]:
    """The campaigns that run over a grid, with the fields of their forms."""
    asked = everyone(Campaign).join(Form, col(Form.id) == col(Campaign.form_id))
    asked = asked.where(func.starts_with(literal(grid), col(Campaign.area_code)))
    asked = asked.where(col(Campaign.state) == CampaignState.RUNNING, col(Campaign.ends_on) >= day)
    columns: list[Any] = [getattr(Campaign, name) for name in ("id", "kind", "name", "basis", "ends_on", "subject")]
    return asked.with_only_columns(*columns, col(Campaign.form_id)).order_by(col(Campaign.ends_on), col(Campaign.id))


async def forms_named(session_or_reads: Any, ids: Sequence[UUID]) -> list[Any]:
    """Forms by id, of a hot read."""
    asked = everyone(Form).where(col(Form.id) == any_(literal(list(ids), ARRAY(Uuid))))
    return list(await session_or_reads.fetch(asked))


async def take_members(session: AsyncSession, actor: Actor, chosen: Campaign) -> int:
    """Choose the homes of a campaign, once; how many."""
    root: Any = Household if chosen.subject == "household" else Dwelling
    asked = visible(actor, root).where(within(root.area_code, chosen.area_code))
    if chosen.subject == "household":
        asked = asked.join(Dwelling, col(Dwelling.id) == col(Household.dwelling_id))
        asked = asked.where(col(Household.dissolved_on).is_(None))
    asked = asked.where(*_conditions(root, chosen.selection))
    rows = asked.with_only_columns(literal(chosen.id, Uuid).label("campaign_id"), root.id)
    table = CampaignMember.__table__  # type: ignore[attr-defined]
    taken = await session.execute(insert(table).from_select(["campaign_id", "target_id"], rows))
    return int(taken.rowcount)  # type: ignore[attr-defined]  # a cursor result, since it is an insert


def _conditions(root: Any, selection: Mapping[str, Any]) -> list[Any]:
    conditions: list[Any] = []
    if buildings := selection.get("building_ids"):
        conditions.append(col(Dwelling.building_id).in_([UUID(each) for each in buildings]))
    if uses := selection.get("dwelling_uses"):
        conditions.append(col(Dwelling.use).in_(uses))
    if ids := selection.get("ids"):
        conditions.append(root.id.in_([UUID(each) for each in ids]))
    return conditions


_ROOTS: Mapping[str, Any] = {"household": Household, "dwelling": Dwelling, PLACE: CampaignPlace}


def _members(actor: Actor, campaign_id: UUID, subject: str) -> tuple[Any, Select[Any]]:
    """What a campaign is about, as far as the actor sees it, by where it lies now."""
    root = _ROOTS[subject]
    asked = visible(actor, root).join(CampaignMember, col(CampaignMember.target_id) == root.id)
    asked = asked.where(col(CampaignMember.campaign_id) == campaign_id)
    return root, asked if subject != PLACE else asked.where(col(CampaignPlace.campaign_id) == campaign_id)


async def take_places(session: AsyncSession, chosen: Campaign, places: Sequence[PlaceNamed]) -> None:
    """Take the places a campaign is about, with what they are called."""
    ids = {UUID(each) for each in [*chosen.selection["ids"], *chosen.selection["building_ids"]]}
    rows = [
        {"campaign_id": chosen.id, "id": p.id, "area_code": p.area_code, "name": p.name, "address": p.address}
        | {"kind": p.kind_name}
        for p in places
        if not ids or p.id in ids
    ]
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        await session.execute(insert(CampaignPlace.__table__).values(some))  # type: ignore[attr-defined]


async def follow_places(session: AsyncSession, chosen: Campaign, places: Sequence[PlaceNamed]) -> None:
    """Let the places of a campaign stand where they stand now, and be called what they are called now."""
    now_at = {place.id: place for place in places}
    asked = everyone(CampaignPlace).where(col(CampaignPlace.campaign_id) == chosen.id)
    for row in (await session.execute(asked)).scalars():
        if (place := now_at.get(row.id)) is not None:
            row.area_code, row.name, row.address = place.area_code, place.name, place.address


async def enrol_places(session: AsyncSession, chosen: Campaign) -> int:
    """Make the places of a campaign its members, once; how many."""
    asked = everyone(CampaignPlace).where(col(CampaignPlace.campaign_id) == chosen.id)
    rows = asked.with_only_columns(col(CampaignPlace.campaign_id), col(CampaignPlace.id))
    table = CampaignMember.__table__  # type: ignore[attr-defined]
    taken = await session.execute(insert(table).from_select(["campaign_id", "target_id"], rows))
    return int(taken.rowcount)  # type: ignore[attr-defined]  # a cursor result, since it is an insert


async def campaigns_of_places(session: AsyncSession, day: date) -> list[Campaign]:
    """Campaigns over places that are due or run, whose places gis has to name."""
    asked = everyone(Campaign).where(col(Campaign.subject) == PLACE, col(Campaign.state) != CampaignState.ENDED)
    asked = asked.where(col(Campaign.starts_on) <= day, col(Campaign.ends_on) >= day)
    return list((await session.execute(asked)).scalars())


async def any_campaign_for_update(session: AsyncSession, campaign_id: UUID) -> Campaign:
    """A campaign for the job that begins it, locked."""
    found: Campaign | None = await find(
        session, everyone(Campaign).where(col(Campaign.id) == campaign_id).with_for_update()
    )
    assert found is not None  # noqa: S101 - whoever asks read its id before
    return found


def shares(actor: Actor, campaign_id: UUID, subject: str) -> Select[Any]:
    """How far a campaign has come in each grid of the actor's, where its homes lie now."""
    root, members = _members(actor, campaign_id, subject)
    asked = members
    answered = func.count(col(CampaignMember.answered_at))
    columns = (root.area_code, func.count().label("members"), answered.label("answered"))
    return asked.with_only_columns(*columns).group_by(root.area_code).order_by(root.area_code)


async def member_place(session: AsyncSession, actor: Actor, chosen: Campaign, target_id: UUID) -> str:
    """In which grid a home of a campaign lies; NotFound when it is none of it, or lies outside."""
    root, members = _members(actor, chosen.id, chosen.subject)
    asked = members.where(root.id == target_id)
    found: str | None = await session.scalar(asked.with_only_columns(root.area_code))
    if found is None:
        raise NotFound
    return found


async def note_answered(session: AsyncSession, campaign_id: UUID, target_id: UUID, at: datetime) -> None:
    """That a home was answered; the latest moment stands."""
    said = update(CampaignMember).where(
        col(CampaignMember.campaign_id) == campaign_id, col(CampaignMember.target_id) == target_id
    )
    latest = func.greatest(func.coalesce(col(CampaignMember.answered_at), at), at)
    await session.execute(said.values(answered_at=latest))


async def answer(session: AsyncSession, answer_id: UUID) -> CampaignAnswer | None:
    """An answer that was kept, whoever gave it."""
    found: CampaignAnswer | None = await session.get(CampaignAnswer, answer_id)
    return found


def last_answers(actor: Actor, campaign_id: UUID, ids: Sequence[UUID]) -> Select[Any]:
    """The answers that stand for some homes."""
    asked = visible(actor, CampaignAnswer).where(col(CampaignAnswer.campaign_id) == campaign_id)
    asked = asked.where(col(CampaignAnswer.target_id) == any_(literal(list(ids), ARRAY(Uuid))))
    latest = col(CampaignAnswer.answered_at).desc(), col(CampaignAnswer.id).desc()
    return asked.ext(distinct_on(col(CampaignAnswer.target_id))).order_by(col(CampaignAnswer.target_id), *latest)


async def campaigns_due(session: AsyncSession, day: date) -> list[Campaign]:
    """Campaigns that are to begin or to end, locked."""
    begins = (col(Campaign.state) == CampaignState.PLANNED) & (col(Campaign.starts_on) <= day)
    begins &= col(Campaign.subject) != PLACE
    ends = (col(Campaign.state) != CampaignState.ENDED) & (col(Campaign.ends_on) < day)
    asked = everyone(Campaign).where(or_(begins, ends)).with_for_update(skip_locked=True)
    return list((await session.execute(asked)).scalars())


async def forget_answers(session: AsyncSession, before: datetime) -> int:
    """Forget what was answered before a moment, and which homes campaigns that ended before it were about."""
    gone = await session.execute(delete(CampaignAnswer).where(col(CampaignAnswer.recorded_at) < before))
    ended = everyone(Campaign).where(col(Campaign.ended_at) < before).with_only_columns(col(Campaign.id))
    await session.execute(delete(CampaignPlace).where(col(CampaignPlace.campaign_id).in_(ended)))
    members = await session.execute(delete(CampaignMember).where(col(CampaignMember.campaign_id).in_(ended)))
    return int(gone.rowcount + members.rowcount)  # type: ignore[attr-defined]  # cursor results
