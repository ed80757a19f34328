"""What whoever holds a receipt may look for, and how often it was tried."""

from datetime import datetime

from sqlalchemy import (
    delete,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc.models import (
    Application,
    ProgressLock,
)
from grid_kernel.db import find


async def by_receipt(session: AsyncSession, receipt_number: str) -> Application | None:
    """The application of a receipt number, for whoever knows its code."""
    return await find(session, select(Application).where(col(Application.receipt_number) == receipt_number))


def first_try(receipt_number: str, now: datetime) -> Insert:
    """Count from the first code that is tried for a number, whether there is such a number or not."""
    fresh = insert(ProgressLock).values(receipt_number=receipt_number, failures=0, tried_at=now)
    return fresh.on_conflict_do_nothing()


async def progress_lock(session: AsyncSession, receipt_number: str) -> ProgressLock:
    """The wrong codes given for a number, locked for the try that is made."""
    counted = select(ProgressLock).where(col(ProgressLock.receipt_number) == receipt_number)
    return (await session.execute(counted.with_for_update())).scalar_one()


async def forget_tries(session: AsyncSession, before: datetime) -> int:
    """Forget what was last tried before a moment."""
    old = delete(ProgressLock).where(col(ProgressLock.tried_at) < before).returning(col(ProgressLock.receipt_number))
    return len((await session.execute(old)).all())
