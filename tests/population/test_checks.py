"""What visiting demands is data of the area, a few visits are asked back by chance, and notes are forgotten."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.clock import today
from grid_kernel.runtime import Runtime
from population_svc import commands
from population_svc.rules import CareState, care_state, sample_size

NOW = clock.now()
TODAY = today(NOW)


def rule(area: str, **more: Any) -> dict[str, Any]:
    given = {"areaCode": area, "validFrom": TODAY.isoformat(), "monthlyMinimum": 40, "coveragePercent": 95}
    return given | {"careVisits": 4, "careGapDays": 10, "visitWeekday": 3} | more


async def test_the_leader_of_an_area_sets_its_rule_from_a_day_on(api: Api, place: Place) -> None:
    later = (TODAY + timedelta(days=30)).isoformat()
    for entry in (rule(place.street), rule(place.street, validFrom=later, monthlyMinimum=60)):
        answer = await api.post(place.leader, "/visit-rules", entry)
        assert answer.status_code == 201, answer.text
    listed = (await api.get(place.head, f"/visit-rules?area={place.community}")).json()
    assert [(each["areaCode"], each["validTo"]) for each in listed[:2]] == [(place.street, None), (place.street, later)]
    assert listed[-1]["areaCode"] == ""
    told = (await api.get(place.worker, f"/progress?area={place.grid}")).json()["rule"]
    assert (told["monthlyMinimum"], told["coveragePercent"], told["visitWeekday"]) == (40, 95, 3)
    refused(await api.post(place.leader, "/visit-rules", rule(place.street)), 409, "already-recorded")
    refused(await api.post(place.head, "/visit-rules", rule(place.community)), 403, "forbidden")
    refused(await api.post(place.leader, "/visit-rules", rule("150204")), 403, "forbidden")
    past = rule(place.community, validFrom="2026-01-01")
    refused(await api.post(place.leader, "/visit-rules", past), 400, None, "/validFrom")
    refused(
        await api.post(place.leader, "/visit-rules", rule(place.community, visitWeekday=8)), 400, None, "/visitWeekday"
    )
    refused(await api.get(place.neighbour, f"/visit-rules?area={place.grid}"), 404, "not-found")


@pytest.mark.parametrize(("number", "asked"), [(0, 0), (1, 1), (33, 1), (34, 2), (100, 3), (400, 12)])
def test_three_in_a_hundred_are_asked_back(number: int, asked: int) -> None:
    assert sample_size(number) == asked


async def test_a_few_are_asked_back_by_the_station(api: Api, place: Place, runtime: Runtime) -> None:
    homes = [await api.registered(place.worker, place.household()) for _ in range(4)]
    for home in homes[:2]:
        await api.visited(place.worker, home)
    await api.visited(place.worker, homes[2], "moved")
    await api.visited(place.worker, homes[3], "declined")
    where = f"/dwellings/{homes[2]['dwelling']['id']}"
    assert (await api.patch(place.worker, where, {"use": "03"}, version=1)).status_code == 200
    async with runtime.system_session() as session:
        await session.execute(text("delete from spot_check"))
        assert await commands.draw_checks(session, now=NOW + timedelta(days=1)) >= 2
        assert await commands.draw_checks(session, now=NOW + timedelta(days=2)) == 0
    path = f"/spot-checks?area={place.grid}"
    drawn = (await api.get(place.head, path)).json()["items"]
    assert sorted(each["about"] for each in drawn) == ["declined", "presence", "vacant", "visit"]
    asked_at = {each["about"]: each["householdId"] or each["dwellingId"] for each in drawn}
    assert (asked_at["presence"], asked_at["declined"]) == (homes[2]["id"], homes[3]["id"])
    assert asked_at["vacant"] == homes[2]["dwelling"]["id"]
    assert {each["drawnOn"] for each in drawn} == {(TODAY + timedelta(days=1)).isoformat()}
    assert place.worker.id not in str(drawn)
    refused(await api.get(place.worker, path), 403, "forbidden")
    first = f"/spot-checks/{drawn[0]['id']}/answer"
    refused(await api.post(place.worker, first, {"answer": "confirmed"}, version=1), 403, "forbidden")
    refused(await api.post(place.head, first, {"answer": "praised"}, version=1), 400, None, "/answer")
    refused(await api.post(place.head, first, {"answer": "confirmed"}, version=7), 412, "stale")
    assert (await api.post(place.head, first, {"answer": "not_remembered"}, version=1)).status_code == 200
    refused(await api.post(place.head, first, {"answer": "confirmed"}, version=2), 409, "already-answered")
    assert len((await api.get(place.head, path)).json()["items"]) == 3
    assert [each["answer"] for each in (await api.get(place.head, f"{path}&open=false")).json()["items"]] == [
        "not_remembered"
    ]


async def test_notes_are_forgotten_after_twelve_months(api: Api, place: Place, runtime: Runtime) -> None:
    home = await api.registered(place.worker, place.household())
    kept = await api.visited(place.worker, home, note="想装扶手", needs=["home_care"])
    old = await api.visited(place.worker, home, note="想装扶手")
    path = f"/households/{home['id']}/visits"
    assert [each["note"] for each in (await api.get(place.leader, path)).json()["items"]] == [None, None]
    async with runtime.system_session() as session:
        await session.execute(
            text("update visit set visited_on = visited_on - 366 where id = :id"), {"id": UUID(old["id"])}
        )
        assert await commands.forget(session, now=NOW) >= 1
    notes = {each["id"]: each["note"] for each in (await api.get(place.worker, path)).json()["items"]}
    assert notes == {kept["id"]: "想装扶手", old["id"]: None}


@pytest.mark.parametrize(
    ("days", "ended", "state"),
    [
        (31, None, "running"),
        (30, None, "expiring"),
        (1, None, "expiring"),
        (0, None, "to_confirm"),
        (-90, None, "to_confirm"),
        (9, 0, "ended"),
    ],
)
def test_nothing_on_the_care_list_ends_silently(days: int, ended: int | None, state: str) -> None:
    ended_on = None if ended is None else TODAY
    assert care_state(TODAY + timedelta(days=days), ended_on, TODAY) is CareState(state)


async def test_an_entry_that_expires_asks_for_a_decision(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    entry = {
        "personId": home["persons"][0]["id"],
        "reason": "disability",
        "basis": "残疾人证",
        "startsOn": "2026-01-10",
    }
    entry["expiresOn"] = (TODAY - timedelta(days=1)).isoformat()
    made = (await api.post(place.worker, "/care-entries", entry)).json()
    assert (made["state"], made["basisKind"]) == ("to_confirm", "consent")
    listed = (await api.get(place.worker, f"/care-renewals?area={place.grid}")).json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    refused(await api.get(place.leader, f"/care-renewals?area={place.grid}"), 403, "forbidden")
    path = f"/care-entries/{made['id']}/renewal"
    refused(await api.post(place.worker, path, {"expiresOn": TODAY.isoformat()}, version=1), 400, None, "/expiresOn")
    renewed = await api.post(place.worker, path, {"basis": "残疾人证（换发）"}, version=1)
    assert (renewed.json()["state"], renewed.json()["basis"]) == ("running", "残疾人证（换发）")
    assert (await api.get(place.worker, f"/care-renewals?area={place.grid}")).json()["items"] == []
    withdrawn = await api.post(place.worker, f"/care-entries/{made['id']}/withdrawal", {}, version=2)
    assert (withdrawn.json()["state"], withdrawn.json()["endReason"]) == ("ended", "consent_withdrawn")
    refused(await api.post(place.worker, path, {}, version=3), 409, "care-entry-ended")


async def test_who_cannot_consent_is_entered_by_guardian_or_statute(api: Api, place: Place) -> None:
    child = person("王新", born=TODAY.replace(year=TODAY.year - 10, day=1), relation="20")
    home = await api.registered(place.worker, place.household(person(), child))
    entry = {
        "personId": home["persons"][1]["id"],
        "reason": "child_in_difficulty",
        "basis": "申请",
        "startsOn": "2026-01-10",
    }
    refused(await api.post(place.worker, "/care-entries", entry), 400, None, "/basisKind")
    refused(await api.post(place.worker, "/care-entries", entry | {"basisKind": "guardian"}), 400, None, "/guardian")
    made = await api.post(place.worker, "/care-entries", entry | {"basisKind": "guardian", "guardian": "王小明"})
    assert made.json()["guardian"] == "王小明"
    statutory = entry | {"reason": "orphan", "basisKind": "statutory"}
    by_law = (await api.post(place.worker, "/care-entries", statutory)).json()
    path = f"/care-entries/{by_law['id']}/withdrawal"
    refused(await api.post(place.worker, path, {}, version=1), 409, "no-consent-to-withdraw")
