"""Demo files are loaded through the same rows and events as everything else, and nothing twice."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, id_number, locate

from grid_kernel import clock
from grid_kernel.runtime import Runtime
from population_svc import commands
from population_svc.commands import loading

VISITED = ("2026-10-05T10:00:00+08:00", "2026-10-20T10:00:00+08:00")


def files(place: Place, households: int) -> dict[str, list[dict[str, Any]]]:
    """What the generator writes, for one grid whose buildings gis has not located here."""
    made: dict[str, list[dict[str, Any]]] = {name: [] for name, _ in loading._FILES}
    building = str(uuid4())
    for number in range(households):
        dwelling, household, head = (str(uuid4()) for _ in range(3))
        where = {"area_code": place.grid, "synthetic": True}
        house: dict[str, Any] = {
            "house_code": f"{place.community}007701{number:04}",
            "entrance": 1,
            "floor": number,
            "room_no": "01",
        }
        house |= {"room_no": "01", "use": "01", "area_m2": 70.5, "address": f"育才小区77栋{number}层"}
        made["dwellings"].append({"id": dwelling, "building_id": building} | house | where)
        formed = {"dwelling_id": dwelling, "formed_on": "2020-01-01", "head_person_id": head, "phone": None}
        made["households"].append({"id": household} | formed | where)
        who: dict[str, Any] = {
            "id": head,
            "household_id": household,
            "dwelling_id": dwelling,
            "name": "周文远栋"[:3],
            "sex": "1",
        }
        who |= {"birth_date": "1970-02-03", "id_document_type": "111", "id_number": id_number(date(1970, 2, 3))}
        who |= {"phone": "12000000000", "relation_to_head": "02", "population_type": "1", "registered_here": True}
        made["persons"].append(who | {"moved_in_on": "2020-01-01"} | where)
        for moment, outcome in zip(VISITED, ("no_answer", "done" if number else "moved"), strict=True):
            visit = {"visited_at": moment, "outcome": outcome, "kind": "home_visit", "worker_account_id": str(uuid4())}
            made["visits"].append({"id": str(uuid4()), "household_id": household} | visit | where)
    care = {"household_id": made["households"][0]["id"], "person_id": made["persons"][0]["id"], "reason": "disability"}
    made["care"] = [care | {"basis": "残疾人证", "starts_on": "2026-01-01", "expires_on": "2027-01-01"}]
    return made


@pytest.fixture
def folder(place: Place, tmp_path: Path) -> Path:
    """A folder as the generator leaves it."""
    for name, rows in files(place, 12).items():
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / f"{name}.ndjson").write_text("".join(lines), "utf-8")
    return tmp_path


async def said_of(runtime: Runtime, grid: str) -> list[str]:
    async with runtime.system_session() as session:
        bodies = (await session.execute(text("select body from outbox order by position"))).scalars().all()
    events = [json.loads(bytes(body)) for body in bodies]
    return [event["type"].split(".")[3] for event in events if event["data"].get("areaCode") == grid]


async def test_what_is_loaded_can_be_worked_with(
    api: Api, place: Place, runtime: Runtime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "AT_ONCE", 5)
    assert await commands.load(runtime, folder, clock.now()) == 12 * 3 + 1 + 24
    roster = (await api.get(place.worker, f"/households?area={place.grid}")).json()["items"]
    assert [line["floor"] for line in roster] == list(range(12))
    assert {line["headName"] for line in roster} == {"周文远"}
    assert sum(line["onCareList"] for line in roster) == 1
    gone = next(line for line in roster if line["presence"] == "reported_moved")
    assert (gone["floor"], gone["version"]) == (0, 3)
    search = {"name": "文远", "birthDate": "1970-02-03"}
    assert (await api.post(place.worker, "/persons/search", search)).json()["more"] is True
    figures = (await api.get(place.head, f"/progress?area={place.grid}&quarter=2026Q4")).json()["total"]
    assert (figures["households"]["value"], figures["visited"]["value"]) == (11, 11)
    counts = (await api.get(place.head, f"/counts?area={place.grid}&asOf=2021-01-01")).json()
    assert (counts["households"], counts["persons"]) == (12, 12)


async def test_loading_twice_adds_nothing_and_says_nothing(runtime: Runtime, place: Place, folder: Path) -> None:
    first = await commands.load(runtime, folder, clock.now())
    said = await said_of(runtime, place.grid)
    assert (len(said), said.count("formed"), said.count("registered")) == (first - 12, 12, 12)
    assert await commands.load(runtime, folder, clock.now()) == 0
    assert await said_of(runtime, place.grid) == said


async def test_the_events_of_a_household_count_up(runtime: Runtime, place: Place, folder: Path) -> None:
    await commands.load(runtime, folder, clock.now())
    async with runtime.system_session() as session:
        bodies = (await session.execute(text("select body from outbox"))).scalars().all()
        found = await session.execute(
            text("select id, version from household where area_code = :grid"), {"grid": place.grid}
        )
        versions: dict[UUID, int] = {row.id: row.version for row in found}
    said: dict[UUID, list[int]] = {each: [] for each in versions}
    for event in (json.loads(bytes(body)) for body in bodies):
        if UUID(event["aggregateid"]) in said:
            said[UUID(event["aggregateid"])].append(event["sequence"])
    assert {each: sorted(numbers) for each, numbers in said.items()} == {
        each: list(range(1, version + 1)) for each, version in versions.items()
    }


async def test_a_word_of_gis_outweighs_the_file(api: Api, runtime: Runtime, place: Place, folder: Path) -> None:

    await commands.load(runtime, folder, clock.now())
    first = json.loads((folder / "dwellings.ndjson").read_text("utf-8").splitlines()[0])
    await locate(runtime, UUID(first["building_id"]), place.other_grid, no="0077")
    assert (await api.get(place.worker, "/households")).json()["items"] == []
    assert len((await api.get(place.neighbour, "/households")).json()["items"]) == 12
