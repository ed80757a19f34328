"""The gateway as it is served, with a district of accounts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from gateway.app import SERVICE
from gateway.front import Front, create_front
from gateway.models import Account, PostAssignment
from gateway.passwords import Passwords
from gateway.settings import GatewaySettings
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.runtime import Runtime

PASSWORD = "correct-horse-battery"
DISTRICT, STREET, COMMUNITY = "150204", "150204006", "150204006019"
GRID, OTHER_GRID = f"{COMMUNITY}001", f"{COMMUNITY}002"
JIANHUA = "150204008015"


@dataclass(frozen=True)
class Gateway:
    """The served application, its runtime, and clients of it."""

    front: Front
    runtime: Runtime

    def client(self) -> httpx.AsyncClient:
        """A browser without a session. It says so when a request comes from our own page."""
        transport = httpx.ASGITransport(app=self.front)
        headers = {"X-Grid-Request": "1"}
        return httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers)


@asynccontextmanager
async def started(environment: dict[str, str], **more: str) -> AsyncIterator[Gateway]:
    """A gateway. No service is behind it: what it does alone is tested here."""
    away = {f"GRID_{name}_URL": "http://127.0.0.1:9" for name in ("POPULATION", "APPROVAL", "GIS", "DISPUTE")}
    front = create_front(SERVICE, GatewaySettings.load("gateway", environment | away | more))
    async with front.host.router.lifespan_context(front.host) as state:
        yield Gateway(front, state["runtime"])


@pytest.fixture(scope="session")
async def gateway(service_environment: Callable[[str], dict[str, str]]) -> AsyncIterator[Gateway]:
    """The gateway, started."""
    async with started(service_environment("gateway")) as running:
        yield running


@pytest.fixture
async def gateway_behind_tls(service_environment: Callable[[str], dict[str, str]]) -> AsyncIterator[Gateway]:
    """Another gateway on the same accounts, which browsers reach over TLS."""
    async with started(service_environment("gateway"), GRID_GATEWAY_PUBLIC_URL="https://grid.test") as running:
        yield running


@pytest.fixture(scope="session")
async def password_hash() -> str:
    """Hashing is slow by intent, so the tests share one hash."""
    hasher = Passwords(1)
    made = await hasher.hash(PASSWORD)
    hasher.close()
    return made


@dataclass(frozen=True)
class Person:
    """An account of a test."""

    id: UUID
    login: str


Enter = Callable[..., Awaitable[Person]]


@pytest.fixture
def enter(gateway: Gateway, password_hash: str) -> Enter:
    """Make an account that holds posts: enter((Post.STATION_HEAD, COMMUNITY), …)."""

    async def make(*posts: tuple[Any, ...], area: str = COMMUNITY) -> Person:
        login = f"u{uuid4().hex[:12]}"
        account = Account(
            login=login, display_name="张娜", area_code=area, password_hash=password_hash, created_at=clock.now()
        )
        async with gateway.runtime.system_session() as session:
            session.add(account)
            await session.flush()
            for post, where, *more in posts:
                assignment = PostAssignment(
                    post=post, area_code=where, account_id=account.id, valid_from=date(2020, 1, 1), **dict(*more)
                )
                session.add(assignment)
        return Person(account.id, login)

    return make


SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def sign_in(gateway: Gateway) -> AsyncIterator[SignIn]:
    """A browser in which somebody is signed in."""
    opened: list[httpx.AsyncClient] = []

    async def signed_in(who: Person) -> httpx.AsyncClient:
        client = gateway.client()
        opened.append(client)
        answer = await client.post("/api/gateway/v1/session", json={"login": who.login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    yield signed_in
    for client in opened:
        await client.aclose()


@pytest.fixture
async def security_admin(enter: Enter, sign_in: SignIn) -> httpx.AsyncClient:
    """A browser of a security administrator."""
    return await sign_in(await enter((Post.SECURITY_ADMIN, DISTRICT), area=DISTRICT))


@pytest.fixture
async def system_admin(enter: Enter, sign_in: SignIn) -> httpx.AsyncClient:
    """A browser of a system administrator."""
    return await sign_in(await enter((Post.SYSTEM_ADMIN, DISTRICT), area=DISTRICT))


def keyed() -> dict[str, str]:
    """A fresh Idempotency-Key."""
    return {"Idempotency-Key": uuid4().hex}
