"""A leader reads an area: map, figures, what is late, and the rows behind every number."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.responses import JSONResponse, Response
from tests.web.stub import Gateway, overview, page, part, population, problem

OVERVIEW = "GET /api/gateway/v1/overview"


def links(text: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', text)]


def without(area: str, **parts: dict[str, Any]) -> dict[str, Any]:
    told = overview(area)
    return told | {"parts": told["parts"] | parts}


async def test_whoever_is_not_signed_in_signs_in_and_comes_back(resident: httpx.AsyncClient) -> None:
    answer = await resident.get("/district?area=150204006")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fdistrict%3Farea%3D150204006"


@pytest.mark.parametrize("area", ["150204", "150204006", "150204006019", "150204006019003"])
async def test_every_level_shows_four_figures_and_a_map(leader: httpx.AsyncClient, area: str) -> None:
    answer = await leader.get("/district", params={"area": area})
    assert answer.status_code == 200
    assert answer.text.count('<dd class="value">') == 4
    assert 'class="map"' in answer.text


async def test_every_grid_is_a_link_coloured_by_its_coverage(leader: httpx.AsyncClient) -> None:
    text = (await leader.get("/district?area=150204006019")).text
    shapes = re.findall(r'<a href="/district\?area=(\d{15})" tabindex="-1"><path class="c(\d)"', text)
    counted = {grid["areaCode"]: grid["coveragePercent"] for grid in population("150204006019")["grids"]}
    bounds = (20, 40, 60, 80, 90)
    assert {code: int(level) for code, level in shapes} == {
        code: sum(coverage >= bound for bound in bounds) for code, coverage in counted.items()
    }


async def test_every_number_leads_to_its_rows(leader: httpx.AsyncClient) -> None:
    text = (await leader.get("/district?area=150204006019")).text
    lists = [link for link in links(text) if link.startswith("/district/lists")]
    numbers = re.findall(r'<td class="n">(.*?)</td>', text)
    assert len(numbers) == 70
    assert all("<a href=" in number for number in numbers)
    for link in dict.fromkeys(lists):
        assert (await leader.get(link)).status_code == 200, link


async def test_the_rows_of_a_summed_number_are_asked_for_its_own_area(leader: httpx.AsyncClient) -> None:
    text = (await leader.get("/district?area=150204")).text
    asked = [parse_qs(urlsplit(link).query) for link in links(text) if "state=visited" in link]
    assert [query["area"] for query in asked] == [["150204"], ["150204006"], ["150204008"]]


async def test_grids_stand_in_the_order_of_households_left(leader: httpx.AsyncClient) -> None:
    text = (await leader.get("/district?area=150204006019")).text
    left = [int(number) for number in re.findall(r'reached=false">(\d+)</a></td>', text)]
    assert left == sorted(left, reverse=True)


async def test_a_part_that_is_away_says_so_and_the_rest_is_shown(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    missing = without("150204", population=part(None, "unavailable", None))
    gateway.instead[OVERVIEW] = lambda *_: JSONResponse(missing)
    text = (await leader.get("/district")).text
    assert "人口系统暂时连不上" in text
    assert "暂无数据" in text
    assert ">131</a>" in text


async def test_a_part_from_before_says_how_old_it_is(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    old = without("150204", approval=part(overview("150204")["parts"]["approval"]["data"], "stale", 185.0))
    gateway.instead[OVERVIEW] = lambda *_: JSONResponse(old)
    assert "预审系统暂时连不上，这是3分钟前的数" in (await leader.get("/district")).text


async def test_a_part_one_may_not_see_says_who_can_grant_it(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead[OVERVIEW] = lambda *_: JSONResponse(without("150204", dispute=part(None, "forbidden", None)))
    text = (await leader.get("/district")).text
    assert "看不到联动化解系统" in text
    assert "安全管理员" in text


async def test_without_outlines_the_numbers_are_still_there(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead["GET /api/gis/v1/grids"] = lambda *_: Response(status_code=503)
    text = (await leader.get("/district")).text
    assert "地理信息系统暂时连不上" in text
    assert "青山路街道" in text


async def test_another_ones_area_is_refused_with_who_can_grant_it(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead[OVERVIEW] = lambda *_: problem(403, "forbidden", "没有权限", "…")
    answer = await leader.get("/district?area=150204008")
    assert answer.status_code == 403
    assert "您没有权限看乌素图街道" in answer.text
    assert "安全管理员" in answer.text


async def test_a_gateway_that_is_down_offers_to_try_again(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead["GET /api/gateway/v1/me"] = lambda *_: Response(status_code=503)
    answer = await leader.get("/district?area=150204006")
    assert answer.status_code == 503
    assert "/district?area=150204006" in links(answer.text)


async def test_what_is_late_names_the_thing_its_unit_and_its_place_longest_first(leader: httpx.AsyncClient) -> None:
    text = (await leader.get("/district")).text
    assert "区消防救援大队" in text
    assert "都兰社区第001网格" in text
    days = [int(number) for number in re.findall(r"超期(\d+)天", text)]
    assert days == sorted(days, reverse=True)


async def test_lists_show_no_name_and_no_telephone_of_anybody(leader: httpx.AsyncClient) -> None:
    text = (await leader.get("/district/lists?of=households&area=150204006019&quarter=2026Q4&state=visited")).text
    assert "育才小区16栋" in text
    assert "王建国" not in text
    assert "138" not in text


async def test_lists_page_by_cursor_and_back_to_the_first(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    first = await leader.get("/district/lists?of=households&area=150204006019&care=true")
    more = next(link for link in links(first.text) if "cursor=" in link)
    second = await leader.get(more)
    assert gateway.asked[-1][3]["cursor"] == "next-one"
    assert "/district/lists?of=households&area=150204006019&care=true" in links(second.text)
    assert "关爱对象家庭" in second.text


async def test_an_empty_list_says_so_and_leads_back(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead["GET /api/dispute/v1/cases"] = lambda *_: page([])
    answer = await leader.get("/district/lists?of=cases&area=150204&queue=late")
    assert "没有符合这些条件的记录" in answer.text


@pytest.mark.parametrize(
    "query", ["", "of=persons", "of=cases&evil=1", "of=cases&area=15020", "of=households&limit=9999"]
)
async def test_a_list_nobody_offers_is_not_found(leader: httpx.AsyncClient, gateway: Gateway, query: str) -> None:
    assert (await leader.get(f"/district/lists?{query}")).status_code == 404
    assert not gateway.asked


@pytest.mark.parametrize("area", ["1502", "150204x", "../150204", "150204006019003001"])
async def test_what_is_no_area_is_not_found(leader: httpx.AsyncClient, area: str) -> None:
    assert (await leader.get("/district", params={"area": area})).status_code == 404


async def test_names_of_places_are_asked_for_once_in_a_while(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    for _ in range(3):
        await leader.get("/district")
    assert [path for _, path, *_ in gateway.asked].count("/api/gis/v1/areas") == 1
