"""Cases: reported by anybody, listed in queues, dispatched by hand, verified, closed, rated."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Query

from dispute_svc import case_file, catalogue, commands, field_work, queries, rules
from dispute_svc.rules import CaseState
from dispute_svc.schemas import (
    AdditionIn,
    CaseOut,
    CaseReceipt,
    CaseStatus,
    CaseSummary,
    CategoryCode,
    Disclosure,
    DisclosureIn,
    DispatchIn,
    DispatchOut,
    MergeIn,
    NearbyIn,
    NearbyOut,
    NoteIn,
    RatingIn,
    ReasonIn,
    ReportIn,
    SelfResolutionIn,
    SplitIn,
    VerificationIn,
)
from dispute_svc.wording import ReaderWords
from grid_kernel.attachments import AttachmentResponse, attachment_response
from grid_kernel.auth import CurrentActor
from grid_kernel.db import SystemSession, WriteSession
from grid_kernel.errors import Forbidden, NotFound, WrongState, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import AreaCode, Sha256, WeekName

router = GridRouter(prefix="/cases", tags=["cases"])


@router.post("", status_code=201, responses=refusals(rules.MayNotResolve))
async def report_case(
    given: ReportIn, actor: CurrentActor, session: WriteSession, runtime: CurrentRuntime, now: Now
) -> CaseReceipt:
    """Report a hazard, a dispute or an opinion, anywhere. Dial the emergency number first when it is urgent."""
    done = await commands.report(session, runtime, actor, given, now=now)
    number = catalogue.categories()[given.category].emergency_number if given.emergency else None
    return CaseReceipt.model_validate(
        done.case.model_dump() | {"query_code": done.query_code, "emergency_number": number}
    )


_WEEK = "a week such as 2026W48, from Monday on"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a list of cases is narrowed to."""

    queue: Annotated[str | None, Query(description=" | ".join(queries.QUEUES), max_length=32)] = None
    area: Annotated[AreaCode | None, Query()] = None
    category: Annotated[CategoryCode | None, Query()] = None
    state: Annotated[CaseState | None, Query()] = None
    restricted: Annotated[bool | None, Query()] = None
    reported_week: Annotated[WeekName | None, Query(alias="reportedWeek", description=_WEEK)] = None
    closed_week: Annotated[WeekName | None, Query(alias="closedWeek", description=_WEEK)] = None


@router.get("")
async def list_cases(
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    now: Now,
    narrowing: Annotated[Narrowing, Depends()],
    order: Annotated[Literal["newest", "due"], Query(description="newest first, or what is due first")] = "newest",
) -> Page[CaseSummary]:
    """The cases one may see; a queue holds what waits for somebody, `todo` what waits for whoever asks."""
    where = queries.cases_of(actor, now, **asdict(narrowing))
    rows = await reads.fetch(queries.listed(where, paging.after(datetime, UUID), paging.limit, order=order))
    return page_of(
        rows, paging, key=lambda row: queries.place_of(row, order), item=lambda row: case_file.summary(row, now)
    )


@router.get("/{case_id}", responses=refusals(NotFound))
async def get_case(case_id: UUID, actor: CurrentActor, reads: Reads, words: ReaderWords, now: Now) -> CaseOut:
    """One case with its timeline, what the units were given, and what they said against it."""
    return await case_file.read_case(reads, case_id, actor, words, now)


@router.get("/{case_id}/attachments/{sha256}", responses=refusals(NotFound), response_class=AttachmentResponse)
async def get_case_attachment(
    case_id: UUID, sha256: Annotated[Sha256, Path()], actor: CurrentActor, reads: Reads, runtime: CurrentRuntime
) -> AttachmentResponse:
    """A file the timeline of a case names."""
    await case_file.check_named(reads, case_id, sha256, actor)
    return await attachment_response(runtime.blobs, sha256)


@router.post("/nearby")
async def find_nearby_cases(given: NearbyIn, actor: CurrentActor, reads: Reads) -> list[NearbyOut]:
    """Open cases one sees around a point or of a building, up to five: is it the same matter?"""
    return await field_work.nearby(reads, actor, given)


@router.post("/{case_id}/additions", status_code=201, responses=refusals(NotFound, rules.CaseEnded))
async def add_to_case(
    case_id: UUID, given: AdditionIn, actor: CurrentActor, session: SystemSession, now: Now
) -> CaseStatus:
    """Add what one saw to an open case one sees, or reported."""
    return CaseStatus.model_validate(await commands.supplement(session, actor, case_id, given, now=now))


@router.post("/{case_id}/contact-disclosures", responses=refusals(NotFound, rules.MayNotKnowReporter))
async def disclose_contact(case_id: UUID, given: DisclosureIn, actor: CurrentActor, reads: Reads) -> Disclosure:
    """Show the reporter's contact in clear for a stated purpose; it is recorded who saw it and why."""
    return await case_file.disclose_contact(reads, case_id, actor, given.purpose)


