"""What whoever holds the receipt can do without an account: look, and rate."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries, rules
from approval_svc.commands.deciding import rate
from approval_svc.commands.submitting import code_hash, code_matches
from approval_svc.models import Application, ProgressLock
from approval_svc.rules import ProgressLocked, ProgressNotFound
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.errors import Refusal
from grid_kernel.identifiers import typed_query_code
from grid_kernel.runtime import Runtime


async def look_up(session: AsyncSession, receipt_number: str, code: str, *, now: datetime) -> Application | Refusal:
    """The application of a receipt. A refusal is returned, not raised: that it was tried must be stored."""
    number = receipt_number.replace(" ", "").replace("-", "")
    if not rules.is_receipt_number(number):
        # Perhaps another number of theirs: it cannot be right, so it is neither looked up nor kept.
        return ProgressNotFound()
    lock = await _tried(session, number, now)
    if lock.locked_until is not None and now < lock.locked_until:
        seconds = int((lock.locked_until - now).total_seconds()) + 1
        return ProgressLocked(headers={"Retry-After": str(seconds)}, minutes=-(-seconds // 60))
    application = await queries.by_receipt(session, number)
    # A number that does not exist costs the same comparison.
    stored = application.query_code_hash if application else code_hash(number, "")
    if not code_matches(stored, number, typed_query_code(code)) or application is None:
        return _failed(lock, now)
    lock.failures, lock.locked_until = 0, None
    return application


async def _tried(session: AsyncSession, number: str, now: datetime) -> ProgressLock:
    await session.execute(queries.first_try(number, now))
    lock = await queries.progress_lock(session, number)
    if now - lock.tried_at > rules.LOCK_FOR:
        lock.failures = 0
    lock.tried_at = now
    return lock


def _failed(lock: ProgressLock, now: datetime) -> Refusal:
    lock.failures += 1
    if lock.failures >= rules.LOCK_AFTER:
        lock.failures, lock.locked_until = 0, now + rules.LOCK_FOR
    return ProgressNotFound()


async def forget_tries(runtime: Runtime, now: datetime) -> int:
    """Forget the tries that no longer count; numbers nobody has would pile up otherwise."""
    async with runtime.system_session() as session:
        return await queries.forget_tries(session, now - 2 * rules.LOCK_FOR)


async def rate_by_receipt(
    session: AsyncSession,
    receipt_number: str,
    code: str,
    grade: int,
    *,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application | Refusal:
    """Rate as whoever holds the receipt, once."""
    found = await look_up(session, receipt_number, code, now=now)
    if isinstance(found, Refusal):
        return found
    await session.refresh(found, with_for_update=True)
    applicant = Actor(kind="resident", id=f"application:{found.id}")
    return await rate(session, applicant, found, grade, calendar=calendar, now=now)
