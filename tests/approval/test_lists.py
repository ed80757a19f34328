"""Lists, queues and figures: every number opens its rows, every page goes on where the last one ended."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.approval.conftest import CIVIL, DISTRICT_LEADER, WAYS, Api, Desk, Place

from grid_kernel import clock
from grid_kernel.auth import Actor
from grid_kernel.runtime import Runtime


async def taken(api: Api, place: Place, state: str, **changed: Any) -> Desk:
    """An application of the place that has come as far as this."""
    desk = Desk(api, place)
    await desk.submit(**changed)
    await desk.to(state)
    return desk


async def read_all(api: Api, who: Actor, **params: str) -> list[dict[str, Any]]:
    """Every row of a list, two at a time."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get(who, "/applications", limit="2", **params, **cursor)).json()
        rows += page["items"]
        if page["nextCursor"] is None:
            return rows
        cursor = {"cursor": page["nextCursor"]}


@pytest.mark.parametrize("order", ["newest", "due"])
async def test_a_list_is_read_page_by_page_without_gaps_and_repeats(api: Api, place: Place, order: str) -> None:
    desks = [
        await taken(api, place, state) for state in ("submitted", "suspended", "accepted", "approved", "submitted")
    ]
    rows = await read_all(api, place.clerk, area=place.community, order=order)
    assert sorted(row["id"] for row in rows) == sorted(desk.known["id"] for desk in desks)
    if order == "newest":
        assert [row["id"] for row in rows] == [desk.known["id"] for desk in desks[::-1]]
    else:
        dues = [row["dueAt"] or "9999" for row in rows]
        assert dues == sorted(dues)
        assert rows[-1]["state"] == "suspended"


@pytest.mark.parametrize("state", WAYS)
async def test_an_application_waits_for_those_whose_turn_it_is(api: Api, place: Place, state: str) -> None:
    desk = await taken(api, place, state)

    async def waits(who: Actor) -> bool:
        rows = await read_all(api, who, queue="todo", area=place.community)
        return desk.known["id"] in [row["id"] for row in rows]

    at_desk = state in {"submitted", "pre_reviewed", "approved", "denied"}
    assert (await waits(place.clerk), await waits(CIVIL)) == (at_desk, state in {"forwarded", "accepted"})
    assert not await waits(DISTRICT_LEADER)


@pytest.mark.parametrize("state", WAYS)
async def test_an_application_is_in_the_queues_of_its_state_and_in_no_other(api: Api, place: Place, state: str) -> None:
    desk = await taken(api, place, state)
    expected = {
        "desk": state in {"submitted", "pre_reviewed"},
        "unit": state in {"forwarded", "accepted", "suspended", "approved", "denied"},
        "correction": state == "correction_required",
        "open": state not in {"pre_review_refused", "not_accepted", "completed", "withdrawn"},
        "ended-this-month": state in {"pre_review_refused", "not_accepted", "completed", "withdrawn"},
        "late": False,
    }
    for queue, holds in expected.items():
        rows = await read_all(api, place.clerk, queue=queue, area=place.community)
        assert [row["id"] for row in rows] == ([desk.known["id"]] if holds else []), queue


async def test_what_is_late_or_due_today_is_on_its_list_unless_the_applicant_is_waited_for(
    api: Api, place: Place, runtime: Runtime
) -> None:
    late, today, told = [await taken(api, place, s) for s in ("accepted", "forwarded", "correction_required")]
    now = clock.now()
    ends = {late: now - timedelta(days=1), today: clock.end_of(clock.today(now)), told: now - timedelta(days=1)}
    async with runtime.system_session() as session:
        for desk, due_at in ends.items():
            statement = text("update application set due_at = :due where id = cast(:id as uuid)")
            await session.execute(statement, {"due": due_at, "id": desk.known["id"]})
    assert [row["id"] for row in await read_all(api, place.clerk, queue="late")] == [late.known["id"]]
    assert [row["id"] for row in await read_all(api, place.clerk, queue="due-today")] == [today.known["id"]]


