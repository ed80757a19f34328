"""社工E通 as it is built, on the real system with its demo, in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Playwright
from tests.web.field.phone import LOGIN, Phone

ASSETS = Path(__file__).parents[3] / "gateway/src/gateway/webassets"


@pytest.fixture(scope="session")
def playwright(playwright: Playwright) -> Playwright:
    """Playwright, where there is a build."""
    if not (ASSETS / "build.json").exists():
        pytest.skip("the web is not built: make web")
    return playwright


@pytest.fixture(scope="session")
def worker(town: str) -> Iterator[httpx.Client]:
    """The same worker without a phone: what the server knows."""
    with httpx.Client(base_url=town, headers={"X-Grid-Request": "1"}, timeout=30) as client:
        given = {"login": LOGIN, "password": f"qingshan-{LOGIN}"}
        assert client.post("/api/gateway/v1/session", json=given).status_code == 200
        yield client


@pytest.fixture(scope="module")
def phone(playwright: Playwright, town: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    """A phone that is signed in and has its list."""
    made = Phone(playwright, town, tmp_path_factory.mktemp("phone")).start(
        permissions=["geolocation"], geolocation={"longitude": 109.8895, "latitude": 40.6791, "accuracy": 12}
    )
    made.sign_in()
    yield made
    made.stop()
