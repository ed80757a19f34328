"""Pages for people: the same as the JSON, written out by the server; nothing runs, nothing comes from elsewhere."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from shapely.geometry import Point, mapping

from gis_svc.ogc.collections import COLLECTIONS
from gis_svc.ogc.pictures import picture_of
from grid_kernel.auth import Actor, Post
from grid_kernel.testing import Tokens, actor

LEADER = actor(Post.DISTRICT_LEADER, "150204")
PAGES = ["/", "/conformance", "/api", "/collections", "/processes", "/jobs", "/tileMatrixSets"]
PAGES += ["/processes/grid-designer", "/processes/service-circle", "/tileMatrixSets/WebMercatorQuad"]


class Page(HTMLParser):
    """What a page has: its tags and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src") and value]


@pytest.fixture
def ask(client: httpx.AsyncClient, tokens: Tokens) -> Any:
    async def asked(path: str, who: Actor | None = LEADER, accept: str = "*/*") -> httpx.Response:
        headers = {"Accept": accept} | (tokens.headers(who) if who else {})
        return await client.get(f"/ogc{path}", headers=headers)

    return asked


def joined(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}f=html"


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        *(f"/collections/{name}" for name in COLLECTIONS),
        *(f"/collections/{name}/queryables" for name in ("grids", "things")),
        *(f"/collections/{name}/tiles{more}" for name in ("grids", "roads") for more in ("", "/WebMercatorQuad")),
        *(f"/collections/{name}/items?limit=3" for name in COLLECTIONS),
    ],
)
async def test_every_document_is_a_page_that_runs_nothing_and_leads_only_to_pages_that_are_there(
    ask: Any, path: str
) -> None:
    answer = await ask(joined(path))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert page.tags.count("h1") == 1
    assert not {"script", "iframe", "img", "link", "object"} & set(page.tags)
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    for link in set(page.links):
        address = urlsplit(link)
        assert address.netloc == "testserver" or address.netloc == urlsplit(str(answer.url)).netloc
        there = await ask(f"{address.path.removeprefix('/ogc')}?{address.query}")
        assert there.status_code == 200, link


async def test_a_browser_gets_the_page_and_a_program_json(ask: Any) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for path in ("/", "/collections/grids/items"):
        assert (await ask(path, accept=browser)).headers["content-type"].startswith("text/html")
        assert "json" in (await ask(path)).headers["content-type"]
        assert "json" in (await ask(path, accept="application/geo+json, text/html;q=0.5")).headers["content-type"]
        wrong = await ask(f"{path}?f=xml")
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "#/query/f")
    assert (await ask("/?f=html", None)).status_code == 401


async def test_one_feature_is_told_and_drawn_and_nothing_in_it_is_markup(
    client: httpx.AsyncClient, tokens: Tokens, ask: Any
) -> None:
    properties = {"kind": "notice_board", "name": "<script>alert(1)</script>"}
    body = {"type": "Feature", "geometry": mapping(Point(109.87, 40.66)), "properties": properties}
    headers = tokens.headers(actor(Post.SYSTEM_ADMIN, "150204"))
    made = await client.post("/ogc/collections/things/items", json=body, headers=headers)
    path = made.headers["location"].partition("/ogc")[2]
    answer = await ask(joined(path))
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "script" not in Page(answer.text).tags
    assert "circle" in Page(answer.text).tags
    stranger = actor(Post.STATION_HEAD, "150204999999")
    assert (await ask(joined(path), stranger)).status_code == 404


async def test_pages_follow_each_other(ask: Any) -> None:
    first = await ask("/collections/grids/items?limit=2&f=html")
    [onward] = [link for link in Page(first.text).links if "cursor=" in link and "f=html" in link]
    address = urlsplit(onward)
    second = await ask(f"{address.path.removeprefix('/ogc')}?{address.query}")
    assert second.status_code == 200
    assert "<path" in second.text
    assert set(re.findall(r"items/(\d{15})", first.text)).isdisjoint(re.findall(r"items/(\d{15})", second.text))


def test_shapes_are_drawn_inside_the_picture_and_metres_are_not() -> None:
    square = {"type": "Polygon", "coordinates": [[[109, 40], [110, 40], [110, 41], [109, 41], [109, 40]]]}
    picture = picture_of([square, {"type": "Point", "coordinates": [109.5, 40.5]}, None])
    assert picture is not None
    numbers = [float(number) for number in re.findall(r"-?[0-9.]+", "".join(picture.paths))]
    assert min(numbers) >= 0
    assert max(numbers) <= picture.width
    assert picture.dots == ((picture.width / 2, picture.height / 2),)
    assert picture_of([None]) is None
    assert picture_of([{"type": "Point", "coordinates": [12_000_000, 4_000_000]}]) is None
