"""Dispatches: what one unit has in a case."""

from uuid import UUID

from dispute_svc import case_file, commands, rules
from dispute_svc.schemas import (
    DispatchOut,
    ExtensionIn,
    ExtensionOut,
    HandlingIn,
    NoteIn,
    ObjectionIn,
    ObjectionOut,
    TransferIn,
)
from dispute_svc.wording import ReaderWords
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import NotFound, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads

router = GridRouter(prefix="/dispatches", tags=["dispatches"])
_ACT = CHANGED | refusals(NotFound, rules.NotOfTheUnit, rules.MoveNotAllowed)


@router.get("/{dispatch_id}", responses=refusals(NotFound))
async def get_dispatch(
    dispatch_id: UUID, actor: CurrentActor, reads: Reads, words: ReaderWords, now: Now
) -> DispatchOut:
    """One dispatch, with its clock."""
    return await case_file.read_dispatch(reads, dispatch_id, actor, words, now)


@router.post("/{dispatch_id}/accept", responses=_ACT)
async def accept_dispatch(
    dispatch_id: UUID,
    given: NoteIn,
    actor: CurrentActor,
    version: IfMatch,
    session: WriteSession,
    words: ReaderWords,
    now: Now,
) -> DispatchOut:
    """Take the part as the unit it was given to."""
    dispatch = await commands.accept(session, actor, dispatch_id, given, version=version, now=now)
    return case_file.dispatch_out(dispatch, words, now)


@router.post("/{dispatch_id}/object", responses=_ACT)
async def object_to_dispatch(
    dispatch_id: UUID,
    given: ObjectionIn,
    actor: CurrentActor,
    version: IfMatch,
    session: WriteSession,
    runtime: CurrentRuntime,
    now: Now,
) -> ObjectionOut:
    """Say that the dispatch is wrong; an arbiter decides within a limit. Objections are counted."""
    objection = await commands.object_to(
        session, actor, dispatch_id, given, version=version, calendar=await runtime.calendar(), now=now
    )
    return ObjectionOut.model_validate(objection)


@router.post("/{dispatch_id}/handle", responses=_ACT | refusals(rules.CoUnitsPending))
async def handle_dispatch(
    dispatch_id: UUID,
    given: HandlingIn,
    actor: CurrentActor,
    version: IfMatch,
    session: WriteSession,
    words: ReaderWords,
    now: Now,
) -> DispatchOut:
    """Say what the unit did. The leading unit speaks when the others have reported to it."""
    dispatch = await commands.handle(session, actor, dispatch_id, given, version=version, now=now)
    return case_file.dispatch_out(dispatch, words, now)


@router.post(
    "/{dispatch_id}/transfer",
    responses=CHANGED | refusals(NotFound, rules.MayNotDispatch, rules.MoveNotAllowed, rules.AlreadyWithUnit),
)
async def transfer_dispatch(
    dispatch_id: UUID,
    given: TransferIn,
    actor: CurrentActor,
    version: IfMatch,
    session: WriteSession,
    runtime: CurrentRuntime,
    words: ReaderWords,
    now: Now,
) -> DispatchOut:
    """Give the part of a unit to another one, as the centre; the new part has a clock of its own."""
    instead = await commands.transfer(
        session, actor, dispatch_id, given, version=version, calendar=await runtime.calendar(), now=now
    )
    return case_file.dispatch_out(instead, words, now)


@router.post(
    "/{dispatch_id}/reminders",
    status_code=201,
    responses=refusals(NotFound, rules.MayNotRemind, rules.MoveNotAllowed),
)
async def remind_unit(
    dispatch_id: UUID, given: NoteIn, actor: CurrentActor, session: WriteSession, words: ReaderWords, now: Now
) -> DispatchOut:
    """Ask a unit how far it is; it answers by adding to the case or by saying what it did."""
    dispatch = await commands.remind(session, actor, dispatch_id, given, now=now)
    return case_file.dispatch_out(dispatch, words, now)


@router.post("/{dispatch_id}/extensions", status_code=201, responses=_ACT | refusals(rules.AlreadyAsked))
async def ask_for_extension(
    dispatch_id: UUID, given: ExtensionIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> ExtensionOut:
    """Ask for a later end of the part, or for putting it off until a day to look again; the centre decides."""
    asked = await commands.ask_for_extension(session, actor, dispatch_id, given, version=version, now=now)
    return ExtensionOut.model_validate(asked)
