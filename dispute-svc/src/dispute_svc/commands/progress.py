"""Progress by the two codes of a receipt, without an account; wrong codes lock the look-up of that case."""

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries, rules
from dispute_svc.models import Case, ProgressLock
from dispute_svc.schemas import Progress, ProgressIn, ProgressStep
from grid_kernel.db import find
from grid_kernel.runtime import Runtime

_LABEL = "dispute.case.query_code"


async def look_up_progress(runtime: Runtime, given: ProgressIn, *, now: datetime) -> Progress:
    """Where a case stands. A wrong code is counted and stored before it is refused."""
    async with runtime.system_session() as session:
        answer = await _look_up(session, runtime, given, now)
    if isinstance(answer, Progress):
        return answer
    raise answer


async def _look_up(
    session: AsyncSession, runtime: Runtime, given: ProgressIn, now: datetime
) -> Progress | rules.ProgressNotFound | rules.TooManyWrongCodes:
    case = await find(session, queries.by_code(given.case_code))
    if case is None:
        return rules.ProgressNotFound()
    lock = await _lock_of(session, case)
    if lock.locked_until and now < lock.locked_until:
        rest = int((lock.locked_until - now).total_seconds()) + 1
        return rules.TooManyWrongCodes(headers={"Retry-After": str(rest)}, minutes=-(-rest // 60))
    if not runtime.keys.matches(bytes(case.query_code), given.query_code, _LABEL):
        lock.wrong += 1
        if lock.wrong >= rules.WRONG_CODES_ALLOWED:
            lock.wrong, lock.locked_until = 0, now + timedelta(minutes=rules.LOCKED_MINUTES)
        return rules.ProgressNotFound()
    lock.wrong, lock.locked_until = 0, None
    return await _progress(session, case, now)


async def _lock_of(session: AsyncSession, case: Case) -> ProgressLock:
    await session.execute(insert(ProgressLock).values(case_id=case.id, wrong=0).on_conflict_do_nothing())
    return await queries.progress_lock(session, case.id)


async def _progress(session: AsyncSession, case: Case, now: datetime) -> Progress:
    steps = (await session.execute(queries.steps_of(case.id))).mappings()
    return Progress(
        case_code=case.case_code,
        category=None if case.restricted else case.category,
        state=case.state,
        reported_at=case.reported_at,
        lead_unit=None if case.restricted else case.lead_unit,
        due_at=case.due_at,
        late=rules.is_late(case.state, case.due_at, now),
        closed_at=case.closed_at,
        outcome=case.outcome,
        steps=[ProgressStep.model_validate(dict(step)) for step in steps],
    )
