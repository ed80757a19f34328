"""A campaign may be about things and empty dwellings: asked of gis by name, walked to without a household."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import nats
import pytest
from nats.aio.msg import Msg
from sqlalchemy import text
from tests.population.conftest import Api, Place, asked_elsewhere, refused
from tests.population.test_campaigns import DAY, HOSE, Town

from grid_deploy.engines import Engines
from grid_kernel import clock
from grid_kernel.contracts.gis import LIST_PLACES, ListPlaces, PlaceNamed, PlacesListed
from grid_kernel.runtime import Runtime
from population_svc import commands

FIELDS: list[dict[str, Any]] = [
    {"name": "名称"},
    {"name": "位置"},
    {"name": "灭火器有效", "code": "extinguisher_valid", "kind": "yes_no", "required": True},
]


class Gis:
    """gis as population hears it on the bus: two places at a time, so that there is a second page."""

    def __init__(self, url: str, runtime: Runtime, places: Sequence[PlaceNamed]) -> None:
        self.url, self.runtime, self.places = url, runtime, sorted(places, key=lambda place: place.id)
        self.subject = f"{LIST_PLACES.subject}.{uuid4().hex}"
        self.asked: list[ListPlaces] = []

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        connection = await nats.connect(self.url)
        await connection.subscribe(self.subject, cb=self._answer)
        await connection.flush()
        with asked_elsewhere(self.runtime, LIST_PLACES.subject, self.subject):
            yield
        await connection.close()

    async def _answer(self, message: Msg) -> None:
        asked = ListPlaces.model_validate_json(message.data)
        self.asked.append(asked)
        behind = [each for each in self.places if asked.after is None or each.id > asked.after]
        answer = PlacesListed(places=tuple(behind[:2]), more=len(behind) > 2)
        await message.respond(b'{"ok":' + answer.model_dump_json(by_alias=True).encode() + b"}")


def named(grid: str, name: str) -> PlaceNamed:
    kind = {"kind": "fire_hydrant", "kind_name": "消火栓"}
    return PlaceNamed(id=uuid4(), area_code=grid, name=name, address=f"{name}旁", **kind)


@pytest.fixture
def town(api: Api, runtime: Runtime, place: Place) -> Town:
    return Town(api, runtime, place)


@pytest.fixture
def gis(engines: Engines, runtime: Runtime, place: Place) -> Gis:
    here = [named(place.grid, f"消火栓{number}") for number in (1, 2)]
    return Gis(engines.nats_url_of("gis"), runtime, [*here, named(place.other_grid, "消火栓3")])


async def over_places(town: Town, **more: Any) -> dict[str, Any]:
    form = await town.form(subject="place", fields=FIELDS)
    return await town.campaign(formId=form, kind="fire", selection={"places": {"of": "things"}} | more)


async def test_things_are_walked_to_by_name_and_counted_by_grid(town: Town, gis: Gis) -> None:
    async with gis.answering():
        campaign = await over_places(town)
    assert (campaign["state"], campaign["members"], campaign["subject"]) == ("running", 3, "place")
    assert [(asked.of, asked.area_code) for asked in gis.asked] == [("things", town.place.community)] * 2
    (packed,) = (await town.pack())["campaigns"]
    assert [(each["label"], each["known"]) for each in packed["targets"]] == [
        (f"消火栓{n} 消火栓{n}旁", {"place_name": f"消火栓{n}", "place_address": f"消火栓{n}旁"}) for n in (1, 2)
    ]
    target = {"id": packed["targets"][0]["targetId"]}
    kept = await town.answered(campaign, target, answers={"extinguisher_valid": True})
    assert kept.status_code == 201
    seen = (await town.api.get(town.place.head, f"/campaigns/{campaign['id']}")).json()
    assert [(each["areaCode"], each["members"], each["answered"]) for each in seen["grids"]] == [
        (town.place.grid, 2, 1),
        (town.place.other_grid, 1, 0),
    ]
    unknown = await town.answered(campaign, {"id": str(uuid4())}, answers={"extinguisher_valid": True})
    refused(unknown, 404)
    await town.over(campaign)
    assert (await town.pack())["campaigns"] == []


async def test_while_gis_is_away_a_campaign_waits_and_begins_when_it_is_back(town: Town, gis: Gis) -> None:
    with asked_elsewhere(town.runtime, LIST_PLACES.subject, None):
        campaign = await over_places(town)
    assert (campaign["state"], campaign["members"]) == ("planned", 0)
    async with gis.answering():
        assert await commands.name_places(town.runtime, clock.now()) >= 1
    began = (await town.api.get(town.place.head, f"/campaigns/{campaign['id']}")).json()
    assert (began["state"], began["members"]) == ("running", 3)


async def test_a_place_whose_grid_was_split_is_asked_in_its_new_grid(town: Town, gis: Gis) -> None:
    async with gis.answering():
        campaign = await over_places(town)
        moved = gis.places[0].id
        gis.places = [
            each.model_copy(update={"area_code": town.place.other_grid if each.id == moved else town.place.grid})
            for each in gis.places
        ]
        await commands.name_places(town.runtime, clock.now())
    seen = (await town.api.get(town.place.head, f"/campaigns/{campaign['id']}")).json()
    assert [(each["areaCode"], each["members"]) for each in seen["grids"]] == [
        (town.place.grid, 2),
        (town.place.other_grid, 1),
    ]


async def test_a_selection_fits_the_form(town: Town, gis: Gis) -> None:
    async with gis.answering():
        one = await over_places(town, ids=[str(gis.places[0].id)])
    assert one["members"] == 1
    form = await town.form(subject="place", fields=FIELDS)
    for asked in (
        await town.asked(formId=form),
        await town.asked(selection={"places": {"of": "things"}}),
    ):
        answer = await town.api.post(town.place.head, "/campaigns", asked)
        refused(answer, 400, "invalid-input", "/selection/places")
    unlike = await town.asked(formId=form, selection={"places": {"of": "persons"}})
    refused(await town.api.post(town.place.head, "/campaigns", unlike), 400)


async def test_an_empty_dwelling_is_asked_about_like_any_other(town: Town) -> None:
    home = await town.home()
    async with town.runtime.system_session() as session:
        gone = "update household set dissolved_on = :day where id = :id"
        await session.execute(text(gone), {"day": DAY, "id": UUID(home["id"])})
    fields = [{"name": "地址"}, {"name": "房屋用途"}, HOSE]
    campaign = await town.campaign(formId=await town.form(subject="dwelling", fields=fields))
    pack = await town.pack()
    assert [each["id"] for each in pack["households"]] == []
    (target,) = pack["campaigns"][0]["targets"]
    assert (target["targetId"], target["label"]) == (home["dwelling"]["id"], home["dwelling"]["address"])
    assert (await town.answered(campaign, home["dwelling"])).status_code == 201
