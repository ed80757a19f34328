"""The catalogue: 34 real items, versions that follow one another, and applications that keep theirs."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.approval.conftest import BENEFIT, Api, Desk, Place

from approval_svc import commands, queries, rules
from approval_svc.models import ServiceItem
from grid_kernel import clock
from grid_kernel.runtime import Runtime

ITEMS, PAPERS = 34, 113


async def every_item(api: Api, **params: str) -> list[dict[str, Any]]:
    """Every item, ten at a time; the catalogue needs no token."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.client.get("/v1/items", params={"limit": "10", **params, **cursor})).json()
        rows += page["items"]
        if page["nextCursor"] is None:
            return rows
        cursor = {"cursor": page["nextCursor"]}


def version_of(code: str, number: int, **changed: Any) -> ServiceItem:
    """A version of an item that is the test's own."""
    given: dict[str, Any] = {
        "code": code,
        "item_version": number,
        "valid_from": date(2020, 1, 1),
        "name": f"第{number}版",
        "theme": "elderly_care",
        "unit_code": "civil_affairs",
        "level": "5",
        "item_type": "20",
        "handling_type": "2",
        "promised_amount": 10,
        "promised_unit": "working_day",
    }
    return ServiceItem(**(given | changed))


@pytest.fixture
def code() -> str:
    """The code of an item nobody else tests."""
    return f"ZZ{uuid4().int % 1000:03}"


async def test_the_packaged_catalogue_is_complete_and_says_where_it_is_from(api: Api) -> None:
    rows = [row for row in await every_item(api) if not row["code"].startswith("ZZ")]
    assert len(rows) == ITEMS
    assert sum(len(row["materials"]) for row in rows) == PAPERS
    assert [row["code"] for row in rows] == sorted(row["code"] for row in rows)
    assert all(row["sourcePage"] and row["sourceQuality"] for row in rows)
    silent = {row["code"]: row["noticeBasis"] for row in rows if row["deemedAccepted"]}
    assert silent == dict.fromkeys(("FP005", "FP007", "CB001"), "行政许可法第三十二条")
    assert {row["itemType"] for row in rows if row["deemedAccepted"]} == {"01"}


async def test_an_item_is_found_by_its_theme_and_by_part_of_its_name(api: Api) -> None:
    assert {row["theme"] for row in await every_item(api, theme="veterans")} == {"veterans"}
    assert {row["code"] for row in await every_item(api, words="居住证")} == {"RR001"}
    assert await every_item(api, words="%") == []


async def test_one_item_is_read_with_its_limits_and_papers(api: Api) -> None:
    item = (await api.client.get("/v1/items/RR001")).json()
    assert item["promisedLimit"] == {"amount": 15, "unit": "working_day"}
    assert item["statutoryLimit"] == {"amount": 15, "unit": "day"}
    assert item["materials"][0]["seq"] == 1
    assert (await api.client.get("/v1/items/ZZ999")).status_code == 404
    assert (await api.client.get("/v1/items/RR001", params={"asOf": "2019-12-31"})).status_code == 404


async def test_publishing_the_catalogue_again_adds_nothing(runtime: Runtime) -> None:
    async with runtime.system_session() as session:
        assert await commands.publish_catalogue(session, now=clock.now()) == 0
        said = text("select count(*) from outbox where subject = 'grid.approval.item.published.v1'")
        assert int(await session.scalar(said) or 0) >= ITEMS


async def test_a_later_version_ends_the_one_before(api: Api, runtime: Runtime, code: str) -> None:
    now = clock.now()
    async with runtime.system_session() as session:
        await commands.publish_item(session, version_of(code, 1), now=now)
        await commands.publish_item(session, version_of(code, 2, valid_from=date(2024, 7, 1)), now=now)
    names = [
        (await api.client.get(f"/v1/items/{code}", params={"asOf": day})).json()["name"]
        for day in ("2020-01-01", "2024-06-30", "2024-07-01", "2026-11-24")
    ]
    assert names == ["第1版", "第1版", "第2版", "第2版"]


async def test_the_database_alone_keeps_one_version_in_force(runtime: Runtime, code: str) -> None:
    with pytest.raises(DBAPIError):
        async with runtime.system_session() as session:
            session.add(version_of(code, 1))
            session.add(version_of(code, 2, valid_from=date(2024, 7, 1)))


async def test_a_version_that_contradicts_itself_is_not_published(runtime: Runtime, code: str) -> None:
    for wrong in ({"handling_type": "1"}, {"statutory_amount": 5, "statutory_unit": "working_day"}):
        with pytest.raises(rules.InconsistentItem):
            async with runtime.system_session() as session:
                await commands.publish_item(session, version_of(code, 1, **wrong), now=clock.now())
    async with runtime.system_session() as session:
        assert await queries.open_item(session, code) is None


async def test_an_application_keeps_the_version_it_was_submitted_under(
    api: Api, place: Place, runtime: Runtime, code: str
) -> None:
    today = clock.today(clock.now())
    async with runtime.system_session() as session:
        await commands.publish_item(session, version_of(code, 1), now=clock.now())
    before = Desk(api, place)
    await before.submit(itemCode=code, materials=[])
    async with runtime.system_session() as session:
        second = version_of(code, 2, valid_from=today, promised_amount=3)
        await commands.publish_item(session, second, now=clock.now())
    after = Desk(api, place)
    await after.submit(itemCode=code, materials=[])
    pages = [(await desk.read()).json() for desk in (before, after)]
    assert [(page["itemVersion"], page["itemName"]) for page in pages] == [(1, "第1版"), (2, "第2版")]


async def test_an_item_that_is_no_longer_offered_takes_no_application(
    api: Api, place: Place, runtime: Runtime, code: str
) -> None:
    yesterday = clock.today(clock.now()) - timedelta(days=1)
    async with runtime.system_session() as session:
        await commands.publish_item(session, version_of(code, 1, valid_to=yesterday), now=clock.now())
    applicant = {"name": "王建国", "idNumber": "11010519491231002X"}
    given = {"itemCode": code, "areaCode": place.community, "applicant": applicant}
    refused = await api.post(place.clerk, "/applications", given)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/itemCode")


async def test_what_is_missing_is_told_at_once(api: Api, place: Place) -> None:
    item = (await api.client.get(f"/v1/items/{BENEFIT}")).json()
    required = [paper["seq"] for paper in item["materials"] if paper["required"]]
    desk = Desk(api, place)
    received = await desk.submit(materials=[{"seq": required[0]}])
    assert [paper["seq"] for paper in received["missing"]] == required[1:]
