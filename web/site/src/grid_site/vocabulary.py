"""Words the services keep: states, units, areas; asked for once and kept for some minutes."""

import time
from collections.abc import Mapping
from typing import Any

from grid_site.gateway import Gateway
from grid_site.visitors import Visitor

_KEPT_SECONDS = 300.0
_MOST_PAGES = 10
Enums = Mapping[str, Mapping[str, str]]


class Vocabulary:
    """The same for every visitor: nothing here depends on who asks."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def enums(self, visitor: Visitor, service: str) -> Enums:
        """The labels of a service's enumerations; none while the service is away."""
        key = f"{service} {visitor.words.language}"
        if (known := self._fresh(key)) is not None:
            return known
        answer = await self._gateway.read(visitor, f"/api/{service}/v1/labels")
        return self._keep(key, answer.data["labels"].get("enums", {})) if answer.ok else {}

    async def codes(self, visitor: Visitor, service: str, table: str) -> Mapping[str, str]:
        """The names of a code table by code; none while the service is away."""
        key = f"{service} {table} {visitor.words.language}"
        if (known := self._fresh(key)) is not None:
            return known
        answer = await self._gateway.read(visitor, f"/api/{service}/v1/code-tables/{table}")
        name = "name_en" if visitor.words.language == "en" else "name_zh"
        return self._keep(key, {row["code"]: row[name] for row in answer.data["rows"]}) if answer.ok else {}

    async def units(self, visitor: Visitor) -> Mapping[str, str]:
        """The names of units by code."""
        if (known := self._fresh("units")) is not None:
            return known
        return await self._all_pages(visitor, "units", "/api/gateway/v1/units", "code")

    async def areas(self, visitor: Visitor) -> Mapping[str, str]:
        """The names of all areas by code."""
        if (known := self._fresh("areas")) is not None:
            return known
        return await self._all_pages(visitor, "areas", "/api/gis/v1/areas", "code")

    async def _all_pages(self, visitor: Visitor, key: str, path: str, code: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        params = {"limit": "100"}
        for _ in range(_MOST_PAGES):
            answer = await self._gateway.get(visitor, path, params)
            if not answer.ok:
                return found
            found |= {row[code]: row["name"] for row in answer.data["items"]}
            if not answer.data["nextCursor"]:
                break
            params["cursor"] = answer.data["nextCursor"]
        return self._keep(key, found)

    def _fresh(self, key: str) -> Mapping[str, Any] | None:
        at, known = self._kept.get(key, (0.0, {}))
        return known if known and time.monotonic() - at < _KEPT_SECONDS else None

    def _keep(self, key: str, found: Mapping[str, Any]) -> Mapping[str, Any]:
        self._kept[key] = (time.monotonic(), found)
        return found
