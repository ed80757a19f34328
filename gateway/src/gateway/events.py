"""What the gateway hears, and what it answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from gateway import commands, queries
from grid_kernel.ask import Question
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.contracts.gateway import STAFFED_POSTS, AskStaffed, StaffedPost, StaffedPosts
from grid_kernel.contracts.gis import GridMerged, GridSplit
from grid_kernel.events import Event
from grid_kernel.inbox import Hearing
from grid_kernel.service import Answer, Handler

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime


async def on_grid_changed(session: AsyncSession, event: GridSplit | GridMerged, hearing: Hearing) -> None:
    """Posts of a grid that no longer exists as it was wait to be assigned anew."""
    await commands.mark_for_reassignment(session, event.predecessors, now=hearing.now)


async def tell_staffed(runtime: "Runtime", actor: Actor, asked: AskStaffed, now: datetime) -> StaffedPosts:
    """How many people hold the posts of an area: numbers, nobody's name."""
    reads = runtime.system_reads(actor, "ask staffed-posts")
    rows = await reads.fetch(queries.staffed_posts(asked.area_code, asked.posts, asked.on or today(now)))
    return StaffedPosts(
        posts=[StaffedPost(area_code=row["part"], post=row["post"], people=row["people"]) for row in rows]
    )


HANDLERS: dict[type[Event], Handler] = {GridSplit: on_grid_changed, GridMerged: on_grid_changed}

ANSWERS: Mapping[Question[Any, Any], Answer] = {STAFFED_POSTS: tell_staffed}