@router.post(
    "/{case_id}/dispatches",
    status_code=201,
    responses=refusals(NotFound, rules.MayNotDispatch, rules.MoveNotAllowed, rules.AlreadyWithUnit),
)
async def dispatch_case(
    case_id: UUID,
    given: DispatchIn,
    actor: CurrentActor,
    session: WriteSession,
    runtime: CurrentRuntime,
    words: ReaderWords,
    now: Now,
) -> DispatchOut:
    """Give a case to a unit by hand: the list nobody's rule could send, or a second unit beside the first."""
    dispatch = await commands.dispatch_by_hand(
        session, actor, case_id, given, calendar=await runtime.calendar(), now=now
    )
    return case_file.dispatch_out(dispatch, words, now)


@router.post("/{case_id}/verification", responses=CHANGED | refusals(NotFound, Forbidden, WrongState))
async def verify_case(
    case_id: UUID, given: VerificationIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CaseStatus:
    """Say what was seen on the spot: solved, or back to the unit. Who handled a case does not verify it."""
    case = await commands.verify(session, actor, case_id, given, version=version, now=now)
    return CaseStatus.model_validate(case)


@router.post("/{case_id}/closure", responses=CHANGED | refusals(NotFound, Forbidden, WrongState))
async def close_case(
    case_id: UUID, given: NoteIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CaseStatus:
    """End a verified case."""
    return CaseStatus.model_validate(await commands.close(session, actor, case_id, given, version=version, now=now))


@router.post("/{case_id}/self-resolution", responses=CHANGED | refusals(NotFound, Forbidden, WrongState))
async def resolve_case(
    case_id: UUID, given: SelfResolutionIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CaseStatus:
    """End a case a worker solved on the spot before any unit began; it still counts."""
    return CaseStatus.model_validate(await commands.resolve(session, actor, case_id, given, version=version, now=now))


@router.post("/{case_id}/rating", responses=CHANGED | refusals(NotFound, WrongState))
async def rate_case(
    case_id: UUID, given: RatingIn, actor: CurrentActor, version: IfMatch, session: SystemSession, now: Now
) -> CaseStatus:
    """Rate the handling, once, as the one who reported it."""
    return CaseStatus.model_validate(await commands.rate(session, actor, case_id, given, version=version, now=now))


@router.post("/{case_id}/withdrawal", responses=CHANGED | refusals(NotFound, WrongState))
async def withdraw_case(
    case_id: UUID, given: NoteIn, actor: CurrentActor, version: IfMatch, session: SystemSession, now: Now
) -> CaseStatus:
    """Take back what one reported, before any unit has said what it did; the units are let go."""
    case = await commands.withdraw(session, actor, case_id, given, version=version, now=now)
    return CaseStatus.model_validate(case)


@router.post("/{case_id}/voidance", responses=CHANGED | refusals(NotFound, rules.MayNotDispatch, WrongState))
async def void_case(
    case_id: UUID, given: ReasonIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CaseStatus:
    """Strike out what is no case, with the reason; it stays readable."""
    return CaseStatus.model_validate(await commands.void(session, actor, case_id, given, version=version, now=now))


@router.post("/{case_id}/reopening", responses=CHANGED | refusals(NotFound, rules.MayNotReopen, WrongState))
async def reopen_case(
    case_id: UUID,
    given: ReasonIn,
    actor: CurrentActor,
    version: IfMatch,
    session: SystemSession,
    runtime: CurrentRuntime,
    now: Now,
) -> CaseStatus:
    """Go on with a case that had ended: back to the unit that led, its limit counted anew, or to the centre's list."""
    calendar = await runtime.calendar()
    case = await commands.reopen(session, actor, case_id, given, version=version, calendar=calendar, now=now)
    return CaseStatus.model_validate(case)


@router.post("/{case_id}/merge", responses=CHANGED | refusals(NotFound, rules.MayNotDispatch, rules.CannotMerge))
async def merge_case(
    case_id: UUID, given: MergeIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> CaseStatus:
    """End a case as the same matter as another open one; its units are let go, and both timelines say so."""
    return CaseStatus.model_validate(await commands.merge(session, actor, case_id, given, version=version, now=now))


@router.post("/{case_id}/splits", status_code=201, responses=refusals(NotFound, rules.MayNotDispatch, rules.CaseEnded))
async def split_case(
    case_id: UUID, given: SplitIn, actor: CurrentActor, session: WriteSession, runtime: CurrentRuntime, now: Now
) -> CaseReceipt:
    """Begin a case of its own for another matter of a case, at the same place; it is routed like a report."""
    done = await commands.split(session, runtime, actor, case_id, given, now=now)
    return CaseReceipt.model_validate(
        done.case.model_dump() | {"query_code": done.query_code, "emergency_number": None}
    )
