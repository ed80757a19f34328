"""A toy service on real engines: what the kernel promises is tested on it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from joserfc.jwk import OKPKey

from grid_kernel import migrations
from grid_kernel.app import service_app
from grid_kernel.crypto import Keys
from grid_kernel.runtime import Runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import Tokens, started

sys.path.insert(0, str(Path(__file__).parent))

from toy_svc.app import SERVICE

PASSWORD = "toy-password"


@dataclass(frozen=True)
class Toy:
    """A migrated toy database with keys."""

    settings: ServiceSettings
    tokens: Tokens
    admin_url: str


@pytest.fixture(scope="session")
async def toy(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Toy]:
    """One toy installation for the run."""
    folder = tmp_path_factory.mktemp("toy")
    name = f"toy_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(engines.admin_url)
    for role in ("owner", "app", "system"):
        exists = await admin.fetchval("select 1 from pg_roles where rolname = $1", f"toy_{role}")
        await admin.execute(f"{'alter' if exists else 'create'} role toy_{role} login password '{PASSWORD}'")
    await admin.execute(f"create database {name} owner toy_owner")
    place = engines.admin_url.split("@")[1].split("/")[0]

    def url(role: str) -> str:
        return f"postgresql://toy_{role}:{PASSWORD}@{place}/{name}"

    settings = _settings(folder, {role: url(role) for role in ("app", "system", "owner")}, engines.nats_url)
    await asyncio.to_thread(migrations.upgrade, SERVICE, settings)
    yield Toy(settings, Tokens(folder / "gateway.jwk"), f"{engines.admin_url.rsplit('/', 1)[0]}/{name}")
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


def _settings(folder: Path, urls: dict[str, str], nats_url: str) -> ServiceSettings:
    public = []
    for name in ("toy", "gateway", "other"):
        key = OKPKey.generate_key("Ed25519", {"kid": name})
        (folder / f"{name}.jwk").write_text(json.dumps(key.as_dict(private=True)))
        public.append(key.as_dict(private=False))
    (folder / "verify.jwks").write_text(json.dumps({"keys": public}))
    (folder / "data.json").write_text(Keys.generate().to_json())
    return ServiceSettings.load(
        "toy",
        {
            "GRID_TOY_PORT": "8199",
            "GRID_TOY_DATABASE_URL": urls["app"],
            "GRID_TOY_SYSTEM_DATABASE_URL": urls["system"],
            "GRID_TOY_OWNER_DATABASE_URL": urls["owner"],
            "GRID_NATS_URL": nats_url,
            "GRID_TOY_SIGNING_KEY_FILE": str(folder / "toy.jwk"),
            "GRID_VERIFY_KEYS_FILE": str(folder / "verify.jwks"),
            "GRID_TOY_DATA_KEYS_FILE": str(folder / "data.json"),
            "GRID_STATE_DIR": str(folder),
            "GRID_RELAY_POLL_SECONDS": "0.2",
        },
    )


@pytest.fixture(scope="session")
async def client(toy: Toy) -> AsyncIterator[httpx.AsyncClient]:
    """The toy service, started with all its workers."""
    async with started(service_app(SERVICE, toy.settings)) as client:
        yield client


@pytest.fixture
def runtime(client: httpx.AsyncClient) -> Runtime:
    """What the toy service holds."""
    return client.runtime  # type: ignore[attr-defined,no-any-return]
