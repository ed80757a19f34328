"""The demonstration: posts and duties that hold today, visits at a plausible pace, scripts that can be played."""

import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from grid_deploy.demo import Plan, generate
from grid_deploy.demo.applications import items
from grid_deploy.demo.areas import load_district, to_metres
from grid_kernel.clock import WorkingCalendar, quarter_of
from grid_kernel.geo import Crs, to_cgcs2000

DAY, SUNDAY, NEW_QUARTER = date(2026, 11, 24), date(2026, 11, 22), date(2026, 10, 1)
CALENDAR = WorkingCalendar.packaged()
Rows = list[dict[str, Any]]
NAMED = {
    "worker.dulan", "window.dulan", "head.dulan", "worker.jianhua", "street.qingshanlu", "district", "fire", "civil",
    "housing", "mediator.dulan", "arbiter", "admin.system", "admin.security", "admin.audit", "guide.dulan",
}  # fmt: skip
# What may follow what; None = just submitted or dispatched.
APPLICATION_MOVES = {
    None: {"pre_review_pass", "require_correction", "pre_review_refuse", "withdraw"},
    "require_correction": {"correct"},
    "correct": {"pre_review_pass"},
    "pre_review_pass": {"forward"},
    "forward": {"accept"},
    "accept": {"suspend", "approve", "deny", "withdraw"},
    "suspend": {"resume"},
    "approve": {"complete"},
    "complete": {"rate"},
}
CASE_MOVES = {
    None: {"accept", "object"},
    "object": {"decide_objection"},
    "decide_objection": {"accept"},
    "accept": {"handle"},
    "handle": {"verify_pass", "verify_fail"},
    "verify_fail": {"handle"},
    "verify_pass": {"close"},
    "close": {"rate"},
}


