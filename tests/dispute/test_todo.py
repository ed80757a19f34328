"""What waits for whoever asks: each case for those whose turn it is, what is due first before the rest."""

import pytest
from tests.dispute.conftest import HANDLER, Api, Place, at_district, handler

from grid_kernel.auth import Actor, Post


async def waits(api: Api, who: Actor, case_id: str, area: str) -> bool:
    rows = (await api.get(who, "/cases", queue="todo", area=area, limit="100")).json()["items"]
    return case_id in [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("state", "turn"),
    [
        ("dispatched", {"unit"}),
        ("handling", {"unit"}),
        ("objected", {"arbiter"}),
        ("handled", {"worker", "station_head"}),
        ("verified", {"worker", "station_head", "street_leader", "arbiter"}),
        ("closed", set()),
    ],
)
async def test_a_case_waits_for_those_whose_turn_it_is(api: Api, place: Place, state: str, turn: set[str]) -> None:
    case = await api.in_state(place, state)
    names = ("worker", "neighbour", "station_head", "street_leader", "arbiter", "guide")
    people = {name: getattr(place, name) for name in names} | {"unit": HANDLER, "police": handler("police")}
    found = {name for name, who in people.items() if await waits(api, who, case["id"], place.community)}
    assert found == turn


async def test_what_no_rule_could_send_waits_for_the_centre(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, category="O99", gridCode=place.grid)
    for who, waiting in ((place.arbiter, True), (place.street_leader, True), (place.worker, False)):
        assert await waits(api, who, case["id"], place.community) is waiting


async def test_a_restricted_case_waits_for_the_arbiter_and_not_for_the_grid(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, category="H03", gridCode=place.grid)
    department = handler("ethnic_religious_affairs")
    for verb, body in (("accept", {}), ("handle", {"note": "已核实"})):
        assert (await api.act(department, await api.case(department, case["id"]), verb, body)).status_code == 200
    for who, waiting in ((place.arbiter, True), (place.worker, False), (place.station_head, False)):
        assert await waits(api, who, case["id"], place.community) is waiting


async def test_what_is_due_first_comes_first_page_by_page(api: Api, place: Place) -> None:
    for category in ("D02", "H04", "O99", "H06"):  # 30 days, 1 working day, no limit, 3 working days
        await api.settled(place.worker, category=category, gridCode=place.grid)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        answer = await api.get(place.worker, "/cases", area=place.grid, order="due", limit="1", **cursor)
        page = answer.json()
        seen += [row["category"] for row in page["items"]]
        cursor = {"cursor": page["nextCursor"]} if page["nextCursor"] else {}
    assert seen == ["H04", "H06", "D02", "O99"]
    leader = at_district(Post.DISTRICT_LEADER)
    assert (await api.get(leader, "/cases", order="random")).status_code == 400
