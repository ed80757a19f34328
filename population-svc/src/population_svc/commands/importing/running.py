"""Working on imports: row after row in batches, each one transaction that also says how far the import has come."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.blobs import BlobMissing
from grid_kernel.bulk import copy_mappings
from grid_kernel.clock import today
from grid_kernel.db import after_commit
from grid_kernel.errors import FieldError, InvalidInput
from population_svc import queries, rules, sealing
from population_svc.commands.importing.entering import Refused, Updating, enter_rows
from population_svc.commands.importing.ordering import PlacedRow, put_in_order, rows_in_order
from population_svc.commands.importing.reading import read_import
from population_svc.commands.importing.receiving import own_import
from population_svc.models import ImportBatch, ImportJob, ImportRejection
from population_svc.rules import Draft, Given, ImportMode, ImportState
from population_svc.schemas import ImportRunIn

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

BATCH_ROWS = 4_000
SLICE_SECONDS = 20.0
_TRIES = 3
_COMMUNITY = 12
_HEAD_NAME = "head_name"


@dataclass(frozen=True, slots=True)
class _Row:
    draft: Draft
    cells: list[str]


async def start_run(
    session: AsyncSession,
    runtime: "Runtime",
    actor: Actor,
    import_id: UUID,
    asked: ImportRunIn,
    *,
    version: int,
    now: datetime,
) -> ImportJob:
    """Begin to enter the rows of a table, or only to check them; how its columns are read is remembered."""
    job = await own_import(session, actor, import_id, version)
    columns = job.columns if asked.columns is None else list(asked.columns)
    _check_columns(job, columns)
    mode = asked.mode, _as_of(asked, today(now))
    job.run(columns, _given(job, asked, today(now)), mode, dry=asked.dry_run, now=now)
    if job.noted == 0:
        await queries.forget_rows(session, job.id, everything=False)
    gone = await queries.forget_parts(session, job.id)
    after_commit(session, lambda: sealing.forget(runtime, gone))
    taken = {rules.plain_heading(h): code for h, code in zip(job.headings, columns, strict=True)}
    await queries.remember(session, job.unit or job.actor_id, taken, today(now))
    await session.flush()
    action = "import.checked" if asked.dry_run else "import.started"
    await record_act(session, actor, action, job, kind="import", now=now)
    return job


def _check_columns(job: ImportJob, columns: list[str | None]) -> None:
    """Each element once, all of them known; a name, a relation and a place are needed."""
    errors = []
    if len(columns) != len(job.headings):
        errors.append(FieldError("/columns", "one-for-each-heading"))
    known, named = {*rules.elements_for("import"), _HEAD_NAME}, {code for code in columns if code}
    errors += [
        FieldError(f"/columns/{place}", "named-twice" if code in known else "unknown-code")
        for place, code in enumerate(columns)
        if code is not None and (code not in known or code in columns[:place])
    ]
    if "name" not in named or not named & {"relation_to_head", _HEAD_NAME}:
        errors.append(FieldError("/columns", "name-and-relation-needed"))
    if "house_code" not in named and not {"building_no", "room_no"} <= named:
        errors.append(FieldError("/columns", "place-needed"))
    if errors:
        raise InvalidInput(errors=errors)


def _as_of(asked: ImportRunIn, day: date) -> date | None:
    """Until when the word of the table holds: needed where it takes the place of another."""
    if asked.as_of is not None:
        rules.check_not_future(asked.as_of, day, "/asOf")
    elif asked.mode is ImportMode.UPDATE:
        raise InvalidInput.at("/asOf", "missing")
    return asked.as_of


def _given(job: ImportJob, asked: ImportRunIn, day: date) -> dict[str, Any]:
    community = asked.community_code
    if community is None and len(job.area_code) >= _COMMUNITY:
        community = job.area_code[:_COMMUNITY]
    if community is not None and not (community.startswith(job.area_code) or job.area_code.startswith(community)):
        raise InvalidInput.at("/communityCode", "outside-the-import")
    moved_in = asked.moved_in_on or day
    rules.check_not_future(moved_in, day, "/movedInOn")
    errors = rules.code_error("population_types", asked.population_type, "/populationType")
    errors += rules.code_error("dwelling_uses", asked.dwelling_use, "/dwellingUse")
    if errors:
        raise InvalidInput(errors=errors)
    said = {"community": community, "moved_in_on": moved_in.isoformat()}
    return said | {"population_type": asked.population_type, "dwelling_use": asked.dwelling_use}


async def work_on_imports(runtime: "Runtime", now: datetime) -> int:
    """Read what arrived and go on with what runs, each for a while; 0 when nothing waits."""
    async with runtime.system_session() as session:
        waiting = await queries.waiting_imports(session)
    for import_id, state in waiting:
        if state is ImportState.READING:
            await read_import(runtime, import_id, now)
        else:
            await _run(runtime, import_id, now)
    return len(waiting)


async def _run(runtime: "Runtime", import_id: UUID, now: datetime) -> None:
    """Enter batches for a while; the next one is made ready while the last one is stored."""
    until = time.monotonic() + SLICE_SECONDS
    try:
        if not await put_in_order(runtime, import_id, until):
            return
        async with runtime.system_session() as session:
            job = await queries.any_import(session, import_id)
        async with aclosing(_batches(runtime, job, today(now))) as batches:
            ahead = asyncio.ensure_future(anext(batches, None))
            try:
                while (batch := await ahead) is not None:
                    ahead = asyncio.ensure_future(anext(batches, None))
                    goes_on = await _store(runtime, import_id, batch, now)
                    if not goes_on or runtime.stopping.is_set() or time.monotonic() > until:
                        return
            finally:
                await asyncio.wait([ahead])
    except BlobMissing:
        await _fail(runtime, import_id, "file-gone", now)


async def _batches(runtime: "Runtime", job: ImportJob, day: date) -> AsyncGenerator[tuple[int, list[_Row]]]:
    """Rows from where the import stands, cut where the rows of a dwelling end."""
    first, waiting = job.position, list[_Row]()
    async for rows in rows_in_order(runtime, job):
        waiting += await asyncio.to_thread(_understood, rows, job.columns, job.given, day)
        while len(waiting) > BATCH_ROWS:
            cut = _border(waiting)
            yield first, waiting[:cut]
            first, waiting = first + cut, waiting[cut:]
    if waiting:
        yield first, waiting


def _understood(rows: list[PlacedRow], columns: list[str | None], said: Mapping[str, Any], day: date) -> list[_Row]:
    given = Given.of(said)
    named = [(place, code) for place, code in enumerate(columns) if code is not None]
    understood = []
    for row in rows:
        draft = rules.read_row(row.row_no, {code: row.cells[place] for place, code in named}, given, day)
        draft.twice = row.twice
        understood.append(_Row(draft, row.cells))
    return understood


def _border(rows: list[_Row]) -> int:
    """The last place in a batch where one dwelling ends and another begins."""
    cut = BATCH_ROWS
    while cut > 1 and rows[cut - 1].draft.house_code == rows[cut].draft.house_code != "":
        cut -= 1
    return cut if cut > 1 else BATCH_ROWS


async def _store(runtime: "Runtime", import_id: UUID, batch: tuple[int, list[_Row]], now: datetime) -> bool:
    """Enter a batch; whether there is more to do. When somebody of it is registered meanwhile it is tried again."""
    for _ in range(_TRIES):
        try:
            return await _enter(runtime, import_id, *batch, now)
        except IntegrityError:
            continue
    await _fail(runtime, import_id, "changed-meanwhile", now)
    return False


async def _enter(runtime: "Runtime", import_id: UUID, first: int, rows: list[_Row], now: datetime) -> bool:
    async with runtime.system_session() as session:
        job = await queries.any_import(session, import_id)
        if job.state is not ImportState.RUNNING or job.position != first:
            return False
        drafts, service = [row.draft for row in rows], Actor.system(runtime.service.name)
        result = await enter_rows(session, job.area_code, drafts, _updating(job, service), dry=job.dry_run, now=now)
        await _reject(session, job, rows, result.refused)
        job.advance(first + len(rows), result.counted, now)
        if not job.dry_run:
            session.add(ImportBatch(import_id=job.id, first=first, rows=len(rows), recorded_at=now, **result.ids))
            act = "import.entered"
            await record_act(session, service, act, job, kind="import", now=now, on_behalf_of=job.actor_id)
        if job.state is not ImportState.RUNNING:
            await queries.forget_order(session, job.id)
        return job.state is ImportState.RUNNING


def _updating(job: ImportJob, service: Actor) -> Updating | None:
    """How far the table goes, in the name of whoever brought it."""
    if job.mode is not ImportMode.UPDATE or job.as_of is None or job.post is None:
        return None
    grant = Grant(post=Post(job.post), area=job.area_code, unit=job.unit)
    return Updating(job.as_of, Actor(kind="account", id=job.actor_id, grants=(grant,)), service)


async def _reject(session: AsyncSession, job: ImportJob, rows: list[_Row], refused: Mapping[int, Refused]) -> None:
    """Keep what was refused: the cells as they came, each fault beside its element."""
    kept = [
        {
            "import_id": job.id,
            "row_no": row.draft.row_no,
            "area_code": job.area_code,
            "cells": orjson.dumps(row.cells).decode(),
            "errors": [_fault(error) for error in refused[row.draft.row_no]],
        }
        for row in rows
        if row.draft.row_no in refused
    ]
    await copy_mappings(session, ImportRejection.__table__, kept)  # type: ignore[attr-defined]


def _fault(error: FieldError) -> dict[str, Any]:
    params = {name: str(value) for name, value in error.params.items()}
    return {"element": error.pointer, "code": error.code, "params": params}


async def _fail(runtime: "Runtime", import_id: UUID, problem: str, now: datetime) -> None:
    async with runtime.system_session() as session:
        job = await queries.any_import(session, import_id)
        if job.state is ImportState.RUNNING:
            job.fail(problem, now)
