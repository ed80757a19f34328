"""Which move is allowed when, and who may make it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from dispute_svc import rules
from dispute_svc.dossier import Dossier
from dispute_svc.models import Case, Dispatch
from dispute_svc.rules import (
    CaseKind,
    CaseState,
    Channel,
    DispatchRole,
    DispatchState,
    MoveNotAllowed,
    ObjectionReason,
    Outcome,
)
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.clock import Unit, WorkingCalendar, deadline

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CALENDAR = WorkingCalendar.packaged()
COMMUNITY = "150204006019"
GRID = f"{COMMUNITY}003"


def someone(post: Post = Post.RESIDENT_SERVICE_OFFICER, area: str = GRID, unit: str | None = None) -> Actor:
    return Actor(kind="account", id=f"{post}-{unit}", grants=(Grant(post=post, area=area, unit=unit),))


def case_in(state: CaseState) -> Case:
    return Case(
        case_code="150204202611240000017",
        query_code="ABCD2345",
        area_code=GRID,
        kind=CaseKind.HAZARD,
        category="H06",
        title="路灯不亮",
        state=state,
        channel=Channel.FIELD,
        reported_at=NOW,
        reporter_kind="account",
        reporter_id="someone",
        grid_code_then=GRID,
    )


def dispatch_in(
    case: Case, state: DispatchState, role: DispatchRole = DispatchRole.LEAD, unit: str = "police"
) -> Dispatch:
    return Dispatch(
        case_id=case.id,
        area_code=GRID,
        unit_code=unit,
        role=role,
        state=state,
        sent_at=NOW,
        limit_amount=5,
        limit_unit="working_day",
        due_at=NOW,
    )


def dispatch_anew(case: Case, lead: Dispatch) -> object:
    return case.dispatch(dispatch_in(case, DispatchState.SENT, unit="housing"), NOW)


def reopen(case: Case, ended: Outcome, lead: Dispatch | None) -> object:
    case.outcome = ended
    return case.reopen(lead, NOW if lead else None, NOW)


def transfer(case: Case, lead: Dispatch) -> object:
    if lead.state is not DispatchState.ACCEPTED:
        # Its other start leaves the state of the case as it is.
        raise MoveNotAllowed(state=case.state.value, to=CaseState.DISPATCHED.value)
    return case.transfer(lead, dispatch_in(case, DispatchState.SENT, unit="housing"), NOW)


MOVES: dict[str, tuple[set[CaseState], Callable[[Case, Dispatch], object]]] = {
    "dispatch": ({CaseState.REPORTED}, dispatch_anew),
    "accept": ({CaseState.DISPATCHED}, lambda case, lead: case.accept(lead, NOW)),
    "object": ({CaseState.DISPATCHED}, lambda case, lead: case.object(lead, NOW)),
    "transfer": ({CaseState.HANDLING}, transfer),
    "uphold": ({CaseState.OBJECTED}, lambda case, lead: case.uphold(lead, NOW)),
    "handle": ({CaseState.HANDLING}, lambda case, lead: case.handle(lead, [], "handler", NOW)),
    "verify": ({CaseState.HANDLED}, lambda case, lead: case.verify(lead, NOW, solved=True)),
    "return": ({CaseState.HANDLED}, lambda case, lead: case.verify(lead, NOW, solved=False)),
    "close": ({CaseState.VERIFIED}, lambda case, _: case.close(Outcome.SOLVED, NOW)),
    "resolve": ({CaseState.REPORTED, CaseState.DISPATCHED}, lambda case, _: case.close(Outcome.SELF_RESOLVED, NOW)),
    "merge": (set(rules.MAY_BE_DROPPED), lambda case, _: case.merge(case_in(CaseState.REPORTED), NOW)),
    "withdraw": (set(rules.MAY_BE_DROPPED), lambda case, _: case.drop(Outcome.WITHDRAWN, NOW)),
    "void": (set(rules.MAY_BE_DROPPED), lambda case, _: case.drop(Outcome.VOID, NOW)),
    "reopen what was solved": (set(rules.MAY_REOPEN), lambda case, lead: reopen(case, Outcome.SOLVED, lead)),
    "reopen what was void": (set(rules.MAY_REOPEN), lambda case, _: reopen(case, Outcome.VOID, None)),
    "rate": ({CaseState.CLOSED}, lambda case, _: case.rate(1, NOW)),
}
LEAD_THEN = {
    CaseState.DISPATCHED: DispatchState.SENT,
    CaseState.OBJECTED: DispatchState.OBJECTED,
    CaseState.HANDLING: DispatchState.ACCEPTED,
}


@pytest.mark.parametrize(("state", "verb"), list(product(CaseState, MOVES)))
def test_a_move_is_made_exactly_where_the_table_allows_it(state: CaseState, verb: str) -> None:
    allowed, move = MOVES[verb]
    case = case_in(state)
    lead = dispatch_in(case, LEAD_THEN.get(state, DispatchState.HANDLED))
    if state in allowed:
        event: Any = move(case, lead)
        assert case.state in rules.TRANSITIONS[state]
        assert (case.version, event.sequence, event.state) == (2, 2, case.state.value)
    else:
        with pytest.raises(MoveNotAllowed):
            move(case, lead)
        assert case.version == 1


def test_every_arrow_of_the_table_has_a_reason_and_a_move_that_goes_along_it() -> None:
    gone = set()
    for state, verb in product(CaseState, MOVES):
        case = case_in(state)
        lead = dispatch_in(case, LEAD_THEN.get(state, DispatchState.HANDLED))
        if state in MOVES[verb][0]:
            MOVES[verb][1](case, lead)
            gone.add((state, case.state))
    drawn = {(start, end) for start, ends in rules.TRANSITIONS.items() for end in ends}
    assert gone == drawn
    assert all(reason for ends in rules.TRANSITIONS.values() for reason in ends.values())


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(rules.TRANSITIONS) == set(CaseState)
    reached = {CaseState.REPORTED} | {end for ends in rules.TRANSITIONS.values() for end in ends}
    assert reached == set(CaseState)
    assert set(rules.DISPATCH_TRANSITIONS) == set(DispatchState)


@pytest.mark.parametrize(("start", "end"), list(product(DispatchState, DispatchState)))
def test_a_dispatch_moves_exactly_where_its_table_allows_it(start: DispatchState, end: DispatchState) -> None:
    dispatch = dispatch_in(case_in(CaseState.HANDLING), start)
    if end in rules.DISPATCH_TRANSITIONS[start]:
        dispatch.move(start, end)
        assert (dispatch.state, dispatch.version) == (end, 2)
    else:
        with pytest.raises(MoveNotAllowed):
            dispatch.move(start, end)


def test_a_dispatch_moves_from_the_state_the_verb_starts_from_only() -> None:
    dispatch = dispatch_in(case_in(CaseState.HANDLED), DispatchState.HANDLED)
    with pytest.raises(MoveNotAllowed):
        dispatch.move(DispatchState.SENT, DispatchState.ACCEPTED)


def test_the_leading_unit_reports_when_the_others_have_reported_to_it() -> None:
    case = case_in(CaseState.HANDLING)
    lead = dispatch_in(case, DispatchState.ACCEPTED)
    other = dispatch_in(case, DispatchState.SENT, DispatchRole.CO, "housing")
    with pytest.raises(rules.CoUnitsPending):
        case.handle(lead, [other], "handler", NOW)
    case.accept(other, NOW)
    case.handle(other, [lead], "handler", NOW)
    states = [case.state]
    case.handle(lead, [other], "handler", NOW)
    assert [*states, case.state] == [CaseState.HANDLING, CaseState.HANDLED]


def test_what_a_second_unit_does_leaves_the_case_where_it_is() -> None:
    case = case_in(CaseState.HANDLING)
    other = dispatch_in(case, DispatchState.SENT, DispatchRole.CO, "housing")
    case.object(other, NOW)
    assert case.state is CaseState.HANDLING
    case.uphold(other, NOW)
    assert (case.state, other.state) == (CaseState.HANDLING, DispatchState.SENT)


def events_of_a_life(case: Case) -> Iterator[Any]:
    lead = dispatch_in(case, DispatchState.SENT)
    yield case.reported(NOW)
    yield case.locate(GRID, NOW)
    yield case.dispatch(lead, NOW)
    yield case.object(lead, NOW)
    yield case.uphold(lead, NOW)
    yield case.accept(lead, NOW)
    yield case.handle(lead, [], "handler", NOW)
    yield case.verify(lead, NOW, solved=True)
    yield case.close(Outcome.SOLVED, NOW)
    yield case.rate(2, NOW)


def test_no_event_of_a_restricted_case_tells_matter_unit_or_place() -> None:
    case = case_in(CaseState.REPORTED)
    case.category, case.restricted = "H03", True
    for event in events_of_a_life(case):
        said = event.model_dump_json()
        assert (event.area_code, event.restricted, event.category) == ("150204", True, None)
        assert "H03" not in said
        assert GRID not in said
        assert COMMUNITY not in said
        assert "police" not in said


def test_no_event_of_any_case_tells_words_or_points() -> None:
    case = case_in(CaseState.REPORTED)
    case.lon, case.lat, case.description = 109.90123, 40.61234, "三楼张三家"
    for event in events_of_a_life(case):
        said = event.model_dump_json()
        assert event.area_code.startswith("150204")
        assert not [secret for secret in ("路灯", "张三", "109.9", "40.6", "someone", "ABCD") if secret in said]


def test_the_grid_of_the_act_is_kept_when_the_case_moves_to_another() -> None:
    case = case_in(CaseState.DISPATCHED)
    case.grid_code_then = None
    for area in (GRID, f"{COMMUNITY}012"):
        case.locate(area, NOW)
    kept = case.model_dump(include={"grid_code_then", "area_code"})
    assert kept == {"grid_code_then": GRID, "area_code": f"{COMMUNITY}012"}


def test_a_case_outside_every_grid_is_known_to_lie_in_none() -> None:
    case = case_in(CaseState.REPORTED)
    case.grid_code_then = None
    event = case.locate("150204", NOW)
    assert (event.located, case.grid_code_then, case.located_at) == (False, None, NOW)


@pytest.mark.parametrize(
    ("post", "area", "restricted", "allowed"),
    [
        (Post.RESIDENT_SERVICE_OFFICER, GRID, False, True),
        (Post.OPINION_COLLECTOR, COMMUNITY, False, True),
        (Post.STATION_HEAD, COMMUNITY, False, True),
        (Post.RESIDENT_SERVICE_OFFICER, f"{COMMUNITY}004", False, False),
        (Post.WINDOW_CLERK, COMMUNITY, False, False),
        (Post.STREET_LEADER, "150204006", False, False),
        (Post.ARBITER, "150204006", False, False),
        (Post.DEPARTMENT_HANDLER, "150204", False, False),
        (Post.RESIDENT_SERVICE_OFFICER, GRID, True, False),
        (Post.ARBITER, "150204006", True, True),
        (Post.ARBITER, "150204009", True, False),
    ],
)
def test_the_people_of_the_grid_verify(post: Post, area: str, restricted: bool, allowed: bool) -> None:
    actor = someone(post, area)
    if allowed:
        rules.check_may_verify(actor, GRID, restricted=restricted)
    else:
        with pytest.raises(rules.MayNotVerify):
            rules.check_may_verify(actor, GRID, restricted=restricted)


def test_where_there_is_no_grid_the_centre_verifies() -> None:
    rules.check_may_verify(someone(Post.ARBITER, "150204"), "150204006", restricted=False)


@pytest.mark.parametrize(
    ("actor", "allowed"),
    [
        (someone(unit=f"station-{COMMUNITY}"), True),
        (someone(unit="team-1"), False),
        (Actor(kind="account", id="did-it", grants=(Grant(post=Post.STATION_HEAD, area=COMMUNITY),)), False),
    ],
)
def test_who_handled_does_not_verify(actor: Actor, allowed: bool) -> None:
    if allowed:
        rules.check_did_not_handle(actor, ["police", "team-1"], ["did-it", None])
    else:
        with pytest.raises(rules.VerifierHandled):
            rules.check_did_not_handle(actor, ["police", "team-1"], ["did-it", None])


def test_nobody_decides_the_objection_of_the_own_unit() -> None:
    arbiter = someone(Post.ARBITER, "150204006", "centre-150204006")
    rules.check_may_decide(arbiter, GRID, "police")
    with pytest.raises(rules.NotTheArbiter):
        rules.check_may_decide(arbiter, GRID, "centre-150204006")
    with pytest.raises(rules.NotTheArbiter):
        rules.check_may_decide(someone(Post.STREET_LEADER, "150204006"), GRID, "police")


@pytest.mark.parametrize("post", [Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN, Post.PARTY_BUILDING_GUIDE])
def test_administrators_and_guides_do_nothing_with_cases(post: Post) -> None:
    actor = someone(post, "150204", "police")
    with pytest.raises(rules.NotOfTheUnit):
        rules.check_may_act_for(actor, "police")
    with pytest.raises(rules.MayNotDispatch):
        rules.check_may_dispatch(actor, GRID)
    with pytest.raises(rules.MayNotVerify):
        rules.check_may_verify(actor, GRID, restricted=False)
    with pytest.raises(rules.MayNotClose):
        rules.check_may_close(actor, GRID)
    with pytest.raises(rules.MayNotReopen):
        rules.check_may_reopen(actor, GRID, own=False)
    with pytest.raises(rules.MayNotResolve):
        rules.check_may_resolve(actor, GRID)
    with pytest.raises(rules.MayNotChangeRule):
        rules.check_may_change_rule(actor, "150204")


@pytest.mark.parametrize(
    ("post", "area", "anonymous", "restricted", "sees"),
    [
        (Post.RESIDENT_SERVICE_OFFICER, GRID, False, False, True),
        (Post.RESIDENT_SERVICE_OFFICER, GRID, True, False, False),
        (Post.RESIDENT_SERVICE_OFFICER, GRID, False, True, False),
        (Post.RESIDENT_SERVICE_OFFICER, f"{COMMUNITY}004", False, False, False),
        (Post.DEPARTMENT_HANDLER, "150204", False, False, False),
        (Post.MEDIATOR, COMMUNITY, False, False, False),
        (Post.STREET_LEADER, "150204006", False, False, False),
        (Post.DISTRICT_LEADER, "150204", False, False, False),
        (Post.ARBITER, "150204006", True, True, True),
    ],
)
def test_who_reported_is_known_to_those_who_call_back_only(
    post: Post, area: str, anonymous: bool, restricted: bool, sees: bool
) -> None:
    assert rules.may_see_reporter(someone(post, area), GRID, anonymous=anonymous, restricted=restricted) is sees


@pytest.mark.parametrize("state", CaseState)
def test_a_case_is_late_only_while_it_is_the_units_turn(state: CaseState) -> None:
    before = datetime(2026, 11, 23, tzinfo=UTC)
    assert rules.is_late(state, before, NOW) is (state in rules.CLOCK_RUNS)
    assert not rules.is_late(state, NOW, before)
    assert not rules.is_late(state, None, NOW)


def test_what_was_solved_goes_back_to_the_unit_that_led_with_its_limit_counted_from_now() -> None:
    case = case_in(CaseState.CLOSED)
    case.outcome, case.closed_at = Outcome.SOLVED, NOW
    lead = dispatch_in(case, DispatchState.HANDLED)
    later = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    Dossier(case, dispatches=[lead]).reopen(someone(), CALENDAR, later, "又堆起来了")
    assert (case.state, lead.state, case.lead_unit) == (CaseState.HANDLING, DispatchState.ACCEPTED, "police")
    assert case.due_at == lead.due_at > later
    assert (case.closed_at, case.outcome, lead.handled_at) == (None, None, None)


def test_a_case_merged_into_another_is_not_reopened() -> None:
    case = case_in(CaseState.CLOSED)
    case.outcome = Outcome.MERGED
    with pytest.raises(MoveNotAllowed):
        Dossier(case).reopen(someone(), CALENDAR, NOW, "不是同一件事")


def test_an_objection_to_the_limit_can_be_granted_and_the_unit_keeps_its_part() -> None:
    case = case_in(CaseState.DISPATCHED)
    lead = dispatch_in(case, DispatchState.SENT)
    dossier = Dossier(case, dispatches=[lead])
    objection = dossier.object(someone(unit="police"), lead, ObjectionReason.LIMIT_TOO_SHORT, CALENDAR, NOW)
    dossier.uphold(someone(), objection, NOW, limit=rules.Limit(10, Unit.WORKING_DAY), calendar=CALENDAR)
    assert (lead.state, lead.limit_amount, objection.rerouted_to) == (DispatchState.SENT, 10, None)
    assert case.due_at == lead.due_at == deadline(NOW, 10, Unit.WORKING_DAY, CALENDAR).due_at


@pytest.mark.parametrize(
    ("post", "area", "unit", "may"),
    [
        (Post.STATION_HEAD, COMMUNITY, None, True),
        (Post.WINDOW_CLERK, COMMUNITY, None, True),
        (Post.DISTRICT_LEADER, "150204", None, True),
        (Post.STATION_HEAD, "150204008015", None, False),
        (Post.DEPARTMENT_HANDLER, "150204", "housing", False),
        (Post.ARBITER, "150204006", "police", False),
    ],
)
def test_who_answers_for_the_area_reminds_a_unit_never_the_own_one(
    post: Post, area: str, unit: str | None, may: bool
) -> None:
    actor = someone(post, area, unit)
    if may:
        rules.check_may_remind(actor, GRID, "police")
    else:
        with pytest.raises(rules.MayNotRemind):
            rules.check_may_remind(actor, GRID, "police")


@pytest.mark.parametrize("state", DispatchState)
def test_only_a_unit_whose_turn_it_is_is_reminded(state: DispatchState) -> None:
    case = case_in(CaseState.HANDLING)
    dispatch = dispatch_in(case, state)
    if state in rules.MAY_BE_REMINDED:
        assert case.remind(dispatch, NOW).unit_code == "police"
    else:
        with pytest.raises(MoveNotAllowed):
            case.remind(dispatch, NOW)


def test_a_rerouted_part_gets_a_clock_of_its_own() -> None:
    case = case_in(CaseState.DISPATCHED)
    lead = dispatch_in(case, DispatchState.SENT)
    dossier = Dossier(case, dispatches=[lead])
    objection = dossier.object(someone(unit="police"), lead, ObjectionReason.NOT_OUR_DUTY, CALENDAR, NOW)
    later = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    instead = dossier.reroute(someone(), objection, "housing", rules.DEFAULT_LIMIT, CALENDAR, later)
    assert (lead.state, instead.role, case.lead_unit) == (DispatchState.WITHDRAWN, DispatchRole.LEAD, "housing")
    assert case.due_at == instead.due_at > later
    assert objection.rerouted_to == "housing"
    with pytest.raises(rules.AlreadyDecided):
        objection.decide(later, None)
