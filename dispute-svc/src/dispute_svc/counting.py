"""Figures: what the reader can open row by row, and beside it, for the district, how many restricted ones there are."""

from datetime import datetime

from dispute_svc import queries, rules
from dispute_svc.schemas import Figure, Figures
from grid_kernel.auth import Actor, Post
from grid_kernel.errors import NotFound
from grid_kernel.reads import ReadRunner


async def count(reads: ReadRunner, own: ReadRunner, actor: Actor, area: str, now: datetime) -> Figures:
    """The figures of an area the actor has to do with; NotFound for any other."""
    if not any(area.startswith(prefix) for prefix in queries.scope(actor)):
        raise NotFound
    row = await reads.fetch_one(queries.figures(queries.unrestricted(actor), area, now)) or {}
    district = len(area) == rules.DISTRICT_CODE_LENGTH and actor.holds(Post.DISTRICT_LEADER, Post.ARBITER, area=area)
    hidden = await own.fetch_one(queries.figures(queries.restricted_ones(), area, now)) if district else None
    return Figures(
        area_code=area,
        as_of=now,
        figures=[
            Figure(
                name=name,
                count=row[name],
                restricted_count=_shown(hidden[name]) if hidden else None,
                query=f"/cases?area={area}&queue={name}&restricted=false",
            )
            for name in queries.FIGURES
        ],
    )


def _shown(number: int) -> int | None:
    return number if number >= rules.SMALLEST_COUNT_SHOWN else None
