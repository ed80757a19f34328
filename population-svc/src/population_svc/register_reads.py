"""Rows of chosen elements, read and recorded: whose name stands in a row was read too, also a head in a household's."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from grid_kernel.auth import Actor
from grid_kernel.reads import ReadRunner
from population_svc import queries
from population_svc.rules import PLACE

_HEADS = "head_name"


async def read_rows(
    reads: ReadRunner,
    actor: Actor,
    subject: str,
    elements: Sequence[str],
    *,
    purpose: str,
    area: str | None,
    campaign: UUID | None = None,
    ids: Sequence[UUID] | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """A page of rows; each person in it is recorded as read for a purpose (a code of `read_purpose`)."""
    asked = queries.register_rows(
        actor, subject, elements, area=area, campaign=campaign, ids=ids, after=after, limit=limit
    )
    if subject == PLACE:
        return await reads.fetch(asked)
    rows = await reads.fetch(asked, access=subject, fields=tuple(elements), purpose=purpose)
    if subject == "household" and _HEADS in elements:
        heads = [row["head_id"] for row in rows if row["head_id"] is not None]
        await reads.fetch(queries.persons_named(actor, heads), access="person", fields=(_HEADS,), purpose=purpose)
    return rows
