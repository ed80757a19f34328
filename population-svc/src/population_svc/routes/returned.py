"""Filled forms that come back: taken row by row, what is refused given back as a table to correct."""

from collections.abc import Iterator, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, Refusal, problem, refusals
from grid_kernel.labels import Labels, preferred_language
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads
from population_svc import commands, form_documents, queries, rules
from population_svc.commands.returning import Returned
from population_svc.models import Campaign, Form
from population_svc.returned_tables import FAULT_HEADING, KEY_HEADING, ReturnedRow, key_of
from population_svc.routes.forms import Workbook
from population_svc.rules import CampaignEnded, CampaignNotBegun, FormNotInUse, TableTooLarge
from population_svc.schemas import RejectedRow, ReturnedOut, RowFault


class Corrections(Response):
    """A small workbook, whole: the answer of a POST is kept for whoever repeats it."""

    media_type = Workbook.media_type


returned = GridRouter(tags=["forms"])
_BINARY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}
_SHOWN = 200
Dry = Annotated[bool, Query(alias="dryRun", description="Only say what would become of it.")]
_OF_FORM = refusals(InvalidInput, Forbidden, NotFound, FormNotInUse, TableTooLarge)
_OF_CAMPAIGN = refusals(InvalidInput, Forbidden, NotFound, CampaignEnded, CampaignNotBegun, TableTooLarge)


@returned.post("/forms/{form_id}/returns", responses=_OF_FORM, openapi_extra=_BINARY)
async def take_form(
    form_id: UUID,
    request: Request,
    actor: CurrentActor,
    session: WriteSession,
    reads: Reads,
    now: Now,
    dry: Dry = False,
) -> ReturnedOut:
    """Take a form that came with rows filled in: what of them was corrected becomes a change of the record."""
    form = await _form(session, actor, form_id, now)
    found = await _taken(request, session, reads, actor, form, None, keep=not dry, now=now)
    return _out(request, form, found)


@returned.post("/forms/{form_id}/corrections", responses=_OF_FORM, response_class=Corrections, openapi_extra=_BINARY)
async def correct_form(
    form_id: UUID, request: Request, actor: CurrentActor, session: WriteSession, reads: Reads, now: Now
) -> Corrections:
    """The rows of such a table that are refused, each with what is wrong, to be corrected; nothing is kept."""
    form = await _form(session, actor, form_id, now)
    return _corrections(request, form, await _taken(request, session, reads, actor, form, None, keep=False, now=now))


@returned.post("/campaigns/{campaign_id}/returns", responses=_OF_CAMPAIGN, openapi_extra=_BINARY)
async def take_campaign_form(
    campaign_id: UUID,
    request: Request,
    actor: CurrentActor,
    session: WriteSession,
    reads: Reads,
    now: Now,
    dry: Dry = False,
) -> ReturnedOut:
    """Take the filled form of a campaign: cells nobody knew become answers, corrected ones a change of the record."""
    running, form = await _campaign(session, actor, campaign_id)
    found = await _taken(request, session, reads, actor, form, running, keep=not dry, now=now)
    return _out(request, form, found)


@returned.post(
    "/campaigns/{campaign_id}/corrections", responses=_OF_CAMPAIGN, response_class=Corrections, openapi_extra=_BINARY
)
async def correct_campaign_form(
    campaign_id: UUID, request: Request, actor: CurrentActor, session: WriteSession, reads: Reads, now: Now
) -> Corrections:
    """The rows of such a table that are refused, each with what is wrong, to be corrected; nothing is kept."""
    running, form = await _campaign(session, actor, campaign_id)
    found = await _taken(request, session, reads, actor, form, running, keep=False, now=now)
    return _corrections(request, form, found)


async def _form(session: WriteSession, actor: Actor, form_id: UUID, now: Now) -> Form:
    form = await queries.form(session, actor, form_id)
    form.require_in_use(today(now))
    return form


async def _campaign(session: WriteSession, actor: Actor, campaign_id: UUID) -> tuple[Campaign, Form]:
    running = await queries.campaign(session, actor, campaign_id)
    return running, await queries.form(session, actor, running.form_id)


async def _taken(
    request: Request,
    session: WriteSession,
    reads: Reads,
    actor: Actor,
    form: Form,
    running: Campaign | None,
    *,
    keep: bool,
    now: Now,
) -> Returned:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > rules.PART_BYTES:
            raise TableTooLarge
    return await commands.take_returned(session, reads, actor, form, running, bytes(data), keep=keep, now=now)


def _out(request: Request, form: Form, found: Returned) -> ReturnedOut:
    refused = found.refused[:_SHOWN]
    return ReturnedOut(
        rows=found.rows,
        answered=found.answered,
        changed=found.changed,
        unchanged=found.unchanged,
        refused=len(found.refused),
        rejected=[RejectedRow(row_no=row.row_no, faults=_faults(request, form, why)) for row, why in refused],
    )


def _faults(request: Request, form: Form, refusal: Refusal) -> list[RowFault]:
    """What is wrong with a row in the language of the reader, each beside its field; or with the row as a whole."""
    labels: Labels = request.app.state.labels
    told = problem(refusal, labels, preferred_language(request.headers.get("accept-language", "")), "")
    names = {field["element"]: field["name"] for field in form.fields}
    return [
        RowFault(element=element, heading=names.get(element), code=each["code"], message=each["message"])
        for each in told.get("errors", [])
        for element in [each["pointer"].lstrip("/")]
    ] or [RowFault(element="", heading=None, code=told["code"], message=told["detail"])]


def _corrections(request: Request, form: Form, found: Returned) -> Corrections:
    headings = [*(field["name"] for field in form.fields), KEY_HEADING, FAULT_HEADING]

    def cells(row: ReturnedRow, refusal: Refusal) -> Sequence[str]:
        faults = "；".join(f"{each.heading or ''}{each.message}" for each in _faults(request, form, refusal))
        said = (row.said.get(field["element"], "") for field in form.fields)
        return [*said, key_of(row.target_id, row.version), faults]

    def lines() -> Iterator[Sequence[str]]:
        for row, refusal in found.refused:
            yield cells(row, refusal)

    headers = {"Content-Disposition": 'attachment; filename="corrections.xlsx"'}
    return Corrections(b"".join(form_documents.table(form, headings, lines())), headers=headers)
