"""(g) Leave and the window, (h) a grid that is split, (i) a month of visits, (j) what the map is told of visits."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import mapping, shape
from tests.flows.conftest import COMMUNITY, DISTRICT, GRID, Account, Operator, SignIn, eventually, member
from tests.gis.drawings import across

pytestmark = pytest.mark.timeout(500)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SPLIT = "150204008015004"
Newcomer = Callable[[str], tuple[str, Account]]


def now() -> datetime:
    return datetime.now(SHANGHAI)


def rows_of(account: Account, query: str) -> list[dict[str, Any]]:
    """Every row a figure of population names."""
    rows, cursor = list[dict[str, Any]](), ""
    while True:
        answer = account.client.get(f"/api/population/v1{query}&limit=100{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["items"]
        if not page["nextCursor"]:
            return rows
        cursor = f"&cursor={page['nextCursor']}"


def post_of(account: Account, post: str, area: str) -> Any:
    return member(account.read("gateway/v1/posts", area=area, on=now().date().isoformat()), post=post)


@pytest.fixture
def on_leave(sign_in: SignIn, newcomer: Newcomer) -> Iterator[Account]:
    """The worker of 003 is on leave; somebody new of the community stands in, appointed by the station's head."""
    head = sign_in("head.dulan")
    substitute_id, substitute = newcomer(COMMUNITY)
    assert substitute.get(f"population/v1/packs/{GRID}").status_code in {403, 404}

    def stands_in(account_id: str | None) -> None:
        held = post_of(head, "resident_service_officer", GRID)
        address = f"gateway/v1/posts/{held['id']}/substitute"
        head.do("PUT", address, {"accountId": account_id}, version=held["version"])

    stands_in(substitute_id)
    yield substitute
    stands_in(None)
    assert substitute.get(f"population/v1/packs/{GRID}").status_code in {403, 404}


def test_of_a_worker_on_leave_the_substitute_gets_the_tasks(sign_in: SignIn, on_leave: Account) -> None:
    worker = sign_in("worker.dulan")
    own, given = (who.read(f"population/v1/packs/{GRID}") for who in (worker, on_leave))
    assert given["plan"] == own["plan"]
    assert given["plan"], "there is something to do"
    assert given["followUps"] == own["followUps"]
    assert [home["id"] for home in given["households"]] == [home["id"] for home in own["households"]]
    tasks, taken = (
        {(item["kind"], item["id"]) for item in who.read("gateway/v1/workbench")["items"]} for who in (worker, on_leave)
    )
    assert {task for task in tasks if task[0] != "application"} <= taken
    line = given["plan"][0]
    visit = {"householdId": line["householdId"], "visitedAt": now().isoformat(), "outcome": "done"}
    on_leave.do("POST", "population/v1/visits", visit)
    after = worker.read(f"population/v1/packs/{GRID}")
    assert line["householdId"] not in [each["householdId"] for each in after["plan"]], "for both it is done"


@pytest.fixture
def at_the_window(sign_in: SignIn) -> Iterator[Account]:
    """The worker of 003 has the window today: A duty."""
    worker, head = sign_in("worker.dulan"), sign_in("head.dulan")
    account_id = worker.read("gateway/v1/me")["accountId"]

    def duty(kind: str) -> None:
        for half in ("am", "pm"):
            entry = {"accountId": account_id, "day": now().date().isoformat(), "half": half, "duty": kind}
            head.do("PUT", "gateway/v1/roster", entry)

    duty("window")
    yield worker
    duty("grid")
    assert worker.read(f"population/v1/packs/{GRID}")["plan"]


def test_window_duty_leaves_no_home_visits_for_that_half_day(at_the_window: Account) -> None:
    me = at_the_window.read("gateway/v1/me")
    assert (me["duty"], me["areas"]) == ("window", [COMMUNITY])
    assert at_the_window.get(f"population/v1/packs/{GRID}").status_code == 403
    kinds = {item["kind"] for item in at_the_window.read("gateway/v1/workbench")["items"]}
    assert "follow_up" not in kinds
    assert "application.take-in" in me["can"]


