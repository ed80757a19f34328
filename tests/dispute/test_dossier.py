"""Any sequence of steps anybody could take leaves a case that is whole."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispute_svc import rules
from dispute_svc.catalogue import categories
from dispute_svc.commands.reporting import begin
from dispute_svc.dossier import Dossier, Why
from dispute_svc.models import Dispatch
from dispute_svc.rules import (
    CaseState,
    DispatchRole,
    DispatchState,
    EntryKind,
    ExtensionKind,
    Limit,
    ObjectionReason,
    ObjectionState,
)
from dispute_svc.schemas import ReportIn
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.clock import Unit, WorkingCalendar, today
from grid_kernel.errors import Forbidden, WrongState

GRID = "150204006019003"
CALENDAR = WorkingCalendar.packaged()
UNITS = ["police", "housing", "urban_management"]
units, notes = st.sampled_from(UNITS), st.sampled_from(["", "照片为证"])


def of_unit(unit: str) -> Actor:
    return Actor(kind="account", id=unit, grants=(Grant(post=Post.DEPARTMENT_HANDLER, area="150204", unit=unit),))


WORKER = Actor(kind="account", id="worker", grants=(Grant(post=Post.RESIDENT_SERVICE_OFFICER, area=GRID),))


class LifeOfACase(RuleBasedStateMachine):
    """Steps in any order; what is refused changes nothing."""

    @initialize(restricted=st.booleans())
    def report(self, restricted: bool) -> None:
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        given = ReportIn(category="H06", title="井盖松动", restricted=restricted, grid_code=GRID)
        self.dossier: Dossier = begin(WORKER, given, categories()["H06"], "150204", 1, self.now)[0]
        self.other = begin(WORKER, given, categories()["H06"], "150204", 2, self.now)[0]
        self.refused = 0

    def _try(self, step: object, *arguments: object, **named: object) -> None:
        before = self._picture()
        self.now += timedelta(hours=5)
        try:
            step(*arguments, **named)  # type: ignore[operator]
        except (WrongState, Forbidden):
            self.refused += 1
            assert self._picture() == before, "a refused step changed something"

    def _picture(self) -> object:
        dossier = self.dossier
        return (
            dossier.case.model_dump(),
            [dispatch.model_dump() for dispatch in dossier.dispatches],
            [objection.model_dump() for objection in dossier.objections],
            [extension.model_dump() for extension in dossier.extensions],
            len(self.other.fresh),
            len(dossier.fresh),
        )

    def _some(self, number: int) -> Dispatch | None:
        dispatches = self.dossier.dispatches
        return dispatches[number % len(dispatches)] if dispatches else None

    @rule(area=st.sampled_from([GRID, "150204006019012", "150204006", "150204"]))
    def locate(self, area: str) -> None:
        self._try(self.dossier.locate, Actor.system("dispute"), area, self.now)

    @rule(unit=units, role=st.sampled_from(DispatchRole))
    def dispatch(self, unit: str, role: DispatchRole) -> None:
        limit = Limit(3, Unit.WORKING_DAY)
        self._try(self.dossier.dispatch, of_unit("centre"), unit, role, limit, CALENDAR, self.now)

    @rule(number=st.integers(0, 5))
    def accept(self, number: int) -> None:
        if dispatch := self._some(number):
            self._try(self.dossier.accept, of_unit(dispatch.unit_code), dispatch, self.now)

    @rule(number=st.integers(0, 5))
    def object(self, number: int) -> None:
        if dispatch := self._some(number):
            reason = ObjectionReason.NOT_OUR_DUTY
            self._try(self.dossier.object, of_unit(dispatch.unit_code), dispatch, reason, CALENDAR, self.now)

    @rule(number=st.integers(0, 5), unit=st.none() | units)
    def decide(self, number: int, unit: str | None) -> None:
        if not self.dossier.objections:
            return
        objection = self.dossier.objections[number % len(self.dossier.objections)]
        if unit is None:
            self._try(self.dossier.uphold, of_unit("centre"), objection, self.now)
        else:
            limit = rules.DEFAULT_LIMIT
            self._try(self.dossier.reroute, of_unit("centre"), objection, unit, limit, CALENDAR, self.now)

    @rule(number=st.integers(0, 5))
    def handle(self, number: int) -> None:
        if dispatch := self._some(number):
            self._try(self.dossier.handle, of_unit(dispatch.unit_code), dispatch, self.now)

    @rule(solved=st.booleans(), by=st.sampled_from([WORKER, *map(of_unit, UNITS)]))
    def verify(self, solved: bool, by: Actor) -> None:
        self._try(self.dossier.verify, by, self.now, solved=solved)

    @rule()
    def close(self) -> None:
        self._try(self.dossier.close, WORKER, self.now)

    @rule()
    def resolve(self) -> None:
        self._try(self.dossier.resolve, WORKER, self.now)

    @rule()
    def supplement(self) -> None:
        self._try(self.dossier.supplement, WORKER, self.now, Why(note="还有"))

    @rule(number=st.integers(0, 5), kind=st.sampled_from(ExtensionKind))
    def ask_for_time(self, number: int, kind: ExtensionKind) -> None:
        if dispatch := self._some(number):
            until = today(self.now) + timedelta(days=60)
            unit = of_unit(dispatch.unit_code)
            self._try(self.dossier.ask_for_extension, unit, dispatch, kind, until, self.now, "等材料")

    @rule(number=st.integers(0, 5), approved=st.booleans())
    def decide_about_time(self, number: int, approved: bool) -> None:
        if asked := self.dossier.extensions:
            request = asked[number % len(asked)]
            self._try(self.dossier.decide_extension, of_unit("centre"), request, self.now, None, approved=approved)

    @rule()
    def merge(self) -> None:
        self._try(self.dossier.merge, of_unit("centre"), self.other, self.now, None)

    @rule()
    def withdraw(self) -> None:
        self._try(self.dossier.withdraw, WORKER, self.now, None)

    @rule()
    def void(self) -> None:
        self._try(self.dossier.void, of_unit("centre"), self.now, "误报")

    @rule()
    def reopen(self) -> None:
        self._try(self.dossier.reopen, WORKER, CALENDAR, self.now, "又发生了")

    @rule(number=st.integers(0, 5), unit=units)
    def transfer(self, number: int, unit: str) -> None:
        if dispatch := self._some(number):
            limit = rules.DEFAULT_LIMIT
            self._try(self.dossier.transfer, of_unit("centre"), dispatch, unit, limit, CALENDAR, self.now)

    @rule(number=st.integers(0, 5))
    def remind(self, number: int) -> None:
        if dispatch := self._some(number):
            self._try(self.dossier.remind, WORKER, dispatch, self.now, None)

    @rule(grade=st.integers(1, 5))
    def rate(self, grade: int) -> None:
        self._try(self.dossier.rate, WORKER, grade, self.now)

    @invariant()
    def every_version_has_one_entry_and_one_event(self) -> None:
        numbers = [entry.number for entry, _, _ in self.dossier.fresh]
        assert numbers == list(range(1, self.dossier.case.version + 1))
        assert [event.sequence for _, event, _ in self.dossier.fresh] == numbers
        assert self.dossier.fresh[-1][0].state is self.dossier.case.state

    @invariant()
    def the_timeline_follows_the_table(self) -> None:
        states = [entry.state for entry, _, _ in self.dossier.fresh]
        for before, after in pairwise(states):
            assert before is after or after in rules.TRANSITIONS[before]

    @invariant()
    def one_unit_leads_and_no_unit_has_two_parts(self) -> None:
        live = self.dossier.live
        leads = [dispatch for dispatch in live if dispatch.role is DispatchRole.LEAD]
        assert len(leads) <= 1
        assert len({dispatch.unit_code for dispatch in live}) == len(live)
        waiting = self.dossier.case.state in (CaseState.REPORTED, CaseState.CLOSED, CaseState.RATED)
        assert waiting or leads

    @invariant()
    def the_state_of_the_lead_is_the_state_of_the_case(self) -> None:
        expected = {
            CaseState.DISPATCHED: DispatchState.SENT,
            CaseState.OBJECTED: DispatchState.OBJECTED,
            CaseState.HANDLING: DispatchState.ACCEPTED,
            CaseState.HANDLED: DispatchState.HANDLED,
            CaseState.VERIFIED: DispatchState.HANDLED,
        }
        if wanted := expected.get(self.dossier.case.state):
            assert self.dossier.lead.state is wanted
            assert self.dossier.lead.unit_code == self.dossier.case.lead_unit

    @invariant()
    def a_granted_end_is_the_end_of_the_part_and_of_the_case_it_leads(self) -> None:
        for dispatch in self.dossier.live:
            assert dispatch.extended_to in (None, dispatch.due_at)
        if self.dossier.case.state in rules.CLOCK_RUNS:
            assert self.dossier.case.due_at == self.dossier.lead.due_at

    @invariant()
    def a_merged_case_left_nobody_at_work(self) -> None:
        if self.dossier.case.merged_into:
            assert self.dossier.case.state in (CaseState.CLOSED, CaseState.RATED)
            assert not any(d.state in rules.PENDING_DISPATCH for d in self.dossier.live)
            assert [entry.kind for entry, _, _ in self.other.fresh] == [EntryKind.REPORTED, EntryKind.ABSORBED]

    @invariant()
    def an_objected_part_has_exactly_one_open_objection(self) -> None:
        objected = {d.id for d in self.dossier.dispatches if d.state is DispatchState.OBJECTED}
        opened = [o.dispatch_id for o in self.dossier.objections if o.state is ObjectionState.OPEN]
        assert sorted(objected) == sorted(opened)

    @invariant()
    def who_verified_did_not_handle(self) -> None:
        handlers: set[str] = set()
        for entry, _, _ in self.dossier.fresh:
            if entry.kind is EntryKind.HANDLED:
                handlers.add(entry.actor_id)
            assert entry.kind not in (EntryKind.VERIFIED, EntryKind.RETURNED) or entry.actor_id not in handlers

    @invariant()
    def the_rows_of_a_case_lie_where_it_lies(self) -> None:
        dossier = self.dossier
        areas = {dispatch.area_code for dispatch in dossier.dispatches}
        areas |= {objection.area_code for objection in dossier.objections}
        assert areas <= {dossier.case.area_code}


TestLifeOfACase = LifeOfACase.TestCase
TestLifeOfACase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
