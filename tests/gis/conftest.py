"""gis on real engines: the production app with the packaged areas, and grids of a test's own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gis_svc import shapes
from gis_svc.app import SERVICE, create_app
from gis_svc.commands import load
from gis_svc.commands.loading import packaged_areas
from gis_svc.location import Place, Places
from grid_deploy.engines import Engines
from grid_deploy.provision import signing_key_file
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.labels import Labels
from grid_kernel.runtime import Runtime, open_runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import Tokens, actor, started

DISTRICT = "150204"
Send = Callable[..., Awaitable[httpx.Response]]
Surfaces = dict[str, shapes.Area]


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
    settings: ServiceSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """The running service with the areas that are shipped."""
    async with open_runtime(SERVICE, settings, Labels.load("grid_kernel", "gis_svc")) as runtime:
        await load(runtime, tmp_path_factory.mktemp("nothing"), clock.now())
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
def grids(shipped: list[Place]) -> Surfaces:
    """The 475 grids as they are shipped."""
    return {place.code: shapes.from_wkb(place.wkb) for place in shipped if place.level == "grid" and place.wkb}


@pytest.fixture(scope="session")
def _communities(grids: Surfaces) -> Iterator[str]:
    codes = [code[:12] for code in grids]
    return iter(sorted(code for code in set(codes) if codes.count(code) >= 4))


@pytest.fixture
def community(_communities: Iterator[str], client: httpx.AsyncClient) -> str:
    """A community of at least four grids no other test has touched."""
    return next(_communities)
