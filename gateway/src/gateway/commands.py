"""What can be made to happen with accounts, units, posts, roster and calendar."""

import hashlib
import secrets
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import passwords, queries, rules
from gateway.models import Account, PostAssignment, RosterEntry, Unit, WebSession
from gateway.passwords import Passwords
from gateway.schemas import AccountIn, CalendarDayIn, PostIn, RosterIn, SignIn, UnitIn
from grid_kernel import calendar
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import today
from grid_kernel.contracts.gateway import CalendarDayChanged, DutyChanged
from grid_kernel.db import expect_version
from grid_kernel.errors import Forbidden, InvalidInput, Refusal, WrongState
from grid_kernel.events import publish
from grid_kernel.types import uuid7

_TAKEN = frozenset({"23505", "23P01"})
"""unique_violation and exclusion_violation."""


def secret_hash(secret: str) -> bytes:
    """What is stored of a cookie's secret."""
    return hashlib.sha256(secret.encode("ascii", "replace")).digest()


async def sign_in(
    session: AsyncSession, hasher: Passwords, given: SignIn, *, now: datetime
) -> tuple[str, Account, bool] | Refusal:
    """Begin a session and answer its secret, its account, and whether it is kept between days.

    A failed try is returned, not raised: that it failed must be stored.
    """
    account = await queries.account_by_login(session, given.login)
    if account is not None and account.locked(now):
        return rules.LoginLocked(headers={"Retry-After": str(_seconds_left(account, now))})
    stored = account.password_hash if account and not account.disabled else None
    if not await hasher.matches(given.password.get_secret_value(), stored) or account is None:
        return await _failed(session, account, now)
    if account.totp_confirmed:
        if given.totp is None:
            return rules.SecondFactorRequired()
        if (refused := _check_second_factor(account, given.totp, now)) is not None:
            await _failed(session, account, now)
            return refused
    account.succeed()
    secret = secrets.token_urlsafe(32)
    kept = given.keep and rules.may_keep_session(await queries.held_by(session, account.id), account.id, today(now))
    opened = WebSession(secret_hash=secret_hash(secret), account_id=account.id, started_at=now, seen_at=now, kept=kept)
    session.add(opened)
    await record_act(session, _as_actor(account), "session.started", account, kind="account", now=now)
    return secret, account, kept


def _as_actor(account: Account) -> Actor:
    return Actor(kind="account", id=str(account.id))


def _seconds_left(account: Account, now: datetime) -> int:
    return int((account.locked_until - now).total_seconds()) + 1 if account.locked_until else 1


def _check_second_factor(account: Account, code: str, now: datetime) -> Refusal | None:
    counter = passwords.totp_counter(account.totp_secret or "", code, now, account.totp_last_counter)
    if counter is None:
        return rules.LoginFailed()
    account.totp_last_counter = counter
    return None


async def _failed(session: AsyncSession, account: Account | None, now: datetime) -> Refusal:
    if account is not None and (locked := account.fail(now)) is not None:
        await publish(session, locked)
        await record_act(session, _as_actor(account), "account.locked", account, kind="account", now=now)
    return rules.LoginFailed()


async def sign_out(session: AsyncSession, secret: str, *, now: datetime) -> None:
    """End the session of a cookie."""
    if found := await queries.web_session(session, secret_hash(secret)):
        found[0].ended_at = now