def test_a_split_grid_keeps_its_visits_and_its_history_and_gets_its_posts(sign_in: SignIn, newcomer: Newcomer) -> None:
    leader, security = sign_in("district"), sign_in("admin.security")
    before = leader.read("population/v1/progress", area=SPLIT)["total"]
    visited = {row["id"] for row in rows_of(leader, before["visited"]["query"])}
    case = leader.read("dispute/v1/cases", area=SPLIT, limit=1)["items"][0]["id"]
    outline = shape(leader.read(f"gis/v1/areas/{SPLIT}/outline")["geometry"])
    version = leader.read(f"gis/v1/areas/{SPLIT}")["version"]
    cut = {"cut": {"geometry": mapping(across(outline)), "crs": "CGCS2000"}}
    parts = [
        each["code"] for each in leader.do("POST", f"gis/v1/grids/{SPLIT}/split", cut, version=version)["successors"]
    ]
    assert len(parts) == 2

    def moved() -> list[dict[str, Any]]:
        figures = [leader.read("population/v1/progress", area=part)["total"] for part in parts]
        assert sum(each["households"]["value"] for each in figures) == before["households"]["value"]
        return figures

    after = eventually(moved, 60)
    assert all(each["households"]["value"] for each in after)
    assert sum(each["visited"]["value"] for each in after) == before["visited"]["value"] == len(visited)
    assert {row["id"] for each in after for row in rows_of(leader, each["visited"]["query"])} == visited
    acts = leader.read(f"population/v1/households/{min(visited)}/visits")["items"]
    assert acts[0]["areaCode"] in parts
    assert acts[0]["gridCodeThen"] == SPLIT, "where it was made, it was made"

    def placed() -> dict[str, Any]:
        seen: dict[str, Any] = leader.read(f"dispute/v1/cases/{case}")
        assert seen["areaCode"] in parts
        return seen

    assert eventually(placed)["gridCodeThen"] == SPLIT

    def waiting() -> list[dict[str, Any]]:
        posts = security.read("gateway/v1/posts", area=SPLIT, on=now().date().isoformat())["items"]
        assert {each["post"] for each in posts if each["toReassign"]} == {
            "resident_service_officer",
            "opinion_collector",
            "party_building_guide",
        }
        return list(posts)

    held = eventually(waiting)
    newcomers = {part: newcomer(part[:12]) for part in parts}
    for part in parts:
        for each in held:
            officer = each["post"] == "resident_service_officer"
            holder = newcomers[part][0] if officer else each["accountId"]
            given = {"post": each["post"], "areaCode": part, "unitCode": each["unitCode"], "accountId": holder}
            security.do("POST", "gateway/v1/posts", given | {"validFrom": now().date().isoformat()})
    vacant = security.read("gateway/v1/posts/vacancies", area=SPLIT[:12])["items"]
    assert not {each["areaCode"] for each in vacant} & {*parts, SPLIT}
    for part, figures in zip(parts, after, strict=True):
        pack = newcomers[part][1].read(f"population/v1/packs/{part}")
        living = [home for home in pack["households"] if home["presence"] == "living"]
        assert len(living) == figures["households"]["value"]


GRIDS, HOMES, TIMES = 289, 8, 10
"""289 workers with 80 visits a month, as in the pilot: here each of eight homes was entered ten times."""
_NAMESPACE = UUID("0f3f6a02-6a3c-5a0f-9a41-4f9d3e0c7a11")


