"""An application as a machine: whatever people do in whatever order, it stays an application."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from approval_svc.models import Application
from approval_svc.rules import AT_ONCE, ENDED, INSTANT, TRANSITIONS, AlreadyRated, State, Verb
from grid_kernel.errors import WrongState
from grid_kernel.events import Event

COMMUNITY = "150204006019"
DECISIONS = {Verb.REFUSE_ACCEPTANCE: "not_accepted", Verb.APPROVE: "approved", Verb.DENY: "denied"}


def application(handling_type: str = "2", state: State = State.SUBMITTED) -> Application:
    """An application as it is when it was taken in."""
    return Application(
        area_code=COMMUNITY,
        receipt_number="150204202611230000013",
        query_code_hash=b"",
        item_id=uuid4(),
        item_code="SA002",
        handling_type=handling_type,
        unit_code="civil_affairs",
        state=state,
        channel="window",
        submitted_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def move(application: Application, verb: Verb, now: datetime) -> Event:
    """Do what a verb says."""
    moves: dict[Verb, Any] = {
        Verb.PASS_PRE_REVIEW: application.pass_pre_review,
        Verb.REFUSE_PRE_REVIEW: application.refuse_pre_review,
        Verb.REQUIRE_CORRECTION: application.require_correction,
        Verb.CORRECT: lambda now: application.correct([{"seq": 1, "attachments": []}], now),
        Verb.FORWARD: application.forward,
        Verb.ACCEPT: application.accept,
        Verb.REFUSE_ACCEPTANCE: application.refuse_acceptance,
        Verb.DEEM_ACCEPTED: application.deem_accepted,
        Verb.SUSPEND: lambda now: application.suspend("hearing", now),
        Verb.RESUME: lambda now: application.resume("hearing", now),
        Verb.APPROVE: lambda now: application.decide(now, approved=True),
        Verb.DENY: lambda now: application.decide(now, approved=False),
        Verb.COMPLETE: application.complete,
        Verb.WITHDRAW: application.withdraw,
        Verb.LAPSE: application.lapse,
        Verb.RATE: lambda now: application.rate(2, now),
    }
    event: Event = moves[verb](now)
    return event


class Life(RuleBasedStateMachine):
    """Somebody tries anything; the aggregate allows what the regulation allows."""

    @initialize(instant=st.booleans())
    def taken_in(self, instant: bool) -> None:
        """A resident applied."""
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.application = application(INSTANT if instant else "2")
        self.said: list[Event] = [self.application.submitted()]
        self.ended_at: datetime | None = None

    @rule(verb=st.sampled_from([verb for verb in Verb if verb is not Verb.SUBMIT]), hours=st.integers(1, 200))
    def try_to(self, verb: Verb, hours: int) -> None:
        """Somebody tries a verb, some time later."""
        self.now += timedelta(hours=hours)
        before = (self.application.state, self.application.version, self.application.grade)
        allowed = self._allowed(before[0], verb)
        try:
            self.said.append(move(self.application, verb, self.now))
        except WrongState:
            assert not allowed
            assert (self.application.state, self.application.version, self.application.grade) == before
        else:
            assert allowed
            assert self.said[-1].occurred_at == self.now
        if self.ended_at is None:
            self.ended_at = self.application.ended_at

    def _allowed(self, state: State, verb: Verb) -> bool:
        if verb is Verb.RATE and self.application.grade is not None:
            return False
        short = AT_ONCE.get(state, {}) if self.application.handling_type == INSTANT else {}
        return verb in TRANSITIONS[state] or verb in short

    @invariant()
    def the_version_is_the_number_of_things_said(self) -> None:
        """Every move says one event, and its sequence is the version."""
        assert [event.sequence for event in self.said] == list(range(1, self.application.version + 1))

    @invariant()
    def it_ends_once(self) -> None:
        """An end is an end, and has its time."""
        assert (self.application.ended_at is not None) == (self.application.state in ENDED)
        assert self.application.ended_at == self.ended_at

    @invariant()
    def nothing_was_decided_that_was_not_forwarded(self) -> None:
        """A unit speaks only of what was handed to it."""
        if self.application.decided_at is not None:
            assert self.application.forwarded_at is not None
            assert self.application.forwarded_at < self.application.decided_at

    @invariant()
    def what_is_said_names_the_application_and_nobody(self) -> None:
        """An event refers, it does not tell."""
        event = self.said[-1]
        assert event.aggregate_id == self.application.id
        assert event.area_code == COMMUNITY
        assert not {"name", "phone", "id_number", "reason", "deficiencies"} & set(event.model_dump())


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase


def test_a_decision_says_which_and_whose() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    for verb, decision in DECISIONS.items():
        start = State.FORWARDED if verb is Verb.REFUSE_ACCEPTANCE else State.ACCEPTED
        said = move(application(state=start), verb, now).model_dump()
        assert (said["decision"], said["unit_code"]) == (decision, "civil_affairs")


def test_an_application_is_rated_once() -> None:
    done = application(state=State.COMPLETED)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert done.rate(5, now).grade == 5
    try:
        done.rate(1, now)
    except AlreadyRated:
        assert done.grade == 5
    else:
        raise AssertionError("rated twice")


def test_a_notice_counts_its_round() -> None:
    one = application()
    now = datetime(2026, 11, 24, tzinfo=UTC)
    rounds = []
    for _ in range(3):
        rounds.append(one.require_correction(now).round)
        one.correct([], now)
    assert rounds == [1, 2, 3]
