"""Every select of the gateway. Staff is seen inside the own area; units by everybody who is signed in."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, and_, any_, cast, distinct, func, literal, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gateway.models import Account, PostAssignment, RosterEntry, Unit, WebSession
from gateway.rules import GRID_TRIO, Duty, Half, Held
from grid_kernel.auth import Actor, Post
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound

STAFF_READERS = (
    Post.SYSTEM_ADMIN,
    Post.SECURITY_ADMIN,
    Post.STATION_HEAD,
    Post.STREET_LEADER,
    Post.DISTRICT_LEADER,
)


def scope(actor: Actor) -> tuple[str, ...]:
    """Where an actor may see who works."""
    return actor.areas(*STAFF_READERS)


def visible_accounts(actor: Actor) -> Select[Account]:
    """Accounts of the actor's areas."""
    return select(Account).where(in_scope(col(Account.area_code), scope(actor)))


def visible_posts(actor: Actor) -> Select[PostAssignment, str]:
    """Posts of the actor's areas, with the name of who holds them."""
    joined = select(PostAssignment, col(Account.display_name)).join(
        Account, col(Account.id) == col(PostAssignment.account_id)
    )
    return joined.where(in_scope(col(PostAssignment.area_code), scope(actor)))


def visible_vacancies(actor: Actor, day: date) -> Select[str, Sequence[str]]:
    """Grids of the actor's areas that lack one of the three posts on a day, with the posts that are held.

    A grid is known here by the posts it ever had; one whose posts wait to be assigned anew is no more.
    """
    held = and_(
        col(PostAssignment.valid_from) <= day,
        or_(col(PostAssignment.valid_to).is_(None), col(PostAssignment.valid_to) > day),
    )
    posts = func.array_agg(distinct(cast(col(PostAssignment.post), Text))).filter(held)
    statement = select(col(PostAssignment.area_code), func.coalesce(posts, literal([], ARRAY(Text))).label("held"))
    return (
        statement.where(in_scope(col(PostAssignment.area_code), scope(actor)))
        .where(col(PostAssignment.post) == any_(literal(sorted(GRID_TRIO), ARRAY(Text))))
        .group_by(col(PostAssignment.area_code))
        .having(func.count(distinct(col(PostAssignment.post))).filter(held) < len(GRID_TRIO))
        .having(func.bool_or(col(PostAssignment.to_reassign)).is_(False))
    )


def staffed_posts(area: str, posts: Sequence[str], day: date) -> Select[str, str, int]:
    """How many people hold each of some posts on a day, in an area and in every area below it."""
    levels = func.generate_series(literal_column(str(len(area))), literal_column("15"), literal_column("3"))
    length = levels.column_valued("length")
    part = func.left(cast(col(PostAssignment.area_code), Text), length).label("part")
    ended = col(PostAssignment.valid_to)
    counted = select(part, cast(col(PostAssignment.post), Text).label("post"))
    counted = counted.add_columns(func.count(distinct(col(PostAssignment.account_id))).label("people"))
    return (
        counted.where(in_scope(col(PostAssignment.area_code), [area]))
        .where(func.length(cast(col(PostAssignment.area_code), Text)) >= length)
        .where(col(PostAssignment.post) == any_(literal(list(posts), ARRAY(Text))))
        .where(col(PostAssignment.valid_from) <= day, or_(ended.is_(None), ended > day))
        .where(col(PostAssignment.to_reassign).is_(False))
        .group_by(part, col(PostAssignment.post))
    )


def visible_roster(actor: Actor) -> Select[RosterEntry]:
    """Half-days of the actor's areas."""
    return select(RosterEntry).where(in_scope(col(RosterEntry.area_code), scope(actor)))


def units() -> Select[Unit]:
    """All units: names of offices are public."""
    return select(Unit)


async def account_by_login(session: AsyncSession, login: str) -> Account | None:
    """The account of a log-in, locked for the try that is made on it."""
    return await find(session, select(Account).where(col(Account.login) == login).with_for_update())


async def account(session: AsyncSession, account_id: UUID) -> Account:
    """One account, locked for a change."""
    found = await find(session, select(Account).where(col(Account.id) == account_id).with_for_update())
    if found is None:
        raise NotFound
    return found


