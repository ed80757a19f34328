"""Addresses: the tree below a community, those of a building, free text matched, the floor board."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from gis_svc import commands, matching
from gis_svc.location import CurrentPlaces
from gis_svc.queries import addresses as queries
from gis_svc.queries import buildings
from gis_svc.schemas import AddressElementOut, AddressOut, BoardUnit, FloorBoard, MatchesOut, NewAddress, TextsToMatch
from grid_kernel import clock
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, refusals
from grid_kernel.paging import Page, Paging
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import CommunityCode, Schema

router = GridRouter(tags=["addresses"])


class AddressAdded(Schema):
    """The address that was entered."""

    id: UUID


@router.get("/address-elements")
async def list_address_elements(
    reads: Reads,
    _: CurrentActor,
    paging: Paging,
    community: Annotated[CommunityCode, Query(alias="communityCode", description="The community.")],
    parent: Annotated[UUID | None, Query(description="The element whose parts are asked for.")] = None,
) -> Page[AddressElementOut]:
    """The roads and compounds of a community, or what lies below one of them (types of GA/T 2000.32)."""
    return await queries.below(reads, paging, within=community, parent=parent)


@router.get("/buildings/{building_id}/addresses", responses=refusals(NotFound))
async def list_addresses(
    reads: Reads, actor: CurrentActor, places: CurrentPlaces, building_id: UUID, now: Now
) -> list[AddressOut]:
    """Every address of a building from the district down, those in use first."""
    await buildings.get_building(reads, actor, building_id)
    rows = await queries.of_building(reads, actor, building_id)
    return [matching.address_out(row, places, clock.today(now)) for row in rows]


@router.post("/buildings/{building_id}/addresses", status_code=201, responses=refusals(Forbidden, NotFound))
async def add_address(
    session: WriteSession, actor: CurrentActor, building_id: UUID, new: NewAddress, now: Now
) -> AddressAdded:
    """Enter another address of a building: a former name, another door plate."""
    return AddressAdded(id=await commands.add_address(session, actor, building_id, new, now=now))


@router.post("/addresses/match")
async def match_addresses(
    reads: Reads, actor: CurrentActor, places: CurrentPlaces, asked: TextsToMatch, now: Now
) -> MatchesOut:
    """What each text is read as, and the buildings of the caller's areas it may mean, with scores and reasons."""
    day = clock.today(now)
    names = matching.gazetteer_of(places, day)
    return MatchesOut(
        matches=[
            await matching.match(reads, actor, places, text, gazetteer=names, within=asked.within, day=day)
            for text in asked.texts
        ]
    )


@router.get("/buildings/{building_id}/floor-board", responses=refusals(NotFound))
async def get_floor_board(reads: Reads, actor: CurrentActor, building_id: UUID) -> FloorBoard:
    """Entrances and floors of a building; its dwellings (population) fall into it by entrance and floor."""
    building = await buildings.get_building(reads, actor, building_id)
    front = f"{building.community_code}{building.building_no}"
    floors = list(range(building.floors, 0, -1))
    units = range(1, building.entrances + 1)
    return FloorBoard(
        building_id=building.id,
        version=building.version,
        name=building.name,
        address_text=building.address_text,
        grid_code=building.area_code,
        floors=building.floors,
        units=[BoardUnit(entrance=unit, house_code_prefix=f"{front}{unit:02}", floors=floors) for unit in units],
    )
