"""The clocks of an application, at moments of which the law says how they end."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.approval.conftest import CIVIL, PERMIT, Place, application, handler

from approval_svc import commands, jobs
from approval_svc.schemas import (
    AcceptanceIn,
    ApplicationIn,
    CorrectionIn,
    DecisionIn,
    NoticeIn,
    PreReviewIn,
    SuspensionIn,
)
from grid_kernel.clock import SHANGHAI
from grid_kernel.runtime import Runtime


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)


class Case:
    """One application, played at chosen moments through the commands."""

    def __init__(self, runtime: Runtime, place: Place) -> None:
        self.runtime, self.place = runtime, place
        self.id: UUID
        self.version = 1

    async def take_in(self, moment: str, **changed: Any) -> None:
        """The window takes it in."""
        given = ApplicationIn.model_validate(application(areaCode=self.place.community) | changed)
        calendar = await self.runtime.calendar()
        async with self.runtime.app_session(self.place.clerk) as session:
            taken = await commands.submit(
                session, self.runtime, self.place.clerk, given, calendar=calendar, now=at(moment)
            )
        self.id = taken.application.id

    async def play(self, verb: str, moment: str, *given: Any) -> None:
        """Somebody does something at a moment."""
        who = CIVIL if verb in {"accept", "suspend", "resume", "decide"} else self.place.clerk
        calendar = await self.runtime.calendar()
        async with self.runtime.app_session(who) as session:
            moved = await getattr(commands, verb)(
                session, who, self.id, *given, version=self.version, calendar=calendar, now=at(moment)
            )
        self.version = moved.version

    async def forwarded(self, moment: str) -> None:
        """The desk finds it in order and hands it on."""
        await self.play("pre_review", moment, PreReviewIn(passed=True))
        await self.play("forward", moment)

    async def ends(self) -> dict[str, date]:
        """The days on which its running clocks end."""
        return {row.kind: row.due_at.astimezone(SHANGHAI).date() for row in await self._clocks("stopped_at is null")}

    async def started(self, kind: str) -> datetime:
        """When a clock began."""
        found = [row.started_at for row in await self._clocks("true") if row.kind == kind]
        return found[-1].astimezone(SHANGHAI)  # type: ignore[no-any-return]

    async def _clocks(self, which: str) -> list[Any]:
        query = text(f"select * from clock where application_id = :id and {which} order by started_at")
        async with self.runtime.system_session() as session:
            return list((await session.execute(query, {"id": self.id})).all())

    async def due(self) -> tuple[date | None, str | None]:
        """What the application says is due first."""
        query = text("select due_at, due_kind from application where id = :id")
        async with self.runtime.system_session() as session:
            row = (await session.execute(query, {"id": self.id})).one()
        return row.due_at and row.due_at.astimezone(SHANGHAI).date(), row.due_kind


@pytest.fixture
def case(runtime: Runtime, place: Place) -> Case:
    """An application of a place of its own."""
    return Case(runtime, place)


@pytest.mark.parametrize(
    ("forwarded", "told_until"),
    [("2025-09-29T10:00", date(2025, 10, 13)), ("2026-02-13T16:00", date(2026, 2, 27))],
)
async def test_a_permit_is_answered_within_five_working_days_of_receipt(
    case: Case, forwarded: str, told_until: date
) -> None:
    await case.take_in(forwarded, itemCode=PERMIT)
    await case.forwarded(forwarded)
    assert await case.ends() == {"notice": told_until}
    assert await case.due() == (told_until, "notice")


async def test_pre_review_takes_two_working_days_and_starts_again_with_a_correction(case: Case) -> None:
    await case.take_in("2026-11-20T15:00")
    assert await case.ends() == {"pre_review": date(2026, 11, 24)}
    await case.play("require_correction", "2026-11-23T10:00", NoticeIn(deficiencies=["收入证明"]))
    assert await case.ends() == {"correction": date(2026, 12, 23)}
    await case.play("correct", "2026-12-01T10:00", CorrectionIn(materials=[]))
    assert await case.ends() == {"pre_review": date(2026, 12, 3)}


async def test_the_promise_runs_from_acceptance_and_delivery_from_the_decision(case: Case) -> None:
    await case.take_in("2026-11-02T09:00", itemCode="SA001")
    await case.forwarded("2026-11-02T10:00")
    await case.play("accept", "2026-11-03T09:00", AcceptanceIn(accepted=True))
    assert await case.ends() == {"promised": date(2026, 12, 1), "statutory": date(2026, 12, 1)}
    await case.play("decide", "2026-11-10T09:00", DecisionIn(approved=True))
    assert await case.ends() == {"delivery": date(2026, 11, 24)}
    await case.play("complete", "2026-11-12T09:00")
    assert await case.ends() == {}
    assert await case.due() == (None, None)


async def test_an_economic_check_over_national_day_stops_the_clock_for_its_working_days(case: Case) -> None:
    """Accepted on 22 September 2025; 20 working days over the holiday end on 24 October (28/9 and 11/10 are worked)."""
    await case.take_in("2025-09-22T08:30", itemCode="SA001")
    await case.forwarded("2025-09-22T08:40")
    await case.play("accept", "2025-09-22T09:00", AcceptanceIn(accepted=True))
    assert (await case.ends())["promised"] == date(2025, 10, 24)
    await case.play("suspend", "2025-09-26T08:00", SuspensionIn(procedure="household_economic_check"))
    assert await case.due() == (None, None)
    # 26, 28, 29, 30 September and 9 October do not count; on the 10th the clock runs again at the end of the day.
    await case.play("resume", "2025-10-10T15:00")
    assert (await case.ends())["promised"] == date(2025, 10, 31)
    await case.play("suspend", "2025-10-13T09:00", SuspensionIn(procedure="hearing"))
    await case.play("resume", "2025-10-15T09:00")
    assert (await case.ends())["promised"] == date(2025, 11, 4)


async def test_silence_on_a_permit_is_acceptance_from_the_day_of_receipt(case: Case, runtime: Runtime) -> None:
    await case.take_in("2025-09-29T09:00", itemCode="FP005")
    await case.play("pre_review", "2025-09-29T09:30", PreReviewIn(passed=True))
    await case.play("forward", "2025-09-29T10:00")
    await jobs.deem_accepted(runtime, at("2025-10-13T23:59:59"))
    assert (await case.due())[1] == "notice"
    await jobs.deem_accepted(runtime, at("2025-10-14T00:01"))
    assert await case.started("promised") == at("2025-09-29T10:00")
    assert await case.ends() == {"promised": date(2025, 11, 3)}


async def test_an_instant_item_is_decided_when_it_arrives(case: Case) -> None:
    await case.take_in("2026-11-23T09:00", itemCode="MI001")
    await case.forwarded("2026-11-23T09:05")
    unit = handler("medical_insurance")
    calendar = await case.runtime.calendar()
    async with case.runtime.app_session(unit) as session:
        moved = await commands.decide(
            session, unit, case.id, DecisionIn(approved=True),
            version=case.version, calendar=calendar, now=at("2026-11-23T09:10"),
        )  # fmt: skip
    assert moved.state == "approved"
    assert await case.ends() == {"delivery": date(2026, 12, 7)}


async def test_an_end_in_a_year_nobody_has_published_is_provisional(case: Case, runtime: Runtime) -> None:
    await case.take_in("2026-12-28T09:00")
    await case.forwarded("2026-12-28T09:10")
    async with runtime.system_session() as session:
        query = text("select provisional from clock where application_id = :id and kind = 'notice'")
        assert await session.scalar(query, {"id": case.id}) is True


async def test_a_limit_of_the_service_itself_does_not_claim_a_law(case: Case, runtime: Runtime) -> None:
    await case.take_in("2026-11-23T09:00", itemCode="SA002")
    await case.forwarded("2026-11-23T09:05")
    async with runtime.system_session() as session:
        query = text("select basis from clock where application_id = :id and kind = 'notice'")
        assert await session.scalar(query, {"id": case.id}) == "ours"
