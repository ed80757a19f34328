"""Applications in every state, as scripts for the service to play through its own commands."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from grid_deploy.demo.application_scripts import COURSES, Course, Item
from grid_deploy.demo.composition import Draw
from grid_deploy.demo.identity import FEMALE, MALE, Names
from grid_deploy.demo.people import Person, Population
from grid_deploy.demo.plan import Plan, WorkingDays
from grid_deploy.demo.randomness import Kind, identifier, stream
from grid_deploy.demo.samples import Samples
from grid_deploy.demo.scripts import first_day, moments
from grid_deploy.demo.shipped import table
from grid_deploy.demo.staff import Staff
from grid_deploy.demo.words import choices, word

COURSE_TOTAL = sum(course.count for course in COURSES)
DESK = frozenset({"pre_review_pass", "pre_review_refuse", "require_correction", "forward"})
DEPARTMENT = frozenset({"accept", "suspend", "resume", "approve", "deny", "complete"})
FROM_ELSEWHERE = 0.05
OLD_AGE = 60
GRADES = (1, 1, 1, 1, 2, 2, 2, 3, 4, 5)  # A.8: 1 very satisfied ... 5 very dissatisfied
NATURAL_PERSON, PERMIT = "1", "01"


def items() -> list[Item]:
    """The items a person can apply for, from the shipped catalogue."""
    materials: dict[str, list[str]] = {}
    for row in table("approval_svc", "service_item_materials"):
        if row["required"] == "1":
            materials.setdefault(row["item_code"], []).append(row["name"])
    return [
        Item(
            code=row["code"],
            theme=row["theme"],
            department=row["department"],
            limit=_working_days(row["promised_limit_amount"], row["promised_limit_unit"]),
            permit=row["item_type"] == PERMIT,
            materials=tuple(materials.get(row["code"], ())),
        )
        for row in table("approval_svc", "service_items")
        if row["service_subject"] == NATURAL_PERSON
    ]


def _working_days(amount: str, unit: str) -> int | None:
    """Roughly how many working days a limit is."""
    share = {"working_day": 1.0, "day": 5 / 7, "month": 21.0}
    return round(int(amount) * share[unit]) if amount else None


class Applications:
    """Writes the scripts one after the other."""

    def __init__(self, plan: Plan, days: WorkingDays, staff: Staff, samples: Samples, population: Population) -> None:
        self._plan, self._days, self._staff, self._samples = plan, days, staff, samples
        self._registry = population.registry
        self._draw = Draw(stream(plan.seed, "applications"))
        self._names = Names(stream(plan.seed, "applicants from elsewhere"))
        self._items = items()
        self._reasons = choices("application_reasons")
        self._communities = sorted(samples.adults)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Lines of approval/applications.ndjson, oldest submission first."""
        planned = [self._script(course, number) for number, course in enumerate(_courses(self._plan.applications))]
        planned.sort(key=lambda row: (row["submitted_at"], row["id"]))
        yield from planned

    def _script(self, course: Course, number: int) -> dict[str, Any]:
        draw = self._draw
        item = draw.pick([item for item in self._items if course.suits(item)])
        community = draw.pick(self._communities)
        steps = course.steps(draw, item)
        gaps = [gap for _, gap in steps]
        start = first_day(self._plan.as_of, gaps, course.idle(draw, item), self._days)
        submitted, *at = moments(start, gaps, draw, self._days)
        at_window = draw.chance(0.65)
        clerk = self._staff.clerks[community]
        return {
            "id": identifier(Kind.APPLICATION, self._plan.seed, number),
            "item_code": item.code,
            "community_code": community,
            "applicant": self._applicant(item, community, submitted.date()),
            "submitted_at": submitted.isoformat(),
            "channel": "window" if at_window else "online",
            "clerk_account_id": clerk if at_window else None,
            "steps": [
                self._step(verb, moment, item, clerk, at_window=at_window)
                for (verb, _), moment in zip(steps, at, strict=True)
            ],
            "synthetic": True,
        }

    def _applicant(self, item: Item, community: str, day: date) -> dict[str, Any]:
        """A resident whose age suits the item, or now and then somebody who is not registered here."""
        if self._draw.chance(FROM_ELSEWHERE):
            sex = FEMALE if self._draw.chance(0.5) else MALE
            born = date(day.year - self._draw.between(22, 70), self._draw.between(1, 12), self._draw.between(1, 28))
            name = self._names.surname() + self._names.given(sex)
            number = self._registry.id_number(born, sex)
            return {"name": name, "id_number": number, "phone": self._registry.phone(), "person_id": None}
        suitable = [person for person in self._samples.adults[community] if _suits(item, person)]
        person = self._draw.pick(suitable or self._samples.adults[community])
        phone = person.phone or self._registry.phone()
        return {"name": person.name, "id_number": person.id_number, "phone": phone, "person_id": person.id}

    def _step(self, verb: str, moment: datetime, item: Item, clerk: str, *, at_window: bool) -> dict[str, Any]:
        handlers = self._staff.handlers[item.department]
        by = clerk if verb in DESK or (verb == "correct" and at_window) else None
        if verb in DEPARTMENT:
            by = handlers[0]
        return {
            "verb": verb,
            "at": moment.isoformat(),
            "by": by,
            "unit": item.department if verb in DEPARTMENT or verb == "forward" else None,
            "reason": self._reason(verb, item),
            "grade": self._draw.pick(GRADES) if verb == "rate" else None,
        }

    def _reason(self, verb: str, item: Item) -> str | None:
        if verb == "require_correction":
            missing = [name for name in item.materials if self._draw.chance(0.4)] or item.materials[:1]
            return word("correction").format(materials=word("separator").join(missing) or word("no_materials"))
        return self._draw.pick(self._reasons[verb]) if verb in self._reasons else None


def _courses(total: int) -> list[Course]:
    """Each course as often as its share of the total, at least once while there is room."""
    wanted = [course for course in COURSES for _ in range(max(1, round(course.count * total / COURSE_TOTAL)))]
    while len(wanted) < total:
        wanted.append(COURSES[len(wanted) % len(COURSES)])
    return wanted[:total]


def _suits(item: Item, person: Person) -> bool:
    if item.theme == "elderly_care":
        return person.age >= OLD_AGE
    if item.theme == "family_planning":
        return person.sex == FEMALE and 22 <= person.age <= 48  # noqa: PLR2004 - years
    return True
