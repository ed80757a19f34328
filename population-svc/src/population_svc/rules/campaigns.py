"""Campaigns (专项排查): a dated selection of homes and one form, joined to the visits people make anyway."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import FieldError, Forbidden, InvalidInput, NotFound, WrongState
from population_svc.rules.elements import ElementKind
from population_svc.rules.import_rows import read_day

CAMPAIGNERS = (Post.STATION_HEAD, Post.STREET_LEADER, Post.DISTRICT_LEADER)
MOST_MEMBERS = 200_000
_LONGEST = 500
_LONG_CAMPAIGN = 366


class CampaignState(StrEnum):
    """Where a campaign stands."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"


class CampaignEnded(WrongState):
    """The campaign is over, and so is its form."""

    status, code = 409, "campaign-ended"


class CampaignNotBegun(WrongState):
    """The campaign has not begun."""

    status, code = 409, "campaign-not-begun"


class NobodySelected(InvalidInput):
    """The selection holds no home of the area."""

    status, code = 400, "nobody-selected"


def check_runs_campaigns(actor: Actor, area: str) -> None:
    """A campaign is run by whoever leads a station or an area above it."""
    if not actor.holds(*CAMPAIGNERS):
        raise Forbidden
    if not actor.holds(*CAMPAIGNERS, area=area):
        raise NotFound


def check_dates(starts_on: date, ends_on: date, form_ends_on: date, today: date) -> None:
    """A campaign ends, within the time of its form and within a year."""
    if ends_on < starts_on:
        raise InvalidInput.at("/endsOn", "before-the-start", start=starts_on.isoformat())
    if ends_on < today:
        raise InvalidInput.at("/endsOn", "in-the-past")
    if ends_on > form_ends_on or (ends_on - starts_on).days > _LONG_CAMPAIGN:
        raise InvalidInput.at("/endsOn", "after-its-form", end=form_ends_on.isoformat())


def check_answers(fields: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> None:
    """Refuse answers that do not fit the form; what is known is not answered."""
    asked = {field["element"]: field for field in fields if not field["known"]}
    errors = [FieldError(f"/answers/{name}", "extra-forbidden") for name in answers if name not in asked]
    for name, field in asked.items():
        value = answers.get(name)
        if value in {None, ""} if not isinstance(value, list | dict) else False:
            errors += [FieldError(f"/answers/{name}", "missing")] if field["required"] else []
        elif not _fits(field, value):
            errors.append(FieldError(f"/answers/{name}", "not-acceptable"))
    if errors:
        raise InvalidInput(errors=errors)


def _fits(field: Mapping[str, Any], value: Any) -> bool:
    kind = ElementKind(field["kind"])
    if kind is ElementKind.YES_NO:
        return isinstance(value, bool)
    if kind is ElementKind.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str) or len(value) > _LONGEST:
        return False
    if kind is ElementKind.DATE:
        return read_day(value) is not None
    return value in field["options"] if field["options"] else True
