"""Loading files: areas once, buildings in bulk, each in the grid its point lies in, twice without effect."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
import shapely
from sqlalchemy import func, select

from gis_svc import commands
from gis_svc.commands.loading import LoadRefusedError, packaged_areas
from gis_svc.models import Building
from grid_kernel import clock, tables
from grid_kernel.auth import Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor

from .conftest import DISTRICT, Send, Surfaces

NAMESPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def rows(grids: Surfaces, community: str, count: int) -> list[dict[str, Any]]:
    codes = sorted(code for code in grids if code.startswith(community))
    made = []
    for number in range(1, count + 1):
        code = codes[number % len(codes)]
        at = grids[code].representative_point()
        footprint = shapely.geometry.mapping(shapely.box(at.x - 1e-4, at.y - 1e-4, at.x + 1e-4, at.y + 1e-4))
        made.append(
            {
                "id": str(uuid5(NAMESPACE, f"{community} {number}")),
                "area_code": code,
                "community_code": community,
                "building_no": f"{number:04}",
                "name": f"育才小区{number}栋",
                "compound": "育才小区",
                "road": "青山路",
                "kind": "residential",
                "floors": 6,
                "entrances": 3,
                "lon": at.x,
                "lat": at.y,
                "footprint": footprint,
                "synthetic": True,
            }
        )
    return made


def written(folder: Path, lines: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "buildings.ndjson").write_text(text, "utf-8")
    return folder


async def outbox(runtime: Runtime) -> int:
    async with runtime.system_session() as session:
        return int(await session.scalar(select(func.count()).select_from(tables.outbox)) or 0)


async def test_the_areas_that_are_shipped_are_loaded_once(runtime: Runtime, tmp_path: Path) -> None:
    before = await outbox(runtime)
    assert await commands.load(runtime, tmp_path, clock.now()) == 0
    assert await outbox(runtime) == before


async def test_a_file_of_buildings_is_loaded_with_events_and_twice_adds_nothing(
    send: Send, runtime: Runtime, community: str, grids: Surfaces, tmp_path: Path
) -> None:
    folder = written(tmp_path, rows(grids, community, 300))
    before = await outbox(runtime)
    assert await commands.load(runtime, folder, clock.now()) == 300
    assert await outbox(runtime) == before + 300
    assert await commands.load(runtime, folder, clock.now()) == 0
    head = actor(Post.STATION_HEAD, community)
    first = (await send(head, "GET", "/buildings?limit=1")).json()["items"][0]
    assert (first["buildingNo"], first["synthetic"], first["pointSource"]) == ("0001", True, "file")
    assert first["addressText"].endswith("青山路育才小区1栋")
    async with runtime.system_session() as session:
        same = Building.community_code == community
        assert await session.scalar(select(func.count()).select_from(Building).where(same)) == 300  # type: ignore[arg-type]


async def test_a_building_that_lies_elsewhere_than_its_row_says_stops_the_load(
    runtime: Runtime, community: str, grids: Surfaces, tmp_path: Path
) -> None:
    lines = rows(grids, community, 3)
    lines[1]["lon"] += 0.02
    with pytest.raises(LoadRefusedError, match="line 2"):
        await commands.load(runtime, written(tmp_path, lines), clock.now())


def test_another_district_has_no_areas_here() -> None:
    known, versions = packaged_areas("150205", clock.now())
    assert (known, versions) == ([], [])


def test_every_area_of_the_tree_has_one_outline_in_force() -> None:
    known, versions = packaged_areas(DISTRICT, clock.now())
    assert len(known) == 1 + 11 + 78 + 475
    in_force = [version.code for version in versions if version.in_force]
    assert sorted(in_force) == sorted(area.code for area in known)
    assert len(versions) - len(in_force) == 2
