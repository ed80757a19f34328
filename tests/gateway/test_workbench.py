"""What waits for whoever asks, and what an account is told of itself."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.gateway.conftest import COMMUNITY, DISTRICT, GRID, JIANHUA, Enter, Gateway, SignIn

from gateway.holding import holding_of
from gateway.models import Unit
from gateway.schemas import Part
from gateway.workbench import LISTS, workbench_of
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.contracts.gis import AreaDescribed

NOW = clock.now()
API = "/api/gateway/v1"


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat()


def application(due: float | None) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "receiptNumber": "1", "itemName": "高龄津贴", "state": "submitted", "areaCode": GRID,
        "dueAt": None if due is None else at(due), "submittedAt": at(-9),
    }  # fmt: skip


def case(due: float | None, *, reported: float = -5, late: bool = False) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "caseCode": "2", "title": "通道堆物", "state": "handled", "areaCode": GRID, "late": late,
        "dueAt": None if due is None else at(due), "reportedAt": at(reported),
    }  # fmt: skip


def follow_up(asked: float) -> dict[str, Any]:
    return {"id": str(uuid4()), "caseCode": "3", "areaCode": GRID, "requestedAt": at(asked)}


def part(*rows: Any, status: Any = "ok", more: str | None = None) -> Part:
    data = {"items": list(rows), "nextCursor": more} if status == "ok" else None
    return Part(status=status, source="/api/x", age_seconds=None, data=data)


def test_the_earliest_end_comes_first_whatever_it_is_and_what_has_none_comes_last() -> None:
    applications = [application(2), application(None)]
    cases = [case(-1, late=True), case(1), case(None, reported=-20)]
    visits = [follow_up(-1)]
    bench = workbench_of(
        {"applications": part(*applications), "cases": part(*cases), "followUps": part(*visits, more="x")}, NOW
    )
    expected = [cases[0], cases[1], applications[0], cases[2], applications[1], visits[0]]
    assert [str(item.id) for item in bench.items] == [row["id"] for row in expected]
    assert [item.late for item in bench.items] == [True, False, False, False, False, False]
    assert (bench.parts["followUps"].more, bench.parts["cases"].more) == (True, False)


def test_an_application_whose_limit_has_passed_is_late() -> None:
    assert workbench_of({"applications": part(application(-1))}, NOW).items[0].late


def test_one_source_that_is_away_leaves_the_others() -> None:
    parts = {"applications": part(status="unavailable"), "cases": part(case(1)), "followUps": part(status="forbidden")}
    bench = workbench_of(parts, NOW)
    assert [item.kind for item in bench.items] == ["case"]
    assert {name: each.status for name, each in bench.parts.items()} == {
        "applications": "unavailable", "cases": "ok", "followUps": "forbidden",
    }  # fmt: skip


async def test_without_any_service_the_workbench_says_so_and_names_the_lists(enter: Enter, sign_in: SignIn) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    bench = (await head.get(f"{API}/workbench", params={"area": GRID})).json()
    assert bench["items"] == []
    assert set(bench["parts"]) == set(LISTS)
    assert {each["status"] for each in bench["parts"].values()} == {"unavailable"}
    assert all(f"area={GRID}" in each["source"] for each in bench["parts"].values())


async def test_the_workbench_of_another_area_is_refused(enter: Enter, sign_in: SignIn, gateway: Gateway) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    assert (await head.get(f"{API}/workbench", params={"area": JIANHUA})).status_code == 403
    assert (await head.get(f"{API}/workbench", params={"area": "x"})).status_code == 400
    async with gateway.client() as nobody:
        assert (await nobody.get(f"{API}/workbench")).status_code == 401


async def test_me_names_areas_and_units_and_says_what_one_can(
    enter: Enter, sign_in: SignIn, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"station-{uuid4().hex[:8]}"
    async with gateway.runtime.system_session() as session:
        session.add(Unit(code=code, kind="service_station", name="都兰社区服务站", area_code=COMMUNITY))
    places = holding_of(gateway.runtime).places
    told = AreaDescribed(code=COMMUNITY, name="都兰社区", level="community")
    monkeypatch.setattr(places, "_known", {COMMUNITY: (told, 10.0**12)})
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY, {"unit_code": code})))
    me = (await head.get(f"{API}/me")).json()
    assert me["grants"] == [
        {
            "post": "station_head", "areaCode": COMMUNITY, "areaName": "都兰社区", "unitCode": code,
            "unitName": "都兰社区服务站", "duty": None,
        }
    ]  # fmt: skip
    assert {"case.report", "application.pre-review", "household.change", "case.close"} <= set(me["can"])
    assert {"application.decide", "audit.read", "case.dispatch"} & set(me["can"]) == set()


async def test_without_gis_me_is_told_without_names(enter: Enter, sign_in: SignIn) -> None:
    guide = await sign_in(await enter((Post.PARTY_BUILDING_GUIDE, GRID)))
    me = (await guide.get(f"{API}/me")).json()
    assert [grant["areaName"] for grant in me["grants"]] == [None]
    assert me["can"] == ["case.report"]


@pytest.mark.parametrize(
    ("post", "can"), [(Post.AUDIT_ADMIN, "audit.read"), (Post.SECURITY_ADMIN, "post.assign")], ids=str
)
async def test_an_administrator_is_shown_nothing_of_the_work(
    enter: Enter, sign_in: SignIn, post: Post, can: str
) -> None:
    who = await sign_in(await enter((post, DISTRICT), area=DISTRICT))
    assert set((await who.get(f"{API}/me")).json()["can"]) - {"staff.read"} == {"case.report", can}
