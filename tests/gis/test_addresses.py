"""Addresses: one way of writing each, elements read, candidates scored and shown, never guessed silently."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_svc import addresses
from gis_svc.addresses import BUILDING, COMMUNITY, COMPOUND, DISTRICT, ROAD, ROOM, STREET, UNIT, YARD, Gazetteer
from grid_kernel.auth import Actor, Post
from grid_kernel.testing import actor

from .conftest import Send, Surfaces
from .drawings import building, inside

QINGSHAN = Gazetteer(("青山区",), ("幸福路街道", "青山路街道", "富强路街道"), ("都兰社区", "建华社区"))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("育才小区１６＃", "育才小区16幢"),
        ("育才小区十六号楼", "育才小区16幢"),
        ("育才小区 16 栋，3 单元", "育才小区16幢3单元"),
        ("育才小区第十六幢", "育才小区16幢"),
        ("育才小区二段016栋四〇八室", "育才小区2段16幢408室"),
        ("一百二十三号院", "123号院"),
        ("Ａ座１２０１", "A幢1201"),
        ("育才小区16—3—408（北门旁）", "育才小区16-3-408"),
        ("一机家属区", "一机家属区"),
        ("三道巷五号", "三道巷5号"),
        ("两层", "2层"),
    ],
)
def test_every_way_of_writing_becomes_one(text: str, plain: str) -> None:
    assert addresses.normal(text) == plain


@given(st.text(max_size=60))
def test_a_plain_text_stays_as_it_is_and_any_text_can_be_read(text: str) -> None:
    once = addresses.normal(text)
    addresses.parse(text, QINGSHAN)
    assert addresses.normal(once) == addresses.normal(addresses.normal(once))


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        (
            "内蒙古自治区包头市青山区幸福路街道都兰社区育才小区16栋3单元408室",
            {
                DISTRICT: "青山区",
                STREET: "幸福路街道",
                COMMUNITY: "都兰社区",
                COMPOUND: "育才小区",
                BUILDING: "16",
                UNIT: "3",
                ROOM: "408",
            },
        ),
        ("育才小区16-3-408", {COMPOUND: "育才小区", BUILDING: "16", UNIT: "3", ROOM: "408"}),
        ("育才小区16#3-408", {COMPOUND: "育才小区", BUILDING: "16", UNIT: "3", ROOM: "408"}),
        ("育才小区二段16栋408号", {COMPOUND: "育才小区2段", BUILDING: "16", ROOM: "408"}),
        ("民主路12号院3号楼二门501", {ROAD: "民主路12号", BUILDING: "3", UNIT: "2", ROOM: "501"}),
        ("民主路12号院", {ROAD: "民主路12号"}),
        (
            "科学路8号锦绣花园B座1单元5层02室",
            {ROAD: "科学路8号", COMPOUND: "锦绣花园", BUILDING: "B", UNIT: "1", ROOM: "502"},
        ),
        ("一机北大院7栋", {YARD: "一机北大院", BUILDING: "7"}),
        ("富强新村3号楼", {COMPOUND: "富强新村", BUILDING: "3"}),
        ("16栋", {BUILDING: "16"}),
        ("育才小区", {COMPOUND: "育才小区"}),
    ],
)
def test_elements_are_read_out_of_free_text(text: str, elements: dict[str, str]) -> None:
    assert {e.type: e.name for e in addresses.parse(text, QINGSHAN).elements} == elements


@pytest.mark.parametrize(
    ("text", "doubt"), [("育才小区3楼", "floor-or-building"), ("育才小区16-408", "unit-or-building")]
)
def test_what_two_readings_are_open_is_said(text: str, doubt: str) -> None:
    assert addresses.parse(text).open == (doubt,)


def test_a_floor_beside_a_building_is_a_floor() -> None:
    read = addresses.parse("育才小区3号楼5楼02室")
    assert (read.of(BUILDING), read.of(ROOM), read.open) == ("3", "502", ())


def compared(text: str, known: str) -> addresses.Compared:
    return addresses.compare(addresses.parse(text, QINGSHAN), addresses.parse(known, QINGSHAN), entrances=3, floors=6)


def test_the_same_address_written_otherwise_is_certain() -> None:
    for text in ("育才小区１６＃楼３单元４０８", "青山区育才小区十六栋", "幸福路街道育才小区16-3-408"):
        assert compared(text, "青山区幸福路街道育才小区16栋").score == 1.0


def test_another_number_another_compound_and_an_impossible_door_count_against_it() -> None:
    right = compared("育才小区16栋", "育才小区16栋").score
    for text in ("育才小区17栋", "育英小区16栋", "育才小区16栋9单元408", "育才小区16栋1单元2908", "育才二区16栋"):
        found = compared(text, "育才小区16栋")
        assert found.score < addresses.CERTAIN <= right
        assert found.differs


def test_a_number_without_a_place_and_a_place_without_a_number_are_never_certain() -> None:
    assert compared("16栋", "育才小区16栋").score < addresses.CERTAIN
    assert compared("育才小区", "育才小区16栋").score < addresses.CERTAIN
    assert compared("育才小区16栋旁边的棚子", "育才小区16栋").score < addresses.CERTAIN
    assert addresses.is_certain([1.0])
    assert not addresses.is_certain([1.0, 0.95])


@pytest.fixture
def officer(community: str) -> Actor:
    return actor(Post.RESIDENT_SERVICE_OFFICER, community)


async def test_a_text_is_matched_with_the_buildings_of_the_own_area(
    send: Send, officer: Actor, community: str, grids: Surfaces
) -> None:
    at = inside(grids[min(code for code in grids if code.startswith(community))])
    made: dict[str, str] = {}
    for name, compound in (("16栋", "育才小区"), ("17栋", "育才小区"), ("16栋", "育英小区")):
        body = building(at, name=f"{compound}{name}", compound=compound)
        answer = await send(
            officer, "POST", "/buildings", json=body, headers={"Idempotency-Key": f"{community}-{len(made)}"}
        )
        assert answer.status_code == 201, answer.text
        made[compound + name] = answer.json()["id"]
    asked = {"texts": ["育才小区十六号楼３单元408", "16栋", "育材小区17#", "远方花园9栋", "育才小区16-408"]}
    answer = await send(officer, "POST", "/addresses/match", json=asked)
    assert answer.status_code == 200, answer.text
    exact, number, misspelt, nowhere, doubtful = answer.json()["matches"]
    assert (exact["match"], exact["buildingId"]) == ("exact", made["育才小区16栋"])
    assert {e["type"]: e["name"] for e in exact["elements"]}["61"] == "3"
    assert exact["candidates"][0]["score"] == 1
    assert (number["match"], number["buildingId"]) == ("candidates", None)
    assert {c["buildingId"] for c in number["candidates"]} >= {made["育才小区16栋"], made["育英小区16栋"]}
    assert (misspelt["match"], misspelt["candidates"][0]["buildingId"]) == ("candidates", made["育才小区17栋"])
    assert (nowhere["match"], nowhere["candidates"]) == ("none", [])
    assert (doubtful["match"], doubtful["open"]) == ("candidates", ["unit-or-building"])
    for wrong in ([], ["a\u0000b"], [""], ["x"] * 51, ["x" * 201]):
        assert (await send(officer, "POST", "/addresses/match", json={"texts": wrong})).status_code == 400
    odd = await send(officer, "POST", "/addresses/match", json={"texts": ["%_\\", "号", "十", "-", "幢幢幢", "0"]})
    assert odd.status_code == 200, odd.text
    stranger = await send(actor(Post.RESIDENT_SERVICE_OFFICER, "150204999999"), "POST", "/addresses/match", json=asked)
    assert [m["candidates"] for m in stranger.json()["matches"]] == [[], [], [], [], []]


async def test_a_building_has_its_address_as_elements_and_may_get_another_name(
    send: Send, officer: Actor, community: str, grids: Surfaces
) -> None:
    at = inside(grids[min(code for code in grids if code.startswith(community))])
    body = building(at, name="锦绣花园5栋", compound="锦绣花园", road="科学路8号")
    made = (
        await send(officer, "POST", "/buildings", json=body, headers={"Idempotency-Key": f"addr-{community}"})
    ).json()
    path = f"/buildings/{made['id']}/addresses"
    [own] = (await send(officer, "GET", path)).json()
    assert [(e["type"], e["name"]) for e in own["elements"]][-3:] == [
        ("41", "科学路8号"),
        ("42", "锦绣花园"),
        ("50", "5"),
    ]
    assert own["elements"][0]["type"] == "13"
    assert (own["state"], own["text"].endswith("5幢")) == ("in_use", True)
    headers = {"Idempotency-Key": f"alias-{community}"}
    refused = await send(
        officer, "POST", path, json={"text": "某处"}, headers=headers | {"Idempotency-Key": f"alias0-{community}"}
    )
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "address-without-number")
    added = await send(
        officer, "POST", path, json={"text": "老纺织厂家属院五号楼", "state": "abandoned"}, headers=headers
    )
    assert added.status_code == 201, added.text
    match = await send(officer, "POST", "/addresses/match", json={"texts": ["老纺织厂家属院5号楼2单元301"]})
    [found] = match.json()["matches"]
    assert (found["match"], found["buildingId"]) == ("exact", made["id"])
    assert found["candidates"][0]["addressState"] == "abandoned"
    tree = await send(officer, "GET", "/address-elements", params={"communityCode": community})
    assert {"科学路8号", "老纺织厂家属院"} <= {e["name"] for e in tree.json()["items"]}
    for who, status in ((None, 401), (actor(Post.STATION_HEAD, "150204999999"), 404)):
        assert (await send(who, "GET", path)).status_code == status
        assert (await send(who, "POST", path, json={"text": "a小区1栋"}, headers=headers)).status_code == status


async def test_the_floor_board_has_units_and_floors_with_the_front_of_each_house_code(
    send: Send, officer: Actor, community: str, grids: Surfaces
) -> None:
    at = inside(grids[min(code for code in grids if code.startswith(community))])
    made = (
        await send(officer, "POST", "/buildings", json=building(at), headers={"Idempotency-Key": f"board-{community}"})
    ).json()
    answer = await send(officer, "GET", f"/buildings/{made['id']}/floor-board")
    board: Any = answer.json()
    assert [unit["entrance"] for unit in board["units"]] == [1, 2, 3]
    assert board["units"][0]["floors"] == [6, 5, 4, 3, 2, 1]
    assert board["units"][1]["houseCodePrefix"] == community + made["buildingNo"] + "02"
    assert (
        await send(actor(Post.STATION_HEAD, "150204999999"), "GET", f"/buildings/{made['id']}/floor-board")
    ).status_code == 404