def read(folder: Path, name: str) -> Rows:
    return [json.loads(line) for line in (folder / f"{name}.ndjson").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    generate(Plan(1, DAY), folder)
    return folder


@pytest.fixture(scope="module")
def accounts(town: Path) -> dict[str, str]:
    return {row["login"]: row["id"] for row in read(town, "gateway/accounts")}


def in_force(post: dict[str, Any], day: date) -> bool:
    return bool(post["valid_from"] <= day.isoformat() and (post["valid_to"] or "9") > day.isoformat())


def test_only_the_named_log_ins_work(town: Path) -> None:
    able = {row["login"] for row in read(town, "gateway/accounts") if row["password_plain"]}
    assert able == NAMED


def test_the_named_people_stay_in_their_communities_when_more_are_generated(tmp_path: Path) -> None:
    generate(Plan(1, DAY, ("150204001021", "150204008015", "150204006019")), tmp_path)
    logins = {row["id"]: row["login"] for row in read(tmp_path, "gateway/accounts")}
    areas = {logins[post["account_id"]]: post["area_code"] for post in read(tmp_path, "gateway/posts")}
    assert areas["worker.dulan"] == "150204006019003"
    assert areas["worker.jianhua"] == "150204008015001"
    assert areas["window.dulan"] == "150204006019"
    assert areas["street.qingshanlu"] == "150204006"
    assert set(areas) >= NAMED


def test_every_grid_has_three_posts_and_one_post_of_all_is_vacant(town: Path) -> None:
    held: dict[str, set[str]] = defaultdict(set)
    for post in read(town, "gateway/posts"):
        if len(post["area_code"]) == 15 and in_force(post, DAY):
            held[post["area_code"]].add(post["post"])
    assert len(held) == 17
    assert sorted(len(posts) for posts in held.values()) == [2] + [3] * 16
    assert "resident_service_officer" not in held["150204008015007"]


def test_one_worker_is_replaced_by_a_substitute_of_the_same_community(town: Path) -> None:
    replaced = [post for post in read(town, "gateway/posts") if post["substitute_account_id"]]
    assert [post["area_code"] for post in replaced] == ["150204006019009"]


def test_the_three_administrators_are_separate_people(town: Path) -> None:
    admins = [post["account_id"] for post in read(town, "gateway/posts") if post["post"].endswith("_admin")]
    assert len(set(admins)) == len(admins) == 3


def test_a_director_holds_at_most_two_grids(town: Path) -> None:
    held = Counter(post["account_id"] for post in read(town, "gateway/posts") if post["post"] == "opinion_collector")
    assert set(held.values()) <= {1, 2}


@pytest.mark.parametrize("day", [DAY, SUNDAY, NEW_QUARTER], ids=["a working day", "a Sunday", "a holiday"])
def test_the_named_workers_have_their_duty_today_whatever_the_day(tmp_path: Path, day: date) -> None:
    generate(Plan(1, day), tmp_path)
    logins = {row["id"]: row["login"] for row in read(tmp_path, "gateway/accounts")}
    today = [row for row in read(tmp_path, "gateway/roster") if row["day"] == day.isoformat()]
    duty: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in today:
        duty[logins[row["account_id"]]].add((row["duty"], row["area_code"]))
    assert duty["worker.dulan"] == {("grid", "150204006019003")}
    assert duty["worker.jianhua"] == {("grid", "150204008015001")}
    assert duty["window.dulan"] == {("window", "150204006019")}
    assert all(visit["visited_at"] < day.isoformat() for visit in read(tmp_path, "population/visits"))


def test_the_roster_knows_both_halves_of_every_day_once(town: Path) -> None:
    rows = read(town, "gateway/roster")
    keys = {(row["account_id"], row["day"], row["half"]) for row in rows}
    assert len(keys) == len(rows)
    assert {(row["duty"], len(row["area_code"])) for row in rows} == {("grid", 15), ("window", 12)}


def test_visits_are_made_in_working_time_by_the_worker_of_the_grid(town: Path) -> None:
    officers = {
        post["area_code"]: {post["account_id"], post["substitute_account_id"]}
        for post in read(town, "gateway/posts")
        if post["post"] == "resident_service_officer"
    }
    window = {
        (row["account_id"], row["day"], row["half"])
        for row in read(town, "gateway/roster")
        if row["duty"] == "window" and len(row["area_code"]) == 12
    }
    for visit in read(town, "population/visits"):
        moment = datetime.fromisoformat(visit["visited_at"])
        assert moment.date() < DAY
        assert CALENDAR.is_working_day(moment.date())
        assert any(opens <= moment.time() <= closes for opens, closes in CALENDAR.hours)
        assert visit["worker_account_id"] in officers[visit["area_code"]]
        half = "am" if moment.hour < 13 else "pm"
        assert (visit["worker_account_id"], moment.date().isoformat(), half) not in window


def test_most_visits_of_a_grid_fall_on_one_weekday(town: Path) -> None:
    weekdays: dict[str, Counter[int]] = defaultdict(Counter)
    for visit in read(town, "population/visits"):
        weekdays[visit["area_code"]][datetime.fromisoformat(visit["visited_at"]).weekday()] += 1
    assert all(days.most_common(1)[0][1] > 0.6 * days.total() for days in weekdays.values())


def test_coverage_shows_a_finished_grid_one_far_behind_and_honest_outcomes(town: Path) -> None:
    households = Counter(row["area_code"] for row in read(town, "population/households"))
    running = quarter_of(DAY)
    reached: dict[str, set[str]] = defaultdict(set)
    visits = read(town, "population/visits")
    for visit in visits:
        if visit["outcome"] == "done" and visit["visited_at"] >= running.start.isoformat():
            reached[visit["area_code"]].add(visit["household_id"])
    coverage = {grid: len(reached[grid]) / count for grid, count in households.items()}
    assert coverage["150204006019005"] >= 0.9
    assert coverage["150204008015007"] < 0.3
    usual = [share for grid, share in coverage.items() if grid not in ("150204006019005", "150204008015007")]
    assert min(usual) > 0.4
    assert max(usual) < 0.8
    assert {visit["outcome"] for visit in visits} == {
        "done",
        "met_outside",
        "telephone",
        "no_answer",
        "declined",
        "moved",
    }


def test_care_list_households_are_seen_more_often(town: Path) -> None:
    listed = {row["household_id"] for row in read(town, "population/care")}
    before = quarter_of(quarter_of(DAY).start - timedelta(days=1))
    seen = Counter(
        visit["household_id"]
        for visit in read(town, "population/visits")
        if visit["outcome"] == "done" and visit["visited_at"] < before.end.isoformat()
    )
    assert sum(seen[household] >= 3 for household in listed) > 0.3 * len(listed)


def check_script(steps: Rows, begins: str, moves: dict[str | None, set[str]]) -> None:
    before, moment = None, begins
    for step in steps:
        assert step["verb"] in moves[before], (before, step["verb"])
        assert moment < step["at"] < DAY.isoformat()
        assert CALENDAR.is_working_day(datetime.fromisoformat(step["at"]).date())
        before, moment = step["verb"], step["at"]


def test_applications_stand_in_every_state_and_every_step_follows_the_one_before(town: Path) -> None:
    moves = APPLICATION_MOVES | {"resume": {"approve", "deny"}}
    last: Counter[str] = Counter()
    for application in read(town, "approval/applications"):
        check_script(application["steps"], application["submitted_at"], moves)
        last[application["steps"][-1]["verb"] if application["steps"] else "submitted"] += 1
    assert set(last) == {
        "submitted", "require_correction", "correct", "pre_review_pass", "pre_review_refuse", "forward", "accept",
        "suspend", "resume", "approve", "deny", "complete", "rate", "withdraw",
    }  # fmt: skip


def test_departments_decide_their_own_items_and_refusals_have_a_reason(town: Path) -> None:
    handlers: dict[str, set[str]] = defaultdict(set)
    for post in read(town, "gateway/posts"):
        handlers[post["account_id"]].add(post["unit_code"])
    departments = {item.code: item.department for item in items()}
    for application in read(town, "approval/applications"):
        for step in application["steps"]:
            if step["verb"] in ("accept", "suspend", "resume", "approve", "deny", "complete"):
                assert step["unit"] == departments[application["item_code"]]
                assert step["unit"] in handlers[step["by"]]
            if step["verb"] in ("require_correction", "pre_review_refuse", "suspend", "deny", "withdraw"):
                assert step["reason"]
            assert (step["grade"] is not None) == (step["verb"] == "rate")


def test_some_applications_are_late(town: Path) -> None:
    limits = {item.code: item.limit for item in items()}
    late = 0
    for application in read(town, "approval/applications"):
        at = {step["verb"]: date.fromisoformat(step["at"][:10]) for step in application["steps"]}
        if limit := limits[application["item_code"]]:
            ends = at.get("approve") or at.get("deny") or DAY
            late += "accept" in at and len(CALENDAR.working_days(at["accept"], ends)) > limit
    assert late >= 25


def test_applicants_are_residents_of_the_community_but_for_a_few(town: Path) -> None:
    persons = {row["id"]: row for row in read(town, "population/persons")}
    numbers = {row["id_number"] for row in persons.values()}
    elsewhere = 0
    for application in read(town, "approval/applications"):
        applicant = application["applicant"]
        if applicant["person_id"] is None:
            elsewhere += 1
            assert applicant["id_number"] not in numbers
            continue
        person = persons[applicant["person_id"]]
        assert person["area_code"].startswith(application["community_code"])
        assert (person["name"], person["id_number"]) == (applicant["name"], applicant["id_number"])
    assert 3 <= elsewhere <= 40


def test_cases_stand_in_every_state_and_every_step_follows_the_one_before(town: Path) -> None:
    last: Counter[str] = Counter()
    for case in read(town, "dispute/cases"):
        check_script(case["steps"], case["reported_at"], CASE_MOVES)
        last[case["steps"][-1]["verb"] if case["steps"] else "reported"] += 1
    assert set(last) >= {"reported", "accept", "object", "handle", "verify_fail", "verify_pass", "close", "rate"}


def test_cases_are_acted_on_by_people_of_the_unit(town: Path) -> None:
    units: dict[str, set[str]] = defaultdict(set)
    for post in read(town, "gateway/posts"):
        units[post["account_id"]].add(post["unit_code"])
    for case in read(town, "dispute/cases"):
        for step in case["steps"]:
            if step["verb"] in ("accept", "object", "handle"):
                assert step["unit"] in units[step["by"]]


def test_case_points_come_in_four_systems_and_fall_into_a_grid_but_for_four(town: Path) -> None:
    grids = {grid.code: grid.shape for grid in load_district().grids}
    systems: Counter[str] = Counter()
    outside = 0
    for case in read(town, "dispute/cases"):
        systems[case["crs"]] += 1
        point = to_metres(np.array([to_cgcs2000(case["lon"], case["lat"], Crs(case["crs"]))]))[0]
        lies_in = [code for code, shape in grids.items() if shape.contains(shapely.Point(point))]
        assert case["area_code"] == (lies_in[0] if lies_in else "150204")
        outside += not lies_in
    assert set(systems) == {"CGCS2000", "WGS84", "GCJ02", "BD09"}
    assert systems.most_common(1)[0][0] == "GCJ02"
    assert outside == 4
