"""Newline-delimited JSON, one file per kind of row, written as it comes."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import orjson

FILES = (
    "gis/buildings", "gateway/units", "gateway/accounts", "gateway/posts", "gateway/roster",
    "population/dwellings", "population/households", "population/persons", "population/care", "population/visits",
    "approval/applications", "dispute/cases",
)  # fmt: skip
_LINE = orjson.OPT_APPEND_NEWLINE
_BUFFER = 1 << 20


class Files:
    """All files of a demonstration, open at once; counts what it writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._open: dict[str, BinaryIO] = {}
        self.counts: dict[str, int] = dict.fromkeys(FILES, 0)

    def __enter__(self) -> Self:
        for name in FILES:
            path = self._folder / f"{name}.ndjson"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[name] = self._stack.enter_context(path.open("wb", buffering=_BUFFER))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def write(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append rows to a file."""
        write, count = self._open[name].write, 0
        for row in rows:
            write(orjson.dumps(row, option=_LINE))
            count += 1
        self.counts[name] += count
