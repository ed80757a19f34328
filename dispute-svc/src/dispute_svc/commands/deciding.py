"""Dispatching by hand, and what units do with what they are given."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries, rules
from dispute_svc.commands.saving import open_case, save
from dispute_svc.dossier import Dossier, Why
from dispute_svc.models import Dispatch, Objection
from dispute_svc.rules import Limit
from dispute_svc.schemas import DecisionIn, DispatchIn, HandlingIn, LimitIn, NoteIn, ObjectionIn, TransferIn
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput


def _limit(given: LimitIn | None) -> Limit:
    return Limit(given.amount, given.unit) if given else rules.DEFAULT_LIMIT


async def _check_unit(session: AsyncSession, pointer: str, unit_code: str) -> None:
    units = await queries.units_known(session)
    if units is not None and not units.get(unit_code, False):
        raise InvalidInput.at(pointer, "unknown-unit")


async def _part(
    session: AsyncSession, actor: Actor, model: type[Dispatch] | type[Objection], part_id: UUID
) -> tuple[Dossier, Dispatch | Objection]:
    """A dispatch or objection with its case under lock, as the actor sees it."""
    case_id = await queries.case_of_part(session, model, part_id)
    dossier = await open_case(session, queries.visible(actor), case_id)
    rows: list[Dispatch | Objection] = [*dossier.dispatches, *dossier.objections]
    return dossier, next(row for row in rows if row.id == part_id)


async def _own_part(session: AsyncSession, actor: Actor, dispatch_id: UUID, version: int) -> tuple[Dossier, Dispatch]:
    dossier, dispatch = await _part(session, actor, Dispatch, dispatch_id)
    assert isinstance(dispatch, Dispatch)  # noqa: S101 - a dispatch was asked for
    rules.check_may_act_for(actor, dispatch.unit_code)
    expect_version(dispatch, version)
    return dossier, dispatch


async def dispatch_by_hand(
    session: AsyncSession,
    actor: Actor,
    case_id: UUID,
    given: DispatchIn,
    *,
    calendar: WorkingCalendar,
    now: datetime,
) -> Dispatch:
    """Give a case to a unit that no rule could name, or a second unit its part."""
    dossier = await open_case(session, queries.visible(actor), case_id)
    rules.check_may_dispatch(actor, dossier.case.area_code)
    await _check_unit(session, "/unitCode", given.unit_code)
    dispatch = dossier.dispatch(
        actor, given.unit_code, given.role, _limit(given.limit), calendar, now, Why(note=given.note)
    )
    await save(session, dossier, now)
    return dispatch


async def accept(
    session: AsyncSession, actor: Actor, dispatch_id: UUID, given: NoteIn, *, version: int, now: datetime
) -> Dispatch:
    """The unit takes its part."""
    dossier, dispatch = await _own_part(session, actor, dispatch_id, version)
    dossier.accept(actor, dispatch, now, Why(note=given.note))
    await save(session, dossier, now)
    return dispatch


async def object_to(
    session: AsyncSession,
    actor: Actor,
    dispatch_id: UUID,
    given: ObjectionIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Objection:
    """The unit says the dispatch is wrong."""
    dossier, dispatch = await _own_part(session, actor, dispatch_id, version)
    objection = dossier.object(actor, dispatch, given.reason, calendar, now, given.note)
    await save(session, dossier, now)
    return objection


async def handle(
    session: AsyncSession, actor: Actor, dispatch_id: UUID, given: HandlingIn, *, version: int, now: datetime
) -> Dispatch:
    """The unit says what it did."""
    dossier, dispatch = await _own_part(session, actor, dispatch_id, version)
    dossier.handle(actor, dispatch, now, Why(note=given.note, attachments=given.attachments))
    await save(session, dossier, now)
    return dispatch


async def transfer(
    session: AsyncSession,
    actor: Actor,
    dispatch_id: UUID,
    given: TransferIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Dispatch:
    """Give the part of a unit to another one."""
    dossier, dispatch = await _part(session, actor, Dispatch, dispatch_id)
    assert isinstance(dispatch, Dispatch)  # noqa: S101 - a dispatch was asked for
    rules.check_may_dispatch(actor, dossier.case.area_code)
    expect_version(dispatch, version)
    await _check_unit(session, "/unitCode", given.unit_code)
    instead = dossier.transfer(actor, dispatch, given.unit_code, _limit(given.limit), calendar, now, given.note)
    await save(session, dossier, now)
    return instead


async def remind(session: AsyncSession, actor: Actor, dispatch_id: UUID, given: NoteIn, *, now: datetime) -> Dispatch:
    """Ask a unit how far it is; its time line says who asked and when."""
    dossier, dispatch = await _part(session, actor, Dispatch, dispatch_id)
    assert isinstance(dispatch, Dispatch)  # noqa: S101 - a dispatch was asked for
    rules.check_may_remind(actor, dossier.case.area_code, dispatch.unit_code)
    dossier.remind(actor, dispatch, now, given.note)
    await save(session, dossier, now)
    return dispatch


async def decide_objection(
    session: AsyncSession,
    actor: Actor,
    objection_id: UUID,
    given: DecisionIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Objection:
    """The arbiter lets the dispatch stand, with its limit or another one, or sends the part to another unit."""
    dossier, objection = await _part(session, actor, Objection, objection_id)
    assert isinstance(objection, Objection)  # noqa: S101 - an objection was asked for
    rules.check_may_decide(actor, dossier.case.area_code, objection.unit_code)
    expect_version(objection, version)
    if given.reroute_to is None:
        limit = _limit(given.limit) if given.limit else None
        dossier.uphold(actor, objection, now, given.note, limit=limit, calendar=calendar)
    else:
        await _check_unit(session, "/rerouteTo", given.reroute_to)
        dossier.reroute(actor, objection, given.reroute_to, _limit(given.limit), calendar, now, given.note)
    await save(session, dossier, now)
    return objection
