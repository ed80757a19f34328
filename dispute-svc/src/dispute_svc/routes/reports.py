"""My reports: what one reported oneself, wherever it lies."""

from datetime import datetime
from uuid import UUID

from dispute_svc import case_file, queries
from dispute_svc.schemas import CaseOut, MyReport
from dispute_svc.wording import ReaderWords
from grid_kernel.auth import CurrentActor
from grid_kernel.errors import NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now

router = GridRouter(prefix="/my-reports", tags=["my-reports"])


@router.get("")
async def list_my_reports(actor: CurrentActor, runtime: CurrentRuntime, paging: Paging, now: Now) -> Page[MyReport]:
    """What one reported, the newest first."""
    reads = runtime.system_reads(actor, via="GET /v1/my-reports")
    own = queries.reports_of(actor)
    rows = await reads.fetch(queries.listed(own, paging.after(datetime, UUID), paging.limit))
    return page_of(
        rows, paging, key=lambda row: (row["reported_at"], row["id"]), item=lambda row: case_file.my_report(row, now)
    )


@router.get("/{case_id}", responses=refusals(NotFound))
async def get_my_report(
    case_id: UUID, actor: CurrentActor, runtime: CurrentRuntime, words: ReaderWords, now: Now
) -> CaseOut:
    """One own report with its timeline."""
    reads = runtime.system_reads(actor, via="GET /v1/my-reports/{case_id}")
    return await case_file.read_own_report(reads, case_id, actor, words, now)
