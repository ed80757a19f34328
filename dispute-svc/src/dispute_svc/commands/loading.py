"""Loading case scripts: the same steps as the commands take, played in memory with their historic times."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries, triage
from dispute_svc.commands.reporting import begin, category_of, next_numbers
from dispute_svc.commands.routing import as_rule, install_routing
from dispute_svc.dossier import Dossier, Why
from dispute_svc.models import Case, Dispatch, Entry, Objection
from dispute_svc.rules import DEFAULT_LIMIT, DispatchState, ObjectionReason, ObjectionState
from dispute_svc.schemas import ReportIn
from dispute_svc.spots import spot_of
from grid_kernel.ask import ask
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.bulk import copy_rows
from grid_kernel.clock import WorkingCalendar, today
from grid_kernel.contracts.gis import LOCATE, LocatePoint, LocatePoints
from grid_kernel.events import publish_many
from grid_kernel.runtime import Runtime
from grid_kernel.schemas import PointIn

Row = Mapping[str, Any]
LOCATED_AT_ONCE = 1000
_OWN = Actor.system("dispute")


async def load(runtime: Runtime, folder: Path, now: datetime) -> int:
    """Play `cases.ndjson` in one transaction; rows that are there already are left alone. The number added.

    The grid is the row's `area_code`; where a row has none gis is asked, in batches, as for any other case.
    """
    rows = [json.loads(line) for line in (folder / "cases.ndjson").read_text("utf-8").splitlines()]
    grants = _grants(folder.parent / "gateway" / "posts.ndjson")
    calendar = await runtime.calendar()
    async with runtime.system_session() as session:
        await install_routing(session, runtime.settings.district)
        there = await queries.known(session, [UUID(row["id"]) for row in rows])
        fresh = [row for row in rows if UUID(row["id"]) not in there]
        places = await _places(runtime, fresh, now)
        player = _Player(runtime.settings.district, grants, await _table(session), calendar)
        numbers = await _numbers(session, fresh)
        dossiers = [player.play(row, places[row["id"]], next(numbers[_day(row)])) for row in fresh]
        await _store(session, dossiers)
    return len(dossiers)


def _grants(path: Path) -> dict[str, Grant]:
    """The post of each account as the timeline names it; a folder without posts names none."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {
        row["account_id"]: Grant(post=Post(row["post"]), area=row["area_code"], unit=row["unit_code"])
        for row in rows
        if row["account_id"] and row["post"] in set(Post)
    }


async def _places(runtime: Runtime, rows: Sequence[Row], now: datetime) -> dict[str, str]:
    district = runtime.settings.district
    places = {row["id"]: row["area_code"] for row in rows if row.get("area_code")}
    unknown = [row for row in rows if row["id"] not in places]
    for start in range(0, len(unknown), LOCATED_AT_ONCE):
        batch = unknown[start : start + LOCATED_AT_ONCE]
        spots = [(row["id"], spot_of(_point(row))) for row in batch]
        points = tuple(LocatePoint(reference=key, lon=spot.lon, lat=spot.lat) for key, spot in spots if spot)
        answer = await ask(runtime, LOCATE, LocatePoints(points=points, at=now), timeout=30)
        places |= {point.reference: point.grid_code or point.area_code or district for point in answer.points}
    return {row["id"]: places.get(row["id"], district) for row in rows}


async def _table(session: AsyncSession) -> list[triage.Rule]:
    return [as_rule(row) for row in await queries.whole_routing_table(session)]


async def _numbers(session: AsyncSession, rows: Sequence[Row]) -> dict[date, Iterator[int]]:
    days = Counter(_day(row) for row in rows)
    firsts = {day: await next_numbers(session, day, count) for day, count in sorted(days.items())}
    return {day: iter(range(first, first + days[day])) for day, first in firsts.items()}


async def _store(session: AsyncSession, dossiers: Sequence[Dossier]) -> None:
    await copy_rows(session, Case, [dossier.case for dossier in dossiers])
    await copy_rows(session, Dispatch, [dispatch for dossier in dossiers for dispatch in dossier.dispatches])
    await copy_rows(session, Objection, [objection for dossier in dossiers for objection in dossier.objections])
    await copy_rows(session, Entry, [entry for dossier in dossiers for entry, _, _ in dossier.fresh])
    await publish_many(session, (event for dossier in dossiers for _, event, _ in dossier.fresh))