async def test_every_figure_counts_the_rows_it_leads_to(api: Api, place: Place) -> None:
    for state in ("submitted", "pre_reviewed", "accepted", "completed", "withdrawn", "correction_required"):
        await taken(api, place, state)
    told = (await api.get(place.street_leader, "/figures", area=place.street)).json()
    assert told["areaCode"] == place.street
    assert told["figures"]["open"]["count"] == 4
    assert sum(figure["count"] for figure in told["byState"].values()) == 6
    for figure in (*told["figures"].values(), *told["byState"].values()):
        path, _, query = figure["rows"].removeprefix("/api/approval/v1").partition("?")
        assert path == "/applications"
        params = dict(pair.split("=") for pair in query.split("&"))
        assert len(await read_all(api, place.street_leader, **params)) == figure["count"], figure


async def test_figures_and_lists_stop_at_the_border_of_an_area(api: Api, place: Place) -> None:
    await taken(api, place, "submitted")
    stranger = Place()
    assert (await api.get(stranger.clerk, "/figures", area=place.community)).json()["figures"]["open"]["count"] == 0
    assert (await api.get(stranger.clerk, "/applications", area=place.community)).json()["items"] == []
    assert (await api.get(place.guide, "/applications")).json()["items"] == []
    assert len(await read_all(api, DISTRICT_LEADER, area=place.community)) == 1


async def test_a_worker_reads_what_lies_at_the_own_grid(api: Api, place: Place) -> None:
    mine = Desk(api, place)
    await mine.submit(who=place.worker, areaCode=place.grid, channel="proxy")
    await taken(api, place, "submitted")
    assert [row["id"] for row in await read_all(api, place.worker)] == [mine.known["id"]]
    assert await read_all(api, place.neighbour) == []
    assert len(await read_all(api, place.clerk, area=place.community)) == 2


async def test_a_unit_lists_what_was_forwarded_to_it(api: Api, place: Place) -> None:
    forwarded = await taken(api, place, "forwarded")
    await taken(api, place, "pre_reviewed")
    rows = await read_all(api, CIVIL, area=place.community, unit="civil_affairs")
    assert [row["id"] for row in rows] == [forwarded.known["id"]]


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/applications?queue=everything", "#/query/queue"),
        ("/applications?state=lost", "#/query/state"),
        ("/applications?order=name", "#/query/order"),
        ("/applications?cursor=%2B%2B", "#/query/cursor"),
        ("/applications?cursor=WzEsMl0", "#/query/cursor"),
        ("/applications?limit=101", "#/query/limit"),
        ("/applications?area=12", "#/query/area"),
        ("/applications?unit=A", "#/query/unit"),
        ("/figures", "#/query/area"),
        ("/items?asOf=tomorrow", "#/query/asOf"),
        ("/items/x", "#/path/code"),
    ],
)
async def test_a_question_that_cannot_be_understood_names_what_is_wrong(
    api: Api, place: Place, path: str, pointer: str
) -> None:
    answer = await api.client.get(f"/v1{path}", headers=api.tokens.headers(place.clerk))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "path", ["/applications", "/figures?area=150204", f"/applications/{'0' * 8}-0000-0000-0000-{'0' * 12}"]
)
async def test_nothing_of_an_application_is_read_without_a_token(api: Api, path: str) -> None:
    assert (await api.client.get(f"/v1{path}")).status_code == 401


async def test_reading_is_recorded(api: Api, place: Place, runtime: Runtime) -> None:
    desk = await taken(api, place, "submitted")
    await desk.read(place.street_leader)
    query = text("select count(*) from access_record where actor_id = :who and cast(:id as uuid) = any(object_ids)")
    async with runtime.system_session() as session:
        found = await session.scalar(query, {"who": place.street_leader.id, "id": desk.known["id"]})
    assert found == 1
