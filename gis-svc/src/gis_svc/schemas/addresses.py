"""Addresses: elements, matches with their candidates, the floor board of a building."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from gis_svc.rules import AddressState
from gis_svc.schemas.shapes import Position
from grid_kernel.schemas import AreaCode, Input, Line, Schema, clean

Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(clean)]


class AddressElementOut(Schema):
    """A road or a compound in the tree of addresses."""

    id: UUID
    community_code: str
    parent_id: UUID | None
    element_type: str
    name: str
    state: AddressState
    source: str


class ElementOut(Schema):
    """One element of an address: its type (GA/T 2000.32) and text."""

    type: str
    name: str


class AddressOut(Schema):
    """An address of a building, from the district down, as elements and as one text."""

    id: UUID
    state: AddressState
    source: str
    text: str
    elements: list[ElementOut]


class NewAddress(Input):
    """Another address of a building: a former name, another door plate."""

    text: Line
    state: AddressState = AddressState.IN_USE


class TextsToMatch(Input):
    """Addresses as somebody wrote them."""

    texts: Annotated[list[Text], Field(min_length=1, max_length=50)]
    within: AreaCode | None = None


class CandidateOut(Schema):
    """A building that may be meant: how well it agrees, in which elements, and in which it does not."""

    building_id: UUID
    address_id: UUID
    address_state: AddressState
    name: str
    address_text: str
    grid_code: str
    position: Position
    score: float
    agrees: list[str]
    differs: list[str]


class MatchOut(Schema):
    """What an address was read as and which buildings may be meant; a person chooses unless it is exact."""

    text: str
    normal: str
    elements: list[ElementOut]
    rest: str
    open: list[str]
    match: Literal["exact", "candidates", "none"]
    building_id: UUID | None
    candidates: list[CandidateOut]


class MatchesOut(Schema):
    """One match per text, in the order asked."""

    matches: list[MatchOut]


class BoardUnit(Schema):
    """One entrance of a building; house codes of its dwellings begin with the prefix."""

    entrance: int
    house_code_prefix: str
    floors: list[int]


class FloorBoard(Schema):
    """The frame of a building's board: entrances side by side, floors from the top; population knows the doors."""

    building_id: UUID
    version: int
    name: str
    address_text: str
    grid_code: str
    floors: int
    units: list[BoardUnit]
