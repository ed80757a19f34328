"""Addresses of buildings: grown out of what a building is called, and entered beside it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import addresses, rules
from gis_svc.addresses import BUILDING, COMPOUND, ROAD, YARD, Parsed
from gis_svc.models import Address, Building
from gis_svc.queries import addresses as queries
from gis_svc.queries import buildings
from gis_svc.rules import AddressState
from gis_svc.schemas import NewAddress
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.db import as_system
from grid_kernel.errors import InvalidInput
from grid_kernel.runtime import Runtime

OWN, ENTERED = "building", "entered"
BATCH = 100
"""Few enough that nobody who asks meanwhile waits for them."""
_GROUND = (ROAD, COMPOUND, YARD)
_Key = tuple[str, UUID | None, str, str]


class _Places:
    """The roads and compounds of some communities, and those added to them."""

    def __init__(self, known: Sequence[Address], now: datetime) -> None:
        self._known: dict[_Key, Address] = {self._key(each): each for each in known}
        self._now = now
        self.added: list[Address] = []

    @staticmethod
    def _key(place: Address) -> _Key:
        return place.community_code, place.parent_id, place.element_type, place.name

    def of(self, community: str, parsed: Parsed) -> Address | None:
        """The element a building hangs on; made when it is not there."""
        parent: Address | None = None
        for element in (each for each in parsed.elements if each.type in _GROUND):
            key = (community, parent.id if parent else None, element.type, element.name)
            if key not in self._known:
                self._known[key] = Address(
                    community_code=community,
                    parent_id=key[1],
                    element_type=element.type,
                    name=element.name,
                    source=OWN,
                    registered_at=self._now,
                )
                self.added.append(self._known[key])
            parent = self._known[key]
        return parent


def parsed_name(building: Building) -> Parsed:
    """What a building is called, as elements."""
    name = building.name
    compound = building.compound if building.compound and not name.startswith(building.compound) else ""
    return addresses.parse(f"{building.road or ''}{compound}{name}")


async def grow(session: AsyncSession, found: Sequence[Building], now: datetime) -> None:
    """Give each building the address it is called by."""
    communities = sorted({each.community_code for each in found})
    for community in communities:
        # One at a time in a community: two of the same place would be two places.
        await buildings.lock_numbers(session, community)
    places = _Places(await queries.places_of(session, communities), now)
    made = [_leaf(places, each, parsed_name(each), OWN, AddressState.IN_USE, now) for each in found]
    for place in places.added:
        session.add(place)
    await session.flush()
    session.add_all(made)
    await session.flush()


def _leaf(
    places: _Places, building: Building, parsed: Parsed, source: str, state: AddressState, now: datetime
) -> Address:
    ground = places.of(building.community_code, parsed)
    return Address(
        community_code=building.community_code,
        parent_id=ground.id if ground else None,
        element_type=BUILDING,
        name=parsed.of(BUILDING) or addresses.normal(building.name),
        building_id=building.id,
        state=state,
        source=source,
        registered_at=now,
    )


async def renew(session: AsyncSession, building: Building, now: datetime) -> None:
    """A building that is called otherwise now: the former address is abandoned and still leads to it."""
    parsed = parsed_name(building)
    await buildings.lock_numbers(session, building.community_code)
    for former in await queries.in_use(session, building.id):
        if former.state is AddressState.IN_USE:
            former.abandon()
    places = _Places(await queries.places_of(session, [building.community_code]), now)
    leaf = _leaf(places, building, parsed, OWN, AddressState.IN_USE, now)
    session.add_all(places.added)
    await session.flush()
    session.add(leaf)
    await session.flush()


async def add(session: AsyncSession, actor: Actor, building_id: UUID, new: NewAddress, *, now: datetime) -> UUID:
    """Enter another address of a building: a former name, what people call it, another door plate."""
    building = await buildings.for_update(session, actor, building_id)
    rules.check_may_register(actor, building.area_code)
    parsed = addresses.parse(new.text)
    if parsed.of(BUILDING) is None and parsed.of(ROAD) is None:
        raise InvalidInput.at("/text", "address-without-number")
    if parsed.rest or parsed.open:
        raise InvalidInput.at("/text", "address-unclear", rest=parsed.rest or parsed.normal)
    await buildings.lock_numbers(session, building.community_code)
    async with as_system(session):
        places = _Places(await queries.places_of(session, [building.community_code]), now)
        leaf = _leaf(places, building, parsed, ENTERED, new.state, now)
        session.add_all(places.added)
        await session.flush()
        session.add(leaf)
        await record_act(session, actor, "address.added", leaf, kind="address", now=now)
        await session.flush()
    return leaf.id


async def grow_missing(runtime: Runtime, now: datetime) -> int:
    """Give an address to every building that has none: those loaded from files, or from before there were addresses."""
    done = 0
    while True:
        async with runtime.system_session() as session:
            found = await queries.without_address(session, BATCH)
            await grow(session, found, now)
        done += len(found)
        if len(found) < BATCH:
            return done
