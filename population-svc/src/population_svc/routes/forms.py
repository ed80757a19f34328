"""One form for everything: data elements, forms made of them, what they look like, and what of them is known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from fastapi.responses import StreamingResponse

from grid_kernel.audit import record_access
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import AreaCode
from population_svc import commands, form_documents, queries, register_text, rules
from population_svc.models import Form
from population_svc.register_reads import read_rows
from population_svc.returned_tables import key_of
from population_svc.routes.asked import AreaOrAll
from population_svc.rules import Element, ForbiddenElement, FormDecided, FormNotInUse
from population_svc.schemas import (
    DataElementOut,
    FormDecisionIn,
    FormIn,
    FormMatchIn,
    FormMatchOut,
    FormOut,
    FormRow,
)

forms = GridRouter(tags=["forms"])
MOST_FILLED = 5_000
Filled = Annotated[AreaCode | None, Query(description="Fill in what is known of this area; left out: empty.")]


class Workbook(StreamingResponse):
    """A workbook that is sent while it is written."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@forms.get("/data-elements", responses=refusals(Forbidden))
async def list_data_elements(actor: CurrentActor, session: WriteSession) -> list[DataElementOut]:
    """Everything that is known or asked, once each: owner, source, purpose, basis, and for how long it is fresh."""
    rules.check_reads_register(actor)
    own = [_shown(element, held=True, options=()) for element in rules.register_elements().values()]
    defined = await queries.defined_elements(session)
    return own + [_shown(each.plain(), held=False, options=each.options) for each in defined]


def _shown(element: Element, *, held: bool, options: Sequence[str]) -> DataElementOut:
    plain = {name: getattr(element, name) for name in ("code", "name_en", "subject", "kind", "owner", "source")}
    plain |= {name: getattr(element, name) for name in ("purpose", "basis", "fresh_days")}
    return DataElementOut(
        **plain,
        name=element.name_zh,
        options=[*options],
        code_table=element.code_table or None,
        synonyms=[*element.synonyms],
        held=held,
    )


@forms.post("/form-matches", responses=refusals(InvalidInput, Forbidden, ForbiddenElement))
async def match_form(asked: FormMatchIn, actor: CurrentActor, session: WriteSession) -> FormMatchOut:
    """How many fields of a form somebody thinks of are known already, and which; nothing is kept."""
    return await commands.match_fields(session, actor, asked)


@forms.post("/forms", status_code=201, responses=refusals(InvalidInput, Forbidden, NotFound, ForbiddenElement))
async def ask_for_form(entry: FormIn, actor: CurrentActor, session: WriteSession, now: Now) -> FormOut:
    """Ask for a form with its reason, basis and last day; the answer says how much of it is known already."""
    return _out(await commands.ask_for_form(session, actor, entry, now=now))


@forms.get("/forms", responses=refusals(NotFound))
async def list_forms(actor: CurrentActor, reads: Reads, paging: Paging, area: AreaOrAll = None) -> Page[FormRow]:
    """The forms of an area and of those it lies in, the latest first."""
    if area is not None:
        rules.check_asked_area(actor, area)
    rows = await reads.fetch(queries.forms(actor, area, after=paging.after(UUID), limit=paging.limit))
    return page_of(rows, paging, key=lambda row: (row["id"],), item=FormRow.model_validate)


@forms.get("/forms/{form_id}", responses=refusals(NotFound))
async def get_form(form_id: UUID, actor: CurrentActor, session: WriteSession) -> FormOut:
    """A form, and how much of it was known when it was asked for."""
    return _out(await queries.form(session, actor, form_id))


@forms.post("/forms/{form_id}/decision", responses=refusals(InvalidInput, Forbidden, NotFound, FormDecided) | CHANGED)
async def decide_form(
    form_id: UUID, decision: FormDecisionIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> FormOut:
    """Take a form into use, or not: by a street or district leader who did not ask for it."""
    form = await commands.decide_form(session, actor, form_id, approved=decision.approved, version=version, now=now)
    return _out(form)


@forms.get("/forms/{form_id}/schema", responses=refusals(NotFound, FormNotInUse))
async def get_form_schema(form_id: UUID, actor: CurrentActor, session: WriteSession, now: Now) -> dict[str, Any]:
    """The form as JSON Schema with `x-ui`, for every screen that shows it; known fields are read-only."""
    form = await queries.form(session, actor, form_id)
    form.require_in_use(today(now))
    return form_documents.json_schema(form, await queries.elements(session))


@forms.get(
    "/forms/{form_id}/workbook",
    responses=refusals(Forbidden, NotFound, FormNotInUse, InvalidInput),
    response_class=Workbook,
)
async def get_form_workbook(
    form_id: UUID,
    actor: CurrentActor,
    session: WriteSession,
    reads: Reads,
    now: Now,
    area: Filled = None,
) -> Workbook:
    """The form as a workbook with lists to choose from; what is known of an area is filled in, and that is recorded."""
    form = await queries.form(session, actor, form_id)
    form.require_in_use(today(now))
    known = await queries.elements(session)
    rows = await _filled(reads, actor, form, known, area) if area else []
    await record_access(session, actor, kind="form", ids=[form.id], fields=("workbook",))
    mark = f"{actor.id[-6:]}　{now:%Y-%m-%d}" if area else ""
    headers = {"Content-Disposition": 'attachment; filename="form.xlsx"'}
    return Workbook(form_documents.workbook(form, known, rows, mark, numbered=area is not None), headers=headers)


async def _filled(
    reads: Reads, actor: Actor, form: Form, known: Mapping[str, Element], area: str
) -> list[Sequence[str]]:
    """The rows of an area with what the register knows of the form's fields."""
    rules.check_asked_area(actor, area)
    rules.check_keeps_register(actor)
    if form.subject == rules.PLACE:
        return []
    told = [field["element"] for field in form.fields if field["known"]]
    rows = await read_rows(reads, actor, form.subject, told, purpose="form", area=area, limit=MOST_FILLED + 1)
    if len(rows) > MOST_FILLED:
        raise InvalidInput.at("#/query/area", "area-too-large", most=MOST_FILLED)
    return [[*_cells(actor, form, known, row), key_of(row["id"], row["version"])] for row in rows]


def _cells(actor: Actor, form: Form, known: Mapping[str, Element], row: Mapping[str, Any]) -> Iterator[str]:
    for field in form.fields:
        yield register_text.cell(actor, known[field["element"]], row) if field["known"] else ""


def _out(form: Form) -> FormOut:
    said = commands.counted(form.fields)
    figures = {"total": said.total, "existing": said.existing, "held": said.held}
    return FormOut.model_validate(form.model_dump() | figures)
