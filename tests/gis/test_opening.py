"""When service points are open: weeks over weeks, holidays, make-up days, and who is told what near them."""

import asyncio
from datetime import date, datetime, time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from shapely.geometry import LineString, Point, mapping

from gis_svc.opening import Span, Week, hours_on, is_open, opens_next, overlapping
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import SHANGHAI, WorkingCalendar
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces
from .drawings import building, inside, point

CALENDAR = WorkingCalendar.packaged()
MORNING, AFTERNOON = (time(8, 30), time(12)), (time(14, 30), time(17, 30))
OFFICE = tuple(Span(day, *hours) for day in range(1, 6) for hours in (MORNING, AFTERNOON))
USUAL = Week(date(2026, 1, 1), None, OFFICE)
EAST_100M = 100 / 84_300
ADMIN = actor(Post.SYSTEM_ADMIN, "150204")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-11-25T08:29", False),
        ("2026-11-25T08:30", True),
        ("2026-11-25T12:00", False),
        ("2026-11-25T15:00", True),
        ("2026-11-28T10:00", False),
        ("2026-10-01T10:00", False),
        ("2026-10-10T10:00", True),
        ("2025-12-31T10:00", None),
    ],
)
def test_the_week_holds_but_on_holidays_and_on_saturdays_that_are_worked(moment: str, opened: bool | None) -> None:
    assert is_open([USUAL], at(moment), CALENDAR) is opened


def test_the_same_moment_in_another_zone_is_the_same_moment() -> None:
    assert is_open([USUAL], datetime.fromisoformat("2026-11-25T00:30:00+00:00"), CALENDAR) is True


def test_who_opens_on_holidays_keeps_the_hours_of_the_weekday() -> None:
    always = Week(date(2026, 1, 1), None, OFFICE, on_holidays=True)
    assert is_open([always], at("2026-10-01T10:00"), CALENDAR) is True
    assert is_open([always], at("2026-10-04T10:00"), CALENDAR) is False


def test_what_is_entered_last_covers_what_was_known_and_uncovers_it_again() -> None:
    repairs = Week(date(2026, 11, 23), date(2026, 11, 26), ())
    weeks = [repairs, USUAL]
    assert hours_on(weeks, date(2026, 11, 25), CALENDAR) == ()
    assert hours_on(weeks, date(2026, 11, 26), CALENDAR) == (Span(4, *MORNING), Span(4, *AFTERNOON))
    assert opens_next(weeks, at("2026-11-23T10:00"), CALENDAR) == at("2026-11-26T08:30")


def test_the_next_opening_is_after_the_holiday() -> None:
    assert opens_next([USUAL], at("2026-09-30T17:30"), CALENDAR) == at("2026-10-08T08:30")
    assert opens_next([USUAL], at("2026-11-25T09:00"), CALENDAR) == at("2026-11-25T14:30")
    assert opens_next([], at("2026-11-25T09:00"), CALENDAR) is None


def test_two_hours_of_one_minute_overlap() -> None:
    assert overlapping([Span(1, time(8), time(12)), Span(1, time(11), time(13))])
    assert not overlapping([Span(1, time(8), time(12)), Span(2, time(11), time(13)), Span(1, time(12), time(13))])


WEEK: dict[str, Any] = {
    "validFrom": "2026-01-01",
    "hours": [
        {"weekdays": [1, 2, 3, 4, 5], "opens": "08:30", "closes": "12:00"},
        {"weekdays": [1, 2, 3, 4, 5], "opens": "14:30", "closes": "17:30"},
    ],
}
OPEN, CLOSED = "2026-11-25T10:00:00+08:00", "2026-11-25T13:00:00+08:00"


@pytest.fixture
async def points(client: httpx.AsyncClient, tokens: Tokens, community: str, grids: Surfaces) -> list[str]:
    """Three canteens to the east of a place, 100 m apart: one with office hours, one with none told, one given up."""
    start = grids[min(code for code in grids if code.startswith(community))].representative_point()
    made = []
    for number in range(3):
        place = Point(start.x + (number + 1) * EAST_100M, start.y)
        properties = {"kind": "canteen", "name": f"{community}-{number}", "open": number < 2}
        body = {"type": "Feature", "geometry": mapping(place), "properties": properties}
        answer = await client.post("/ogc/collections/service-points/items", json=body, headers=tokens.headers(ADMIN))
        assert answer.status_code == 201, answer.text
        made.append(answer.headers["location"].rpartition("/")[2])
    return made


async def enter(send: Send, which: str, version: int, who: Actor | None = ADMIN, **week: Any) -> httpx.Response:
    headers = {"If-Match": f'"{version}"'}
    return await send(who, "POST", f"/service-points/{which}/opening-hours", json=WEEK | week, headers=headers)


async def test_a_station_head_says_when_a_point_is_open_and_everybody_is_told(
    send: Send, points: list[str], community: str
) -> None:
    path = f"/service-points/{points[0]}/opening-hours"
    reader = actor(Post.RESIDENT_SERVICE_OFFICER, "150204999999")
    assert (await send(reader, "GET", path)).json()["open"] is None
    entered = await enter(send, points[0], 1, actor(Post.STATION_HEAD, community))
    assert entered.status_code == 201, entered.text
    told = (await send(reader, "GET", path, params={"at": CLOSED})).json()
    assert (told["open"], told["version"]) == (False, 2)
    assert datetime.fromisoformat(told["opensNext"]) == at("2026-11-25T14:30")
    closing = await enter(send, points[0], 2, validFrom="2026-11-25", validTo="2026-11-27", hours=[], note="检修")
    assert closing.status_code == 201
    told = (await send(reader, "GET", path, params={"at": OPEN})).json()
    assert [week["note"] for week in told["weeks"]] == ["检修", None]
    assert datetime.fromisoformat(told["opensNext"]) == at("2026-11-27T08:30")


