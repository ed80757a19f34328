"""Claim and transfer between grids."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from population_svc import commands, queries, rules
from population_svc.queries import Side
from population_svc.routes.asked import AreaOrAll, Days
from population_svc.rules import (
    AlreadyRecorded,
    DwellingKnown,
    HouseholdEnded,
    TransferDecided,
    TransferOvertaken,
    TransferRunning,
    TransferState,
)
from population_svc.schemas import AcceptanceIn, ClaimIn, TransferDetail, TransferIn, TransferOut, TransferRefusalIn

transfers = GridRouter(tags=["transfers"])


_ASKED = refusals(InvalidInput, Forbidden, NotFound, HouseholdEnded, TransferRunning, AlreadyRecorded)
_DECIDED = refusals(InvalidInput, Forbidden, NotFound, TransferDecided) | CHANGED


@transfers.get("/transfers", responses=refusals(NotFound))
async def list_transfers(
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    area: AreaOrAll = None,
    side: Annotated[Side | None, Query(description="The area gives, or it takes; both when left out.")] = None,
    state: TransferState | None = None,
) -> Page[TransferOut]:
    """The claims and transfers of an area on either side; a station head asks for state with_head."""
    if area is not None:
        rules.check_asked_area(actor, area)
    rules.check_keeps_register(actor)
    asked = queries.transfers(actor, area, side, state, after=paging.after(UUID), limit=paging.limit)
    rows = await reads.fetch(asked)
    return page_of(rows, paging, key=lambda row: (row["id"],), item=queries.transfer_shown)


@transfers.post("/transfers", status_code=201, responses=_ASKED)
async def ask_transfer(
    entry: TransferIn, actor: CurrentActor, session: WriteSession, calendar: Days, now: Now
) -> TransferOut:
    """Give a household, or one person, to the grid they live in now; that grid has three working days to answer."""
    return queries.transfer_shown(await commands.ask_transfer(session, actor, entry, calendar=calendar, now=now))


@transfers.post("/claims", status_code=201, responses=_ASKED | refusals(DwellingKnown))
async def claim(entry: ClaimIn, actor: CurrentActor, session: WriteSession, calendar: Days, now: Now) -> TransferOut:
    """Claim whoever bears an identity number and lives in the own grid; the answer tells nothing of them."""
    return queries.transfer_shown(await commands.claim(session, actor, entry, calendar=calendar, now=now))


@transfers.get("/transfers/{transfer_id}", responses=refusals(Forbidden, NotFound))
async def get_transfer(transfer_id: UUID, actor: CurrentActor, reads: Reads, runtime: CurrentRuntime) -> TransferDetail:
    """One change of grid, with names for the giving grid and for whoever it told them; the read is recorded."""
    rules.check_keeps_register(actor)
    own = runtime.system_reads(actor, "GET /transfers/{transfer_id}")
    return await queries.read_transfer(reads, own, actor, transfer_id)


@transfers.post("/transfers/{transfer_id}/acceptance", responses=_DECIDED | refusals(TransferOvertaken, DwellingKnown))
async def accept_transfer(
    transfer_id: UUID, entry: AcceptanceIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> TransferOut:
    """Agree: they live and count in the taking grid since the day they moved, with the visits it already made."""
    accepted = await commands.accept_transfer(session, actor, transfer_id, entry, version=version, now=now)
    return queries.transfer_shown(accepted)


@transfers.post("/transfers/{transfer_id}/refusal", responses=_DECIDED)
async def refuse_transfer(
    transfer_id: UUID, entry: TransferRefusalIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> TransferOut:
    """Refuse: everybody stays where they are recorded."""
    refused = await commands.refuse_transfer(session, actor, transfer_id, entry, version=version, now=now)
    return queries.transfer_shown(refused)


@transfers.post("/transfers/{transfer_id}/withdrawal", responses=_DECIDED)
async def withdraw_transfer(
    transfer_id: UUID, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> TransferOut:
    """Take back what the own grid asked."""
    return queries.transfer_shown(
        await commands.withdraw_transfer(session, actor, transfer_id, version=version, now=now)
    )
