"""Staffing norms are dated data; areas stand against them, and another norm or cut can be tried."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import nats
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.population.conftest import Api, Place, asked_elsewhere, refused

from grid_deploy.engines import Engines
from grid_kernel import clock
from grid_kernel.clock import today
from grid_kernel.contracts.gateway import STAFFED_POSTS, AskStaffed, StaffedPost, StaffedPosts
from grid_kernel.runtime import Runtime
from population_svc.rules import GridSize, NormOf, needed, norms_in, parts_of_area, size_of

TODAY = today(clock.now())


@pytest.mark.parametrize(
    ("households", "size"),
    [(319, "too_small"), (320, "fits"), (400, "fits"), (480, "fits"), (481, "too_large")],
)
def test_a_grid_is_about_as_large_as_the_norm_or_not(households: int, size: str) -> None:
    assert size_of(households, 400, 20) == GridSize(size)


@given(st.integers(0, 5000), st.integers(1, 2000))
def test_nobody_has_more_households_than_the_norm_and_nobody_too_many_is_asked_for(households: int, norm: int) -> None:
    people = needed(households, norm)
    assert people * norm >= households
    assert (people - 1) * norm < households or people == 0


def test_the_pilot_of_2013_had_as_many_as_its_norms_asked_for() -> None:
    assert (needed(289 * 400, 400), needed(122 * 800, 800)) == (289, 122)


def test_the_norm_nearest_to_an_area_holds_and_the_later_of_two() -> None:
    def norm(area: str, day: int, households: int) -> dict[str, Any]:
        since = TODAY + timedelta(days=day)
        return {"area_code": area, "norm_of": "grid", "valid_from": since, "households": households}

    in_force = [norm("150204", -5, 300), norm("", -9, 400), norm("150204", -2, 350), norm("150204002", -1, 200)]
    assert norms_in("150204001", in_force)[NormOf.GRID]["households"] == 350
    assert norms_in("150203", in_force)[NormOf.GRID]["households"] == 400
    assert parts_of_area("150204", ["150204001001001", "150204001", "150204"]) == ["150204001"]


@asynccontextmanager
async def held(engines: Engines, runtime: Runtime, *posts: tuple[str, str, int]) -> AsyncIterator[list[AskStaffed]]:
    """As long as this lasts, the gateway says that so many people hold these posts."""
    connection, asked = await nats.connect(engines.nats_url_of("gateway")), list[AskStaffed]()

    async def receive(message: Any) -> None:
        asked.append(AskStaffed.model_validate_json(message.data))
        given = [StaffedPost(area_code=area, post=post, people=people) for area, post, people in posts]
        await message.respond(b'{"ok":' + StaffedPosts(posts=given).model_dump_json(by_alias=True).encode() + b"}")

    subject = f"{STAFFED_POSTS.subject}.{uuid4().hex}"
    await connection.subscribe(subject, cb=receive)
    await connection.flush()
    with asked_elsewhere(runtime, STAFFED_POSTS.subject, subject):
        yield asked
    await connection.close()


def norm(area: str, norm_of: str = "grid", households: int = 2, **more: Any) -> dict[str, Any]:
    return {"areaCode": area, "normOf": norm_of, "households": households, "validFrom": TODAY.isoformat()} | more


def posts(line: dict[str, Any]) -> dict[str, tuple[int, int | None, int | None]]:
    return {each["post"]: (each["needed"], each["staffed"], each["missing"]) for each in line["posts"]}


async def test_areas_stand_against_the_norms_of_their_street(
    api: Api, place: Place, engines: Engines, runtime: Runtime
) -> None:
    for number in range(5):
        building = place.building if number else place.other_building
        await api.registered(place.head, place.household(building=building))
    for kind, households in (("grid", 2), ("resident_service_officer", 2), ("opinion_collector", 4)):
        set_now = await api.post(place.leader, "/staffing-norms", norm(place.street, kind, households))
        assert set_now.status_code == 201, set_now.text
    officer, collector = "resident_service_officer", "opinion_collector"
    staff = [(place.grid, officer, 1), (place.community, officer, 1), (place.street, officer, 1)]
    async with held(engines, runtime, *staff, (place.grid, collector, 1)) as asked:
        told = (await api.get(place.leader, f"/staffing?area={place.street}")).json()
        community = (await api.get(place.head, f"/staffing?area={place.community}")).json()
    assert asked[0].area_code == place.street
    assert {each["normOf"]: each["households"] for each in told["norms"]} == {
        "grid": 2,
        officer: 2,
        collector: 4,
        "party_building_guide": 400,
    }
    line = told["parts"][0]
    assert (line["areaCode"], line["households"]["value"], line["grids"], line["gridsNeeded"]) == (
        place.community,
        5,
        2,
        3,
    )
    assert (line["tooLarge"], line["tooSmall"], line["size"]) == (1, 1, None)
    assert posts(line) == {officer: (3, 1, 2), collector: (2, 0, 2), "party_building_guide": (1, 0, 1)}
    assert posts(told["total"]) == posts(line)
    assert [(grid["areaCode"], grid["size"]) for grid in community["parts"]] == [
        (place.grid, "too_large"),
        (place.other_grid, "too_small"),
    ]
    assert posts(community["parts"][0])[officer] == (1, 1, 0)
    rows = (await api.get(place.leader, line["households"]["query"])).json()["items"]
    assert len(rows) == 5


async def test_when_the_gateway_is_silent_it_is_said_that_nobody_knows(
    api: Api, place: Place, runtime: Runtime
) -> None:
    await api.registered(place.head, place.household())
    with asked_elsewhere(runtime, STAFFED_POSTS.subject, None):
        told = (await api.get(place.head, f"/staffing?area={place.community}")).json()
    assert posts(told["total"])["resident_service_officer"] == (1, None, None)


async def test_another_norm_and_another_cut_can_be_tried(
    api: Api, place: Place, engines: Engines, runtime: Runtime
) -> None:
    for number in range(6):
        building = place.building if number % 3 else place.other_building
        await api.registered(place.head, place.household(building=building))
    draft = {"areaCode": place.community, "norms": [{"normOf": "grid", "households": 3}]}
    draft["norms"] += [{"normOf": "opinion_collector", "households": 5}]
    async with held(engines, runtime):
        tried = (await api.post(place.head, "/staffing/what-if", draft)).json()
        assert (tried["households"], tried["gridsNow"], tried["gridsNeeded"], tried["grids"]) == (6, 2, 2, [])
        assert posts({"posts": tried["postsNow"]})["opinion_collector"] == (1, 0, 1)
        assert posts({"posts": tried["postsThen"]})["opinion_collector"] == (2, 0, 2)
        cut = [{"name": "甲", "buildingIds": [str(place.building)]}]
        tried = (await api.post(place.head, "/staffing/what-if", draft | {"grids": cut})).json()
        assert tried["grids"] == [{"name": "甲", "households": 4, "size": "too_large"}]
        assert (tried["gridsNeeded"], tried["notAssigned"]) == (1, 2)
        cut += [{"name": "乙", "buildingIds": [str(place.other_building)]}]
        tried = (await api.post(place.head, "/staffing/what-if", draft | {"grids": cut})).json()
        assert (tried["gridsNeeded"], tried["notAssigned"]) == (2, 0)
        assert posts({"posts": tried["postsThen"]})["resident_service_officer"][0] == 2
    twice = draft | {"grids": [*cut, cut[0]]}
    refused(await api.post(place.head, "/staffing/what-if", twice), 400, None, "/grids")
    listed = (await api.get(place.head, f"/staffing-norms?area={place.community}")).json()
    assert {each["areaCode"] for each in listed} == {""}, "nothing of it was kept"


async def test_a_norm_holds_from_its_day_on_and_what_held_stays(api: Api, place: Place) -> None:
    later = (TODAY + timedelta(days=30)).isoformat()
    for entry in (norm(place.street), norm(place.street, households=3, validFrom=later)):
        assert (await api.post(place.leader, "/staffing-norms", entry)).status_code == 201
    listed = (await api.get(place.head, f"/staffing-norms?area={place.community}")).json()
    own = [(each["households"], each["validTo"]) for each in listed if each["areaCode"] == place.street]
    assert own == [(3, None), (2, later)]
    before = (await api.get(place.head, f"/staffing?area={place.community}&asOf=2026-01-10")).json()
    assert {each["normOf"]: each["households"] for each in before["norms"]}["grid"] == 400
    refused(await api.post(place.leader, "/staffing-norms", norm(place.street)), 409, "already-recorded")
    past = norm(place.street, validFrom="2026-01-01")
    refused(await api.post(place.leader, "/staffing-norms", past), 400, None, "/validFrom")
    refused(await api.post(place.head, "/staffing-norms", norm(place.community)), 403, "forbidden")
    refused(await api.post(place.leader, "/staffing-norms", norm("150204")), 403, "forbidden")
    refused(await api.post(place.leader, "/staffing-norms", norm(place.street, "dog")), 400, None, "/normOf")
    refused(await api.get(place.neighbour, f"/staffing?area={place.grid}"), 404, "not-found")
    refused(await api.get(place.head, f"/staffing?area={place.community}&asOf=2012-12-31"), 400, None, "#/query/asOf")
    refused(await api.get(place.neighbour, f"/staffing-norms?area={place.grid}"), 404, "not-found")
    refused(await api.post(place.neighbour, "/staffing/what-if", {"areaCode": place.grid}), 404, "not-found")
