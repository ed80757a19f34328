"""Forms: asked for with reason and last day, decided on by somebody else, made of elements that are defined once."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import expect_version
from grid_kernel.errors import FieldError, InvalidInput
from grid_kernel.types import uuid7
from population_svc import queries, rules
from population_svc.models import DataElement, Form
from population_svc.rules import Element, ElementKind
from population_svc.schemas import FieldIn, FieldMatch, FormIn, FormMatchIn, FormMatchOut


async def match_fields(session: AsyncSession, actor: Actor, asked: FormMatchIn) -> FormMatchOut:
    """Which fields of a form somebody thinks of are known already; nothing is kept."""
    rules.check_reads_register(actor)
    rules.check_no_forbidden([field.name for field in asked.fields])
    fields = _fields(asked.subject, asked.fields, await queries.elements(session))
    return counted(fields)


def counted(fields: Sequence[Mapping[str, Any]]) -> FormMatchOut:
    """How many fields are known, and which."""
    return FormMatchOut(
        total=len(fields),
        existing=sum(field["matched_by"] is not None for field in fields),
        held=sum(field["known"] for field in fields),
        fields=[
            FieldMatch(
                name=field["name"],
                element=field["element"] if field["matched_by"] else None,
                matched_by=field["matched_by"],
                held=field["known"],
            )
            for field in fields
        ],
    )


async def ask_for_form(session: AsyncSession, actor: Actor, entry: FormIn, *, now: datetime) -> Form:
    """Ask for a form; what is known of it is said at once, and it waits for somebody else's decision."""
    rules.check_asks_for_form(actor, entry.area_code)
    rules.check_no_forbidden([field.name for field in entry.fields])
    if entry.ends_on < today(now):
        raise InvalidInput.at("/endsOn", "in-the-past")
    fields = _fields(entry.subject, entry.fields, await queries.elements(session))
    named = [field["element"] for field in fields]
    if twice := [place for place, code in enumerate(named) if code in named[:place]]:
        raise InvalidInput(errors=[FieldError(f"/fields/{place}", "named-twice") for place in twice])
    given = entry.model_dump(by_alias=False, exclude={"fields"})
    form = Form(id=uuid7(), fields=fields, asked_by=actor.id, asked_at=now, **given)
    session.add(form)
    await session.flush()
    await record_act(session, actor, "form.requested", form, kind="form", now=now)
    return form


def _fields(subject: str, asked: Sequence[FieldIn], known: Mapping[str, Element]) -> list[dict[str, Any]]:
    fields = []
    possible = [element for element in known.values() if rules.may_mean(subject, element)]
    for field in asked:
        match = rules.matched(field.code, field.name, possible)
        element = known[match.element] if match else None
        fields.append(
            {
                "name": field.name,
                "element": element.code if element else field.code or f"asked_{secrets.token_hex(4)}",
                "matched_by": match.by.value if match else None,
                "kind": element.kind.value if element else field.kind,
                "options": field.options,
                "required": field.required,
                "fresh_days": field.fresh_days,
                "known": element is not None and rules.tells(subject, element),
            }
        )
    return fields


async def decide_form(
    session: AsyncSession, actor: Actor, form_id: UUID, *, approved: bool, version: int, now: datetime
) -> Form:
    """Take a form into use, or not; its new fields become elements with owner, source, purpose and basis."""
    form = await queries.form(session, actor, form_id, lock=True)
    rules.check_decides_form(actor, form.area_code, form.asked_by)
    expect_version(form, version)
    form.decide(approved, actor.id, now)
    if approved:
        known = await queries.elements(session)
        names = {element.name_zh for element in known.values()}
        new = [field for field in form.fields if field["element"] not in known and field["name"] not in names]
        await queries.define_elements(session, [_element(form, field, actor, now) for field in new])
    await session.flush()
    await record_act(session, actor, "form.approved" if approved else "form.refused", form, kind="form", now=now)
    return form


def _element(form: Form, field: Mapping[str, Any], actor: Actor, now: datetime) -> DataElement:
    return DataElement(
        code=field["element"],
        name=field["name"],
        subject=form.subject,
        kind=ElementKind(field["kind"]),
        options=field["options"],
        owner=form.owner,
        source=form.name,
        purpose=form.reason[:200],
        basis=form.basis,
        fresh_days=field["fresh_days"],
        defined_by=actor.id,
        defined_at=now,
    )
