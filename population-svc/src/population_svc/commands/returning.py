"""Taking filled forms back: as the answers of a campaign, or as changes of the record; row by row, each or none."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.errors import FieldError, InvalidInput, NotFound, Refusal, invalid_from
from grid_kernel.reads import ReadRunner
from population_svc import queries, register_text, rules
from population_svc.commands.campaigning import answer_campaign
from population_svc.commands.changing import change_dwelling, change_household, change_person
from population_svc.models import Campaign, Form
from population_svc.register_reads import read_rows
from population_svc.returned_tables import ReturnedRow, read_returned
from population_svc.rules import CampaignState, filled
from population_svc.schemas import CampaignAnswerIn, DwellingChange, HouseholdChange, PersonChange

_AT_ONCE = 500
_CHANGES: Mapping[str, tuple[Any, Any]] = {
    "person": (PersonChange, change_person),
    "household": (HouseholdChange, change_household),
    "dwelling": (DwellingChange, change_dwelling),
}


@dataclass(slots=True)
class Returned:
    """What became of a filled form."""

    rows: int
    answered: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[ReturnedRow, Refusal]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Table:
    """A form that came back, from whom, and whether it belongs to a campaign."""

    actor: Actor
    form: Form
    running: Campaign | None
    digest: str
    now: datetime


async def take_returned(
    session: AsyncSession,
    reads: ReadRunner,
    actor: Actor,
    form: Form,
    running: Campaign | None,
    data: bytes,
    *,
    keep: bool,
    now: datetime,
) -> Returned:
    """Take what a filled form says; without `keep` nothing of it stays and only what would be refused is said."""
    rules.check_keeps_register(actor)
    if running is not None:
        if running.state is CampaignState.PLANNED:
            raise rules.CampaignNotBegun
        running.require_open(today(now))
    rows = await asyncio.to_thread(read_returned, data, form.fields)
    table = _Table(actor, form, running, hashlib.sha256(data).hexdigest(), now)
    found = Returned(len(rows))
    trial = None if keep else await session.begin_nested()
    for start in range(0, len(rows), _AT_ONCE):
        await _take(session, reads, table, rows[start : start + _AT_ONCE], found)
    if trial is not None:
        await trial.rollback()
    else:
        about = running or form
        await record_act(session, actor, "form.returned", about, kind="campaign" if running else "form", now=now)
    return found


async def _take(
    session: AsyncSession, reads: ReadRunner, table: _Table, rows: Sequence[ReturnedRow], found: Returned
) -> None:
    known = await _known(reads, table, [row.target_id for row in rows])
    for row in rows:
        try:
            async with session.begin_nested():
                answered, changed = await _take_row(session, table, row, known.get(row.target_id))
        except Refusal as refusal:
            found.refused.append((row, refusal))
            continue
        found.answered += answered
        found.changed += changed
        found.unchanged += not answered and not changed


async def _known(reads: ReadRunner, table: _Table, ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    told = [each["element"] for each in table.form.fields if each["known"]]
    campaign, why = (table.running.id, "campaign") if table.running else (None, "form")
    rows = await read_rows(
        reads,
        table.actor,
        table.form.subject,
        told,
        purpose=why,
        area=None,
        campaign=campaign,
        ids=ids,
        limit=len(ids),
    )
    return {row["id"]: row for row in rows}


async def _take_row(
    session: AsyncSession, table: _Table, row: ReturnedRow, known: Mapping[str, Any] | None
) -> tuple[bool, bool]:
    """Whether a row answered something, and whether it changed the record."""
    if known is None:
        raise NotFound
    asked = [each for each in table.form.fields if not each["known"] and row.said.get(each["element"])]
    if asked and table.running is None:
        raise InvalidInput(errors=[FieldError(f"/{each['element']}", "only-in-a-campaign") for each in asked])
    changes = _changes(table, row, known)
    if changes:
        await _change(session, table, row, changes)
    return await _answer(session, table, row, asked), bool(changes)


def _changes(table: _Table, row: ReturnedRow, known: Mapping[str, Any]) -> dict[str, Any]:
    """What the row says otherwise of the record than the register, by element; an empty cell says nothing."""
    elements = rules.register_elements()
    told = [elements[each["element"]] for each in table.form.fields if each["known"]]
    said = {each.code: row.said.get(each.code, "") for each in told}
    differing = [each for each in told if said[each.code] not in {"", register_text.cell(table.actor, each, known)}]
    if errors := filled.not_by_form(table.form.subject, [each.code for each in differing]):
        raise InvalidInput(errors=errors)
    return {
        each.code: filled.read_known(each, said[each.code], register_text.codes_by_words(each)) for each in differing
    }


async def _change(session: AsyncSession, table: _Table, row: ReturnedRow, changes: Mapping[str, Any]) -> None:
    members = filled.CHANGED_BY_FORM[table.form.subject]
    schema, change = _CHANGES[table.form.subject]
    body = {to_camel(members[element]): value for element, value in changes.items()}
    try:
        said = schema.model_validate(body | {"evidence": rules.IMPORTED})
        await change(session, table.actor, row.target_id, said, version=row.version, now=table.now)
    except ValidationError as error:
        raise _by_element(invalid_from(error), members) from None
    except InvalidInput as refusal:
        raise _by_element(refusal, members) from None


def _by_element(refusal: InvalidInput, members: Mapping[str, str]) -> InvalidInput:
    """The same, said of the elements of the form and not of the members of the record."""
    names = {f"/{to_camel(member)}": f"/{element}" for element, member in members.items()}
    return InvalidInput(errors=[FieldError(names.get(e.pointer, e.pointer), e.code, e.params) for e in refusal.errors])


async def _answer(session: AsyncSession, table: _Table, row: ReturnedRow, asked: Sequence[Mapping[str, Any]]) -> bool:
    """Answer the campaign, once for the same file."""
    if table.running is None or not asked:
        return False
    answers = {each["element"]: filled.read_answer(each, row.said[each["element"]]) for each in asked}
    identifier = uuid5(table.running.id, f"{table.digest} {row.target_id} {table.actor.id}")
    if await queries.answer(session, identifier) is not None:
        return False
    said = CampaignAnswerIn(id=identifier, target_id=row.target_id, answers=answers)
    try:
        await answer_campaign(session, table.actor, table.running.id, said, now=table.now)
    except InvalidInput as refusal:
        errors = [FieldError(e.pointer.removeprefix("/answers"), e.code, e.params) for e in refusal.errors]
        raise InvalidInput(errors=errors) from None
    return True
