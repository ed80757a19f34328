"""The care list: needs with a basis, a start and an expiry, for two to four per cent of the households."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

from grid_deploy.demo.areas import Grid
from grid_deploy.demo.composition import Draw
from grid_deploy.demo.people import FEMALE, Household, Person
from grid_deploy.demo.plan import Plan
from grid_deploy.demo.randomness import stream
from grid_deploy.demo.shipped import table
from grid_deploy.demo.words import named

OLD, VERY_OLD, CARED_FOR, GROWN_UP, OLD_PAIR = 70, 80, 75, 18, 2
POSTPARTUM_DAYS = 180
MONTH = timedelta(days=30)
EXPIRED_SHARE = 0.05  # entries that ran out and wait for a decision

# Shares are settings of the demonstration, not facts about anybody.
SHARE = {
    "elderly_living_alone": 0.32,
    "advanced_age": 0.06,
    "home_care_for_elderly": 0.06,
    "empty_nest_elderly": 0.03,
    "postpartum": 0.35,
    "child_in_difficulty": 0.003,
    "disability": 0.004,
    "minimum_living_allowance": 0.005,
    "after_discharge": 0.0015,
    "temporary_assistance": 0.001,
    "extreme_hardship": 0.0008,
}


@cache
def _months() -> dict[str, int]:
    return {row["code"]: int(row["default_months"]) for row in table("population_svc", "care_reasons")}


def care_of(grid: Grid, households: list[Household], plan: Plan) -> Iterator[dict[str, Any]]:
    """Lines of population/care.ndjson: at most one entry per household."""
    draw = Draw(stream(plan.seed, "care", grid.code))
    for household in households:
        for reason, person in _needs(household, plan.as_of):
            if draw.chance(SHARE[reason]):
                yield _entry(household, person, reason, draw, plan.as_of)
                break


def _needs(household: Household, as_of: date) -> Iterator[tuple[str, Person]]:
    """What this household could be listed for, the narrowest need first."""
    persons, head = household.persons, household.persons[0]
    if len(persons) == 1 and head.age >= OLD:
        yield "elderly_living_alone", head
    for person in persons:
        if person.age >= VERY_OLD:
            yield "advanced_age", person
        elif person.age >= CARED_FOR:
            yield "home_care_for_elderly", person
    if len(persons) == OLD_PAIR and min(person.age for person in persons) >= OLD:
        yield "empty_nest_elderly", head
    infants = [person for person in persons if (as_of - person.birth_date).days < POSTPARTUM_DAYS]
    mothers = [person for person in persons if person.sex == FEMALE and GROWN_UP <= person.age < 50]  # noqa: PLR2004
    if infants and mothers:
        yield "postpartum", min(mothers, key=lambda person: person.age)
    yield from (("child_in_difficulty", person) for person in persons if person.age < GROWN_UP)
    for reason in ("disability", "minimum_living_allowance", "after_discharge", "temporary_assistance"):
        yield reason, head
    if len(persons) == 1 and head.age >= OLD - 10:
        yield "extreme_hardship", head


def _entry(household: Household, person: Person, reason: str, draw: Draw, as_of: date) -> dict[str, Any]:
    lasts = _months()[reason] * MONTH
    used = 1.0 + 0.15 * draw.unit() if draw.chance(EXPIRED_SHARE) else 0.97 * draw.unit()
    starts = as_of - timedelta(days=1 + int(lasts.days * used))
    if reason == "postpartum":
        starts = max(starts, *(member.birth_date for member in household.persons))
    return {
        "household_id": household.id,
        "person_id": person.id,
        "reason": reason,
        "basis": named("care_basis")[reason],
        "starts_on": starts.isoformat(),
        "expires_on": (starts + lasts).isoformat(),
        "synthetic": True,
    }
