"""A case in the hand: with its dispatches, objections and new entries. Each step moves it and writes the timeline.

Every version of a case has exactly one entry and one event. Commands load a dossier under the lock of its case, take a
step, and save; the loader takes the same steps in memory and saves many at once.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dispute_svc import rules
from dispute_svc.models import Case, Dispatch, Entry, Extension, Objection, Party
from dispute_svc.rules import (
    CaseState,
    DispatchRole,
    DispatchState,
    EntryKind,
    ExtensionKind,
    ExtensionState,
    Grade,
    Limit,
    ObjectionReason,
    Outcome,
)
from dispute_svc.spots import Spot
from dispute_svc.triage import Decision, Routed
from grid_kernel.auth import Actor
from grid_kernel.clock import Unit, WorkingCalendar, deadline, end_of
from grid_kernel.contracts.dispute import CaseEvent


@dataclass(frozen=True, slots=True)
class Why:
    """What a step says besides the fact: words, a reason's code, the spot it was done on, files, an explanation."""

    note: str | None = None
    reason: str | None = None
    spot: Spot | None = None
    attachments: tuple[str, ...] = ()
    explanation: dict[str, Any] | None = None
    dispatch_id: UUID | None = None
    happened_at: datetime | None = None
    """When it was done, where it was told later."""


NOTHING_MORE = Why()
_PLACE = ("lon", "lat", "accuracy_m", "captured_at", "point_source", "point_crs", "building_id")