def _day(row: Row) -> date:
    return today(_moment(row["reported_at"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _point(row: Row) -> PointIn | None:
    if row["lon"] is None:
        return None
    return PointIn(
        lon=row["lon"],
        lat=row["lat"],
        crs=row["crs"],
        accuracy_m=row["accuracy_m"],
        captured_at=_moment(row["reported_at"]),
    )


class _Player:
    """Plays one script after the other."""

    def __init__(
        self, district: str, grants: Mapping[str, Grant], table: Sequence[triage.Rule], calendar: WorkingCalendar
    ) -> None:
        self._district = district
        self._grants = grants
        self._table = table
        self._calendar = calendar

    def _actor(self, account: str, unit: str | None = None) -> Actor:
        known = self._grants.get(account)
        grant = Grant(post=known.post if known else Post.DEPARTMENT_HANDLER, area=self._district, unit=unit)
        return Actor(kind="account", id=account, grants=(grant,) if unit else (known,) if known else ())

    def play(self, row: Row, area_code: str, number: int) -> Dossier:
        """The dossier of a script: reported, placed, routed, and every step it tells."""
        reported_at = _moment(row["reported_at"])
        given = ReportIn(
            category=row["category"], title=row["title"], description=row["description"], point=_point(row)
        )
        reporter = self._actor(row["reporter_account_id"])
        category, case_id = category_of(given.category), UUID(row["id"])
        dossier, _ = begin(reporter, given, category, self._district, number, reported_at, case_id=case_id)
        dossier.locate(_OWN, area_code, reported_at)
        decision = triage.decide(given.category, area_code, today(reported_at), self._table, None)
        dossier.route(_OWN, decision, self._calendar, reported_at)
        for step in row["steps"]:
            _STEPS[step["verb"]](self, dossier, step, _moment(step["at"]))
        # The timeline of a case lies where the case lies.
        for entry, _, _ in dossier.fresh:
            entry.area_code = dossier.case.area_code
        return dossier

    def accept(self, dossier: Dossier, step: Row, now: datetime) -> None:
        """The unit takes it."""
        dossier.accept(self._actor(step["by"], step["unit"]), _turn(dossier, DispatchState.SENT), now)

    def object(self, dossier: Dossier, step: Row, now: datetime) -> None:
        """The unit says it is wrong."""
        actor, reason = self._actor(step["by"], step["unit"]), ObjectionReason(step["reason"])
        dossier.object(actor, _turn(dossier, DispatchState.SENT), reason, self._calendar, now, step["note"])

    def decide_objection(self, dossier: Dossier, step: Row, now: datetime) -> None:
        """The arbiter lets it stand, or names another unit."""
        objection = next(o for o in dossier.objections if o.state is ObjectionState.OPEN)
        arbiter = self._actor(step["by"])
        if step["unit"] in (None, objection.unit_code):
            dossier.uphold(arbiter, objection, now, step["note"])
        else:
            dossier.reroute(arbiter, objection, step["unit"], DEFAULT_LIMIT, self._calendar, now, step["note"])

    def handle(self, dossier: Dossier, step: Row, now: datetime) -> None:
        """The unit says what it did."""
        actor = self._actor(step["by"], step["unit"])
        dossier.handle(actor, _turn(dossier, DispatchState.ACCEPTED), now, Why(note=step["note"]))

    def verify_pass(self, dossier: Dossier, step: Row, now: datetime) -> None:
        """Solved, as seen on the spot."""
        dossier.verify(self._actor(step["by"]), now, Why(note=step["note"]), solved=True)

    def verify_fail(self, dossier: Dossier, step: Row, now: datetime) -> None:
        """Not solved, as seen on the spot."""
        dossier.verify(self._actor(step["by"]), now, Why(note=step["note"]), solved=False)

    def close(self, dossier: Dossier, step: Row, now: datetime) -> None:
        """The community ends it."""
        dossier.close(self._actor(step["by"]), now, Why(note=step["note"]))

    def rate(self, dossier: Dossier, step: Row, now: datetime) -> None:
        """The reporter says how it was."""
        dossier.rate(self._actor(step["by"]), step["grade"], now, step["note"])


def _turn(dossier: Dossier, state: DispatchState) -> Dispatch:
    return next(dispatch for dispatch in dossier.dispatches if dispatch.state is state)


_STEPS: Mapping[str, Callable[[_Player, Dossier, Row, datetime], None]] = {
    "accept": _Player.accept,
    "object": _Player.object,
    "decide_objection": _Player.decide_objection,
    "handle": _Player.handle,
    "verify_pass": _Player.verify_pass,
    "verify_fail": _Player.verify_fail,
    "close": _Player.close,
    "rate": _Player.rate,
}
