"""The whole system with its demo, walked through over HTTP as real accounts."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from grid_deploy import commands, engines, processes, stack
from grid_deploy.engines import Engines
from grid_deploy.environment import service_environment
from grid_deploy.settings import SERVICES, Settings

GRID, COMMUNITY, STREET, DISTRICT = "150204006019003", "150204006019", "150204006", "150204"
READY_SECONDS = 400


def _environment(state: Path) -> dict[str, str]:
    names = ["GRID_POSTGRES_PORT", "GRID_NATS_PORT", "GRID_NATS_MONITOR_PORT"]
    names += [f"GRID_{service.name.upper()}_PORT" for service in SERVICES]
    ports = zip(names, map(str, processes.free_ports(len(names))), strict=True)
    kept = {"GRID_POSTGRES_BIN"}  # the flows also run on another PostgreSQL
    other = {name: value for name, value in os.environ.items() if name in kept or not name.startswith("GRID_")}
    return {**other, **dict(ports), "GRID_STATE_DIR": str(state)}


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Where the town of this run lives; that of the shell where one runs already."""
    if os.environ.get("GRID_TEST_TOWN"):
        return os.environ
    return _environment(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="session")
def town(environ: Mapping[str, str]) -> Iterator[str]:
    """The address of a running system with the demo; GRID_TEST_TOWN names one that runs already."""
    if running := os.environ.get("GRID_TEST_TOWN"):
        yield running
        return
    command = [sys.executable, "-m", "grid_deploy", "up"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=READY_SECONDS, check=False)
    settings = Settings.load(environ)
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield f"http://127.0.0.1:{environ['GRID_GATEWAY_PORT']}"
    finally:
        stack.down(settings)


@dataclass(frozen=True)
class Operator:
    """Whoever runs the services' own commands on the machine of the town."""

    engines: Engines
    environ: Mapping[str, str]

    def run(self, service: str, *arguments: str) -> str:
        """Run one command of a service to its end."""
        return commands.in_service(self.engines, commands.service_named(service), arguments, self.environ)

    @contextmanager
    def running(self, service: str, *arguments: str) -> Iterator[None]:
        """Let a part of a service run beside it, as it may in production."""
        process = commands.service_named(service)
        environment = service_environment(self.engines, process, environ=self.environ)
        with subprocess.Popen(
            [sys.executable, "-m", process.module, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as part:
            yield
            part.terminate()


@pytest.fixture(scope="session")
def operator(town: str, environ: Mapping[str, str]) -> Operator:
    """Who runs commands beside the running town."""
    return Operator(engines.start(Settings.load(environ)), environ)


class Account:
    """Somebody at a browser or phone."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Read something."""
        return self.client.get(f"/api/{path}", params=query or None)

    def read(self, path: str, **query: Any) -> Any:
        """Read something that must be there."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    def send(self, method: str, path: str, body: Any = None, *, version: int | None = None) -> httpx.Response:
        """Do something."""
        headers = {"Idempotency-Key": uuid4().hex}
        headers |= {"If-Match": f'"{version}"'} if version is not None else {}
        return self.client.request(method, f"/api/{path}", json=body if body is not None else {}, headers=headers)

    def do(self, method: str, path: str, body: Any = None, *, version: int | None = None) -> Any:
        """Do something that must succeed."""
        answer = self.send(method, path, body, version=version)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()


SignIn = Callable[[str], Account]


@pytest.fixture(scope="session")
def sign_in(town: str) -> Iterator[SignIn]:
    """Sign in as one of the demo's log-ins; everybody signs in once."""
    known: dict[str, Account] = {}

    def signed_in(login: str) -> Account:
        if login not in known:
            client = httpx.Client(base_url=town, headers={"X-Grid-Request": "1"}, timeout=30)
            known[login] = Account(client)
            given = {"login": login, "password": f"qingshan-{login}"}
            assert known[login].send("POST", "gateway/v1/session", given).status_code == 200
        return known[login]

    yield signed_in
    for account in known.values():
        account.client.close()


@pytest.fixture
def newcomer(town: str, sign_in: SignIn) -> Iterator[Callable[[str], tuple[str, Account]]]:
    """Open an account for somebody new of an area, who holds no post yet: its id, and the browser of it."""
    opened: list[httpx.Client] = []

    def opened_in(area: str) -> tuple[str, Account]:
        login = f"new.{uuid4().hex[:10]}"
        given = {"login": login, "displayName": "李新", "areaCode": area, "password": uuid4().hex}
        account = sign_in("admin.system").do("POST", "gateway/v1/accounts", given)
        client = httpx.Client(base_url=town, headers={"X-Grid-Request": "1"}, timeout=30)
        opened.append(client)
        entered = client.post("/api/gateway/v1/session", json={"login": login, "password": given["password"]})
        assert entered.status_code == 200, entered.text
        return account["id"], Account(client)

    yield opened_in
    for client in opened:
        client.close()


@pytest.fixture
def anybody(town: str) -> Iterator[Account]:
    """Somebody without an account."""
    with httpx.Client(base_url=town, timeout=30) as client:
        yield Account(client)


def eventually(look: Callable[[], Any], seconds: float = 20) -> Any:
    """Look until something is there: what one service says reaches another a moment later."""
    until = time.monotonic() + seconds
    while True:
        with suppress(AssertionError, KeyError, IndexError, StopIteration):
            if found := look():
                return found
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def member(page: Mapping[str, Any], **wanted: Any) -> Any:
    """The first item of a page that has these members."""
    return next(item for item in page["items"] if all(item[name] == value for name, value in wanted.items()))
