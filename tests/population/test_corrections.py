"""Facts of registration, and corrections of what was always otherwise: what was believed before stays known."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, id_number, person, refused

from grid_kernel import clock
from grid_kernel.runtime import Runtime
from population_svc import commands
from population_svc.rules import share_asked_back

TODAY = clock.today(clock.now())


async def entered(api: Api, place: Place, **more: Any) -> dict[str, Any]:
    """A person who lives alone."""
    return dict((await api.registered(place.worker, place.household(person(**more))))["persons"][0])


async def test_where_somebody_is_registered_is_a_fact_of_its_own(api: Api, place: Place) -> None:
    made = await entered(api, place, registeredHere=True, registeredAddress="育才小区3栋2号", registrationMatches=False)
    assert (made["registeredAddress"], made["registrationMatches"]) == ("育才小区3栋2号", False)
    path = f"/persons/{made['id']}"
    assert (await api.get(place.leader, path)).json()["registeredAddress"] is None
    changed = await api.patch(place.worker, path, {"registrationMatches": True, "registeredAddress": None}, version=1)
    assert (changed.json()["registrationMatches"], changed.json()["registeredAddress"]) == (True, None)
    elsewhere = {"registeredHere": False}
    refused(await api.patch(place.worker, path, elsewhere, version=2), 400, None, "/registrationMatches")
    wrong = place.household(person(registeredHere=False, registrationMatches=True))
    refused(await api.post(place.worker, "/households", wrong), 400, None, "/registrationMatches")


async def test_a_corrected_birth_date_has_always_been_so(api: Api, place: Place, runtime: Runtime) -> None:
    made = await entered(api, place, idNumber=None, birthDate="1950-01-01", birthPrecision="year")
    path = f"/persons/{made['id']}"
    await api.patch(place.worker, path, {"phone": "12000007777", "effectiveOn": "2026-03-01"}, version=1)
    right = {"birthDate": "1948-03-09", "birthPrecision": "day", "evidence": "document_shown"}
    corrected = await api.post(place.worker, f"{path}/corrections", right, version=2)
    assert corrected.status_code == 200, corrected.text
    assert (corrected.json()["birthDate"], corrected.json()["birthPrecision"]) == ("1948-03-09", "day")
    asked = (
        "select valid_from, birth_date, birth_precision, superseded_at is null from person_version "
        "where id = :id order by superseded_at nulls last, valid_from"
    )
    async with runtime.system_session() as session:
        rows = [tuple(row) for row in await session.execute(text(asked), {"id": UUID(made["id"])})]
    held = [row[:3] for row in rows if row[3]]
    assert held == [
        (date(2026, 1, 5), date(1948, 3, 9), "day"),
        (date(2026, 3, 1), date(1948, 3, 9), "day"),
    ]
    assert (date(2026, 1, 5), date(1950, 1, 1), "year") in {row[:3] for row in rows if not row[3]}
    told = {each["member"]: each["evidence"] for each in (await api.get(place.worker, f"{path}/provenance")).json()}
    assert told["birthDate"] == "document_shown"


async def test_a_correction_is_checked_as_an_entry_is(api: Api, place: Place) -> None:
    made, other = await entered(api, place), person()
    await api.registered(place.worker, place.household(other))
    path = f"/persons/{made['id']}/corrections"
    shown = {"evidence": "document_shown"}
    refused(await api.post(place.worker, path, shown, version=1), 400)
    refused(await api.post(place.worker, path, {"name": "王小"}, version=1), 400, None, "/evidence")
    refused(await api.post(place.worker, path, shown | {"birthDate": "1981-01-01"}, version=1), 400, None, "/birthDate")
    refused(await api.post(place.worker, path, shown | {"sex": "2"}, version=1), 400, None, "/sex")
    taken = shown | {"idNumber": other["idNumber"]}
    refused(await api.post(place.worker, path, taken, version=1), 409, "id-number-registered")
    refused(await api.post(place.worker, path, shown | {"name": "王小"}, version=9), 412)
    refused(await api.post(place.leader, path, shown | {"name": "王小"}, version=1), 403, "forbidden")
    refused(await api.post(place.neighbour, path, shown | {"name": "王小"}, version=1), 404, "not-found")
    fresh = id_number(date(1975, 2, 3))
    moved = shown | {"idNumber": fresh, "birthDate": "1975-02-03"}
    assert (await api.post(place.worker, path, moved, version=1)).status_code == 200
    found = await api.post(place.worker, "/persons/search", {"idNumber": fresh})
    assert [each["id"] for each in found.json()["items"]] == [made["id"]]


async def test_a_merger_hands_over_the_number_and_gives_it_back(api: Api, place: Place) -> None:
    first, second = person("周小文", idNumber=None), person("周小文")
    kept, gone = [
        (await api.registered(place.worker, place.household(each)))["persons"][0]["id"] for each in (first, second)
    ]

    async def bearer() -> list[str]:
        found = await api.post(place.worker, "/persons/search", {"idNumber": second["idNumber"]})
        return [each["id"] for each in found.json()["items"]]

    assert await bearer() == [gone]
    merged = await api.post(place.worker, f"/persons/{kept}/mergers", {"mergedId": gone}, version=1)
    assert merged.status_code == 201, merged.text
    assert await bearer() == [kept]
    again = place.household(second)
    refused(await api.post(place.worker, "/households", again), 409, "id-number-registered")
    undone = await api.post(place.worker, f"/person-mergers/{merged.json()['id']}/undo", {}, version=1)
    assert undone.status_code == 200, undone.text
    assert await bearer() == [gone]
    assert (await api.get(place.worker, f"/persons/{kept}")).json()["idNumber"] is None


async def test_how_many_are_asked_back_is_set_by_area_and_day(api: Api, place: Place, runtime: Runtime) -> None:
    rule = {"areaCode": place.street, "validFrom": TODAY.isoformat(), "monthlyMinimum": 80, "coveragePercent": 90}
    rule |= {"careVisits": 3, "careGapDays": 14, "spotCheckPercent": 50}
    refused(
        await api.post(place.leader, "/visit-rules", rule | {"spotCheckPercent": 0}), 400, None, "/spotCheckPercent"
    )
    assert (await api.post(place.leader, "/visit-rules", rule)).json()["spotCheckPercent"] == 50
    homes = [await api.registered(place.worker, place.household()) for _ in range(6)]
    for home in homes:
        await api.visited(place.worker, home)
    async with runtime.system_session() as session:
        await session.execute(text("delete from spot_check"))
        await commands.draw_checks(session, now=clock.now() + timedelta(days=1))
    listed = (await api.get(place.head, f"/spot-checks?area={place.grid}")).json()["items"]
    assert len(listed) == 3, "half of six"


@pytest.mark.parametrize(("area", "percent"), [("150204001001001", 20), ("150204001002001", 5), ("150204009", 3)])
def test_the_nearest_rule_says_how_many(area: str, percent: int) -> None:
    class Rule:
        def __init__(self, area_code: str, spot_check_percent: int) -> None:
            self.area_code, self.valid_from = area_code, date(2026, 1, 1)
            self.spot_check_percent = spot_check_percent

    assert share_asked_back(area, [Rule("150204001", 5), Rule("150204001001", 20)]) == percent
