"""Buildings with names, numbers and footprints, and the dwellings in them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from grid_deploy.demo.areas import Grid, to_degrees
from grid_deploy.demo.randomness import Kind, Random, identifier, stream
from grid_deploy.demo.slabs import DOORS_PER_FLOOR, Slab, slabs_of
from grid_deploy.demo.words import choices, several, word

RENTED_SHARE = 0.18
OWN, RENTED, VACANT = "01", "02", "03"
BLOCKS_FOR_TWO_ESTATES = 3


@dataclass(frozen=True, slots=True)
class Building:
    """A building; `number` counts within its community, from 1."""

    id: str
    number: int
    name: str
    compound: str
    road: str
    floors: int
    entrances: int
    lon: float
    lat: float
    footprint: list[list[float]]


def buildings_of(grid: Grid, seed: int, first_number: int) -> list[Building]:
    """The buildings of a grid, numbered on from `first_number`."""
    random = stream(seed, "buildings", grid.code)
    slabs = slabs_of(grid, random)
    rings = to_degrees(np.array([point for slab in slabs for point in slab.ring()])).reshape(-1, 5, 2)
    middles = to_degrees(np.array([_middle(slab) for slab in slabs]))
    compounds = _compounds(grid, slabs)
    roads = choices("roads")[grid.community.street_code]
    counted: dict[str, int] = {}
    built = []
    for place, (slab, compound) in enumerate(zip(slabs, compounds, strict=True)):
        in_compound = counted[compound] = counted.get(compound, 0) + 1
        built.append(
            Building(
                id=identifier(Kind.BUILDING, seed, place, grid.number),
                number=first_number + place,
                name=word("building").format(compound=compound, number=in_compound),
                compound=compound,
                road=roads[grid.position % len(roads)],
                floors=slab.floors,
                entrances=slab.entrances,
                lon=float(middles[place, 0]),
                lat=float(middles[place, 1]),
                footprint=rings[place].tolist(),
            )
        )
    return built


def _middle(slab: Slab) -> tuple[float, float]:
    ring = slab.ring()
    return ((ring[0][0] + ring[2][0]) / 2, (ring[0][1] + ring[2][1]) / 2)


def _compounds(grid: Grid, slabs: list[Slab]) -> list[str]:
    """A grid is one estate, or two when it has enough blocks; villages keep their name."""
    if not grid.dense:
        return [grid.community.short + _phase(grid.position + 1)] * len(slabs)
    blocks = max(slab.block for slab in slabs) + 1
    split = blocks // 2 if blocks >= BLOCKS_FOR_TWO_ESTATES else blocks
    return [_estate(grid, int(slab.block >= split)) for slab in slabs]


def _estate(grid: Grid, half: int) -> str:
    place = 2 * grid.position + half
    estates = several("estates")
    phase = place // len(estates)
    return grid.community.short + estates[place % len(estates)] + (_phase(phase + 1) if phase else "")


def _phase(number: int) -> str:
    """The number of a part of an estate in Chinese, up to 99."""
    numerals = several("numerals")
    tens, ones = divmod(number, 10)
    leading = "" if tens <= 1 else numerals[tens - 1]
    ten = numerals[9] if tens else ""
    return word("phase").format(numeral=leading + ten + (numerals[ones - 1] if ones else ""))


def building_row(grid: Grid, building: Building) -> dict[str, Any]:
    """A line of gis/buildings.ndjson."""
    return {
        "id": building.id,
        "area_code": grid.code,
        "community_code": grid.community.code,
        "building_no": f"{building.number:04d}",
        "name": building.name,
        "compound": building.compound,
        "road": building.road,
        "kind": "residential",
        "floors": building.floors,
        "entrances": building.entrances,
        "lon": building.lon,
        "lat": building.lat,
        "footprint": {"type": "Polygon", "coordinates": [building.footprint]},
        "synthetic": True,
    }


def dwelling_rows(grid: Grid, buildings: list[Building], seed: int) -> list[dict[str, Any]]:
    """Lines of population/dwellings.ndjson: the occupied ones are as many as the households of the grid."""
    doors = [
        (building, entrance, floor, door)
        for building in buildings
        for entrance in range(1, building.entrances + 1)
        for floor in range(1, building.floors + 1)
        for door in range(1, DOORS_PER_FLOOR + 1)
    ]
    random = stream(seed, "dwellings", grid.code)
    uses = _uses(len(doors), grid.households, random)
    sizes = np.round(np.clip(random.normal(78.0, 18.0, len(doors)), 38.0, 160.0), 1).tolist()
    pattern, street = word("address"), grid.community.street_name
    rows = []
    for sequence, (building, entrance, floor, door) in enumerate(doors):
        room = f"{floor}{door:02d}"
        rows.append(
            {
                "id": identifier(Kind.DWELLING, seed, sequence, grid.number),
                "building_id": building.id,
                "area_code": grid.code,
                "house_code": f"{grid.community.code}{building.number:04d}{entrance:02d}{floor:02d}{door:02d}",
                "entrance": entrance,
                "floor": floor,
                "room_no": room,
                "use": uses[sequence],
                "area_m2": sizes[sequence],
                "address": pattern.format(
                    street=street, road=building.road, building=building.name, entrance=entrance, room=room
                ),
                "synthetic": True,
            }
        )
    return rows


def _uses(doors: int, households: int, random: Random) -> list[str]:
    occupied = min(households, doors)
    rented = round(occupied * RENTED_SHARE)
    uses = np.array([OWN] * (occupied - rented) + [RENTED] * rented + [VACANT] * (doors - occupied))
    drawn: list[str] = random.permutation(uses).tolist()
    return drawn
