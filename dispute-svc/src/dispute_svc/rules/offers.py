"""What an account may do with a case now: the same checks the commands make, asked before a button is shown."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dispute_svc.rules.permissions import (
    check_did_not_handle,
    check_may_act_for,
    check_may_close,
    check_may_decide,
    check_may_dispatch,
    check_may_extend,
    check_may_remind,
    check_may_reopen,
    check_may_resolve,
    check_may_verify,
    may_see_reporter,
)
from dispute_svc.rules.states import (
    CO_UNITS_MAY_JOIN,
    MAY_BE_DROPPED,
    MAY_BE_REMINDED,
    MAY_BE_TRANSFERRED,
    MAY_REOPEN,
    MAY_RESOLVE,
    OPEN_STATES,
    PENDING_DISPATCH,
    CaseState,
    DispatchRole,
    DispatchState,
    Outcome,
)
from grid_kernel.auth import Actor
from grid_kernel.errors import Forbidden


class Action(StrEnum):
    """What can be done with a case, in the order a reader is offered it; each is a route of its own."""

    ACCEPT = "accept"
    HANDLE = "handle"
    DECIDE_OBJECTION = "decide_objection"
    DECIDE_EXTENSION = "decide_extension"
    VERIFY = "verify"
    CLOSE = "close"
    DISPATCH = "dispatch"
    RESOLVE = "resolve"
    OBJECT = "object"
    EXTEND = "extend"
    REMIND = "remind"
    TRANSFER = "transfer"
    MERGE = "merge"
    SPLIT = "split"
    VOID = "void"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    RATE = "rate"
    DISCLOSE = "disclose"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Part:
    """What one unit has in a case."""

    id: UUID
    version: int
    unit_code: str
    role: DispatchRole
    state: DispatchState
    handled_by: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """An objection or a request for time that waits for its answer."""

    id: UUID
    version: int
    unit_code: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as far as it decides what may be done."""

    id: UUID
    version: int
    state: CaseState
    outcome: Outcome | None
    area_code: str
    restricted: bool
    anonymous: bool
    parts: Sequence[Part]
    objections: Sequence[Asked]
    extensions: Sequence[Asked]
    asking_parts: frozenset[UUID]
    """Parts whose unit waits for an answer about time."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action, the row it is done to, and the version to name in If-Match."""

    action: Action
    target: UUID
    version: int


def offers(actor: Actor, case: Standing, *, own: bool, seen: bool, told_reporter: bool) -> list[Offer]:
    """Everything the actor may do; `own` is whoever reported, `seen` whoever the case is visible to."""
    found = [*_of_the_reporter(case)] if own else []
    if seen:
        found += [*_of_the_units(actor, case), *_of_the_centre(actor, case), *_of_the_community(actor, case)]
        found += [*_reopening(actor, case, own=own)]
        if told_reporter and may_see_reporter(
            actor, case.area_code, anonymous=case.anonymous, restricted=case.restricted
        ):
            found.append(_whole(case, Action.DISCLOSE))
    if case.state in OPEN_STATES:
        found.append(_whole(case, Action.ADD))
    order = list(Action)
    return sorted(dict.fromkeys(found), key=lambda offer: order.index(offer.action))


def _whole(case: Standing, action: Action) -> Offer:
    return Offer(action, case.id, case.version)


def _may(check: Callable[[], None]) -> bool:
    try:
        check()
    except Forbidden:
        return False
    return True


def _live(case: Standing) -> list[Part]:
    return [part for part in case.parts if part.state is not DispatchState.WITHDRAWN]


def _can_be_dropped(case: Standing) -> bool:
    return case.state in MAY_BE_DROPPED and all(part.state is not DispatchState.OBJECTED for part in _live(case))


def _of_the_reporter(case: Standing) -> Iterator[Offer]:
    if _can_be_dropped(case):
        yield _whole(case, Action.WITHDRAW)
    if case.state is CaseState.CLOSED:
        yield _whole(case, Action.RATE)
    if case.state in MAY_REOPEN and case.outcome is not Outcome.MERGED:
        yield _whole(case, Action.REOPEN)


def _of_the_units(actor: Actor, case: Standing) -> Iterator[Offer]:
    for part in _live(case):
        if part.state in MAY_BE_REMINDED and _may(lambda p=part: check_may_remind(actor, case.area_code, p.unit_code)):  # type: ignore[misc]
            yield Offer(Action.REMIND, part.id, part.version)
        if not _may(lambda p=part: check_may_act_for(actor, p.unit_code)):  # type: ignore[misc]
            continue
        if part.state is DispatchState.SENT:
            yield Offer(Action.ACCEPT, part.id, part.version)
            yield Offer(Action.OBJECT, part.id, part.version)
        if part.state is DispatchState.ACCEPTED:
            waiting = any(other.state in PENDING_DISPATCH for other in _live(case) if other is not part)
            if part.role is DispatchRole.CO or not waiting:
                yield Offer(Action.HANDLE, part.id, part.version)
            if part.id not in case.asking_parts:
                yield Offer(Action.EXTEND, part.id, part.version)


def _of_the_centre(actor: Actor, case: Standing) -> Iterator[Offer]:
    area = case.area_code
    for asked in case.objections:
        if _may(lambda a=asked: check_may_decide(actor, area, a.unit_code)):  # type: ignore[misc]
            yield Offer(Action.DECIDE_OBJECTION, asked.id, asked.version)
    for asked in case.extensions:
        if _may(lambda a=asked: check_may_extend(actor, area, a.unit_code)):  # type: ignore[misc]
            yield Offer(Action.DECIDE_EXTENSION, asked.id, asked.version)
    if _may(lambda: check_may_dispatch(actor, area)):
        yield from _by_hand(case)


def _by_hand(case: Standing) -> Iterator[Offer]:
    for part in _live(case):
        if part.state in MAY_BE_TRANSFERRED:
            yield Offer(Action.TRANSFER, part.id, part.version)
    if case.state is CaseState.REPORTED or case.state in CO_UNITS_MAY_JOIN:
        yield _whole(case, Action.DISPATCH)
    if _can_be_dropped(case):
        yield _whole(case, Action.MERGE)
        yield _whole(case, Action.VOID)
    if case.state in OPEN_STATES:
        yield _whole(case, Action.SPLIT)


def _of_the_community(actor: Actor, case: Standing) -> Iterator[Offer]:
    live, area = _live(case), case.area_code
    if case.state is CaseState.HANDLED and _may(lambda: _check_verifier(actor, case, live)):
        yield _whole(case, Action.VERIFY)
    if case.state is CaseState.VERIFIED and _may(lambda: check_may_close(actor, area)):
        yield _whole(case, Action.CLOSE)
    unbegun = all(part.state is DispatchState.SENT for part in live)
    if case.state in MAY_RESOLVE and unbegun and _may(lambda: check_may_resolve(actor, area)):
        yield _whole(case, Action.RESOLVE)


def _check_verifier(actor: Actor, case: Standing, live: Sequence[Part]) -> None:
    check_may_verify(actor, case.area_code, restricted=case.restricted)
    check_did_not_handle(actor, (part.unit_code for part in live), (part.handled_by for part in live))


def _reopening(actor: Actor, case: Standing, *, own: bool) -> Iterator[Offer]:
    ended = case.state in MAY_REOPEN and case.outcome is not Outcome.MERGED
    if ended and not own and _may(lambda: check_may_reopen(actor, case.area_code, own=False)):
        yield _whole(case, Action.REOPEN)