@dataclass
class Dossier:
    """One case and what belongs to it. `fresh` are the entries, events and actors of steps not saved yet."""

    case: Case
    dispatches: list[Dispatch] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    fresh: list[tuple[Entry, CaseEvent, Actor]] = field(default_factory=list)

    @property
    def live(self) -> list[Dispatch]:
        """The dispatches that were not taken back."""
        return [dispatch for dispatch in self.dispatches if dispatch.state is not DispatchState.WITHDRAWN]

    @property
    def lead(self) -> Dispatch:
        """The dispatch of the leading unit."""
        return next(dispatch for dispatch in self.live if dispatch.role is DispatchRole.LEAD)

    def _write(self, actor: Actor, event: CaseEvent, kind: EntryKind, now: datetime, why: Why = NOTHING_MORE) -> None:
        case = self.case
        grant = actor.grant_for(case.area_code)
        entry = Entry(
            case_id=case.id,
            number=event.sequence,
            area_code=case.area_code,
            kind=kind,
            state=case.state,
            dispatch_id=why.dispatch_id,
            actor_kind=actor.kind,
            actor_id=actor.id,
            post=str(grant.post) if grant else None,
            unit=grant.unit if grant else None,
            at=why.happened_at or now,
            recorded_at=now if why.happened_at and why.happened_at != now else None,
            reason=why.reason,
            note=why.note,
            lon=why.spot.lon if why.spot else None,
            lat=why.spot.lat if why.spot else None,
            accuracy_m=why.spot.accuracy_m if why.spot else None,
            attachments=list(why.attachments),
            explanation=why.explanation,
        )
        self.fresh.append((entry, event, actor))

    def report(self, actor: Actor, now: datetime, why: Why = NOTHING_MORE) -> None:
        """Begin the timeline."""
        self._write(actor, self.case.reported(now), EntryKind.REPORTED, now, why)

    def locate(self, actor: Actor, area_code: str, now: datetime) -> None:
        """Take the place; everything of the case moves with it."""
        kind = EntryKind.LOCATED if self.case.located_at is None else EntryKind.RELOCATED
        event = self.case.locate(area_code, now)
        for row in (*self.dispatches, *self.objections, *self.parties, *self.extensions):
            row.area_code = area_code
        self._write(actor, event, kind, now)

    def route(self, actor: Actor, decision: Decision, calendar: WorkingCalendar, now: datetime) -> None:
        """Do what the table says. Where it names no unit the case stays in the list a person works."""
        self.case.routing = decision.as_record()
        if decision.routed is Routed.MATCHED and decision.rule and decision.unit_code:
            dispatch = self._new_dispatch(decision.unit_code, DispatchRole.LEAD, decision.rule.limit, calendar, now)
            dispatch.rule_id = decision.rule.id
            self._send(actor, dispatch, now, Why(explanation=decision.as_record(), dispatch_id=dispatch.id))

    def dispatch(
        self,
        actor: Actor,
        unit_code: str,
        role: DispatchRole,
        limit: Limit,
        calendar: WorkingCalendar,
        now: datetime,
        why: Why = NOTHING_MORE,
    ) -> Dispatch:
        """Give the case to a unit by hand: as the leading one, or beside it."""
        if any(dispatch.unit_code == unit_code for dispatch in self.live):
            raise rules.AlreadyWithUnit
        dispatch = self._new_dispatch(unit_code, role, limit, calendar, now)
        self._send(actor, dispatch, now, Why(note=why.note, dispatch_id=dispatch.id))
        return dispatch

    def _new_dispatch(
        self, unit_code: str, role: DispatchRole, limit: Limit, calendar: WorkingCalendar, now: datetime
    ) -> Dispatch:
        end = deadline(now, limit.amount, limit.unit, calendar)
        return Dispatch(
            case_id=self.case.id,
            area_code=self.case.area_code,
            unit_code=unit_code,
            role=role,
            sent_at=now,
            limit_amount=limit.amount,
            limit_unit=limit.unit.value,
            due_at=end.due_at,
            provisional=end.provisional,
        )

    def _send(self, actor: Actor, dispatch: Dispatch, now: datetime, why: Why) -> None:
        event = self.case.dispatch(dispatch, now)
        self.dispatches.append(dispatch)
        self._write(actor, event, EntryKind.DISPATCHED, now, why)

    def accept(self, actor: Actor, dispatch: Dispatch, now: datetime, why: Why = NOTHING_MORE) -> None:
        """The unit takes its part."""
        event = self.case.accept(dispatch, now)
        self._write(actor, event, EntryKind.ACCEPTED, now, Why(note=why.note, dispatch_id=dispatch.id))

    def object(
        self,
        actor: Actor,
        dispatch: Dispatch,
        reason: ObjectionReason,
        calendar: WorkingCalendar,
        now: datetime,
        note: str | None = None,
    ) -> Objection:
        """The unit says the dispatch is wrong; the arbiter has a limit to decide."""
        event = self.case.object(dispatch, now)
        objection = Objection(
            case_id=self.case.id,
            dispatch_id=dispatch.id,
            area_code=self.case.area_code,
            unit_code=dispatch.unit_code,
            reason=reason,
            raised_at=now,
            due_at=deadline(now, rules.OBJECTION_LIMIT.amount, rules.OBJECTION_LIMIT.unit, calendar).due_at,
        )
        self.objections.append(objection)
        why = Why(note=note, reason=reason.value, dispatch_id=dispatch.id)
        self._write(actor, event, EntryKind.OBJECTED, now, why)
        return objection

    def uphold(
        self,
        actor: Actor,
        objection: Objection,
        now: datetime,
        note: str | None = None,
        *,
        limit: Limit | None = None,
        calendar: WorkingCalendar | None = None,
    ) -> None:
        """The dispatch stands; its limit too, unless the arbiter gives another one from the day it was sent."""
        objection.decide(now, None)
        dispatch = self._of(objection)
        if limit and calendar:
            dispatch.give(limit, deadline(dispatch.sent_at, limit.amount, limit.unit, calendar))
        event = self.case.uphold(dispatch, now)
        self._write(actor, event, EntryKind.UPHELD, now, Why(note=note, dispatch_id=dispatch.id))

    def reroute(
        self,
        actor: Actor,
        objection: Objection,
        unit_code: str,
        limit: Limit,
        calendar: WorkingCalendar,
        now: datetime,
        note: str | None = None,
    ) -> Dispatch:
        """The objection was right: the part goes to another unit."""
        dispatch = self._of(objection)
        instead = self._instead_of(dispatch, unit_code, limit, calendar, now)
        objection.decide(now, unit_code)
        event = self.case.reroute(dispatch, instead, now)
        self.dispatches.append(instead)
        self._write(actor, event, EntryKind.REROUTED, now, Why(note=note, dispatch_id=instead.id))
        return instead

    def transfer(
        self,
        actor: Actor,
        dispatch: Dispatch,
        unit_code: str,
        limit: Limit,
        calendar: WorkingCalendar,
        now: datetime,
        note: str | None = None,
    ) -> Dispatch:
        """The centre gives a part to another unit."""
        instead = self._instead_of(dispatch, unit_code, limit, calendar, now)
        event = self.case.transfer(dispatch, instead, now)
        self.dispatches.append(instead)
        self._write(actor, event, EntryKind.TRANSFERRED, now, Why(note=note, dispatch_id=instead.id))
        return instead

    def _instead_of(
        self, dispatch: Dispatch, unit_code: str, limit: Limit, calendar: WorkingCalendar, now: datetime
    ) -> Dispatch:
        """The same part with a unit that has none of this case yet."""
        if any(other.unit_code == unit_code for other in self.live):
            raise rules.AlreadyWithUnit
        return self._new_dispatch(unit_code, dispatch.role, limit, calendar, now)

    def _of(self, objection: Objection) -> Dispatch:
        return next(dispatch for dispatch in self.dispatches if dispatch.id == objection.dispatch_id)

    def handle(self, actor: Actor, dispatch: Dispatch, now: datetime, why: Why = NOTHING_MORE) -> None:
        """The unit says what it did."""
        others = [other for other in self.live if other is not dispatch]
        event = self.case.handle(dispatch, others, actor.id, now)
        done = Why(note=why.note, attachments=why.attachments, dispatch_id=dispatch.id)
        self._write(actor, event, EntryKind.HANDLED, now, done)

    def verify(self, actor: Actor, now: datetime, why: Why = NOTHING_MORE, *, solved: bool) -> None:
        """Look on the spot; never who handled it."""
        if self.case.state is not CaseState.HANDLED:
            raise rules.MoveNotAllowed(state=self.case.state.value, to=CaseState.VERIFIED.value)
        live = self.live
        rules.check_did_not_handle(actor, (d.unit_code for d in live), (d.handled_by for d in live))
        event = self.case.verify(self.lead, now, solved=solved)
        self._write(actor, event, EntryKind.VERIFIED if solved else EntryKind.RETURNED, now, why)

    def close(self, actor: Actor, now: datetime, why: Why = NOTHING_MORE) -> None:
        """End a verified case."""
        self._write(actor, self.case.close(Outcome.SOLVED, now), EntryKind.CLOSED, now, why)

    def resolve(self, actor: Actor, now: datetime, why: Why = NOTHING_MORE) -> None:
        """Solved on the spot by the worker who saw it, before any unit began."""
        live = self.live
        if any(dispatch.state is not DispatchState.SENT for dispatch in live):
            raise rules.MoveNotAllowed(state=self.case.state.value, to=CaseState.CLOSED.value)
        event = self.case.close(Outcome.SELF_RESOLVED, now)
        for dispatch in live:
            dispatch.move(DispatchState.SENT, DispatchState.WITHDRAWN)
        self._write(actor, event, EntryKind.SELF_RESOLVED, now, why)

    def supplement(self, actor: Actor, now: datetime, why: Why) -> None:
        """Somebody saw more of it."""
        self._write(actor, self.case.supplement(why.happened_at or now, now), EntryKind.SUPPLEMENTED, now, why)

    def merge(self, actor: Actor, into: "Dossier", now: datetime, note: str | None) -> None:
        """The same matter as another case: end here, be named there, let the units go."""
        self._check_no_objection_waits()
        event = self.case.merge(into.case, now)
        self._let_go()
        self._write(actor, event, EntryKind.MERGED, now, Why(note=note, reason=into.case.case_code))
        taken = into.case.supplement(now, now)
        into._write(actor, taken, EntryKind.ABSORBED, now, Why(note=note, reason=self.case.case_code))

    def _check_no_objection_waits(self) -> None:
        if any(dispatch.state is DispatchState.OBJECTED for dispatch in self.live):
            raise rules.MoveNotAllowed(state=DispatchState.OBJECTED.value, to=CaseState.CLOSED.value)

    def _let_go(self) -> None:
        for dispatch in self.live:
            if dispatch.state in rules.PENDING_DISPATCH:
                dispatch.move(dispatch.state, DispatchState.WITHDRAWN)

    def withdraw(self, actor: Actor, now: datetime, note: str | None) -> None:
        """The reporter takes it back; the units are let go."""
        self._drop(actor, Outcome.WITHDRAWN, EntryKind.WITHDRAWN, now, note)

    def void(self, actor: Actor, now: datetime, note: str) -> None:
        """Not a case at all: the centre says why; the units are let go."""
        self._drop(actor, Outcome.VOID, EntryKind.VOIDED, now, note)

    def _drop(self, actor: Actor, outcome: Outcome, kind: EntryKind, now: datetime, note: str | None) -> None:
        self._check_no_objection_waits()
        event = self.case.drop(outcome, now)
        self._let_go()
        self._write(actor, event, kind, now, Why(note=note))

    def reopen(self, actor: Actor, calendar: WorkingCalendar, now: datetime, note: str) -> None:
        """Go on with what had ended: the unit that led works on it again, its limit counted from now."""
        lead = self.lead if self.case.outcome is Outcome.SOLVED else None
        end = deadline(now, lead.limit_amount, Unit(lead.limit_unit), calendar) if lead else None
        event = self.case.reopen(lead, end.due_at if end else None, now)
        if lead and end:
            lead.begin_again(end, now)
        self._write(actor, event, EntryKind.REOPENED, now, Why(note=note, dispatch_id=lead.id if lead else None))

    def remind(self, actor: Actor, dispatch: Dispatch, now: datetime, note: str | None) -> None:
        """Ask the unit how far it is."""
        event = self.case.remind(dispatch, now)
        self._write(actor, event, EntryKind.REMINDED, now, Why(note=note, dispatch_id=dispatch.id))

    def split(self, actor: Actor, now: datetime, case_id: UUID, case_code: str, query_code: str) -> "Dossier":
        """A case of its own for another matter at the same place; what it is about is filled in by whoever splits."""
        event = self.case.supplement(now, now)
        self._write(actor, event, EntryKind.SPLIT, now, Why(reason=case_code))
        place = {name: getattr(self.case, name) for name in _PLACE}
        here = self.case.area_code if self.case.located_at else self.case.chosen_area
        case = Case(
            **place,
            id=case_id,
            case_code=case_code,
            query_code=query_code,
            area_code=self.case.area_code,
            chosen_area=here,
            kind=self.case.kind,
            category=self.case.category,
            title=self.case.title,
            channel=self.case.channel,
            reported_at=now,
            reporter_kind=actor.kind,
            reporter_id=actor.id,
            locate_after=now,
            split_from=self.case.id,
        )
        return Dossier(case)

    def ask_for_extension(
        self, actor: Actor, dispatch: Dispatch, kind: ExtensionKind, until: date, now: datetime, note: str
    ) -> Extension:
        """The unit asks for a later end of its part."""
        if any(e.dispatch_id == dispatch.id and e.state is ExtensionState.OPEN for e in self.extensions):
            raise rules.AlreadyAsked
        event = self.case.ask_for_extension(dispatch, now)
        asked = Extension(
            case_id=self.case.id,
            dispatch_id=dispatch.id,
            area_code=self.case.area_code,
            unit_code=dispatch.unit_code,
            kind=kind,
            until=until,
            asked_at=now,
        )
        self.extensions.append(asked)
        why = Why(note=note, reason=kind.value, dispatch_id=dispatch.id)
        self._write(actor, event, EntryKind.EXTENSION_ASKED, now, why)
        return asked

    def decide_extension(
        self, actor: Actor, asked: Extension, now: datetime, note: str | None, *, approved: bool
    ) -> None:
        """The centre grants it or not."""
        if asked.state is not ExtensionState.OPEN:
            raise rules.AlreadyDecided
        dispatch = next(each for each in self.dispatches if each.id == asked.dispatch_id)
        event = self.case.extend(dispatch, end_of(asked.until) if approved else None, now)
        asked.decide(now, approved=approved)
        kind = EntryKind.EXTENSION_APPROVED if approved else EntryKind.EXTENSION_REFUSED
        self._write(actor, event, kind, now, Why(note=note, reason=asked.kind.value, dispatch_id=dispatch.id))

    def verify_late(self, actor: Actor, now: datetime, why: Why, *, solved: bool) -> None:
        """Looked on the spot without a signal: it counts if nothing was handled since."""
        looked_at, handled_at = why.happened_at or now, None
        if self.case.state is CaseState.HANDLED:
            handled_at = self.lead.handled_at
        if handled_at is None or looked_at < handled_at:
            raise rules.CaseMovedOn
        self.verify(actor, now, why, solved=solved)

    def rate(self, actor: Actor, grade: Grade, now: datetime, note: str | None = None) -> None:
        """The reporter says how it was."""
        self._write(actor, self.case.rate(grade, now), EntryKind.RATED, now, Why(note=note))
