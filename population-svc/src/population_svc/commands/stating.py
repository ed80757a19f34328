"""Keeping of each member who said it, when, and by what evidence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.auth import Actor
from grid_kernel.errors import InvalidInput
from population_svc import rules
from population_svc.models import Statement


@dataclass(frozen=True, slots=True)
class Told:
    """When something was said, where that was before it was recorded, by which operation of a phone, and by whom."""

    at: datetime | None = None
    operation_id: UUID | None = None
    by: tuple[str, str | None, str | None] | None = None


HERE = Told()
"""Said where and when it is recorded."""


def state(
    session: AsyncSession,
    actor: Actor,
    row: Any,
    members: Iterable[str],
    *,
    evidence: str | None,
    now: datetime,
    told: Told = HERE,
) -> None:
    """Note a statement on some members of a row; made now and by word of the person unless said."""
    shown = evidence or rules.BY_WORD
    if errors := rules.code_error("evidence", shown, "/evidence"):
        raise InvalidInput(errors=errors)
    grant = actor.grant_for(row.area_code)
    own = (actor.id, str(grant.post) if grant else None, grant.unit if grant else None)
    who, post, unit = told.by or own
    for member in sorted(set(members) - rules.NOT_STATED):
        session.add(
            Statement(
                object_kind=type(row).__name__.lower(),
                object_id=row.id,
                member=member,
                stated_at=told.at or now,
                recorded_at=now,
                actor_id=who,
                post=post,
                unit=unit,
                evidence=shown,
                operation_id=told.operation_id,
            )
        )
