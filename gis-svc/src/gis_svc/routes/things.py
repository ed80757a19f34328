"""Things that are looked after, with photographs; safety checks in homes, while the resident agrees."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from gis_svc import commands
from gis_svc.queries import inspections as queries
from gis_svc.routes.buildings import THINGS_CHANGE
from gis_svc.routes.parameters import Within
from gis_svc.schemas import Day, HomeCheckIn, HomeCheckOut, InspectionIn, InspectionOut, PhotosIn, ThingOut
from grid_kernel import clock
from grid_kernel.attachments import AttachmentResponse, attachment_response
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, refusals
from grid_kernel.paging import Page, Paging
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import Sha256

router = GridRouter(tags=["things"])


@router.get("/things/due")
async def list_things_due(
    reads: Reads,
    actor: CurrentActor,
    paging: Paging,
    now: Now,
    by: Annotated[Day | None, Query(description="By which day; today unless said.")] = None,
    within: Within = None,
) -> Page[ThingOut]:
    """The things of the caller's areas whose inspection is due by a day, the most overdue first."""
    return await queries.due(reads, actor, paging, by=by or clock.today(now), within=within)


@router.get("/things/{thing_id}", responses=refusals(NotFound))
async def get_thing(reads: Reads, actor: CurrentActor, thing_id: UUID) -> ThingOut:
    """One thing: who answers for it, its state, its next inspection, its photographs."""
    return await queries.thing(reads, actor, thing_id)


@router.put("/things/{thing_id}/photos", responses=refusals(Forbidden, NotFound) | CHANGED, dependencies=THINGS_CHANGE)
async def show_thing(
    session: WriteSession, actor: CurrentActor, thing_id: UUID, shown: PhotosIn, version: IfMatch, now: Now
) -> ThingOut:
    """Put other photographs in the place of those a thing has (If-Match: the thing)."""
    thing = await commands.show(session, actor, thing_id, shown.photos, version=version, now=now)
    return ThingOut.model_validate(thing.model_dump())


@router.get("/things/{thing_id}/inspections", responses=refusals(NotFound))
async def list_inspections(reads: Reads, actor: CurrentActor, thing_id: UUID) -> list[InspectionOut]:
    """What was found at a thing, the latest first."""
    return await queries.of_thing(reads, actor, thing_id)


@router.post(
    "/things/{thing_id}/inspections",
    status_code=201,
    responses=refusals(Forbidden, NotFound) | CHANGED,
    dependencies=THINGS_CHANGE,
)
async def inspect_thing(
    session: WriteSession, actor: CurrentActor, thing_id: UUID, found: InspectionIn, version: IfMatch, now: Now
) -> InspectionOut:
    """Record what was found at a thing; its state and its next inspection follow (If-Match: the thing)."""
    entry = await commands.inspect(session, actor, thing_id, found, version=version, now=now)
    return InspectionOut.model_validate(entry)


@router.get("/things/{thing_id}/attachments/{sha256}", responses=refusals(NotFound), response_class=AttachmentResponse)
async def get_thing_attachment(
    reads: Reads, actor: CurrentActor, runtime: CurrentRuntime, thing_id: UUID, sha256: Annotated[Sha256, Path()]
) -> AttachmentResponse:
    """A photograph a thing or an inspection of it names."""
    await queries.check_named(reads, actor, thing_id, sha256)
    return await attachment_response(runtime.blobs, sha256)


@router.get("/home-checks")
async def list_home_checks(
    reads: Reads, actor: CurrentActor, paging: Paging, now: Now, within: Within = None
) -> Page[HomeCheckOut]:
    """Safety checks in homes of the caller's grids while the consent holds, those that end first first."""
    return await queries.home_checks(reads, actor, paging, on=clock.today(now), within=within)


@router.get("/home-checks/{check_id}", responses=refusals(NotFound))
async def get_home_check(reads: Reads, actor: CurrentActor, check_id: UUID, now: Now) -> HomeCheckOut:
    """One safety check while its consent holds; that it was looked at is recorded."""
    return await queries.home_check(reads, actor, check_id, clock.today(now))


@router.post("/home-checks", status_code=201, responses=refusals(Forbidden, NotFound))
async def record_home_check(session: WriteSession, actor: CurrentActor, told: HomeCheckIn, now: Now) -> HomeCheckOut:
    """Record what a safety check found in a home whose resident agreed; kept for a year at the longest."""
    check = await commands.check_home(session, actor, told, now=now)
    return HomeCheckOut.of(check.model_dump())


@router.delete("/home-checks/{check_id}", status_code=204, responses=refusals(Forbidden, NotFound) | CHANGED)
async def withdraw_home_consent(
    session: WriteSession, actor: CurrentActor, check_id: UUID, version: IfMatch, now: Now
) -> None:
    """The resident agrees no longer: what was found is deleted at once."""
    await commands.withdraw_consent(session, actor, check_id, version=version, now=now)
