"""The door: which words of an address lead where."""

import pytest

from .conftest import Gateway


@pytest.mark.parametrize("path", ["/ogc", "/ogc/", "/ogc/collections/grids/items", "/api/gis/v1/areas"])
async def test_what_belongs_to_a_service_goes_to_it(gateway: Gateway, path: str) -> None:
    """No service is behind this gateway: an answer that says so has tried to reach one."""
    async with gateway.client() as client:
        answer = await client.get(path)
    assert answer.status_code in {502, 503}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_only_begins_alike_belongs_to_the_pages(gateway: Gateway) -> None:
    async with gateway.client() as client:
        answer = await client.get("/ogcx")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
