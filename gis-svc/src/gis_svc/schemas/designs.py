"""Designs of grids: their figures, side by side, and what approving one does."""

from datetime import date
from uuid import UUID

from gis_svc.schemas.areas import AreaOut
from gis_svc.schemas.shapes import Day
from grid_kernel.schemas import CommunityCode, Input, Schema


class DesignFigures(Schema):
    """What a proposal comes to: borders are counted between neighbouring buildings, with and without a road between."""

    grids: int
    met: int
    fixed: int
    households: int
    changed_households: int
    road_borders: int
    open_borders: int
    roads_inside: int


class CommunityCompared(Schema):
    """A community in two proposals; nothing where one does not design it."""

    area_code: str
    first: DesignFigures | None
    second: DesignFigures | None


class DesignsCompared(Schema):
    """Two proposals side by side, as a whole and by community."""

    first: DesignFigures
    second: DesignFigures
    communities: list[CommunityCompared]


class Approval(Input):
    """The community whose design is put into force, and from which day."""

    community_code: CommunityCode
    effective_on: Day | None = None


class DesignApproved(Schema):
    """The grids of a community after a design was put into force: those drawn or redrawn, those that ended."""

    community_code: str
    grids: list[AreaOut]
    ended: list[str]
    buildings: dict[UUID, str]
    effective_on: date
