"""Tables that are brought in: announced, sent in parts, read, checked, entered, and what was refused given back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import Path, Query, Request
from fastapi.responses import StreamingResponse

from grid_kernel.audit import record_access
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.labels import Labels, Language, preferred_language
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from population_svc import commands, queries, rules, sealing
from population_svc.commands.importing.reading import ERROR_HEADING, ROW_HEADING
from population_svc.models import ImportJob
from population_svc.routes.asked import AreaOrAll
from population_svc.rules import ImportMoveNotAllowed, PartMissing, TableTooLarge
from population_svc.schemas import (
    BroughtHousehold,
    BroughtPerson,
    ImportColumn,
    ImportIn,
    ImportOut,
    ImportRow,
    ImportRunIn,
    ImportSheetIn,
    PartKept,
    RejectedRow,
    RowFault,
)
from population_svc.spreadsheets import csv_chunks, xlsx_chunks

imports = GridRouter(prefix="/imports", tags=["imports"])
_BINARY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}
_ROWS_AT_ONCE = 1_000
_TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
PartNumber = Annotated[int, Path(ge=0, lt=1_000)]
Format = Literal["csv", "xlsx"]


class TableFile(StreamingResponse):
    """A table that is sent while it is written."""

    media_type = "application/octet-stream"


@imports.post("", status_code=201, responses=refusals(InvalidInput, Forbidden, NotFound, TableTooLarge))
async def announce_import(entry: ImportIn, actor: CurrentActor, session: WriteSession, now: Now) -> ImportOut:
    """Say that a table will be brought in; its parts are sent next, each of `partBytes` but the last."""
    job = await commands.announce_import(session, actor, entry, now=now)
    return await _shown(session, actor, job)


@imports.get("", responses=refusals(Forbidden, NotFound))
async def list_imports(actor: CurrentActor, reads: Reads, paging: Paging, area: AreaOrAll = None) -> Page[ImportRow]:
    """The imports of an area and how far each has come, the latest first."""
    if area is not None:
        rules.check_asked_area(actor, area)
    rows = await reads.fetch(queries.imports(actor, area, after=paging.after(UUID), limit=paging.limit))
    return page_of(rows, paging, key=lambda row: (row["id"],), item=ImportRow.model_validate)


@imports.get("/{import_id}", responses=refusals(Forbidden, NotFound))
async def get_import(import_id: UUID, actor: CurrentActor, session: WriteSession) -> ImportOut:
    """An import: what its columns are taken for, and how far it has come."""
    job = await queries.import_job(session, actor, import_id)
    rules.check_imports(actor, job.area_code)
    return await _shown(session, actor, job)


@imports.put(
    "/{import_id}/parts/{number}",
    responses=refusals(InvalidInput, Forbidden, NotFound, ImportMoveNotAllowed),
    openapi_extra=_BINARY,
)
async def put_import_part(
    import_id: UUID, number: PartNumber, request: Request, actor: CurrentActor, runtime: CurrentRuntime
) -> PartKept:
    """Send a part of the table, in any order; the same part again takes its place."""
    job = await commands.keep_part(runtime, actor, import_id, number, request.stream())
    return PartKept(number=number, size=min(rules.PART_BYTES, job.size - number * rules.PART_BYTES))


@imports.post(
    "/{import_id}/completion", responses=refusals(Forbidden, NotFound, ImportMoveNotAllowed, PartMissing) | CHANGED
)
async def complete_import(
    import_id: UUID, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> ImportOut:
    """Say that every part was sent: the table is read, and its columns are suggested."""
    job = await commands.complete_import(session, actor, import_id, version=version, now=now)
    return await _shown(session, actor, job)


@imports.post(
    "/{import_id}/sheet", responses=refusals(InvalidInput, Forbidden, NotFound, ImportMoveNotAllowed) | CHANGED
)
async def choose_import_sheet(
    import_id: UUID,
    asked: ImportSheetIn,
    actor: CurrentActor,
    version: IfMatch,
    runtime: CurrentRuntime,
    session: WriteSession,
    now: Now,
) -> ImportOut:
    """Read another sheet of the workbook; the first with headings we know and rows is read unless somebody says."""
    job = await commands.choose_sheet(session, runtime, actor, import_id, asked, version=version, now=now)
    return await _shown(session, actor, job)


@imports.post(
    "/{import_id}/runs", responses=refusals(InvalidInput, Forbidden, NotFound, ImportMoveNotAllowed) | CHANGED
)
async def run_import(
    import_id: UUID,
    asked: ImportRunIn,
    actor: CurrentActor,
    version: IfMatch,
    runtime: CurrentRuntime,
    session: WriteSession,
    now: Now,
) -> ImportOut:
    """Check the rows of the table, or enter them; one that failed goes on where it stopped."""
    job = await commands.start_run(session, runtime, actor, import_id, asked, version=version, now=now)
    return await _shown(session, actor, job)


@imports.post("/{import_id}/cancellation", responses=refusals(Forbidden, NotFound, ImportMoveNotAllowed) | CHANGED)
async def cancel_import(
    import_id: UUID, actor: CurrentActor, version: IfMatch, runtime: CurrentRuntime, session: WriteSession, now: Now
) -> ImportOut:
    """Stop an import and forget its file; what was entered stays entered."""
    job = await commands.cancel_import(session, runtime, actor, import_id, version=version, now=now)
    return await _shown(session, actor, job)


@imports.get("/{import_id}/persons", responses=refusals(Forbidden, NotFound))
async def list_brought_persons(
    import_id: UUID, actor: CurrentActor, session: WriteSession, reads: Reads, paging: Paging
) -> Page[BroughtPerson]:
    """The persons an import brought or brought up to date, as far as one may see them; that they were read is kept."""
    await _of_own_area(session, actor, import_id)
    asked = queries.brought_persons(actor, import_id, after=paging.after(int, UUID), limit=paging.limit)
    rows = await reads.fetch(asked, access="person", fields=("name",))
    return page_of(
        rows,
        paging,
        key=lambda row: (row["first"], row["id"]),
        item=lambda row: BroughtPerson.model_validate(queries.masked(actor, row)),
    )


@imports.get("/{import_id}/households", responses=refusals(Forbidden, NotFound))
async def list_brought_households(
    import_id: UUID, actor: CurrentActor, session: WriteSession, reads: Reads, paging: Paging
) -> Page[BroughtHousehold]:
    """The households an import formed, as far as one may see them."""
    await _of_own_area(session, actor, import_id)
    asked = queries.brought_households(actor, import_id, after=paging.after(int, UUID), limit=paging.limit)
    rows = await reads.fetch(asked, access="household", fields=("address",))
    return page_of(rows, paging, key=lambda row: (row["first"], row["id"]), item=BroughtHousehold.model_validate)


async def _of_own_area(session: WriteSession, actor: CurrentActor, import_id: UUID) -> None:
    job = await queries.import_job(session, actor, import_id)
    rules.check_imports(actor, job.area_code)


@imports.get("/{import_id}/rejections", responses=refusals(Forbidden, NotFound))
async def list_rejections(
    import_id: UUID, request: Request, actor: CurrentActor, session: WriteSession, reads: Reads, paging: Paging
) -> Page[RejectedRow]:
    """What was not entered, row by row, and why; what stands in the cells is in the file only."""
    job = await queries.import_job(session, actor, import_id)
    rules.check_imports(actor, job.area_code)
    after = paging.after(int) or (0,)
    rows = await reads.fetch(queries.rejections(actor, import_id, after=after[0], limit=paging.limit))
    say = _Words(request, job)
    return page_of(
        rows,
        paging,
        key=lambda row: (row["row_no"],),
        item=lambda row: RejectedRow(row_no=row["row_no"], faults=say.faults(row["errors"])),
    )


@imports.get("/{import_id}/rejected-rows", responses=refusals(Forbidden, NotFound), response_class=TableFile)
async def get_rejected_rows(
    import_id: UUID,
    request: Request,
    actor: CurrentActor,
    runtime: CurrentRuntime,
    session: WriteSession,
    file_format: Annotated[Format | None, Query(alias="format")] = None,
) -> TableFile:
    """The rows that were refused, as they came, each with what is wrong: to be corrected and brought in again."""
    job = await queries.import_job(session, actor, import_id)
    rules.check_imports(actor, job.area_code)
    rules.check_own_file(actor, job.actor_id)
    await record_access(session, actor, kind="import", ids=[job.id], fields=("rejected_rows",))
    bridge, say = sealing.Bridge(), _Words(request, job)

    async def some(after: int) -> Sequence[Mapping[str, Any]]:
        asked = queries.rejections(actor, import_id, after=after, limit=_ROWS_AT_ONCE - 1)
        return await runtime.reads(actor).fetch(asked)

    def lines() -> Iterator[Sequence[str]]:
        yield [*job.headings, ROW_HEADING, ERROR_HEADING]
        after = 0
        while rows := bridge.wait(some(after)):
            for row in rows:
                faults = "；".join(f"{each.heading or ''}{each.message}" for each in say.faults(row["errors"]))
                yield [*orjson.loads(row["cells"]), str(row["row_no"]), faults]
            after = rows[-1]["row_no"]

    kind = file_format or job.format or "csv"
    written = xlsx_chunks(lines(), title="需要更正的行") if kind == "xlsx" else csv_chunks(lines())
    headers = {"Content-Disposition": f'attachment; filename="rejected-rows.{kind}"'}
    return TableFile(written, media_type=_TYPES[kind], headers=headers)


async def _shown(session: Any, actor: CurrentActor, job: ImportJob) -> ImportOut:
    arrived = await queries.parts(session, job.id) if job.state is rules.ImportState.RECEIVING else {}
    missing = [] if job.state is not rules.ImportState.RECEIVING else range(rules.parts_of(job.size))
    columns = zip(job.headings, job.suggested, job.columns, strict=True)
    return ImportOut.model_validate(
        job.model_dump(exclude={"columns"})
        | {
            "filename": job.filename if job.actor_id == actor.id else None,
            "part_bytes": rules.PART_BYTES,
            "parts_missing": [number for number in missing if number not in arrived],
            "columns": [ImportColumn(heading=h, suggested=s, element=e) for h, s, e in columns],
            "same_file_as": await queries.same_file(session, actor, job),
        }
    )


class _Words:
    """What is wrong with rows, in the language of the reader."""

    def __init__(self, request: Request, job: ImportJob) -> None:
        self._labels: Labels = request.app.state.labels
        self._language: Language = preferred_language(request.headers.get("accept-language", ""))
        self._headings = {code: h for h, code in zip(job.headings, job.columns, strict=True) if code}

    def faults(self, errors: Sequence[Mapping[str, Any]]) -> list[RowFault]:
        """The faults of a row; where no column was read for an element its own name stands."""
        return [
            RowFault(
                element=error["element"],
                heading=self._headings.get(error["element"], self._name(error["element"])),
                code=error["code"],
                message=self._labels.text(self._language, "fields", error["code"], **error["params"]),
            )
            for error in errors
        ]

    def _name(self, element: str) -> str | None:
        known = rules.register_elements().get(element)
        if known is None:
            return None
        return known.name_zh if self._language == "zh_CN" else known.name_en
