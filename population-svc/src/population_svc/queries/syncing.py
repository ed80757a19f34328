"""What phones have sent before."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from population_svc.models import SyncOperation
from population_svc.queries.scope import everyone


async def sync_operation(session: AsyncSession, operation_id: UUID) -> SyncOperation:
    """An operation that was claimed, by this transaction or one before it."""
    asked = everyone(SyncOperation).where(col(SyncOperation.id) == operation_id)
    found: SyncOperation = (await session.execute(asked)).scalars().one()
    return found
