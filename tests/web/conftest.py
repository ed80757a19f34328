"""The pages over a gateway that answers as the real one does."""

import shutil
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from playwright.sync_api import Playwright, sync_playwright
from starlette.applications import Starlette
from tests.flows.conftest import environ, sign_in, town
from tests.web.stub import COOKIE, SECRET, Gateway

from grid_site import SiteSettings, create_site

__all__ = ["environ", "sign_in", "town"]

PHONE = "0472-000 0000"


def site_over(gateway: Gateway, *, phone: str | None = PHONE) -> Starlette:
    """The pages, asking this gateway."""
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway), base_url="http://gateway")
    return create_site(client, cookie_names=[COOKIE], settings=SiteSettings(desk_phone=phone))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of a run: a second one beside it would not start."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as started:
        yield started


@pytest.fixture
def gateway() -> Gateway:
    """What stands behind the pages."""
    return Gateway()


@pytest.fixture
async def resident(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a session, whose forms say that they come from our own pages."""
    transport = httpx.ASGITransport(app=site_over(gateway))
    headers = {"sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url="http://site", headers=headers) as client:
        yield client


@pytest.fixture
async def leader(resident: httpx.AsyncClient) -> httpx.AsyncClient:
    """A browser with the session of a leader."""
    resident.cookies.set(COOKIE, SECRET)
    return resident
