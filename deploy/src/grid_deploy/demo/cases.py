"""Cases in every state, as scripts for the service to play through its own commands."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import shapely

from grid_deploy.demo.areas import District, to_degrees, to_metres
from grid_deploy.demo.case_scripts import COURSES, OPINION_COUNT, OUTSIDE_COUNT, Course
from grid_deploy.demo.composition import Draw
from grid_deploy.demo.plan import DISTRICT, Plan, WorkingDays
from grid_deploy.demo.randomness import Kind, identifier, stream
from grid_deploy.demo.samples import Place, Samples
from grid_deploy.demo.scripts import first_day, moments
from grid_deploy.demo.shipped import table
from grid_deploy.demo.staff import Staff
from grid_deploy.demo.words import choices, rows, rows_by_key
from grid_kernel.geo import Crs, from_cgcs2000

RESTRICTED, OPINION = "H03", "O99"
GRADES = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5)
# where a case goes when the objection of its first unit is right
REROUTE = {
    "housing": "property_management",
    "urban_management": "property_management",
    "market_supervision": "urban_management",
    "ecology_environment": "urban_management",
    "property_management": "housing",
    "police": "urban_management",
    "fire_rescue": "property_management",
}
# H and D categories with how common they are here; a setting of the demonstration, not a fact
COMMON = {
    "H01": 8, "H02": 8, "H03": 3, "H04": 20, "H05": 8, "H06": 22, "H07": 6,
    "D01": 3, "D02": 14, "D03": 2, "D04": 3, "D05": 2, "D06": 3, "D07": 1, "D08": 2, "D09": 7,
    "D10": 4, "D11": 1, "D12": 5, "D13": 2, "D14": 2, "D15": 16, "D99": 3,
}  # fmt: skip
SYSTEMS = ((Crs.GCJ02, 0.62), (Crs.WGS84, 0.80), (Crs.CGCS2000, 0.92), (Crs.BD09, 1.0))
NEAR, EDGE = 25.0, 1.0  # metres: around the building, and at least so far inside the grid
BY_UNIT = frozenset({"accept", "object", "handle"})
BY_ARBITER = {"rerouted", "upheld"}


class Text(NamedTuple):
    """What the reporter writes; {place} is a building, {door} an entrance."""

    title: str
    description: str


class Cases:
    """Writes the scripts one after the other."""

    def __init__(self, plan: Plan, days: WorkingDays, staff: Staff, samples: Samples, district: District) -> None:
        self._plan, self._days, self._staff, self._samples, self._district = plan, days, staff, samples, district
        self._draw = Draw(stream(plan.seed, "cases"))
        self._kinds = {row["code"]: row["kind"] for row in table("dispute_svc", "case_categories")}
        self._rules = {row["category"]: row for row in table("dispute_svc", "routing")}
        self._texts = {code: [Text(*row) for row in texts] for code, texts in rows_by_key("case_texts").items()}
        self._notes = choices("case_notes")
        self._everybody = [account for reporters in staff.reporters.values() for account in reporters]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Lines of dispute/cases.ndjson, oldest report first."""
        routed = max(0, self._plan.cases - OUTSIDE_COUNT - OPINION_COUNT)
        planned = [self._routed(course) for course in _courses(routed)]
        if self._plan.cases > OUTSIDE_COUNT + OPINION_COUNT:
            planned += [self._opinion() for _ in range(OPINION_COUNT)]
            planned += [self._outside(*row) for row in rows("outside_cases")[:OUTSIDE_COUNT]]
        planned.sort(key=lambda row: (row["reported_at"], row["title"]))
        for number, row in enumerate(planned):
            yield {"id": identifier(Kind.CASE, self._plan.seed, number), **row, "synthetic": True}

    def _routed(self, course: Course) -> dict[str, Any]:
        draw = self._draw
        bag = [code for code, common in COMMON.items() for _ in range(common)]
        if course.objectable:
            bag = [code for code in bag if self._rules[code]["unit_code"] in REROUTE]
        category, place = draw.pick(bag), draw.pick(self._samples.places)
        rule = self._rules[category]
        community = place.grid.community
        unit = rule["unit_code"].format(community=community.code, street=community.street_code)
        limit = int(rule["limit_amount"]) * (5 if rule["limit_unit"] == "day" else 7) // 7
        steps = course.steps(draw, limit)
        gaps = [gap for _, gap in steps]
        start = first_day(self._plan.as_of, gaps, course.idle(draw, limit), self._days)
        reported, *at = moments(start, gaps, draw, self._days)
        reporter = self._reporter(place, category)
        row = self._report(category, draw.pick(self._texts[category]), place, reported, reporter)
        played = [(verb, moment) for (verb, _), moment in zip(steps, at, strict=True)]
        row["steps"] = list(self._steps(played, unit, place, reporter))
        return row

    def _opinion(self) -> dict[str, Any]:
        """No rule covers opinions: they wait on the list of the centre."""
        place = self._draw.pick(self._samples.places)
        reporter = self._reporter(place, OPINION)
        return self._report(OPINION, self._draw.pick(self._texts[OPINION]), place, self._recently(), reporter)

    def _outside(self, category: str, title: str, description: str) -> dict[str, Any]:
        """In the district but in no grid: it waits on the list of what could not be placed."""
        point = self._point_outside()
        reporter = self._draw.pick(self._everybody)
        return self._case(category, Text(title, description), point, self._recently(), reporter)

    def _recently(self) -> datetime:
        start = self._days.before(self._plan.as_of, self._draw.between(1, 5))
        return next(moments(start, [], self._draw, self._days))

    def _report(self, category: str, text: Text, place: Place, reported: datetime, reporter: str) -> dict[str, Any]:
        words = {"place": place.building.name, "door": self._draw.between(1, place.building.entrances)}
        filled = Text(text.title.format(**words), text.description.format(**words))
        row = self._case(category, filled, self._point_near(place), reported, reporter)
        return row | {"area_code": place.grid.code}

    def _case(
        self, category: str, text: Text, point: tuple[float, float], reported: datetime, reporter: str
    ) -> dict[str, Any]:
        drawn = self._draw.unit()
        crs = next(system for system, bound in SYSTEMS if drawn <= bound)
        lon, lat = from_cgcs2000(point[0], point[1], crs)
        return {
            "category": category,
            "kind": self._kinds[category],
            "title": text.title,
            "description": text.description,
            "area_code": DISTRICT,
            "lon": round(lon, 6),
            "lat": round(lat, 6),
            "crs": crs.value,
            "accuracy_m": float(self._draw.between(4, 28)),
            "reported_at": reported.isoformat(),
            "reporter_account_id": reporter,
            "steps": [],
        }

    def _steps(
        self, played: list[tuple[str, datetime]], unit: str, place: Place, reporter: str
    ) -> Iterator[dict[str, Any]]:
        verifier = self._staff.verifiers[place.grid.code]
        arbiter = self._staff.handlers[f"centre-{place.grid.community.street_code}"][0]
        for verb, moment in played:
            if verb == "rerouted":
                unit = REROUTE[unit]
            by = self._draw.pick(self._staff.handlers[unit]) if verb in BY_UNIT else verifier
            by = arbiter if verb in BY_ARBITER else reporter if verb == "rate" else by
            yield {
                "verb": "decide_objection" if verb in BY_ARBITER else verb,
                "at": moment.isoformat(),
                "by": by,
                "unit": unit if verb in BY_UNIT or verb in BY_ARBITER else None,
                "note": self._draw.pick(self._notes[verb]),
                "reason": "not_our_duty" if verb == "object" else None,
                "grade": self._draw.pick(GRADES) if verb == "rate" else None,
            }

    def _reporter(self, place: Place, category: str) -> str:
        """Mostly somebody of the community, now and then of another; restricted ones the worker of the grid."""
        if category == RESTRICTED:
            return self._staff.verifiers[place.grid.code]
        if self._draw.chance(0.12):
            return self._draw.pick(self._everybody)
        return self._draw.pick(self._staff.reporters[place.grid.community.code])

    def _point_near(self, place: Place) -> tuple[float, float]:
        """Around the building, well inside its grid, in CGCS2000."""
        middle = to_metres(np.array([(place.building.lon, place.building.lat)]))[0]
        for _ in range(20):
            east, north = (NEAR * (2 * self._draw.unit() - 1) for _ in range(2))
            point = shapely.Point(middle[0] + east, middle[1] + north)
            if place.grid.shape.contains(point) and place.grid.shape.exterior.distance(point) > EDGE:
                lon, lat = to_degrees(shapely.get_coordinates(point))[0]
                return float(lon), float(lat)
        return place.building.lon, place.building.lat

    def _point_outside(self) -> tuple[float, float]:
        """In the outline of the district, a hundred metres from every grid."""
        west, south, east, north = self._district.outline.bounds
        shapes = [grid.shape for grid in self._district.grids]
        while True:
            x = west + (east - west) * self._draw.unit()
            point = shapely.Point(x, south + (north - south) * self._draw.unit())
            if self._district.outline.contains(point) and shapely.distance(shapes, point).min() > 100.0:  # noqa: PLR2004
                lon, lat = to_degrees(shapely.get_coordinates(point))[0]
                return float(lon), float(lat)


def _courses(total: int) -> list[Course]:
    """Each course as often as its share of the total."""
    shares = sum(course.count for course in COURSES)
    wanted = [course for course in COURSES for _ in range(max(1, round(course.count * total / shares)))]
    while len(wanted) < total:
        wanted.append(COURSES[len(wanted) % len(COURSES)])
    return wanted[:total]