async def visible_account(session: AsyncSession, actor: Actor, account_id: UUID) -> Account:
    """One account of the actor's areas, locked for a change."""
    found = await find(session, visible_accounts(actor).where(col(Account.id) == account_id).with_for_update())
    if found is None:
        raise NotFound
    return found


async def post_assignment(session: AsyncSession, actor: Actor, post_id: UUID) -> PostAssignment:
    """One post of the actor's areas, locked for a change."""
    statement = select(PostAssignment).where(in_scope(col(PostAssignment.area_code), scope(actor)))
    found = await find(session, statement.where(col(PostAssignment.id) == post_id).with_for_update())
    if found is None:
        raise NotFound
    return found


async def unit_names(session: AsyncSession, codes: Sequence[str]) -> dict[str, str]:
    """The names of units."""
    found = await session.execute(select(col(Unit.code), col(Unit.name)).where(col(Unit.code).in_(codes)))
    return {row.code: row.name for row in found}


async def unit(session: AsyncSession, code: str) -> Unit:
    """One unit, locked for a change."""
    found = await find(session, select(Unit).where(col(Unit.code) == code).with_for_update())
    if found is None:
        raise NotFound
    return found


async def held_by(session: AsyncSession, account_id: UUID) -> list[Held]:
    """The posts an account holds or stands in for, past and to come."""
    mine = or_(col(PostAssignment.account_id) == account_id, col(PostAssignment.substitute_account_id) == account_id)
    found = await session.execute(select(PostAssignment).where(mine))
    return [row.held() for row in found.scalars()]


async def duty_of(session: AsyncSession, account_id: UUID, day: date, half: Half) -> Duty | None:
    """The duty the roster gives an account on a half-day."""
    statement = select(col(RosterEntry.duty)).where(
        col(RosterEntry.account_id) == account_id, col(RosterEntry.day) == day, col(RosterEntry.half) == half
    )
    return await session.scalar(statement)


async def roster_entry(session: AsyncSession, account_id: UUID, day: date, half: Half) -> RosterEntry | None:
    """The roster's entry of a half-day, locked for a change."""
    statement = select(RosterEntry).where(
        col(RosterEntry.account_id) == account_id, col(RosterEntry.day) == day, col(RosterEntry.half) == half
    )
    return await find(session, statement.with_for_update())


async def web_session(session: AsyncSession, secret_hash: bytes) -> tuple[WebSession, Account] | None:
    """The open session of a cookie and its account."""
    statement = (
        select(WebSession, Account)
        .join(Account, col(Account.id) == col(WebSession.account_id))
        .where(
            col(WebSession.secret_hash) == secret_hash,
            col(WebSession.ended_at).is_(None),
            col(Account.disabled).is_(False),
        )
    )
    row = (await session.execute(statement)).first()
    return (row[0], row[1]) if row else None


async def posts_in(session: AsyncSession, areas: tuple[str, ...], day: date) -> list[PostAssignment]:
    """The posts in force at these areas, locked for a change."""
    statement = select(PostAssignment).where(
        col(PostAssignment.area_code).in_(areas),
        or_(col(PostAssignment.valid_to).is_(None), col(PostAssignment.valid_to) > day),
    )
    return list((await session.execute(statement.with_for_update())).scalars())


async def sessions_of(session: AsyncSession, account_id: UUID) -> list[WebSession]:
    """The open sessions of an account."""
    statement = select(WebSession).where(col(WebSession.account_id) == account_id, col(WebSession.ended_at).is_(None))
    return list((await session.execute(statement)).scalars())


async def idle_sessions(
    session: AsyncSession, seen_before: datetime, started_before: datetime, *, kept: bool
) -> list[WebSession]:
    """Sessions that were not used for long, or are too old."""
    idle = or_(col(WebSession.seen_at) < seen_before, col(WebSession.started_at) < started_before)
    mine = (col(WebSession.ended_at).is_(None), col(WebSession.kept).is_(kept), idle)
    statement = select(WebSession).where(*mine).limit(1000)
    return list((await session.execute(statement)).scalars())
