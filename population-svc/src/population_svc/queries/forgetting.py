"""What is removed once its time is over; each statement removes or empties rows from before a moment. Run as system."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.clock import today
from population_svc.models import (
    CareEntry,
    DataRequest,
    FollowUp,
    OwnAccess,
    PendingChange,
    RosterChange,
    Secrecy,
    SpotCheck,
    SyncOperation,
    Transfer,
    Visit,
)


async def _gone(session: AsyncSession, table: Any, condition: Any) -> int:
    old = delete(table).where(condition).execution_options(synchronize_session=False)
    return int((await session.execute(old)).rowcount)  # type: ignore[attr-defined]  # a cursor result


async def forget_notes(session: AsyncSession, before: date) -> int:
    """Empty the notes of old visits."""
    old = update(Visit).where(col(Visit.visited_on) < before, col(Visit.note).is_not(None)).values(note=None)
    plain = old.execution_options(synchronize_session=False)
    return int((await session.execute(plain)).rowcount)  # type: ignore[attr-defined]  # a cursor result


async def forget_changes(session: AsyncSession, before: datetime) -> int:
    """Marks of what changed that no cursor can ask for."""
    return await _gone(session, RosterChange, col(RosterChange.changed_at) < before)


async def forget_own_access(session: AsyncSession, before: datetime) -> int:
    """Codes of the window and the passes they became."""
    return await _gone(session, OwnAccess, col(OwnAccess.expires_at) < before)


async def forget_data_requests(session: AsyncSession, before: datetime) -> int:
    """Requests decided long ago."""
    return await _gone(session, DataRequest, col(DataRequest.decided_at) < before)


async def forget_secrecies(session: AsyncSession, before: datetime) -> int:
    """Secrecies whose period is long over."""
    return await _gone(session, Secrecy, col(Secrecy.until) < today(before))


async def forget_care(session: AsyncSession, before: datetime) -> int:
    """Care entries that ended long ago."""
    return await _gone(session, CareEntry, col(CareEntry.ended_on) < today(before))


async def forget_spot_checks(session: AsyncSession, before: datetime) -> int:
    """Who was asked back."""
    return await _gone(session, SpotCheck, col(SpotCheck.drawn_on) < today(before))


async def forget_transfers(session: AsyncSession, before: datetime) -> int:
    """Changes of grid decided long ago."""
    return await _gone(session, Transfer, col(Transfer.decided_at) < before)


async def forget_operations(session: AsyncSession, before: datetime) -> int:
    """Operations of phones; one that comes again after so long is judged by its base."""
    return await _gone(session, SyncOperation, col(SyncOperation.recorded_at) < before)


async def forget_pending(session: AsyncSession, before: datetime) -> int:
    """Changes that were published or refused long ago."""
    return await _gone(session, PendingChange, col(PendingChange.decided_at) < before)


async def forget_follow_ups(session: AsyncSession, before: datetime) -> int:
    """Visits cases asked for and that were made."""
    return await _gone(session, FollowUp, (col(FollowUp.requested_at) < before) & col(FollowUp.visit_id).is_not(None))
