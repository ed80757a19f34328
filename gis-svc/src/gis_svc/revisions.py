"""How often each layer of things was changed, as this process knows it: what answers kept here and elsewhere go by."""

import asyncio
from collections.abc import Mapping

from gis_svc.queries import features
from grid_kernel.runtime import Runtime


class Revisions:
    """Never ahead of the tables; a change this process made is always counted."""

    def __init__(self) -> None:
        self._known: Mapping[str, int] | None = None
        self._changes = 0
        self._changes_read = -1
        self._reading = asyncio.Lock()

    async def current(self, runtime: Runtime) -> Mapping[str, int]:
        """The revisions as last read."""
        if self._known is None or self._changes_read < self._changes:
            return await self.refresh(runtime)
        return self._known

    def changed(self) -> None:
        """This process changed something; whoever asks from now on reads anew."""
        self._changes += 1

    async def refresh(self, runtime: Runtime) -> Mapping[str, int]:
        """Read them again."""
        async with self._reading:
            changes = self._changes
            self._known = await features.revisions(runtime.system_reads())
            self._changes_read = changes
            return self._known


def revisions_of(runtime: Runtime) -> Revisions:
    """Those of a process."""
    kept: Revisions = runtime.extra.setdefault("revisions", Revisions())
    return kept
