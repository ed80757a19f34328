"""Two cases about one matter become one; one case about two matters becomes two."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries, rules
from dispute_svc.commands.placing import settle
from dispute_svc.commands.reporting import Reported, category_of, next_numbers
from dispute_svc.commands.saving import open_case, save
from dispute_svc.dossier import Dossier, Why
from dispute_svc.models import Case
from dispute_svc.schemas import MergeIn, SplitIn
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import after_commit, expect_version
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.identifiers import case_code, query_code
from grid_kernel.runtime import Runtime
from grid_kernel.types import uuid7


async def merge(
    session: AsyncSession, actor: Actor, case_id: UUID, given: MergeIn, *, version: int, now: datetime
) -> Case:
    """End a case as the same matter as another one, whose timeline names it; its units are let go."""
    seen = queries.visible(actor)
    # Always in the same order: two merges that cross wait for each other instead of blocking each other.
    opened = {each: await _open(session, seen, each, case_id) for each in sorted({case_id, given.into})}
    dossier, into = opened[case_id], opened[given.into]
    for each in (dossier, into):
        rules.check_may_dispatch(actor, each.case.area_code)
    expect_version(dossier.case, version)
    dossier.merge(actor, into, now, given.note)
    await save(session, into, now)
    await save(session, dossier, now)
    return dossier.case


async def _open(session: AsyncSession, seen: object, each: UUID, asked: UUID) -> Dossier:
    try:
        return await open_case(session, seen, each)  # type: ignore[arg-type]  # the rule of visible cases
    except NotFound:
        if each == asked:
            raise
        raise InvalidInput.at("/into", "unknown-case") from None


async def split(
    session: AsyncSession, runtime: Runtime, actor: Actor, case_id: UUID, given: SplitIn, *, now: datetime
) -> Reported:
    """Begin a case of its own for another matter of a case, at the same place; it is routed like a report."""
    source = await open_case(session, queries.visible(actor), case_id)
    rules.check_may_dispatch(actor, source.case.area_code)
    category = category_of(given.category)
    number = await next_numbers(session, today(now), 1)
    numbered, code = case_code(runtime.settings.district, today(now), number), query_code()
    part = source.split(actor, now, uuid7(), numbered, code)
    case = part.case
    case.kind, case.category, case.title, case.description = (
        category.kind,
        category.code,
        given.title,
        given.description,
    )
    case.restricted = source.case.restricted or category.restricted
    part.report(actor, now, Why(reason=source.case.case_code))
    await save(session, source, now)
    await save(session, part, now)
    after_commit(session, lambda: settle(runtime, [case.id]))
    return Reported(case, code)
