"""The built apps at /field and /console: compressed as built, cached as named, nothing outside their folder."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.gateway.conftest import Gateway

from gateway.webapps import HEADERS, WebApps, assets_version
from grid_kernel.labels import Labels

SCRIPT = b"console.log('grid')\n" * 50
PAGE = b"<!doctype html><title>E</title>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build: a page, a hashed script with its twins, a worker, and what no browser shall get."""
    app = tmp_path / "webassets" / "field"
    (app / "assets").mkdir(parents=True)
    (app / ".vite").mkdir()
    (app / "index.html").write_bytes(PAGE)
    (app / "sw.js").write_bytes(b"self.skipWaiting()")
    (app / "field.webmanifest").write_bytes(b"{}")
    (app / ".vite/manifest.json").write_bytes(b"{}")
    (app / "assets/index-Ab12Cd34.js").write_bytes(SCRIPT)
    (app / "assets/index-Ab12Cd34.js.br").write_bytes(b"brotli")
    (app / "assets/index-Ab12Cd34.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "secret.txt").write_text("secret")
    (app / "assets/way-out-1.js").symlink_to(tmp_path / "secret.txt")
    (app.parent / "build.json").write_text('{"version": "0.1.0", "sources": "0123456789abcdef"}')
    return app.parent


@pytest.fixture
async def browser(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Something that asks for files."""
    apps = WebApps(Labels.load("grid_kernel", "gateway"), folder)
    transport = httpx.ASGITransport(app=apps)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        yield client


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("identity", None),
        ("", None),
        ("br;q=x", None),
    ],
)
async def test_a_file_comes_in_the_best_form_the_browser_takes(
    browser: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    request = browser.build_request("GET", "/field/assets/index-Ab12Cd34.js", headers={"Accept-Encoding": accepted})
    answer = await browser.send(request, stream=True)
    raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert (answer.status_code, answer.headers.get("content-encoding")) == (200, encoding)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert (gzip.decompress(raw) if encoding == "gzip" else raw) == (b"brotli" if encoding == "br" else SCRIPT)


async def test_only_what_carries_its_hash_is_kept_for_ever(browser: httpx.AsyncClient) -> None:
    kept = await browser.get("/field/assets/index-Ab12Cd34.js", headers={"Accept-Encoding": "identity"})
    assert "immutable" in kept.headers["cache-control"]
    for path in ("/field/", "/field/index.html", "/field/sw.js", "/field/field.webmanifest", "/field/today"):
        assert (await browser.get(path)).headers["cache-control"] == "no-cache", path


async def test_a_page_that_has_not_changed_is_not_sent_again(browser: httpx.AsyncClient) -> None:
    first = await browser.get("/field/")
    again = await browser.get("/field/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_addresses_of_the_app_get_its_page_and_missing_files_none(browser: httpx.AsyncClient) -> None:
    for path in ("/field/", "/field/today", "/field/household/0193"):
        assert (await browser.get(path)).content == PAGE
    for path in ("/field/assets/gone-1.js", "/field/favicon.png", "/field/a.b/c.d"):
        assert (await browser.get(path)).status_code == 404, path
    assert (await browser.get("/field", follow_redirects=False)).headers["location"] == "/field/"
    assert (await browser.head("/field/")).status_code == 200
    assert (await browser.post("/field/")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/field/../build.json",
        "/field/%2e%2e/build.json",
        "/field/..%2fbuild.json",
        "/field/..%5cbuild.json",
        "/field/assets/..%2f..%2f..%2fsecret.txt",
        "/field/%2fetc%2fpasswd",
        "/field/.vite/manifest.json",
        "/field/assets/way-out-1.js",
        "/field/assets/index-Ab12Cd34.js.br",
        "/field/x%00.js",
    ],
)
async def test_nothing_outside_the_build_is_served(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers={"Accept-Encoding": "identity"})
    assert b"secret" not in answer.content
    assert b"root:" not in answer.content
    assert answer.content in (PAGE, b"404"), answer.text
    assert answer.status_code == (200 if answer.content == PAGE else 404)


async def test_every_answer_carries_the_strict_policy(browser: httpx.AsyncClient) -> None:
    for path in ("/field/", "/field/gone.js", "/console/"):
        answer = await browser.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "camera=(self), geolocation=(self)" in HEADERS["Permissions-Policy"]


async def test_an_app_that_was_not_built_says_how_in_the_reader_s_language(browser: httpx.AsyncClient) -> None:
    chinese = await browser.get("/console/cases")
    assert (chinese.status_code, chinese.headers["cache-control"]) == (503, "no-store")
    assert "python web/build.py" in chinese.text
    assert "网页还没有构建" in chinese.text
    english = await browser.get("/console/", headers={"Accept-Language": "en"})
    assert "not built" in english.text


async def test_readiness_says_which_build_is_served(gateway: Gateway, folder: Path, tmp_path: Path) -> None:
    assert assets_version(folder) == "0.1.0+0123456789ab"
    assert assets_version(tmp_path) == "absent"
    async with gateway.client() as client:
        ready = (await client.get("/readyz")).json()
        assert ready["webAssets"] == assets_version()
        assert (await client.get("/field/")).status_code in {200, 503}
        assert (await client.get("/fieldwork")).status_code == 404
