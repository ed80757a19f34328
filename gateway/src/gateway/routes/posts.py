"""Posts: who holds what, where, from when to when, and who stands in."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlalchemy import tuple_
from sqlmodel import col

from gateway import commands, queries
from gateway.holding import CurrentHolding
from gateway.models import Account, PostAssignment
from gateway.rules import AdminsApart, NotForOneself, PostTaken, vacant
from gateway.schemas import PostEnd, PostIn, PostOut, SubstituteIn, VacancyOut
from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession, in_scope
from grid_kernel.errors import refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import AreaCode

router = GridRouter(prefix="/posts", tags=["posts"])


async def _out(session: WriteSession, assignment: PostAssignment) -> PostOut:
    account = await session.get(Account, assignment.account_id)
    name = account.display_name if account else ""
    return PostOut.model_validate({**assignment.model_dump(), "display_name": name})


@router.post("", status_code=201, responses=refusals(PostTaken, AdminsApart, NotForOneself))
async def assign_post(
    given: PostIn, actor: CurrentActor, session: WriteSession, held: CurrentHolding, now: Now
) -> PostOut:
    """Give a post to an account; it counts from the account's next request."""
    assignment = await commands.assign_post(session, actor, given, now=now)
    held.sessions.forget(session, assignment.account_id)
    return await _out(session, assignment)


@router.get("")
async def list_posts(
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    area: Annotated[AreaCode | None, Query()] = None,
    on: Annotated[date | None, Query(description="Only posts in force on this day.")] = None,
) -> Page[PostOut]:
    """Posts of the own areas, by area."""
    statement = queries.visible_posts(actor).order_by(col(PostAssignment.area_code), col(PostAssignment.id))
    if area is not None:
        statement = statement.where(col(PostAssignment.area_code) >= area, col(PostAssignment.area_code) < f"{area}~")
    if on is not None:
        ended = col(PostAssignment.valid_to) <= on
        statement = statement.where(col(PostAssignment.valid_from) <= on, ended.is_not(True))
    if after := paging.after(str, UUID):
        statement = statement.where(tuple_(col(PostAssignment.area_code), col(PostAssignment.id)) > after)
    rows = await reads.fetch(statement.limit(paging.limit + 1))
    return page_of(rows, paging, key=lambda row: (row["area_code"], row["id"]), item=PostOut.model_validate)


@router.get("/vacancies")
async def list_vacancies(
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    now: Now,
    area: Annotated[AreaCode | None, Query()] = None,
    on: Annotated[date | None, Query(description="The day asked about, today when none is given.")] = None,
) -> Page[VacancyOut]:
    """Grids of the own areas where one of the three posts is held by nobody, by area."""
    statement = queries.visible_vacancies(actor, on or today(now)).order_by(col(PostAssignment.area_code))
    if area is not None:
        statement = statement.where(in_scope(col(PostAssignment.area_code), [area]))
    if after := paging.after(str):
        statement = statement.where(col(PostAssignment.area_code) > after[0])
    rows = await reads.fetch(statement.limit(paging.limit + 1))
    return page_of(rows, paging, key=lambda row: (row["area_code"],), item=_vacancy)


def _vacancy(row: Mapping[str, Any]) -> VacancyOut:
    return VacancyOut(area_code=row["area_code"], posts=vacant(row["held"]))


@router.put("/{post_id}/end", responses=CHANGED)
async def vacate_post(
    post_id: UUID,
    given: PostEnd,
    actor: CurrentActor,
    session: WriteSession,
    held: CurrentHolding,
    version: IfMatch,
    now: Now,
) -> PostOut:
    """End a post; what it allowed ends with it."""
    assignment = await commands.vacate_post(session, actor, post_id, given.valid_to, version=version, now=now)
    held.sessions.forget(session, assignment.account_id, assignment.substitute_account_id)
    return await _out(session, assignment)


@router.put("/{post_id}/substitute", responses=CHANGED | refusals(NotForOneself, AdminsApart))
async def set_substitute(
    post_id: UUID,
    given: SubstituteIn,
    actor: CurrentActor,
    session: WriteSession,
    held: CurrentHolding,
    version: IfMatch,
    now: Now,
) -> PostOut:
    """Let somebody stand in for a post, or end that."""
    assignment, before = await commands.set_substitute(
        session, actor, post_id, given.account_id, version=version, now=now
    )
    held.sessions.forget(session, before, assignment.substitute_account_id)
    return await _out(session, assignment)
