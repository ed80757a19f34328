"""Visits are recorded as they were, the care list by need, and figures follow from both."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.population.conftest import Api, Place, hearing, person, refused

from grid_kernel import clock
from grid_kernel.clock import month_of, quarter_of, today
from grid_kernel.contracts.dispute import CaseFollowUpRequested
from grid_kernel.runtime import Runtime
from population_svc.events import on_follow_up_requested
from population_svc.rules import VisitOutcome

TODAY = today(clock.now())
QUARTER = quarter_of(TODAY)
OUTCOMES = [outcome.value for outcome in VisitOutcome]
STATES = ("visited", "contacted", "declined", "noAnswer", "notAttempted")


async def progress(api: Api, place: Place, area: str | None = None, who: Any = None) -> dict[str, Any]:
    answer = await api.get(who or place.head, f"/progress?area={area or place.community}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def rows_behind(api: Api, place: Place, figure: dict[str, Any]) -> set[str]:
    answer = await api.get(place.head, f"{figure['query']}&limit=100")
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["items"]}


async def test_a_visit_is_recorded_and_listed(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    visit = await api.visited(place.worker, household)
    assert (visit["areaCode"], visit["gridCodeThen"], visit["outcome"]) == (place.grid, place.grid, "done")
    assert (visit["workerId"], visit["householdVersion"]) == (place.worker.id, 2)
    await api.visited(place.collector, household, "no_answer")
    listed = (await api.get(place.worker, f"/households/{household['id']}/visits")).json()["items"]
    assert [each["outcome"] for each in listed] == ["no_answer", "done"]
    refused(await api.get(place.neighbour, f"/households/{household['id']}/visits"), 404, "not-found")


async def test_a_phone_that_asks_again_records_nothing_twice(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    visit = {
        "id": str(uuid4()),
        "householdId": household["id"],
        "visitedAt": clock.now().isoformat(),
        "outcome": "done",
    }
    key = {"Idempotency-Key": uuid4().hex}
    first = await api.post(place.worker, "/visits", visit, **key)
    assert (await api.post(place.worker, "/visits", visit, **key)).json() == first.json()
    refused(await api.post(place.worker, "/visits", visit), 409, "already-recorded")


async def test_what_cannot_be_a_visit_is_refused(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    visit = {"householdId": household["id"], "visitedAt": clock.now().isoformat(), "outcome": "done"}
    for member, value in {"outcome": "liked", "kind": "patrol", "visitedAt": "2999-01-01T08:00:00+08:00"}.items():
        refused(await api.post(place.worker, "/visits", visit | {member: value}), 400, None, f"/{member}")
    naive = visit | {"visitedAt": "2026-11-01T08:00:00"}
    refused(await api.post(place.worker, "/visits", naive), 400, None, "/visitedAt")
    refused(await api.post(place.worker, "/visits", visit | {"photo": "x"}), 400, None, "/photo")
    refused(await api.post(place.neighbour, "/visits", visit), 404, "not-found")
    refused(await api.post(place.leader, "/visits", visit), 403, "forbidden")
    refused(await api.post(place.guide, "/visits", visit), 403, "forbidden")


async def test_distinct_households_are_counted_and_attempts_are_not(api: Api, place: Place) -> None:
    households = [await api.registered(place.head, place.household()) for _ in range(6)]
    for outcome in ("done", "done", "done"):
        await api.visited(place.worker, households[0], outcome)
    await api.visited(place.worker, households[1], "no_answer")
    await api.visited(place.worker, households[1], "met_outside")
    await api.visited(place.worker, households[2], "declined")
    await api.visited(place.worker, households[3], "no_answer")
    await api.visited(place.worker, households[4], "moved")
    total = (await progress(api, place))["total"]
    assert {name: total[name]["value"] for name in STATES} == {
        "visited": 1,
        "contacted": 1,
        "declined": 1,
        "noAnswer": 1,
        "notAttempted": 1,
    }
    assert (total["households"]["value"], total["reportedMoved"]["value"]) == (5, 1)
    assert total["coveragePercent"] == 20.0
    assert total["month"]["done"]["value"] == 1
    assert total["month"]["label"] == month_of(TODAY).label
    assert (total["month"]["minimum"], total["month"]["minimumReached"]) == (5, False)
    for name, expected in zip(STATES, (0, 1, 2, 3, 5), strict=True):
        assert await rows_behind(api, place, total[name]) == {households[expected]["id"]}
    assert await rows_behind(api, place, total["reportedMoved"]) == {households[4]["id"]}
    assert await rows_behind(api, place, total["month"]["done"]) == {households[0]["id"]}
    assert await rows_behind(api, place, total["households"]) == {households[n]["id"] for n in (0, 1, 2, 3, 5)}


async def test_a_household_found_again_lives_there_again(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    await api.visited(place.worker, household, "moved")
    assert (await api.get(place.worker, f"/households/{household['id']}")).json()["presence"] == "reported_moved"
    await api.visited(place.worker, household, "done")
    assert (await api.get(place.worker, f"/households/{household['id']}")).json()["presence"] == "living"


async def test_who_is_not_reached_yet_can_be_listed(api: Api, place: Place) -> None:
    first, second = [await api.registered(place.worker, place.household()) for _ in range(2)]
    await api.visited(place.worker, first)
    path = f"/households?area={place.grid}&quarter={QUARTER.label}&reached="
    not_reached = (await api.get(place.worker, path + "false")).json()["items"]
    assert [(row["id"], row["visitState"], row["visitCount"]) for row in not_reached] == [
        (second["id"], "not_attempted", 0)
    ]
    assert [row["id"] for row in (await api.get(place.worker, path + "true")).json()["items"]] == [first["id"]]


async def test_what_stands_beside_is_shown_and_not_counted(api: Api, place: Place) -> None:
    await api.registered(place.worker, place.household())
    away = await api.registered(place.worker, place.household())
    change = {"presence": "registered_only"}
    await api.patch(place.worker, f"/households/{away['id']}", change, version=1)
    empty = await api.registered(place.worker, place.household())
    await api.patch(place.worker, f"/dwellings/{empty['dwelling']['id']}", {"use": "03"}, version=1)
    total = (await progress(api, place, place.grid, place.worker))["total"]
    assert (total["households"]["value"], total["registeredOnly"]["value"], total["emptyDwellings"]["value"]) == (
        2,
        1,
        1,
    )
    assert await rows_behind(api, place, total["registeredOnly"]) == {away["id"]}
    assert await rows_behind(api, place, total["emptyDwellings"]) == {empty["dwelling"]["id"]}


async def test_every_grid_has_its_own_line_and_the_sums_are_the_total(api: Api, place: Place) -> None:
    for _ in range(2):
        await api.registered(place.head, place.household())
    far = await api.registered(place.head, place.household(building=place.other_building))
    await api.visited(place.neighbour, far)
    whole = await progress(api, place)
    assert [grid["areaCode"] for grid in whole["grids"]] == [place.grid, place.other_grid]
    assert [grid["households"]["value"] for grid in whole["grids"]] == [2, 1]
    assert [grid["visited"]["value"] for grid in whole["grids"]] == [0, 1]
    assert whole["total"]["target"] == sum(grid["target"] for grid in whole["grids"])
    assert whole["total"]["month"]["pace"] == sum(grid["month"]["pace"] for grid in whole["grids"])
    alone = await progress(api, place, place.grid, place.worker)
    assert alone["grids"] == []
    assert alone["total"] == whole["grids"][0]
    assert whole["rule"] == {
        "monthlyMinimum": 80,
        "weeklyMinimum": 19,
        "coveragePercent": 90,
        "careVisits": 3,
        "careGapDays": 14,
        "visitWeekday": None,
    }


async def test_figures_of_a_foreign_area_are_not_found(api: Api, place: Place) -> None:
    refused(await api.get(place.worker, f"/progress?area={place.other_grid}"), 404, "not-found")
    refused(await api.get(place.guide, f"/progress?area={place.grid}"), 404, "not-found")
    refused(await api.get(place.worker, "/progress"), 400, None, "#/query/area")
    refused(await api.get(place.head, f"/progress?area={place.grid}&quarter=2026Q5"), 400, None, "#/query/quarter")
    refused(await api.get(place.head, f"/progress?area={place.grid}&quarter=2099Q1"), 400, None, "#/query/quarter")
    refused(await api.get(place.guide, f"/counts?area={place.grid}"), 404, "not-found")
    ancient = f"/counts?area={place.grid}&knownAt=0001-01-01T00:00:00%2B08:00"
    refused(await api.get(place.worker, ancient), 400, None, "#/query/knownAt")


async def test_an_area_may_have_its_own_rule_from_a_day_on(api: Api, place: Place, runtime: Runtime) -> None:
    await api.registered(place.worker, place.household())
    async with runtime.system_session() as session:
        await session.execute(
            text("insert into visit_rule values (:id, :area, :since, null, 1, 100, 2, 7, 3, 3)"),
            {"id": uuid4(), "area": place.grid, "since": TODAY - timedelta(days=1)},
        )
    whole = await progress(api, place, place.grid)
    assert (whole["rule"]["coveragePercent"], whole["total"]["target"]) == (100, 1)


async def test_a_line_of_the_roster_can_be_changed_as_it_was_read(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    await api.visited(place.worker, household, "no_answer")
    for more in ("", "&reached=false"):
        listed = (await api.get(place.worker, f"/households?area={place.grid}{more}")).json()["items"]
        path = f"/households/{listed[0]['id']}"
        changed = await api.patch(place.worker, path, {"phone": "12000003333"}, version=listed[0]["version"])
        assert changed.status_code == 200, changed.text
        await api.visited(place.worker, household, "no_answer")


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(OUTCOMES), max_size=4), min_size=1, max_size=5))
async def test_the_states_of_the_round_add_up_to_the_households(
    api: Api, place: Place, runtime: Runtime, visits: list[list[str]]
) -> None:
    fresh = Place()
    async with runtime.system_session() as session:
        await session.execute(
            text("insert into building_grid values (:id, '2020-01-01', :area, '2020-01-01', '0016', 1)"),
            {"id": fresh.building, "area": fresh.grid},
        )
    entered = set()
    for outcomes in visits:
        household = await api.registered(fresh.head, fresh.household())
        for outcome in outcomes:
            await api.visited(fresh.head, household, outcome)
        last_word = next((each for each in reversed(outcomes) if each in {"done", "moved"}), "done")
        if "done" in outcomes and last_word == "done":
            entered.add(household["id"])
    total = (await progress(api, fresh))["total"]
    assert sum(total[name]["value"] for name in STATES) == total["households"]["value"]
    assert total["households"]["value"] + total["reportedMoved"]["value"] == len(visits)
    assert await rows_behind(api, fresh, total["visited"]) == entered


async def test_care_households_want_three_visits(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household())
    entry = {"personId": household["persons"][0]["id"], "reason": "elderly_living_alone", "basis": "本人意愿"}
    listed = await api.post(place.worker, "/care-entries", entry | {"startsOn": "2026-01-10"})
    assert listed.status_code == 201, listed.text
    assert (listed.json()["expiresOn"], listed.json()["householdId"]) == ("2027-01-10", household["id"])
    now = clock.now()
    for days in (0, 0, 1, 2):
        at = max(now - timedelta(days=days), datetime.combine(QUARTER.start, datetime.min.time(), UTC))
        await api.visited(place.worker, household, visitedAt=at.isoformat())
        if days == 1:
            care = (await progress(api, place))["total"]["care"]
            assert (care["households"]["value"], care["visitedEnough"]["value"]) == (1, 0)
    care = (await progress(api, place))["total"]["care"]
    if (TODAY - QUARTER.start).days > 2:
        assert care["visitedEnough"]["value"] == 1
        assert await rows_behind(api, place, care["visitedEnough"]) == {household["id"]}
    assert (await api.get(place.worker, f"/households?area={place.grid}&care=true")).json()["items"][0]["onCareList"]


async def test_only_needs_of_the_table_are_on_the_care_list(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household())
    whom = household["persons"][0]["id"]
    entry = {"personId": whom, "reason": "disability", "basis": "残疾人证", "startsOn": "2026-01-10"}
    for reason in ("petitioner", "drug_user", "stability"):
        refused(await api.post(place.worker, "/care-entries", entry | {"reason": reason}), 400, None, "/reason")
    refused(await api.post(place.neighbour, "/care-entries", entry), 404, "not-found")
    refused(await api.post(place.leader, "/care-entries", entry), 403, "forbidden")
    early = entry | {"expiresOn": "2026-01-10"}
    refused(await api.post(place.worker, "/care-entries", early), 400, None, "/expiresOn")
    made = (await api.post(place.worker, "/care-entries", entry)).json()
    refused(await api.post(place.worker, "/care-entries", entry), 409, "already-recorded")
    listed = f"/households/{household['id']}/care-entries"
    assert [each["basis"] for each in (await api.get(place.worker, listed)).json()] == ["残疾人证"]
    refused(await api.get(place.leader, listed), 403, "forbidden")
    refused(await api.get(place.neighbour, listed), 404, "not-found")
    end = f"/care-entries/{made['id']}/end"
    refused(await api.post(place.worker, end, {"endedOn": "2026-02-01"}), 428, "version-required")
    refused(await api.post(place.worker, end, {"endedOn": "2026-01-01"}, version=1), 400, None, "/endedOn")
    assert (await api.post(place.worker, end, {"endedOn": "2026-02-01"}, version=1)).json()["endedOn"] == "2026-02-01"
    refused(await api.post(place.worker, end, {"endedOn": "2026-02-01"}, version=2), 409, "care-entry-ended")
    with pytest.raises(Exception, match="violates"):
        async with runtime.system_session() as session:
            await session.execute(
                text("update care_entry set reason = 'petitioner' where id = :id"), {"id": UUID(made["id"])}
            )


async def test_a_case_asks_for_a_visit_and_a_visit_answers(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household())
    asked = CaseFollowUpRequested(
        aggregate_id=uuid4(),
        sequence=7,
        occurred_at=clock.now() - timedelta(minutes=1),
        area_code=place.grid,
        case_code="150204202611240000015",
        restricted=False,
        category=None,
        state="handling",
        household_id=UUID(household["id"]),
    )
    async with runtime.system_session() as session:
        await on_follow_up_requested(session, asked, hearing())
    wanted = (await api.get(place.worker, f"/follow-ups?area={place.grid}")).json()["items"]
    assert [(each["caseCode"], each["householdId"]) for each in wanted] == [(asked.case_code, household["id"])]
    assert (await api.get(place.neighbour, "/follow-ups")).json()["items"] == []
    refused(await api.get(place.neighbour, f"/follow-ups?area={place.grid}"), 404, "not-found")
    await api.visited(place.worker, household, "no_answer")
    assert len((await api.get(place.worker, "/follow-ups")).json()["items"]) == 1
    await api.visited(place.worker, household)
    assert (await api.get(place.worker, "/follow-ups")).json()["items"] == []


async def test_counts_of_a_day_stay_what_they_were(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household(person(), person(relation="12", sex="9")))
    before = clock.now().isoformat().replace("+00:00", "Z")
    path = f"/counts?area={place.grid}&asOf=2026-03-31"
    first = (await api.get(place.worker, path)).json()
    assert (first["households"], first["persons"], first["dwellings"]) == (1, 2, 1)
    gone = household["persons"][1]["id"]
    await api.post(place.worker, f"/persons/{gone}/departure", {"leftOn": "2026-03-01"}, version=1)
    assert (await api.get(place.worker, path)).json()["persons"] == 1
    assert (await api.get(place.worker, f"{path}&knownAt={before}")).json()["persons"] == 2
    assert (await api.get(place.worker, f"/counts?area={place.grid}&asOf=2026-02-01")).json()["persons"] == 2
    assert (await api.get(place.worker, f"/counts?area={place.grid}&asOf=2025-12-31")).json()["households"] == 0
    assert date.fromisoformat(first["asOf"]) == date(2026, 3, 31)


async def test_a_quarter_before_there_was_a_rule_is_refused_by_name(api: Api, place: Place) -> None:
    answer = await api.get(place.worker, f"/progress?area={place.grid}&quarter=1949Q4")
    refused(answer, 400, "invalid-input", "#/query/quarter")
