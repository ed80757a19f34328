"""A building's word moves everything in it, in whatever order the words arrive."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from tests.population.conftest import Api, Place, hearing, locate, refused

from grid_kernel import clock
from grid_kernel.contracts.gis import BuildingLocated, GridMerged, GridSplit
from grid_kernel.runtime import Runtime
from population_svc.events import on_building_located, on_grid_changed
from population_svc.jobs import follow_grids
from population_svc.models import KEPT

SCOPED = ("dwelling", "household", "person", "occupancy", "visit", "care_entry")
NOW = clock.now()


def split(
    place: Place, building: UUID, to: str, *, number: int = 2, said: datetime = NOW, on: date | None = None
) -> GridSplit:
    return GridSplit(
        aggregate_id=uuid4(),
        sequence=1,
        occurred_at=said,
        area_code=place.community,
        predecessors=(place.grid,),
        successors=(f"{place.community}011", f"{place.community}012"),
        effective_on=on or clock.today(said),
        buildings={building: to},
        building_versions={building: number},
    )


async def hear(runtime: Runtime, event: Any, now: datetime | None = None) -> None:
    handler = on_building_located if isinstance(event, BuildingLocated) else on_grid_changed
    async with runtime.system_session() as session:
        await handler(session, event, hearing(now))


async def areas(runtime: Runtime, community: str) -> set[tuple[str, str]]:
    found = set()
    async with runtime.system_session() as session:
        for table in (*SCOPED, *(f"{model.__tablename__}_version" for model in KEPT)):
            rows = await session.execute(
                text(f"select distinct area_code from {table} where area_code like :community"),
                {"community": f"{community}%"},
            )
            found |= {(table, area) for (area,) in rows}
    return found


async def furnished(api: Api, place: Place) -> dict[str, Any]:
    household = await api.registered(place.worker, place.household())
    await api.visited(place.worker, household)
    care = {"personId": household["persons"][0]["id"], "reason": "disability", "basis": "证", "startsOn": "2026-02-01"}
    await api.post(place.worker, "/care-entries", care)
    return household


async def test_everything_in_a_building_follows_a_split(api: Api, place: Place, runtime: Runtime) -> None:
    household = await furnished(api, place)
    successor = f"{place.community}011"
    await hear(runtime, split(place, place.building, successor))
    assert {area for _, area in await areas(runtime, place.community)} == {successor}
    refused(await api.get(place.worker, f"/households/{household['id']}"), 404, "not-found")
    there = Place()
    there.grid, there.community = successor, place.community
    seen = (await api.get(place.head, f"/households/{household['id']}")).json()
    assert (seen["areaCode"], seen["persons"][0]["areaCode"]) == (successor, successor)
    figures = (await api.get(place.head, f"/progress?area={successor}")).json()["total"]
    assert (figures["households"]["value"], figures["visited"]["value"]) == (1, 1)
    visits = (await api.get(place.head, f"/households/{household['id']}/visits")).json()["items"]
    assert [(visit["areaCode"], visit["gridCodeThen"]) for visit in visits] == [(successor, place.grid)]


async def test_what_was_before_a_split_is_counted_where_it_was(api: Api, place: Place, runtime: Runtime) -> None:
    await furnished(api, place)
    successor = f"{place.community}011"
    await hear(runtime, split(place, place.building, successor))
    yesterday = clock.today(NOW) - timedelta(days=1)
    before = (await api.get(place.head, f"/counts?area={place.grid}&asOf={yesterday}")).json()
    after = (await api.get(place.head, f"/counts?area={place.grid}")).json()
    there = (await api.get(place.head, f"/counts?area={successor}")).json()
    assert (before["households"], before["persons"]) == (1, 1)
    assert (after["households"], after["persons"]) == (0, 0)
    assert (there["households"], there["persons"]) == (1, 1)


async def test_a_split_announced_for_later_waits_for_its_day(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household())
    successor, later = f"{place.community}011", clock.today(NOW) + timedelta(days=20)
    await hear(runtime, split(place, place.building, successor, on=later))
    assert (await api.get(place.worker, f"/households/{household['id']}")).json()["areaCode"] == place.grid
    assert await follow_grids(runtime, NOW) == 0
    assert await follow_grids(runtime, datetime.combine(later, datetime.min.time(), UTC)) == 1
    assert (await api.get(place.head, f"/households/{household['id']}")).json()["areaCode"] == successor


async def test_grids_merge_into_one(api: Api, place: Place, runtime: Runtime) -> None:
    await api.registered(place.worker, place.household())
    await api.registered(place.neighbour, place.household(building=place.other_building))
    merged = f"{place.community}021"
    event = GridMerged(
        aggregate_id=uuid4(),
        sequence=1,
        occurred_at=NOW,
        area_code=place.community,
        predecessors=(place.grid, place.other_grid),
        successors=(merged,),
        effective_on=clock.today(NOW),
        buildings={place.building: merged, place.other_building: merged},
        building_versions={place.building: 2, place.other_building: 2},
    )
    await hear(runtime, event)
    assert (await api.get(place.head, f"/progress?area={merged}")).json()["total"]["households"]["value"] == 2


async def test_the_order_of_words_and_their_repetition_is_no_matter(api: Api, runtime: Runtime) -> None:
    outcomes = set()
    for seed in range(12):
        place = Place()
        await locate(runtime, place.building, place.grid)
        await api.registered(place.worker, place.household())
        # The clock of gis may jump: the building's own sequence orders its words, not their times.
        said = [NOW - timedelta(hours=hours) for hours in (1, 3, 2, 4)]
        first, second = (
            BuildingLocated(
                aggregate_id=place.building,
                sequence=number,
                occurred_at=moment,
                area_code=f"{place.community}{grid}",
                building_no="0016",
            )
            for number, moment, grid in ((2, said[0], "001"), (4, said[2], "012"))
        )
        words: list[Any] = [first, split(place, place.building, f"{place.community}011", number=3, said=said[1])]
        words += [second, split(place, place.building, f"{place.community}013", number=5, said=said[3])]
        words += words[:2]
        random.Random(seed).shuffle(words)
        for word in words:
            await hear(runtime, word)
        outcomes.add(frozenset((table, area[12:]) for table, area in await areas(runtime, place.community)))
    assert len(outcomes) == 1
    assert {area for _, area in next(iter(outcomes))} == {"013"}


async def test_a_household_entered_after_a_split_lies_in_the_new_grid(api: Api, place: Place, runtime: Runtime) -> None:
    successor = f"{place.community}011"
    await hear(runtime, split(place, place.building, successor))
    refused(await api.post(place.worker, "/households", place.household()), 404, "not-found")
    assert (await api.registered(place.head, place.household()))["areaCode"] == successor
