"""Codes at doors, and one-tap calling."""

from uuid import UUID

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads
from population_svc import commands, queries, rules
from population_svc.routes.asked import Days
from population_svc.schemas import Call, DoorOpened, DoorOpening, DoorTokenOut

doors = GridRouter(tags=["doors"])


@doors.post("/dwellings/{dwelling_id}/door-token", status_code=201, responses=refusals(Forbidden, NotFound))
async def put_up_door_token(dwelling_id: UUID, actor: CurrentActor, session: WriteSession, now: Now) -> DoorTokenOut:
    """Make a new code for a door, to be printed as QR; it says nothing by itself, and the old one opens nothing."""
    return await commands.put_up_token(session, actor, dwelling_id, now=now)


@doors.post("/door-openings", responses=refusals(InvalidInput, Forbidden, NotFound))
async def open_door(read: DoorOpening, actor: CurrentActor, reads: Reads, now: Now) -> DoorOpened:
    """The dwelling a code at a door names, and who lives there; only for those who look after it."""
    rules.check_keeps_register(actor)
    return await queries.read_door(reads, actor, read.token, today(now))


@doors.post("/households/{household_id}/call", responses=refusals(Forbidden, NotFound))
async def call_household(household_id: UUID, actor: CurrentActor, session: WriteSession, days: Days, now: Now) -> Call:
    """The number of a household to dial; recorded once a working day and household, on a day off each time."""
    return await commands.call_household(session, actor, household_id, calendar=days, now=now)