async def test_the_nearest_open_one_is_another_at_noon(
    send: Send, points: list[str], community: str, grids: Surfaces
) -> None:
    assert (await enter(send, points[0], 1)).status_code == 201
    start = grids[min(code for code in grids if code.startswith(community))].representative_point()
    asked = {"point": point(start.x, start.y), "of": "service-points", "kinds": ["canteen"], "withinM": 350}

    async def found(**more: Any) -> list[tuple[str, bool | None]]:
        answer = await send(ADMIN, "POST", "/nearest", json=asked | more)
        assert answer.status_code == 200, answer.text
        return [(each["name"][-1], each["open"]) for each in answer.json()["found"]]

    assert await found(at=OPEN) == [("0", True), ("1", None), ("2", False)]
    assert await found(at=OPEN, openOnly=True) == [("0", True), ("1", None)]
    assert await found(at=CLOSED, openOnly=True) == [("1", None)]
    circle = {"point": point(start.x, start.y), "radiusM": 350}
    lying = {"of": "service-points", "kinds": ["canteen"], "circle": circle, "openOnly": True, "at": CLOSED}
    answer = (await send(ADMIN, "POST", "/inside", json=lying)).json()
    assert [each["id"] for each in answer["features"]] == [points[1]]


async def test_a_building_asks_for_the_nearest_on_foot_along_the_roads(
    send: Send, client: httpx.AsyncClient, tokens: Tokens, points: list[str], community: str, grids: Surfaces
) -> None:
    surface = grids[min(code for code in grids if code.startswith(community))]
    start = surface.representative_point()
    # A road that goes round: north, east, and back to the south beside the first point.
    way = [(0, 0), (0, 2), (1, 2), (1, 0)]
    line = LineString([(start.x + x * EAST_100M, start.y + y * 100 / 111_000) for x, y in way])
    road = {"type": "Feature", "geometry": mapping(line), "properties": {"kind": "path", "name": "绕行"}}
    made = await client.post("/ogc/collections/roads/items", json=road, headers=tokens.headers(ADMIN))
    assert made.status_code == 201, made.text
    house = (await send(ADMIN, "POST", "/buildings", json=building(inside(surface)))).json()
    asked = {"buildingId": house["id"], "of": "service-points", "kinds": ["canteen"], "k": 1, "withinM": 2_000}
    straight = (await send(ADMIN, "POST", "/nearest", json=asked)).json()["found"][0]
    on_foot = (await send(ADMIN, "POST", "/nearest", json=asked | {"onFoot": True})).json()["found"][0]
    assert straight["id"] == on_foot["id"] == points[0]
    assert straight["distanceM"] == pytest.approx(100, abs=2)
    assert on_foot["distanceM"] == pytest.approx(500, abs=10)
    assert on_foot["minutesOnFoot"] == 7
    stranger = actor(Post.STATION_HEAD, "150204999999")
    assert (await send(stranger, "POST", "/nearest", json=asked)).status_code == 404


async def test_the_circle_of_a_moment_leaves_out_what_is_closed_then(
    send: Send, client: httpx.AsyncClient, tokens: Tokens, points: list[str], community: str
) -> None:
    assert (await enter(send, points[0], 1)).status_code == 201

    async def counted(moment: str) -> int:
        inputs = {"area": community, "kind": "canteen", "at": moment}
        address = "/ogc/processes/service-circle/execution"
        made = await client.post(address, json={"inputs": inputs}, headers=tokens.headers(ADMIN))
        assert made.status_code == 201, made.text
        for _ in range(200):
            result = await client.get(f"/ogc/jobs/{made.json()['jobID']}/results", headers=tokens.headers(ADMIN))
            if result.status_code == 200:
                return int(result.json()["summary"]["servicePoints"])
            await asyncio.sleep(0.05)
        raise AssertionError("no result")

    assert (await counted(OPEN), await counted(CLOSED)) == (2, 1)


async def test_hours_that_cannot_be_are_refused(send: Send, points: list[str], community: str) -> None:
    here = points[0]
    bad: list[dict[str, Any]] = [
        {"validTo": "2026-01-01"},
        {"hours": [{"weekdays": [8], "opens": "08:00", "closes": "09:00"}]},
        {"hours": [{"weekdays": [1], "opens": "09:00", "closes": "09:00"}]},
        {"hours": [{"weekdays": [1], "opens": 30600, "closes": "09:00"}]},
        {"hours": [{"weekdays": [1], "opens": "08:00", "closes": "09:00"}] * 2},
    ]
    for week in bad:
        assert (await enter(send, here, 1, **week)).status_code == 400
    assert (await enter(send, here, 9)).status_code == 412
    assert (await enter(send, here, 1, None)).status_code == 401
    assert (await enter(send, here, 1, actor(Post.STATION_HEAD, "150204999999"))).status_code == 403
    assert (await enter(send, here, 1, actor(Post.RESIDENT_SERVICE_OFFICER, community))).status_code == 403
    assert (await enter(send, str(uuid4()), 1)).status_code == 404
    old = {"at": "1900-01-01T00:00:00+08:00"}
    path = f"/service-points/{here}/opening-hours"
    assert (await send(ADMIN, "GET", path, params=old)).status_code == 400
    assert (await send(None, "GET", path)).status_code == 401
    nothing = {"of": "service-points"}
    assert (await send(ADMIN, "POST", "/nearest", json=nothing)).status_code == 400
