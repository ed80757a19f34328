"""The clocks of one application while it moves: what stops, what begins, what stands and what is due first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from approval_svc import rules
from approval_svc.models import Application, Clock, Pause
from approval_svc.rules import ClockKind, ItemLimits, Limit, State, Verb
from grid_kernel.clock import WorkingCalendar


@dataclass(slots=True)
class Clockwork:
    """An application with the limits of its item, its running clocks and its pauses."""

    application: Application
    limits: ItemLimits
    calendar: WorkingCalendar
    running: list[Clock] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)

    def turn(self, verb: Verb, now: datetime) -> list[Clock]:
        """Do to the clocks what a verb does, after the move; the clocks that begin."""
        for clock in self.running:
            if clock.kind in rules.STOPS[verb]:
                clock.stopped_at = now
        start = rules.starts_at(verb, self.application.forwarded_at, now)
        begun = [self._begin(kind, limit, start) for kind, limit in rules.started_by(verb, self.limits).items()]
        self.running = [clock for clock in self.running if clock.stopped_at is None] + begun
        if verb in rules.PAUSING:
            self._stand_or_run_on(now)
        note_due(self.application, self.running)
        return begun

    def _begin(self, kind: ClockKind, limit: Limit, start: datetime) -> Clock:
        ends = rules.due(start, limit, self.calendar)
        return Clock(
            application_id=self.application.id,
            area_code=self.application.area_code,
            kind=kind,
            amount=limit.amount,
            unit=limit.unit,
            basis=limit.basis,
            started_at=start,
            due_at=ends.due_at,
            provisional=ends.provisional,
        )

    def _stand_or_run_on(self, now: datetime) -> None:
        for pause in self.pauses:
            if pause.to_at is None and self.application.state is not State.SUSPENDED:
                pause.to_at = now
        spans = [(pause.from_at, pause.to_at) for pause in self.pauses]
        for clock in self.running:
            ends = rules.due(clock.started_at, clock.limit, self.calendar, spans)
            clock.due_at, clock.provisional = ends.due_at, ends.provisional


def note_due(application: Application, running: Sequence[Clock]) -> None:
    """What is due first; nothing while the clocks stand."""
    first = min(running, key=lambda clock: clock.due_at, default=None)
    standing = application.state is State.SUSPENDED
    application.due_at = first.due_at if first and not standing else None
    application.due_kind = first.kind if first and not standing else None


def new_pause(application: Application, procedure: str, now: datetime) -> Pause:
    """A time the clocks stand, from now on."""
    return Pause(application_id=application.id, area_code=application.area_code, procedure=procedure, from_at=now)
