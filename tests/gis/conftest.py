"""gis on real engines: the production app with the packaged areas, and grids of a test's own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import numpy as np
import pytest
import shapely

from gis_svc import rules, shapes
from gis_svc.app import SERVICE, create_app
from gis_svc.commands import load
from gis_svc.commands.loading import packaged_areas
from gis_svc.location import Place, Places
from gis_svc.models import Area, AreaVersion
from gis_svc.rules import GridType, Level
from grid_deploy.engines import Engines
from grid_deploy.provision import signing_key_file
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.labels import Labels
from grid_kernel.runtime import Runtime, open_runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import Tokens, actor, started

DISTRICT = "150204"
ROOM = 90
COPIED_SINCE = date(2024, 7, 1)
Send = Callable[..., Awaitable[httpx.Response]]
Surfaces = dict[str, shapes.Area]
Copies = list[tuple[Area, AreaVersion]]


@pytest.fixture(scope="session")
def settings(service_environment: Callable[[str], dict[str, str]]) -> ServiceSettings:
    """The settings of this run's gis."""
    return ServiceSettings.load("gis", service_environment("gis"))


@pytest.fixture(scope="session")
def tokens(engines: Engines) -> Tokens:
    """What the gateway would mint."""
    return Tokens(signing_key_file(engines.settings.secrets_dir, "gateway"))


@pytest.fixture(scope="session")
async def client(
    settings: ServiceSettings, tmp_path_factory: pytest.TempPathFactory, copies: Copies
) -> AsyncIterator[httpx.AsyncClient]:
    """The running service with the areas that are shipped, and room to the east of them."""
    async with open_runtime(SERVICE, settings, Labels.load("grid_kernel", "gis_svc")) as runtime:
        await load(runtime, tmp_path_factory.mktemp("nothing"), clock.now())
        async with runtime.system_session() as session:
            for area, version in copies:
                session.add(area)
                await session.flush()
                session.add(version)
    async with started(create_app(settings)) as running:
        yield running


@pytest.fixture(scope="session")
def runtime(client: httpx.AsyncClient) -> Runtime:
    """What stands behind the routes."""
    found: Runtime = client.runtime  # type: ignore[attr-defined]  # put there by grid_kernel.testing
    return found


@pytest.fixture(scope="session")
def leader() -> Actor:
    """The district leader, who may draw grids."""
    return actor(Post.DISTRICT_LEADER, DISTRICT)


@pytest.fixture(scope="session")
def send(client: httpx.AsyncClient, tokens: Tokens) -> Send:
    """Send a request as somebody; None is nobody."""

    async def as_actor(who: Actor | None, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {} if who is None else tokens.headers(who)
        return await client.request(method, f"/v1{path}", headers=headers | options.pop("headers", {}), **options)

    return as_actor


@pytest.fixture(scope="session")
def shipped() -> list[Place]:
    """Every area that is shipped, with the outline in force."""
    known, versions = packaged_areas(DISTRICT, datetime(2026, 1, 1, tzinfo=UTC))
    levels = {area.code: area.level for area in known}
    return [
        Place(v.code, v.name, levels[v.code], v.valid_from, v.valid_to, v.outline_wkb) for v in versions if v.in_force
    ]


@pytest.fixture(scope="session")
def places(shipped: list[Place]) -> Places:
    """The picture in memory of the areas that are shipped."""
    return Places(1, shipped)


@pytest.fixture(scope="session")
def shipped_grids(shipped: list[Place]) -> Surfaces:
    """The 475 grids as they are shipped."""
    return {place.code: shapes.from_wkb(place.wkb) for place in shipped if place.level == "grid" and place.wkb}


@pytest.fixture(scope="session")
def copies(shipped: list[Place]) -> Copies:
    """Communities of four to seven grids once more, further east: enough for every test to have its own."""
    inside: dict[str, list[Place]] = {}
    for place in shipped:
        inside.setdefault(place.code[:12], []).append(place)
    several = [inside[code] for code in sorted(inside) if len(code) == 12 and 5 <= len(inside[code]) <= 8]
    found = [_moved(several[0][0], "150204901", 0)]
    for number in range(1, ROOM + 1):
        step, which = divmod(number, len(several))
        found += [_moved(place, f"150204901{number:03}{place.code[12:]}", step + 1) for place in several[which]]
    return found


def _moved(place: Place, code: str, step: int) -> tuple[Area, AreaVersion]:
    """The same ground further east by more than the width of the district for each step, a day after the shipped."""
    assert place.wkb is not None
    surface = shapely.transform(shapes.from_wkb(place.wkb), lambda xy: np.round(xy + np.array([step * 0.251, 0]), 7))
    level = rules.level_of(code)
    grid_type = GridType.BASIC if level is Level.GRID else None
    area = Area(code=code, level=level, parent_code=code[:-3], grid_type=grid_type, valid_from=COPIED_SINCE)
    version = AreaVersion(
        code=code, name=place.name, kind="basic" if grid_type else "urban", source="synthetic", in_force=True,
        synthetic=True, valid_from=COPIED_SINCE, recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return area, version.outlined(shapes.outline_of(surface))


@pytest.fixture(scope="session")
def grids(shipped_grids: Surfaces, copies: Copies) -> Surfaces:
    """The grids as they are shipped, and those further east."""
    more = {area.code: version.outline_wkb for area, version in copies if area.level is Level.GRID}
    return shipped_grids | {code: shapes.from_wkb(wkb) for code, wkb in more.items() if wkb}


@pytest.fixture(scope="session")
def _communities(grids: Surfaces) -> Iterator[str]:
    codes = [code[:12] for code in grids]
    return iter(sorted(code for code in set(codes) if codes.count(code) >= 4))


@pytest.fixture
def community(_communities: Iterator[str], client: httpx.AsyncClient) -> str:
    """A community of at least four grids no other test has touched."""
    return next(_communities)
