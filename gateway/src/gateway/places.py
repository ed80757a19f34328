"""The names of areas, as gis tells them, remembered for a while; a name nobody can tell now is simply not shown."""

import asyncio
import time
from collections.abc import Iterable

from grid_kernel.ask import ask
from grid_kernel.contracts.gis import DESCRIBE_AREA, AreaDescribed, DescribeArea
from grid_kernel.errors import Refusal
from grid_kernel.runtime import Runtime

_REMEMBERED_SECONDS = 600.0
_ASK_SECONDS = 1.0
_KEPT = 5_000


class Places:
    """Asks gis, and remembers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[str, tuple[AreaDescribed, float]] = {}

    def remembered(self, codes: Iterable[str]) -> dict[str, str]:
        """The names that are known without asking."""
        return {code: found[0].name for code in codes if (found := self._known.get(code)) and found[0].name}

    async def names(self, codes: Iterable[str]) -> dict[str, str]:
        """The names of areas; without gis the ones it told before."""
        wanted = set(codes)
        now = time.monotonic()
        fresh = {code for code, (_, told_at) in self._known.items() if now - told_at < _REMEMBERED_SECONDS}
        await asyncio.gather(*(self._ask(code) for code in wanted - fresh))
        return self.remembered(wanted)

    async def _ask(self, code: str) -> None:
        try:
            told = await ask(self._runtime, DESCRIBE_AREA, DescribeArea(code=code), timeout=_ASK_SECONDS)
        except Refusal:
            return
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[code] = (told, time.monotonic())
