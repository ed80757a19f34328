"""A grid for the phone: everything of it, or what changed since a cursor; and today's list of who is to be visited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from grid_kernel.auth import Actor
from grid_kernel.clock import Period, month_of, today
from grid_kernel.errors import InvalidInput
from grid_kernel.paging import PageRequest, encode
from grid_kernel.reads import ReadRunner
from population_svc import plan, progress, queries
from population_svc.campaign_packs import campaigns_in, open_until
from population_svc.pace import Rule
from population_svc.rules import VisitOutcome
from population_svc.schemas import (
    Gone,
    PackArrival,
    PackCampaign,
    PackFollowUp,
    PackHousehold,
    PackOut,
    PlanLine,
    ProgressOut,
)

Row = Mapping[str, Any]
_FIRST_YEAR, _LAST_YEAR = 2020, 2200


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a pack was made of: all transactions below the horizon, at a moment."""

    horizon: int
    made_at: datetime

    @classmethod
    def read(cls, text: str | None) -> "Cursor | None":
        """The cursor a phone names; one nobody gave out is refused."""
        values = PageRequest(text, 1).after(int, datetime)
        if values is None:
            return None
        if not _FIRST_YEAR <= values[1].year <= _LAST_YEAR:
            raise InvalidInput.at("#/query/since", "cursor-malformed")
        return cls(values[0], values[1].replace(tzinfo=UTC))

    def written(self) -> str:
        """As the phone keeps it."""
        return encode([self.horizon, self.made_at.astimezone(UTC).replace(tzinfo=None)])

    def still_good(self, newer: "Cursor") -> bool:
        """Whether the changes since then are known and its month is the running one."""
        same_month = month_of(today(self.made_at)) == month_of(today(newer.made_at))
        return same_month and self.horizon <= newer.horizon and self.made_at <= newer.made_at


async def read_pack(reads: ReadRunner, actor: Actor, grid: str, since: Cursor | None, now: datetime) -> PackOut:
    """The pack of a grid. Reads run one after the other: what commits in between is told again next time."""
    cursor = Cursor((await reads.fetch(queries.horizon()))[0]["horizon"], now)
    complete = since is None or not since.still_good(cursor)
    changed = [] if complete or since is None else await reads.fetch(queries.roster_changes(actor, grid, since.horizon))
    standing = await progress.read_progress(reads, actor, grid, None, today(now))
    quarter, day = progress.quarter_named(None, today(now))
    every = await reads.fetch(queries.pack_households(actor, grid, quarter, day))
    told = every if complete else _among(every, {row["household_id"] for row in changed})
    persons = await reads.fetch(
        queries.pack_persons(actor, [row["id"] for row in told]),
        access="person",
        fields=("name", "birth_date", "phone"),
    )
    follow_ups = await reads.fetch(queries.pack_follow_ups(actor, grid))
    arriving = await reads.fetch(queries.arriving(actor, grid))
    running = await campaigns_in(reads, actor, grid, day)
    return PackOut(
        area_code=grid,
        generated_at=now,
        as_of=day,
        cursor=cursor.written(),
        complete=complete,
        quarter=quarter.label,
        rule=standing.rule,
        progress=standing.total,
        households=_with_members(told, persons),
        gone=_gone(changed, told, persons),
        plan=_planned(every, follow_ups, running, standing, day, quarter),
        follow_ups=[PackFollowUp.model_validate(row) for row in follow_ups],
        arriving=[PackArrival.model_validate({**row, "transfer_id": row["id"]}) for row in arriving],
        campaigns=running,
    )


def _with_members(households: Sequence[Row], persons: Sequence[Row]) -> list[PackHousehold]:
    """Each household with its persons: what belongs together stands together, and compresses to four fifths."""
    lived: dict[UUID, list[Row]] = {row["id"]: [] for row in households}
    for person in persons:
        lived[person["household_id"]].append(person)
    return [PackHousehold.model_validate({**row, "persons": lived[row["id"]]}) for row in households]


def _among(rows: Sequence[Row], ids: set[UUID]) -> list[Row]:
    return [row for row in rows if row["id"] in ids]


def _gone(changed: Sequence[Row], told: Sequence[Row], persons: Sequence[Row]) -> Gone:
    here, lives = {row["id"] for row in told}, {row["id"] for row in persons}
    households = {row["household_id"] for row in changed} - here
    moved = {row["person_id"] for row in changed if row["person_id"] is not None} - lives
    return Gone(households=sorted(households), persons=sorted(moved))


def _planned(
    rows: Sequence[Row],
    follow_ups: Sequence[Row],
    running: Sequence[PackCampaign],
    standing: ProgressOut,
    day: date,
    quarter: Period,
) -> list[PlanLine]:
    since: dict[UUID, date] = {}
    for row in follow_ups:
        since.setdefault(row["household_id"], today(row["requested_at"]))
    week = standing.total.week
    left = 0 if week is None else week.pace - week.done.value
    rule = Rule(**standing.rule.model_dump(by_alias=False, exclude={"weekly_minimum"}))
    until = open_until(running)
    stops = [_stop(row, since.get(row["id"]), until.get(row["id"]) or until.get(row["dwelling_id"])) for row in rows]
    lines = plan.todays_list(stops, rule, day=day, quarter=quarter, left_this_week=left)
    return [PlanLine(household_id=line.household, reasons=list(line.reasons), due_on=line.due_on) for line in lines]


def _stop(row: Row, follow_up_since: date | None, campaign_until: date | None) -> plan.Stop:
    return plan.Stop(
        id=row["id"],
        roster_key=row["roster_key"],
        presence=row["presence"],
        on_care_list=bool(row["care_reasons"]),
        care_visits=row["care_visits"],
        visited_in_quarter=row["visited_in_quarter"],
        last_visited_on=row["last_visited_on"],
        last_tried_on=row["last_tried_on"],
        last_outcome=VisitOutcome(row["last_outcome"]) if row["last_outcome"] else None,
        revisit_on=row["revisit_on"],
        follow_up_since=follow_up_since,
        campaign_until=campaign_until,
    )
