"""Claims and transfers between grids, on the wire."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from grid_kernel.schemas import GridCode, Input, Schema
from population_svc.rules import TransferKind, TransferRefusal, TransferState
from population_svc.schemas.households import DwellingIn
from population_svc.schemas.persons import Code, DocumentNumber


class TransferIn(Input):
    """A household of the own grid, or one person of it, that lives in another grid since a day."""

    id: UUID | None = None
    household_id: UUID
    person_id: UUID | None = None
    to_grid: GridCode
    moved_on: date


class _Home(Input):
    """Where somebody lives: a dwelling, for one person also a household that lives there."""

    dwelling_id: UUID | None = None
    dwelling: DwellingIn | None = None
    household_id: UUID | None = None
    relation_to_head: Code | None = None


class ClaimIn(_Home):
    """Whoever bears an identity number lives in the own grid since a day: with the whole household, or alone."""

    id: UUID | None = None
    id_number: DocumentNumber
    whole_household: bool
    moved_on: date

    @model_validator(mode="after")
    def _one_home(self) -> Self:
        given = (self.dwelling_id, self.dwelling, self.household_id)
        if sum(each is not None for each in given) != 1:
            raise ValueError("one of dwellingId, dwelling and householdId")
        if self.whole_household and self.household_id is not None:
            raise ValueError("a whole household needs a dwelling")
        return self


class AcceptanceIn(_Home):
    """The taking grid says where they live; whoever gives need not say anything."""

    moved_on: Annotated[date | None, Field(description="The right day, where another was said.")] = None


class TransferRefusalIn(Input):
    """Why a change of grid is refused."""

    reason: TransferRefusal


class TransferPerson(Schema):
    """Somebody who is to change the grid."""

    id: UUID
    name: str
    relation_to_head: str


class TransferOut(Schema):
    """A change of grid. `awaits` is the grid whose answer is waited for, until `dueAt`."""

    id: UUID
    kind: TransferKind
    state: TransferState
    household_id: UUID
    person_id: UUID | None
    from_area_code: str
    to_area_code: str
    to_dwelling_id: UUID | None
    moved_on: date
    asked_at: datetime
    awaits: str | None
    due_at: datetime
    decided_at: datetime | None
    refusal: TransferRefusal | None
    version: int


class TransferDetail(TransferOut):
    """The same with the address they come from and their names, for whoever may know them."""

    address: str | None
    persons: list[TransferPerson]