async def end_sessions(session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """End every session of an account."""
    for open_session in await queries.sessions_of(session, account_id):
        open_session.ended_at = now


async def change_password(
    session: AsyncSession, hasher: Passwords, actor: Actor, current: str, fresh: str, *, now: datetime
) -> None:
    """Replace the own password; all sessions end."""
    account = await queries.account(session, UUID(actor.id))
    if not await hasher.matches(current, account.password_hash):
        raise InvalidInput.at("/current", "wrong-password")
    await _set_password(session, hasher, account, fresh, now)
    await record_act(session, actor, "password.changed", account, kind="account", now=now)


async def _set_password(
    session: AsyncSession, hasher: Passwords, account: Account, password: str, now: datetime
) -> None:
    account.password_hash = await hasher.hash(_acceptable(account.login, password))
    account.version += 1
    await end_sessions(session, account.id, now=now)


def _acceptable(login: str, password: str) -> str:
    if login in password.lower():
        raise InvalidInput.at("/password", "password-contains-login")
    return password


async def begin_second_factor(session: AsyncSession, actor: Actor) -> tuple[str, str]:
    """Make a new secret for the own authenticator app; it counts once confirmed."""
    account = await queries.account(session, UUID(actor.id))
    if account.totp_confirmed:
        raise WrongState
    account.totp_secret, account.totp_last_counter = passwords.new_totp_secret(), 0
    account.version += 1
    return account.totp_secret, passwords.totp_address(account.totp_secret, account.login)


async def confirm_second_factor(session: AsyncSession, actor: Actor, code: str, *, now: datetime) -> None:
    """Let the second factor count from now on."""
    account = await queries.account(session, UUID(actor.id))
    if account.totp_secret is None or _check_second_factor(account, code, now) is not None:
        raise InvalidInput.at("/code", "wrong-code")
    account.totp_confirmed = True
    account.version += 1
    await record_act(session, actor, "second-factor.confirmed", account, kind="account", now=now)


def _require(actor: Actor, *posts: Post, area: str | None = None) -> None:
    if not actor.holds(*posts, area=area):
        raise Forbidden


async def create_account(
    session: AsyncSession, hasher: Passwords, actor: Actor, given: AccountIn, *, now: datetime
) -> Account:
    """Make an account that can sign in and do nothing yet. System administrators make accounts, not grants."""
    _require(actor, Post.SYSTEM_ADMIN, area=given.area_code)
    account = Account(login=given.login, display_name=given.display_name, area_code=given.area_code, created_at=now)
    account.password_hash = await hasher.hash(_acceptable(given.login, given.password.get_secret_value()))
    session.add(account)
    await _flush_or(session, rules.LoginTaken())
    await record_act(session, actor, "account.created", account, kind="account", now=now)
    return account


async def _flush_or(session: AsyncSession, refusal: Refusal) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        # Anything else that the database refuses is a fault of ours.
        if isinstance(error.orig, Exception) and getattr(error.orig, "sqlstate", "") not in _TAKEN:
            raise
        raise refusal from None


async def change_account(
    session: AsyncSession,
    actor: Actor,
    account_id: UUID,
    *,
    display_name: str,
    disabled: bool,
    version: int,
    now: datetime,
) -> Account:
    """Rename, close or reopen an account; closing ends its sessions."""
    account = await queries.visible_account(session, actor, account_id)
    _require(actor, Post.SYSTEM_ADMIN, area=account.area_code)
    expect_version(account, version)
    account.display_name, account.disabled = display_name, disabled
    account.version += 1
    if disabled:
        await end_sessions(session, account.id, now=now)
    await record_act(session, actor, "account.changed", account, kind="account", now=now)
    return account


async def reset_password(
    session: AsyncSession, hasher: Passwords, actor: Actor, account_id: UUID, password: str, *, now: datetime
) -> Account:
    """Give an account a new password, forget its failures and its second factor."""
    account = await queries.visible_account(session, actor, account_id)
    _require(actor, Post.SYSTEM_ADMIN, area=account.area_code)
    await _set_password(session, hasher, account, password, now)
    account.succeed()
    account.totp_secret, account.totp_confirmed = None, False
    await record_act(session, actor, "password.reset", account, kind="account", now=now)
    return account


async def register_unit(session: AsyncSession, actor: Actor, given: UnitIn, *, now: datetime) -> Unit:
    """Enter a unit that can be given work."""
    _require(actor, Post.SYSTEM_ADMIN, area=given.area_code)
    unit = Unit(**given.model_dump())
    session.add(unit)
    await _flush_or(session, rules.UnitTaken())
    await publish(session, unit.registered(now))
    await record_act(session, actor, "unit.registered", unit, kind="unit", now=now)
    return unit


async def change_unit(
    session: AsyncSession, actor: Actor, code: str, given: dict[str, Any], *, version: int, now: datetime
) -> Unit:
    """Rename, close or reopen a unit."""
    unit = await queries.unit(session, code)
    _require(actor, Post.SYSTEM_ADMIN, area=unit.area_code)
    expect_version(unit, version)
    await publish(session, unit.change(given["name"], given["phone"], active=given["active"], now=now))
    await record_act(session, actor, "unit.changed", unit, kind="unit", now=now)
    return unit


async def assign_post(session: AsyncSession, actor: Actor, given: PostIn, *, now: datetime) -> PostAssignment:
    """Give a post to an account. Security administrators grant; nobody grants to oneself."""
    _require(actor, Post.SECURITY_ADMIN, area=given.area_code)
    account = await queries.visible_account(session, actor, given.account_id)
    assignment = PostAssignment(**given.model_dump())
    await _check_holder(session, actor, assignment, account.id, since=given.valid_from)
    session.add(assignment)
    await _flush_or(session, rules.PostTaken())
    await publish(session, assignment.assigned(now))
    await record_act(session, actor, "post.assigned", assignment, kind="post", now=now)
    return assignment


async def _check_holder(
    session: AsyncSession, actor: Actor, assignment: PostAssignment, account_id: UUID, *, since: date
) -> None:
    """Refuse whoever may not hold the post, or stand in for it, from a day on."""
    held = await queries.held_by(session, account_id)
    beside = [other for other in held if other.overlaps(since, assignment.valid_to)]
    rules.check_assignment(assignment.post, assignment.area_code, beside, actor.id, account_id)


async def vacate_post(
    session: AsyncSession, actor: Actor, post_id: UUID, on: date, *, version: int, now: datetime
) -> PostAssignment:
    """End a post on a day."""
    assignment = await queries.post_assignment(session, actor, post_id)
    _require(actor, Post.SECURITY_ADMIN, area=assignment.area_code)
    expect_version(assignment, version)
    if on < assignment.valid_from:
        raise InvalidInput.at("/validTo", "ends-before-it-begins")
    await publish(session, assignment.vacate(on, now))
    await record_act(session, actor, "post.vacated", assignment, kind="post", now=now)
    return assignment


async def set_substitute(
    session: AsyncSession, actor: Actor, post_id: UUID, account_id: UUID | None, *, version: int, now: datetime
) -> tuple[PostAssignment, UUID | None]:
    """Let somebody stand in for a post, or end that, and say who did so before.

    Station heads do it for their own community.
    """
    assignment = await queries.post_assignment(session, actor, post_id)
    _require(actor, Post.SECURITY_ADMIN, Post.STATION_HEAD, area=assignment.area_code)
    expect_version(assignment, version)
    if account_id is not None:
        await queries.visible_account(session, actor, account_id)
        await _check_holder(session, actor, assignment, account_id, since=today(now))
    before, assignment.substitute_account_id = assignment.substitute_account_id, account_id
    assignment.version += 1
    await publish(session, assignment.assigned(now))
    await record_act(session, actor, "post.substituted", assignment, kind="post", now=now)
    return assignment, before


async def set_duty(session: AsyncSession, actor: Actor, given: RosterIn, *, now: datetime) -> RosterEntry:
    """Put an account on window or grid duty for a half-day."""
    account = await queries.visible_account(session, actor, given.account_id)
    _require(actor, Post.STATION_HEAD, area=account.area_code)
    entry = await queries.roster_entry(session, given.account_id, given.day, given.half)
    if entry is None:
        entry = RosterEntry(**given.model_dump(), area_code=account.area_code)
        session.add(entry)
    else:
        entry.duty = given.duty
        entry.version += 1
    await publish(session, _duty_changed(entry, now))
    await record_act(session, actor, "duty.changed", entry, kind="roster", now=now)
    return entry


def _duty_changed(entry: RosterEntry, now: datetime) -> DutyChanged:
    return DutyChanged(
        aggregate_id=entry.id,
        sequence=entry.version,
        occurred_at=now,
        area_code=entry.area_code,
        account_id=entry.account_id,
        day=entry.day,
        half=entry.half.value,
        duty=entry.duty.value,
    )


async def declare_day(
    session: AsyncSession, actor: Actor, day: date, given: CalendarDayIn, *, now: datetime
) -> CalendarDayChanged:
    """Declare a day a working day or a day off; every service's deadlines follow."""
    district = str(session.info["district"])
    _require(actor, Post.SYSTEM_ADMIN, area=district)
    event = CalendarDayChanged(
        aggregate_id=uuid7(),
        sequence=int(now.timestamp() * 1000) % 2_000_000_000,
        occurred_at=now,
        area_code=district,
        day=day,
        working=given.working,
        name=given.name,
    )
    await calendar.on_calendar_day_changed(session, event, None)
    await publish(session, event)
    return event


async def mark_for_reassignment(session: AsyncSession, predecessors: tuple[str, ...], *, now: datetime) -> int:
    """Put the posts of grids that were split or merged on the list of those to assign anew."""
    posts = await queries.posts_in(session, predecessors, today(now))
    for post in posts:
        post.to_reassign = True
        post.version += 1
    return len(posts)


async def end_idle_sessions(session: AsyncSession, *, now: datetime) -> int:
    """End sessions nobody used for long, and those that are too old."""
    usual, phones = (rules.SESSION_IDLE, rules.SESSION_LONGEST), (rules.KEPT_SESSION_IDLE, rules.KEPT_SESSION_LONGEST)
    idle = [
        each
        for kept, (silence, age) in ((False, usual), (True, phones))
        for each in await queries.idle_sessions(session, now - silence, now - age, kept=kept)
    ]
    for open_session in idle:
        open_session.ended_at = now
    return len(idle)
