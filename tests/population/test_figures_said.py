"""Other services hear the figures of each grid: numbers only, when they changed."""

from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import text
from tests.population.conftest import Api, Place, person

from grid_kernel import clock
from grid_kernel.clock import quarter_of, today
from grid_kernel.runtime import Runtime
from population_svc import commands

NOW = clock.now()


async def said(runtime: Runtime, grid: str, *, at: Any = None) -> list[dict[str, Any]]:
    """What was said of a grid, in order, after the job has run."""
    async with runtime.system_session() as session:
        await commands.tell_figures(session, district=grid[:12], now=at or clock.now())
    async with runtime.system_session() as session:
        asked = "select body from outbox where subject = 'grid.population.figures.taken.v1' order by position"
        bodies = (await session.execute(text(asked))).scalars().all()
    events = [orjson.loads(body) for body in bodies]
    return [event for event in events if event["data"]["areaCode"] == grid]


async def test_the_figures_of_a_grid_are_said_when_they_change(api: Api, place: Place, runtime: Runtime) -> None:
    home = await api.registered(place.worker, place.household(person(), person(relation="12")))
    await api.registered(place.worker, place.household())
    first = await said(runtime, place.grid)
    figures = {"households": 2, "persons": 3, "visited": 0, "fresh": 0}
    label = quarter_of(today(NOW)).label
    assert [each["data"] for each in first] == [{"areaCode": place.grid, "quarter": label} | figures]
    assert len(await said(runtime, place.grid)) == 1, "nothing changed, nothing is said"
    await api.visited(place.worker, home)
    await api.visited(place.worker, home, "no_answer")
    later = (await said(runtime, place.grid))[-1]
    assert (later["sequence"], later["aggregateid"]) == (2, first[0]["aggregateid"])
    assert later["data"] | {"visited": 0, "fresh": 0} == first[0]["data"]
    assert (later["data"]["visited"], later["data"]["fresh"]) == (1, 1)


async def test_a_grid_that_emptied_has_no_figures(api: Api, place: Place, runtime: Runtime) -> None:
    home = await api.registered(place.head, place.household())
    await said(runtime, place.grid)
    to = {"dwelling": place.dwelling(place.other_building), "movedOn": today(NOW).isoformat()}
    assert (await api.post(place.head, f"/households/{home['id']}/moves", to, version=1)).status_code == 200
    assert (await said(runtime, place.grid))[-1]["data"]["households"] == 0
    assert (await said(runtime, place.other_grid))[-1]["data"]["households"] == 1


async def test_a_quarter_that_ended_is_said_once_more(api: Api, place: Place, runtime: Runtime) -> None:
    home = await api.registered(place.worker, place.household())
    await api.visited(place.worker, home)
    await said(runtime, place.grid)
    quarter = quarter_of(today(NOW))
    after = clock.start_of(quarter.end) + timedelta(hours=9)
    told = await said(runtime, place.grid, at=after)
    assert {each["data"]["quarter"]: each["data"]["visited"] for each in told} == {
        quarter.label: 1,
        quarter_of(quarter.end).label: 0,
    }