def write_a_month(folder: Path, since: datetime) -> None:
    """The files a migration would bring: homes of a street nobody works in yet, and 23,120 visits of this month."""
    dwellings, households, visits = [], [], []
    for number in range(GRIDS):
        grid = f"150204003{number // 17 + 1:03}{number % 17 + 1:03}"
        building = uuid5(_NAMESPACE, grid)
        for home in range(HOMES):
            dwelling, household = (uuid5(_NAMESPACE, f"{kind} {grid} {home}") for kind in ("dwelling", "household"))
            code = f"{grid[:12]}{grid[13:]}{home + 1:04}0101"[:22].ljust(22, "1")
            place: dict[str, Any] = {
                "id": str(dwelling),
                "building_id": str(building),
                "area_code": grid,
                "house_code": code,
            }
            place |= {"entrance": 1, "floor": 1, "room_no": str(101 + home), "use": "01", "area_m2": None}
            dwellings.append(place | {"address": f"万青路{number}号{101 + home}室", "synthetic": True})
            lived: dict[str, Any] = {
                "id": str(household),
                "dwelling_id": str(dwelling),
                "formed_on": "2026-01-05",
                "phone": None,
            }
            households.append(lived | {"head_person_id": str(household), "synthetic": True})
            for turn in range(TIMES):
                act = {"id": str(uuid5(household, str(turn))), "household_id": str(household), "area_code": grid}
                at = (since + timedelta(minutes=turn)).isoformat()
                act |= {"visited_at": at, "outcome": "done", "kind": "home_visit", "worker_account_id": f"w{number}"}
                visits.append(act)
    for name, rows in (("dwellings", dwellings), ("households", households), ("visits", visits)):
        (folder / f"{name}.ndjson").write_text("\n".join(map(json.dumps, rows)), "utf-8")


def test_of_a_month_of_visits_each_figure_opens_its_rows(sign_in: SignIn, operator: Operator, tmp_path: Path) -> None:
    write_a_month(tmp_path, now().replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    operator.run("population", "load", str(tmp_path))
    leader, street = sign_in("district"), "150204003"
    told = leader.read("population/v1/progress", area=street)
    total = told["total"]
    assert len(told["grids"]) == GRIDS
    assert total["month"]["done"]["value"] == total["visited"]["value"] == GRIDS * HOMES
    homes = rows_of(leader, total["month"]["done"]["query"])
    assert len({row["id"] for row in homes}) == GRIDS * HOMES
    acts = leader.read(f"population/v1/households/{homes[0]['id']}/visits")["items"]
    assert len(acts) * GRIDS * HOMES == 23_120
    figures = [figure for line in (total, told["grids"][0], told["grids"][-1]) for figure in line.values()]
    for figure in [each for each in figures if isinstance(each, dict) and "query" in each]:
        if figure["value"] <= 100:
            assert len(rows_of(leader, figure["query"])) == figure["value"], figure
    whole = leader.read("gateway/v1/overview", area=DISTRICT)["parts"]["population"]
    assert whole["status"] == "ok"
    assert whole["data"]["total"]["visited"]["value"] > GRIDS * HOMES
    day = leader.read("population/v1/statistics/households", area=street)
    fresh = member({"items": day["byFreshness"]}, code="within_90_days")
    assert fresh["value"] == GRIDS * HOMES
    assert leader.client.get(f"/api/population/v1{fresh['query']}&limit=1").json()["items"]


def test_the_map_shows_what_population_says_of_visits(sign_in: SignIn, operator: Operator) -> None:
    worker, leader = sign_in("worker.dulan"), sign_in("district")
    home = worker.read("population/v1/households", area=GRID, reached="false", limit=1)["items"][0]
    visit = {"householdId": home["id"], "visitedAt": now().isoformat(), "outcome": "done"}
    worker.do("POST", "population/v1/visits", visit)
    total = leader.read("population/v1/progress", area=GRID)["total"]

    def shown() -> dict[str, Any]:
        layer = leader.client.get("/ogc/collections/visit-coverage/items", params={"limit": 1000}).json()
        found: dict[str, Any] = next(
            each["properties"] for each in layer["features"] if each["properties"]["code"] == GRID
        )
        assert found["visited"] == total["visited"]["value"]
        return found

    with operator.running("population", "jobs"):
        figures = eventually(shown, 60)
    assert figures["households"] == total["households"]["value"]
    assert figures["coverage"] == pytest.approx(total["visited"]["value"] / total["households"]["value"], abs=0.001)
