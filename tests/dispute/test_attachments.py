"""Photos are read through the case whose timeline names them, by whoever sees that case."""

import hashlib
from io import BytesIO

import pytest
from PIL import Image
from tests.dispute.conftest import HANDLER, Api, Place, handler


@pytest.fixture
def photo() -> bytes:
    """A picture nobody else has."""
    buffer = BytesIO()
    Image.effect_noise((16, 16), 50).save(buffer, "PNG")
    return buffer.getvalue()


async def test_a_photo_is_seen_by_whoever_sees_the_case(api: Api, place: Place, photo: bytes) -> None:
    digest = hashlib.sha256(photo).hexdigest()
    headers = api.tokens.headers(place.worker)
    kept = await api.client.put(f"/v1/attachments/{digest}", content=photo, headers=headers)
    assert kept.status_code == 200, kept.text
    case = await api.settled(place.worker, gridCode=place.grid, attachments=[digest])
    assert case["entries"][0]["attachments"] == [digest]
    path = f"/cases/{case['id']}/attachments/{digest}"
    for who in (place.worker, place.station_head, HANDLER):
        assert (await api.get(who, path)).status_code == 200
    for stranger in (place.neighbour, place.guide, handler("police"), Place().arbiter):
        assert (await api.get(stranger, path)).status_code == 404
    assert (await api.client.get(f"/v1{path}")).status_code == 401


async def test_a_photo_is_not_read_through_a_case_that_does_not_name_it(api: Api, place: Place, photo: bytes) -> None:
    digest = hashlib.sha256(photo).hexdigest()
    await api.client.put(f"/v1/attachments/{digest}", content=photo, headers=api.tokens.headers(place.worker))
    case = await api.settled(place.worker, gridCode=place.grid)
    assert (await api.get(place.worker, f"/cases/{case['id']}/attachments/{digest}")).status_code == 404
    assert (await api.get(place.worker, f"/cases/{case['id']}/attachments/abc")).status_code == 400
