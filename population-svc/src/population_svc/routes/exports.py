"""Rows taken out of the register: asked for with a purpose, agreed to, fetched once they are made."""

from collections.abc import AsyncIterator
from uuid import UUID

from fastapi.responses import StreamingResponse

from grid_kernel.audit import record_access
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from population_svc import commands, queries, rules, sealing
from population_svc.models import ExportJob
from population_svc.routes.asked import AreaOrAll
from population_svc.rules import ExportDecided, ExportNotReady, ExportTooLarge
from population_svc.schemas import ExportDecisionIn, ExportIn, ExportOut

exports = GridRouter(prefix="/exports", tags=["exports"])
_TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class ExportFile(StreamingResponse):
    """An export that is decrypted while it is sent."""

    media_type = "application/octet-stream"


@exports.post("", status_code=201, responses=refusals(InvalidInput, Forbidden, NotFound, ExportTooLarge))
async def ask_for_export(
    entry: ExportIn, actor: CurrentActor, session: WriteSession, reads: Reads, now: Now
) -> ExportOut:
    """Ask for rows: up to 500 with masked numbers are made at once, more or whole numbers wait for a second person."""
    return _out(await commands.ask_for_export(session, reads, actor, entry, now=now))


@exports.get("", responses=refusals(NotFound))
async def list_exports(actor: CurrentActor, reads: Reads, paging: Paging, area: AreaOrAll = None) -> Page[ExportOut]:
    """The exports of an area: who may take rows out sees what others took out, and for what."""
    if area is not None:
        rules.check_asked_area(actor, area)
    rows = await reads.fetch(queries.exports(actor, area, after=paging.after(UUID), limit=paging.limit))
    return page_of(rows, paging, key=lambda row: (row["id"],), item=lambda row: _out(ExportJob(**row)))


@exports.get("/{export_id}", responses=refusals(Forbidden, NotFound))
async def get_export(export_id: UUID, actor: CurrentActor, session: WriteSession) -> ExportOut:
    """An export and how it stands."""
    job = await queries.export_job(session, actor, export_id)
    rules.check_exports(actor, job.area_code)
    return _out(job)


@exports.post("/{export_id}/decision", responses=refusals(InvalidInput, Forbidden, NotFound, ExportDecided) | CHANGED)
async def decide_export(
    export_id: UUID, decision: ExportDecisionIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> ExportOut:
    """Agree to an export, or not: by a street or district leader who did not ask for it."""
    approved = decision.approved
    return _out(await commands.decide_export(session, actor, export_id, approved=approved, version=version, now=now))


@exports.get("/{export_id}/file", responses=refusals(Forbidden, NotFound, ExportNotReady), response_class=ExportFile)
async def get_export_file(
    export_id: UUID, actor: CurrentActor, runtime: CurrentRuntime, session: WriteSession, now: Now
) -> ExportFile:
    """The file, for whoever asked for it; every time it is fetched is recorded."""
    job = await commands.fetch_export(session, actor, export_id, now=now)
    await record_access(session, actor, kind="export", ids=[job.id], fields=("file",), purpose=job.purpose.value)

    async def pieces() -> AsyncIterator[bytes]:
        for name in job.sealed:
            yield await sealing.unseal(runtime, name)

    headers = {"Content-Disposition": f'attachment; filename="{job.mark}.{job.format}"'}
    return ExportFile(pieces(), media_type=_TYPES[job.format], headers=headers)


def _out(job: ExportJob) -> ExportOut:
    return ExportOut.model_validate(job)
