"""Staffing norms on the wire, the report against them, and what another cut or another norm would ask for."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from grid_kernel.schemas import AreaCode, Input, Schema, ShortText
from population_svc.rules import GridSize, NormOf
from population_svc.schemas.figures import Figure

Households = Annotated[int, Field(ge=1, le=10000)]


class StaffingNormIn(Input):
    """So many households a grid or a post in an area and below from a day on."""

    area_code: AreaCode
    norm_of: NormOf
    valid_from: date
    households: Households
    tolerance_percent: Annotated[
        int, Field(ge=0, le=90, description="How far a grid may be from the norm and still fit.")
    ] = 20


class StaffingNormOut(Schema):
    """A norm; `areaCode` is empty for the one that holds where no other does."""

    area_code: str
    norm_of: NormOf
    valid_from: date
    valid_to: date | None
    households: int
    tolerance_percent: int


class PostNeed(Schema):
    """Of one post: how many the households ask for, and how many people hold it.

    In a grid each post is needed once, and a director may hold two grids; in a community one is needed for each
    `households` of the norm, and larger areas add up their communities. `staffed` is null when nobody could say.
    """

    post: NormOf
    norm: int
    needed: int
    staffed: int | None
    missing: int | None


class StaffingLine(Schema):
    """An area against the norms: its households, and of a larger area how many of its grids do not fit."""

    area_code: str
    households: Figure
    grids: int
    grids_needed: int
    too_large: int
    too_small: int
    size: GridSize | None
    posts: list[PostNeed]


class StaffingOut(Schema):
    """An area and its parts against the norms on a day."""

    area_code: str
    as_of: date
    norms: list[StaffingNormOut]
    total: StaffingLine
    parts: list[StaffingLine]


class DraftNorm(Input):
    """Another norm to try."""

    norm_of: NormOf
    households: Households


class DraftGrid(Input):
    """A grid as it might be cut: a name and the buildings in it."""

    name: ShortText
    building_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class StaffingDraft(Input):
    """What to try in an area: other norms, another cut of its grids, or both. Nothing is kept."""

    area_code: AreaCode
    as_of: date | None = None
    norms: Annotated[list[DraftNorm], Field(max_length=4)] = Field(default_factory=list)
    grids: Annotated[list[DraftGrid], Field(max_length=100)] = Field(default_factory=list)


class DraftedGrid(Schema):
    """A grid as it might be cut, against the norm."""

    name: str
    households: int
    size: GridSize


class StaffingTried(Schema):
    """How many grids and posts the area would need, beside what it needs now.

    `notAssigned` are the households of buildings in no drafted grid. With drafted grids each of them needs its service
    officer and its guide; directors go by households.
    """

    area_code: str
    as_of: date
    households: int
    grids_now: int
    grids_needed: int
    grids: list[DraftedGrid]
    not_assigned: int
    posts_now: list[PostNeed]
    posts_then: list[PostNeed]
