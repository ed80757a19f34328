"""Reads composed of all services: asked in parallel, each part with its status, age and source."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from gateway.schemas import Part

DEADLINE_SECONDS = 2.5
STALE_SECONDS = 15 * 60
_KEPT = 5_000

PARTS: Mapping[str, str] = {
    "population": "/v1/progress?area={area}",
    "approval": "/v1/figures?area={area}",
    "dispute": "/v1/figures?area={area}",
    "gis": "/v1/areas/{area}",
}
"""Which question each service answers for an overview."""


@dataclass(frozen=True, slots=True)
class _Good:
    data: dict[str, Any]
    at: float


class Composer:
    """Composes, and keeps the last good figures of each part for whoever had them."""

    def __init__(self, clients: Mapping[str, httpx.AsyncClient]) -> None:
        self._clients = clients
        self._good: OrderedDict[tuple[str, str, str], _Good] = OrderedDict()

    async def overview(self, area: str, token: str, reader: str) -> dict[str, Part]:
        """An area in figures; one service down gives the rest. `reader` keeps what one may see from another."""
        asked = (self._part(name, path.format(area=area), token, reader) for name, path in PARTS.items())
        return dict(zip(PARTS, await asyncio.gather(*asked), strict=True))

    async def rows(self, lists: Mapping[str, tuple[str, str]], token: str) -> dict[str, Part]:
        """First pages of lists, by name: the service and its address. Rows of people's matters are never kept."""
        asked = (self._part(service, path, token, None) for service, path in lists.values())
        return dict(zip(lists, await asyncio.gather(*asked), strict=True))

    async def _part(self, name: str, path: str, token: str, reader: str | None) -> Part:
        source, key = f"/api/{name}{path}", (reader or "", name, path)
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                answer = await self._clients[name].get(path, headers={"Authorization": f"Bearer {token}"})
        except (httpx.HTTPError, TimeoutError):
            return self._last_good(key, source)
        if answer.status_code in {403, 404}:
            return Part(status="forbidden", source=source, age_seconds=None, data=None)
        if not answer.is_success:
            return self._last_good(key, source)
        data = answer.json()
        if reader is not None:
            self._keep(key, data)
        return Part(status="ok", source=source, age_seconds=0, data=data)

    def _keep(self, key: tuple[str, str, str], data: dict[str, Any]) -> None:
        self._good[key] = _Good(data, time.monotonic())
        self._good.move_to_end(key)
        if len(self._good) > _KEPT:
            self._good.popitem(last=False)

    def _last_good(self, key: tuple[str, str, str], source: str) -> Part:
        good = self._good.get(key)
        age = time.monotonic() - good.at if good else None
        if good is None or age is None or age > STALE_SECONDS:
            return Part(status="unavailable", source=source, age_seconds=None, data=None)
        return Part(status="stale", source=source, age_seconds=round(age, 1), data=good.data)
