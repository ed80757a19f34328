"""Reading a received file once: its headings, and its rows without the columns that are never kept."""

import asyncio
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from population_svc import queries, rules, sealing
from population_svc.models import ImportBlock
from population_svc.spreadsheets import TableReader, UnreadableTable, open_table

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

BLOCK_ROWS = 2_000
ERROR_HEADING, ROW_HEADING = "导入错误", "原行号"
_LOOKED_AT, _SHEETS_TRIED = 10, 20
_HASHED_AT_ONCE = 1024 * 1024
Row = tuple[int, list[str]]


@dataclass(slots=True)
class _Table:
    """What a file turned out to be."""

    format: str
    encoding: str | None
    sheets: tuple[list[str], str | None]
    headings: list[str]
    kept: list[int]
    dropped: list[str]
    rows: int = 0
    blocks: list[tuple[int, int, str]] = field(default_factory=list)


async def read_import(runtime: "Runtime", import_id: UUID, now: datetime) -> None:
    """Read the file of an import; what it was is kept, the file itself is gone afterwards."""
    async with runtime.system_session() as session:
        job = await queries.any_import(session, import_id)
        names = list((await queries.parts(session, import_id)).values())
    bridge = sealing.Bridge()
    file = sealing.SealedFile(
        names, rules.PART_BYTES, job.size, lambda name: bridge.wait(sealing.unseal(runtime, name))
    )
    try:
        table = await asyncio.to_thread(
            _read,
            io.BufferedReader(file),
            job.sha256,
            job.sheet,
            lambda piece: bridge.wait(sealing.seal(runtime, piece)),
        )
    except UnreadableTable as error:
        await _give_up(runtime, import_id, error.code, now)
        return
    await _keep(runtime, import_id, table, now)


async def _give_up(runtime: "Runtime", import_id: UUID, problem: str, now: datetime) -> None:
    async with runtime.system_session() as session:
        job = await queries.any_import(session, import_id)
        gone = [] if job.sheets else await queries.forget_parts(session, import_id)
        if job.state is rules.ImportState.READING:
            job.fail(problem, now)
    await sealing.forget(runtime, gone)


async def _keep(runtime: "Runtime", import_id: UUID, table: _Table, now: datetime) -> None:
    async with runtime.system_session() as session:
        job = await queries.any_import(session, import_id)
        if job.state is not rules.ImportState.READING:
            await sealing.forget(runtime, [sealed for _, _, sealed in table.blocks])
            return
        memory = await queries.remembered(session, job.unit or job.actor_id)
        suggested = _once_each([rules.suggested(heading, memory) for heading in table.headings])
        session.add_all(ImportBlock(import_id=job.id, first=f, rows=n, sealed=s) for f, n, s in table.blocks)
        kind = table.format, table.encoding
        job.learn(kind, table.sheets, table.headings, suggested, table.dropped, table.rows, now)
        # While another sheet may be chosen the file stays, until its rows are run.
        gone = [] if len(table.sheets[0]) > 1 else await queries.forget_parts(session, import_id)
    await sealing.forget(runtime, gone)


def _once_each(codes: Sequence[str | None]) -> list[str | None]:
    """The first column of each element; a second one is left for people to decide."""
    return [code if code not in codes[:place] else None for place, code in enumerate(codes)]


def _read(file: io.BufferedReader, sha256: str, sheet: str | None, seal: Callable[[bytes], str]) -> _Table:
    digest = hashlib.sha256()
    while piece := file.read(_HASHED_AT_ONCE):
        digest.update(piece)
    if digest.hexdigest() != sha256:
        raise UnreadableTable("wrong-digest")
    reader, headings, rows = _opened(file, sheet)
    table = _columns(reader, headings)
    block: list[Row] = []
    for number, cells in rows:
        block.append((number, [cells[place] if place < len(cells) else "" for place in table.kept]))
        if len(block) == BLOCK_ROWS:
            _seal_block(table, block, seal)
            block = []
    if block:
        _seal_block(table, block, seal)
    if not table.rows:
        raise UnreadableTable("no-rows")
    return table


def _opened(file: io.BufferedReader, sheet: str | None) -> tuple[TableReader, list[str], Iterator[Row]]:
    """The sheet that was chosen, or the first with headings we know and rows; else the first one, and what it lacks."""
    file.seek(0)
    reader = open_table(file, sheet=sheet)
    for name in reader.sheets[:_SHEETS_TRIED] if sheet is None else []:
        with suppress(UnreadableTable):
            file.seek(0)
            tried = open_table(file, sheet=name)
            headings, rows = _with_headings(tried)
            if (first := next(rows, None)) is not None:
                return tried, headings, chain([first], rows)
    return reader, *_with_headings(reader)


def _seal_block(table: _Table, block: list[Row], seal: Callable[[bytes], str]) -> None:
    table.blocks.append((table.rows, len(block), seal(zlib.compress(orjson.dumps(block), 1))))
    table.rows += len(block)


def unpack(piece: bytes) -> list[Row]:
    """The rows of a block."""
    return [(number, cells) for number, cells in orjson.loads(zlib.decompress(piece))]


def _with_headings(reader: TableReader) -> tuple[list[str], Iterator[Row]]:
    """The headings, which may stand below a title, and the rows under them."""
    looked: list[Row] = []
    for row in reader.rows:
        looked.append(row)
        if len(looked) == _LOOKED_AT:
            break
    if not looked:
        raise UnreadableTable("no-rows")
    place = max(range(len(looked)), key=lambda each: (rules.heading_score(looked[each][1]), -each))
    if rules.heading_score(looked[place][1]) == 0:
        raise UnreadableTable("no-headings")

    def below() -> Iterator[Row]:
        yield from looked[place + 1 :]
        yield from reader.rows

    return looked[place][1], below()


def _columns(reader: TableReader, headings: Sequence[str]) -> _Table:
    """Which columns are kept: not those without heading, our own notes, or what no register of ours may hold."""
    kept, dropped = [], []
    for place, heading in enumerate(headings):
        if heading in {ERROR_HEADING, ROW_HEADING, ""}:
            continue
        if rules.is_forbidden(heading):
            dropped.append(heading)
        else:
            kept.append(place)
    return _Table(
        reader.format,
        reader.encoding,
        (reader.sheets, reader.sheet),
        [headings[place] for place in kept],
        kept,
        dropped,
    )
