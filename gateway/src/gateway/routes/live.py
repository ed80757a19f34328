"""Live updates of the own areas."""

import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse

from gateway.holding import CurrentHolding
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.errors import Forbidden, Overloaded, Unauthenticated, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime
from grid_kernel.schemas import AreaCode

router = GridRouter(prefix="/live", tags=["live"])


class EventStream(StreamingResponse):
    """Server-sent events; as `response_class` of a route it says so in the document."""

    media_type = "text/event-stream"


@router.get("", response_class=EventStream, responses=refusals(Forbidden, Unauthenticated, Overloaded))
async def follow_live(
    request: Request,
    actor: CurrentActor,
    held: CurrentHolding,
    runtime: CurrentRuntime,
    area: Annotated[AreaCode | None, Query(description="Only what lies here.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=20, description="Where a page goes on.")] = None,
) -> EventStream:
    """References to what changes in the own areas, as server-sent events, for as long as the session lasts.

    `change` names what to load again; `reset` says that some were missed, so load everything again.
    """
    if area and not any(area.startswith(own) or own.startswith(area) for own in actor.areas()):
        raise Forbidden
    if not held.sessions.secret_of(request.scope["headers"]):
        raise Unauthenticated  # an open stream belongs to a session and ends with it

    async def still() -> Actor | None:
        token = await held.sessions.still_open(request.scope["headers"])
        return None if token is None else runtime.verifier.verify(token.decode(), now=time.time())

    since = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else None
    held.live.check_room(actor.id)

    async def text() -> AsyncIterator[bytes]:
        with held.live.listening(actor.id) as listener:
            async for piece in held.live.follow(listener, actor, area or "", since, still):
                yield piece

    return EventStream(text(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
