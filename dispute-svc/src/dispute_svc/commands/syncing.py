"""What phones did without a signal: each act once, in a transaction of its own, whatever the order they arrive in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries, rules
from dispute_svc.commands.ending import resolve_late, verify_late
from dispute_svc.commands.placing import settle
from dispute_svc.commands.reporting import take_report
from dispute_svc.commands.supplementing import supplement
from dispute_svc.models import SyncOperation, column
from dispute_svc.schemas import AdditionIn, OperationIn, ReportIn, SelfResolutionIn, VerificationIn
from grid_kernel.auth import Actor
from grid_kernel.errors import InvalidInput, Refusal, WrongState, invalid_from
from grid_kernel.runtime import Runtime

REPORT, ADD, VERIFY, RESOLVE = "case.report", "case.add", "case.verify", "case.resolve"
_OLDEST = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one act. `case_id` is the case it speaks of, where there is one."""

    operation: OperationIn
    result: Literal["created", "duplicate", "conflict", "rejected"]
    case_id: UUID | None = None
    version: int = 0
    query_code: str | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class _Act:
    """One act on its way into the database: whose, on which case, when it happened and when it arrived."""

    session: AsyncSession
    district: str
    actor: Actor
    operation: OperationIn
    case_id: UUID
    happened_at: datetime
    now: datetime


async def sync(runtime: Runtime, actor: Actor, operations: Sequence[OperationIn], *, now: datetime) -> list[Outcome]:
    """Do what was not done yet; the answers in the order asked. New reports are placed and routed before it answers.

    A report is done before what refers to it, whatever the order it was sent in.
    """
    reports_first = sorted(operations, key=lambda operation: operation.kind != REPORT)
    done = [await _do(runtime, actor, operation, now) for operation in reports_first]
    if fresh := [each.case_id for each in done if each.result == "created" and each.case_id == each.operation.id]:
        await settle(runtime, [case_id for case_id in fresh if case_id], now)
    asked = {id(operation): place for place, operation in enumerate(operations)}
    return sorted(done, key=lambda each: asked[id(each.operation)])


async def _do(runtime: Runtime, actor: Actor, operation: OperationIn, now: datetime) -> Outcome:
    target = operation.id if operation.kind == REPORT else operation.target_id
    # A report may lie outside one's areas, and so may what is added to it.
    anywhere = operation.kind in (REPORT, ADD)
    try:
        if operation.kind not in _DOING:
            raise rules.UnknownOperation
        if target is None:
            raise InvalidInput.at("/targetId", "missing")
        happened_at = operation.at if _OLDEST <= operation.at <= now else now
        async with runtime.system_session() if anywhere else runtime.app_session(actor) as session:
            return await _once(_Act(session, runtime.settings.district, actor, operation, target, happened_at, now))
    except ValidationError as error:
        return Outcome(operation, "rejected", refusal=invalid_from(error))
    except rules.OperationTaken as refusal:
        return Outcome(operation, "rejected", refusal=refusal)
    except WrongState as refusal:
        return Outcome(operation, "conflict", target, refusal=refusal)
    except Refusal as refusal:
        return Outcome(operation, "rejected", refusal=refusal)


async def _once(act: _Act) -> Outcome:
    """Claim the identifier first: a second tab with the same act waits here, and finds it done."""
    operation = act.operation
    mark = {"id": operation.id, "actor_id": act.actor.id, "kind": operation.kind, "case_id": act.case_id}
    claim = insert(SyncOperation).values(mark | {"version": 0, "at": act.happened_at, "recorded_at": act.now})
    claimed = await act.session.execute(claim.on_conflict_do_nothing().returning(column(SyncOperation.id)))
    if claimed.first() is None:
        return await _before(act)
    done = await _DOING[operation.kind](act)
    kept = await queries.operation(act.session, operation.id)
    kept.version, kept.query_code = done.version, done.query_code
    return done


async def _before(act: _Act) -> Outcome:
    known = await queries.operation(act.session, act.operation.id)
    if (known.actor_id, known.kind) != (act.actor.id, act.operation.kind):
        raise rules.OperationTaken
    return Outcome(act.operation, "duplicate", known.case_id, known.version, known.query_code)


async def _report(act: _Act) -> Outcome:
    given = ReportIn.model_validate(act.operation.body)
    if await queries.known(act.session, [act.case_id]):
        raise rules.OperationTaken
    done = await take_report(
        act.session,
        act.actor,
        given,
        district=act.district,
        now=act.now,
        case_id=act.case_id,
        happened_at=act.happened_at,
    )
    return Outcome(act.operation, "created", act.case_id, done.case.version, done.query_code)


async def _add(act: _Act) -> Outcome:
    given = AdditionIn.model_validate(act.operation.body)
    case = await supplement(act.session, act.actor, act.case_id, given, now=act.now, happened_at=act.happened_at)
    return Outcome(act.operation, "created", act.case_id, case.version)


async def _verify(act: _Act) -> Outcome:
    given = VerificationIn.model_validate(act.operation.body)
    case = await verify_late(act.session, act.actor, act.case_id, given, now=act.now, happened_at=act.happened_at)
    return Outcome(act.operation, "created", act.case_id, case.version)


async def _resolve(act: _Act) -> Outcome:
    given = SelfResolutionIn.model_validate(act.operation.body)
    case = await resolve_late(act.session, act.actor, act.case_id, given, now=act.now, happened_at=act.happened_at)
    return Outcome(act.operation, "created", act.case_id, case.version)


_DOING: Mapping[str, Callable[[_Act], Awaitable[Outcome]]] = {
    REPORT: _report,
    ADD: _add,
    VERIFY: _verify,
    RESOLVE: _resolve,
}
