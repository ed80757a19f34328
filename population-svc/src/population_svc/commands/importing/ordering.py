"""Before rows are entered: which of them belong to one dwelling wherever they stand, and who stands in the table twice.

Only keyed hashes are noted, in batches that are each one transaction; memory does not grow with the table.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.bulk import copy_mappings
from population_svc import queries, rules, sealing
from population_svc.commands.importing.reading import unpack
from population_svc.models import ImportBlock, ImportJob, ImportKey, ImportLoose
from population_svc.models.base import IMPORT
from population_svc.rules import Given, ImportState

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

_BLOCKS_AT_ONCE = 4
_LOOSE_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row as it stands in the file, and whether its person stands there before."""

    row_no: int
    cells: list[str]
    twice: bool


async def put_in_order(runtime: "Runtime", import_id: UUID, until: float) -> bool:
    """Note whose the rows are and gather those that stand apart; whether that is done."""
    while True:
        async with runtime.system_session() as session:
            job = await queries.any_import(session, import_id)
            if job.state is not ImportState.RUNNING:
                return False
            if job.noted < job.rows:
                await _note(runtime, session, job)
            elif not _ordered(job):
                await _gather(runtime, session, job)
            if _ordered(job):
                return True
        if runtime.stopping.is_set() or time.monotonic() > until:
            return False


def _ordered(job: ImportJob) -> bool:
    return job.noted >= job.rows and (job.loose == 0 or job.gathered >= job.rows)


async def _note(runtime: "Runtime", session: AsyncSession, job: ImportJob) -> None:
    blocks = (await queries.blocks_from(session, job.id, job.noted))[:_BLOCKS_AT_ONCE]
    for block in blocks:
        piece = await sealing.unseal(runtime, block.sealed)
        keys = await asyncio.to_thread(_keys, runtime, job, block.first, piece)
        await copy_mappings(session, ImportKey.__table__, keys)  # type: ignore[attr-defined]
        job.noted = block.first + block.rows
    if job.noted >= job.rows:
        job.loose = await queries.mark_rows(session, job.id)


def _keys(runtime: "Runtime", job: ImportJob, first: int, piece: bytes) -> list[dict[str, Any]]:
    given = Given.of(job.given)
    named = [(place, code) for place, code in enumerate(job.columns) if code is not None]

    def hashed(text: str) -> int | None:
        return int.from_bytes(runtime.keys.blind_index(text, IMPORT)[:8], signed=True) if text else None

    keys = []
    for place, (_, cells) in enumerate(unpack(piece), first):
        dwelling, person = rules.row_keys({code: cells[at] for at, code in named}, given)
        key = {"import_id": job.id, "place": place, "dwelling": hashed(dwelling), "person": hashed(person)}
        keys.append(key | {"twice": False, "loose": False})
    return keys


async def _gather(runtime: "Runtime", session: AsyncSession, job: ImportJob) -> None:
    for block in (await queries.blocks_from(session, job.id, job.gathered))[:_BLOCKS_AT_ONCE]:
        marked = await queries.marks(session, job.id, block.first, block.rows)
        loose = {place: key for place, key in marked.items() if key.loose}
        rows = unpack(await sealing.unseal(runtime, block.sealed)) if loose else []
        kept = [
            {
                "import_id": job.id,
                "dwelling": key.dwelling,
                "place": place,
                "row_no": rows[place - block.first][0],
                "twice": key.twice,
                "cells": orjson.dumps(rows[place - block.first][1]).decode(),
            }
            for place, key in sorted(loose.items())
        ]
        await copy_mappings(session, ImportLoose.__table__, kept)  # type: ignore[attr-defined]
        job.gathered = block.first + block.rows


async def rows_in_order(runtime: "Runtime", job: ImportJob) -> AsyncIterator[list[PlacedRow]]:
    """Rows from where the import stands: first those that stand beside their own, then the gathered ones."""
    async with runtime.system_session() as session:
        blocks = await queries.blocks_from(session, job.id, 0)
    skipped = job.position
    for block in blocks:
        async with runtime.system_session() as session:
            marked = await queries.marks(session, job.id, block.first, block.rows)
        loose = {place for place, key in marked.items() if key.loose}
        if skipped >= block.rows - len(loose):
            skipped -= block.rows - len(loose)
            continue
        yield (await _beside_their_own(runtime, block, marked, loose))[skipped:]
        skipped = 0
    async for rows in _gathered(runtime, job.id, skipped):
        yield rows


async def _beside_their_own(runtime: "Runtime", block: ImportBlock, marked: Any, loose: set[int]) -> list[PlacedRow]:
    rows = enumerate(unpack(await sealing.unseal(runtime, block.sealed)), block.first)
    twice = {place for place, key in marked.items() if key.twice}
    return [PlacedRow(number, cells, place in twice) for place, (number, cells) in rows if place not in loose]


async def _gathered(runtime: "Runtime", import_id: UUID, skipped: int) -> AsyncIterator[list[PlacedRow]]:
    after: tuple[int, int] | None = None
    while rows := await _loose_page(runtime, import_id, after, skipped):
        yield [PlacedRow(row.row_no, orjson.loads(row.cells), row.twice) for row in rows]
        after, skipped = (rows[-1].dwelling, rows[-1].place), 0


async def _loose_page(
    runtime: "Runtime", import_id: UUID, after: tuple[int, int] | None, skipped: int
) -> Sequence[ImportLoose]:
    async with runtime.system_session() as session:
        return await queries.loose_rows(session, import_id, after, skip=skipped, limit=_LOOSE_AT_ONCE)
