"""The base map of Tianditu, fetched here: the key stays on the server, in no address a browser sees and in no log."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic

import httpx

from gis_svc.rules import BasemapAway, BasemapBusy
from gis_svc.settings import GisSettings
from grid_kernel.errors import NotFound
from grid_kernel.runtime import Runtime
from grid_kernel.upstream import UpstreamLimits, upstream_client

log = logging.getLogger(__name__)
DEEPEST = 18
KEPT_TILES, KEPT_SECONDS = 2_000, 24 * 3600.0
MOST_BYTES = 1024 * 1024
_AT_ONCE = 16
_IMAGES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
_REFUSED_SECONDS = 60.0


class BaseLayer(StrEnum):
    """Layers of Tianditu in the square world (the suffix _w): map, imagery, terrain, and their names."""

    VEC = "vec"
    CVA = "cva"
    IMG = "img"
    CIA = "cia"
    TER = "ter"
    CTA = "cta"


@dataclass(frozen=True, slots=True)
class Picture:
    """A tile as it came, and until when it is good."""

    content: bytes
    media_type: str
    until: float


@dataclass
class Basemap:
    """Tiles of one upstream with one key, kept for a day."""

    client: httpx.AsyncClient
    key: str
    _kept: OrderedDict[tuple[str, int, int, int], Picture] = field(default_factory=OrderedDict)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _not_before: float = 0.0

    async def tile(self, layer: BaseLayer, zoom: int, column: int, row: int) -> Picture:
        """A tile; NotFound outside the world, BasemapAway when the upstream does not answer with one."""
        side = 1 << zoom if 0 <= zoom <= DEEPEST else 0
        if not (0 <= column < side and 0 <= row < side):
            raise NotFound
        place = (layer.value, zoom, column, row)
        kept = self._kept.get(place)
        if kept is not None and kept.until > monotonic():
            self._kept.move_to_end(place)
            return kept
        if monotonic() < self._not_before:
            raise BasemapAway(headers={"Retry-After": str(int(_REFUSED_SECONDS))})
        found = await self._fetch(place)
        self._kept[place] = found
        while len(self._kept) > KEPT_TILES:
            self._kept.popitem(last=False)
        return found

    async def _fetch(self, place: tuple[str, int, int, int]) -> Picture:
        layer, zoom, column, row = place
        asked = {"SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "LAYER": layer, "STYLE": "default"}
        asked |= {"TILEMATRIXSET": "w", "FORMAT": "tiles", "TILEMATRIX": str(zoom), "TILEROW": str(row)}
        asked |= {"TILECOL": str(column), "tk": self.key}
        if self._turns.locked():
            raise BasemapBusy(headers={"Retry-After": "1"})
        try:
            async with self._turns:
                answer = await self.client.get(f"/{layer}_w/wmts", params=asked)
        except httpx.HTTPError as error:
            # Its words hold the address, and the address the key.
            log.warning("the base map did not answer: %s", type(error).__name__)
            raise BasemapAway(headers={"Retry-After": "5"}) from None
        return self._picture(answer)

    def _picture(self, answer: httpx.Response) -> Picture:
        content = answer.content
        media_type = next((kind for head, kind in _IMAGES.items() if content.startswith(head)), None)
        if answer.status_code != httpx.codes.OK or media_type is None or len(content) > MOST_BYTES:
            if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS):
                # A wrong key or a spent quota: asking on would only make it worse.
                self._not_before = monotonic() + _REFUSED_SECONDS
            log.warning("the base map answered %s without a picture", answer.status_code)
            raise BasemapAway(headers={"Retry-After": "60"})
        return Picture(content, media_type, monotonic() + KEPT_SECONDS)


def basemap_of(runtime: Runtime) -> Basemap:
    """The base map of a process; NotFound where no key is configured: then the own layers are the base."""
    kept: Basemap | None = runtime.extra.get("basemap")
    if kept is None:
        raise NotFound
    return kept


@asynccontextmanager
async def open_basemap(runtime: Runtime) -> AsyncIterator[None]:
    """Open the way to the upstream while the service runs, if there is a key."""
    settings = runtime.settings
    if not isinstance(settings, GisSettings) or settings.tianditu_key is None:
        yield
        return
    seconds = settings.tianditu_timeout_seconds
    limits = UpstreamLimits(connections=_AT_ONCE, first_byte_seconds=seconds, total_seconds=4 * seconds)
    async with upstream_client(settings.tianditu_url, limits=limits) as client:
        runtime.extra["basemap"] = Basemap(client, settings.tianditu_key.get_secret_value())
        yield
