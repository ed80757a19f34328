"""From counted rows to what a leader or worker reads: pure arithmetic on top of `pace`, every number with its query."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from grid_kernel.auth import Actor
from grid_kernel.clock import Period, quarter_of
from grid_kernel.errors import InvalidInput
from grid_kernel.reads import ReadRunner
from population_svc import pace, queries, rules
from population_svc.pace import Pace, Rule
from population_svc.rules import Presence, VisitState
from population_svc.schemas import AreaProgress, CareProgress, Figure, PaceOut, ProgressOut, RuleOut

Row = Mapping[str, Any]
_GRID = 15
_RULE = ("monthly_minimum", "coverage_percent", "care_visits", "care_gap_days", "visit_weekday")
_COUNTED = ("households", "before_month", "in_month", "before_week", "in_week", "empty")
_COUNTED += (*VisitState, Presence.REGISTERED_ONLY, Presence.REPORTED_MOVED)


def quarter_named(label: str | None, today: date) -> tuple[Period, date]:
    """A quarter such as 2026Q4 (the running one when none is named) and the last day of it that is not to come."""
    quarter = quarter_of(today) if label is None else quarter_of(date(int(label[:4]), int(label[5]) * 3 - 2, 1))
    if quarter.start > today:
        raise InvalidInput.at("#/query/quarter", "in-the-future")
    return quarter, min(today, quarter.end - timedelta(days=1))


async def read_progress(reads: ReadRunner, actor: Actor, area: str, label: str | None, today: date) -> ProgressOut:
    """How an area stands in a quarter."""
    rules.check_asked_area(actor, area)
    quarter, day = quarter_named(label, today)
    rows = await reads.fetch(queries.progress(actor, area, quarter, day))
    empty = await reads.fetch(queries.empty_dwellings(actor, area, day))
    in_force = await reads.fetch(queries.rules_on(day))
    if not any(area.startswith(row["area_code"]) for row in in_force):
        raise InvalidInput.at("#/query/quarter", "before-the-first-rule")
    return _Quarter(area, quarter, day, today, in_force).told(_by_grid(rows, empty))


def rule_for(area: str, in_force: Sequence[Row]) -> Rule:
    """The rule with the longest area code that contains the area; the latest of two."""
    fitting = [row for row in in_force if area.startswith(row["area_code"])]
    row = max(fitting, key=lambda each: (len(each["area_code"]), each["valid_from"]))
    return Rule(**{name: row[name] for name in _RULE})


def _by_grid(rows: Sequence[Row], empty: Sequence[Row]) -> dict[str, dict[str, Any]]:
    grids: dict[str, dict[str, Any]] = {row["area_code"]: dict(row) | {"empty": 0} for row in rows}
    for row in empty:
        nothing = dict.fromkeys(_COUNTED, 0) | {"care_done_days": None}
        grids.setdefault(row["area_code"], nothing)["empty"] = row["empty"]
    return dict(sorted(grids.items()))


class _Quarter:
    """What all areas of one answer have in common."""

    def __init__(self, area: str, quarter: Period, day: date, today: date, in_force: Sequence[Row]) -> None:
        self._area, self._quarter, self._day = area, quarter, day
        self._running = quarter.contains(today)
        self._in_force = in_force

    def told(self, grids: Mapping[str, Row]) -> ProgressOut:
        """The answer, from the counted rows of its grids."""
        rule = rule_for(self._area, self._in_force)
        parts = [self._grid(code, row) for code, row in grids.items()]
        return ProgressOut(
            area_code=self._area,
            quarter=self._quarter.label,
            as_of=self._day,
            rule=RuleOut.model_validate(rule),
            total=self._total(rule, grids),
            grids=[] if len(self._area) == _GRID else parts,
        )

    def _grid(self, area: str, row: Row) -> AreaProgress:
        rule = rule_for(area, self._in_force)
        return self._shown(area, rule, row, pace.target(rule, row["households"]), *self._paces(rule, row))

    def _total(self, rule: Rule, grids: Mapping[str, Row]) -> AreaProgress:
        """The sums of the grids: each grid has its own minimum, so theirs add up."""
        if len(self._area) == _GRID and self._area in grids:
            return self._grid(self._area, grids[self._area])
        summed: dict[str, Any] = {name: sum(row[name] for row in grids.values()) for name in _COUNTED}
        summed["care_done_days"] = [days for row in grids.values() for days in row["care_done_days"] or ()]
        own = {code: rule_for(code, self._in_force) for code in grids}
        target = sum(pace.target(own[code], row["households"]) for code, row in grids.items())
        paces = [self._paces(own[code], row) for code, row in grids.items()]
        month, week = (_summed([each[index] for each in paces]) for index in (0, 1))
        return self._shown(self._area, rule, summed, target, month, week)

    def _paces(self, rule: Rule, row: Row) -> tuple[Pace | None, Pace | None]:
        if not self._running:
            return None, None
        given: dict[str, Any] = {"day": self._day, "quarter": self._quarter}
        month = pace.this_month(rule, row["households"], before=row["before_month"], done=row["in_month"], **given)
        week = pace.this_week(rule, row["households"], before=row["before_week"], done=row["in_week"], **given)
        return month, week

    def _shown(
        self, area: str, rule: Rule, row: Row, target: int, month: Pace | None, week: Pace | None
    ) -> AreaProgress:
        visited, households = row[VisitState.VISITED.value], row["households"]
        care = row["care_done_days"] or []
        often = sum(1 for days in care if days >= rule.care_visits)
        of_care = self._query(area, presence=Presence.LIVING.value, care="true")
        return AreaProgress(
            area_code=area,
            households=Figure(value=households, query=self._query(area, presence=Presence.LIVING.value)),
            **{
                state.value: Figure(value=row[state.value], query=self._query(area, state=state.value))
                for state in VisitState
            },
            registered_only=self._beside(area, row, Presence.REGISTERED_ONLY),
            reported_moved=self._beside(area, row, Presence.REPORTED_MOVED),
            empty_dwellings=Figure(
                value=row["empty"], query=f"/dwellings?area={area}&use={rules.VACANT}&asOf={self._day}"
            ),
            coverage_percent=pace.coverage_percent(visited, households),
            target=target,
            on_track=pace.on_track(target, visited=visited, day=self._day, quarter=self._quarter),
            forecast=pace.forecast(households, visited=visited, day=self._day, quarter=self._quarter),
            month=self._stretch(area, month),
            week=self._stretch(area, week),
            care=CareProgress(
                households=Figure(value=len(care), query=of_care),
                visited_enough=Figure(value=often, query=f"{of_care}&visitsAtLeast={rule.care_visits}"),
            ),
        )

    def _beside(self, area: str, row: Row, presence: Presence) -> Figure:
        return Figure(value=row[presence.value], query=self._query(area, presence=presence.value))

    def _stretch(self, area: str, stretch: Pace | None) -> PaceOut | None:
        if stretch is None:
            return None
        done = Figure(value=stretch.done, query=self._query(area, visitedFrom=stretch.period.start.isoformat()))
        return PaceOut(
            label=stretch.period.label,
            done=done,
            minimum=stretch.minimum,
            minimum_reached=stretch.minimum_reached,
            pace=stretch.pace,
        )

    def _query(self, area: str, **conditions: str) -> str:
        given = {"area": area, "quarter": self._quarter.label, **conditions}
        return "/households?" + "&".join(f"{name}={value}" for name, value in given.items())


def _summed(parts: Sequence[Pace | None]) -> Pace | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    minimum, needed, done = (sum(getattr(part, name) for part in known) for name in ("minimum", "pace", "done"))
    return replace(known[0], minimum=minimum, pace=needed, done=done)
