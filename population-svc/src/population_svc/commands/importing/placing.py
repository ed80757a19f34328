"""Deciding where rows go: into a dwelling and household that are known or new, or back to whoever brought them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from grid_kernel.errors import FieldError
from grid_kernel.types import uuid7
from population_svc import rules
from population_svc.commands.loading import entered
from population_svc.models import Dwelling, Household
from population_svc.queries import KnownRows
from population_svc.rules import Draft, PersonStatus

Refused = Sequence[FieldError]
_COMMUNITY = 12


@dataclass(slots=True)
class Home:
    """Where rows go."""

    dwelling_id: UUID
    building_id: UUID
    area_code: str
    roster_key: str
    household_id: UUID
    since: date


@dataclass(slots=True)
class Plan:
    """What is to be stored of some rows, what is known, and what is refused by the number of the row."""

    register: KnownRows
    now: datetime
    refused: dict[int, Refused]
    headless: set[tuple[str, str]]
    found: list[tuple[Draft, Any, Any]] = field(default_factory=list)
    """Rows of persons who are known here, with what is known of each and of the dwelling."""
    dwellings: dict[str, Any] = field(default_factory=dict)
    households: list[Any] = field(default_factory=list)
    formed_in: dict[UUID, UUID] = field(default_factory=dict)
    persons: list[tuple[Draft, Home]] = field(default_factory=list)
    returning: list[tuple[Draft, Home, UUID]] = field(default_factory=list)
    lived_in: set[UUID] = field(default_factory=set)
    """Dwellings in which these rows have formed a household."""

    def add(self, rows: list[Draft]) -> None:
        """Decide on the rows of one household."""
        dwelling = self._dwelling(rows)
        if dwelling is None:
            return
        new, at = [], None
        for row in rows:
            known = self._known(row, dwelling.id)
            if row.twice:
                self._refuse([row], "id_number" if row.id_number else "name", "twice-in-the-table")
            elif known is not None and known.dwelling_id == dwelling.id:
                self.found.append((row, known, dwelling))
                at = known.household_id if row.is_head or at is None else at
            elif self._may_be_new(row, known):
                new.append((row, known))
        home = self._household(dwelling, [row for row, _ in new], at) if new else None
        for row, known in new if home else ():
            self._place(row, known, home)

    def _place(self, row: Draft, known: Any, home: Any) -> None:
        if row.moved_in_on < home.since:
            self._refuse([row], "moved_in_on", "before-the-start", start=home.since.isoformat())
        elif known is not None:
            self.returning.append((row, home, known.id))
        else:
            self.persons.append((row, home))

    def _refuse(self, rows: Sequence[Draft], element: str, code: str, **params: object) -> None:
        for row in rows:
            self.refused[row.row_no] = [FieldError(element, code, params)]

    def _known(self, row: Draft, dwelling_id: UUID) -> Any:
        if row.id_number is not None and (known := self.register.numbered.get(row.id_number)) is not None:
            return known
        return self.register.neighbours.get((dwelling_id, row.name, row.birth_date))

    def _may_be_new(self, row: Draft, known: Any) -> bool:
        if known is not None and known.status is PersonStatus.DECEASED:
            self._refuse([row], "id_number", "person-deceased")
        elif known is not None and known.status is not PersonStatus.LEFT:
            self._refuse([row], "id_number", "lives-elsewhere")
        else:
            return True
        return False

    def _dwelling(self, rows: list[Draft]) -> Any:
        """The dwelling of rows, known or new; None when it lies outside, or not enough is said of it."""
        code = rows[0].house_code
        if (known := self.register.dwellings.get(code) or self.dwellings.get(code)) is not None:
            if known.area_code.startswith(self.register.area):
                return known
            self._refuse(rows, "building_no", "unknown-building")
            return None
        building, grid = self.register.buildings.get((code[:_COMMUNITY], code[12:16]), (None, ""))
        address = next((row.address for row in rows if row.address), "")
        if building is None or not grid.startswith(self.register.area):
            self._refuse(rows, "building_no", "unknown-building")
            return None
        if not address:
            self._refuse(rows, "address", "missing")
            return None
        return self._new_dwelling(rows, building, grid, address)

    def _new_dwelling(self, rows: list[Draft], building: UUID, grid: str, address: str) -> Any:
        first = rows[0]
        return entered(
            Dwelling,
            id=uuid7(),
            building_id=building,
            area_code=grid,
            house_code=first.house_code,
            entrance=first.entrance,
            floor=first.floor,
            room_no=first.room_no,
            use=first.dwelling_use,
            area_m2=next((row.area_m2 for row in rows if row.area_m2), None),
            address=address,
            address_grams=[],
            effective_on=min(row.moved_in_on for row in rows),
            recorded_at=self.now,
        )

    def _household(self, dwelling: Any, rows: list[Draft], at: UUID | None) -> Home | None:
        """The household these rows belong to: the one of those who are known, the only one there, or a new one."""
        heads = [row for row in rows if row.is_head]
        there = self.register.households.get(dwelling.id, [])
        if at is None and not heads and len(there) == 1 and rows[0].home not in self.headless:
            at = there[0].id
        if at is not None and not heads:
            since = next((each.formed_on for each in there if each.id == at), date.min)
            return self._home(dwelling, at, since)
        if at is None and rows[0].home in self.headless:
            self._refuse(rows, "relation_to_head", "head-refused")
        elif at is not None or len(heads) != 1:
            several = at is None and not heads and len(there) > 1
            self._refuse(rows, "relation_to_head", "several-households" if several else "one-head-needed")
        elif (there or dwelling.id in self.lived_in) and not rows[0].household_no:
            self._refuse(rows, "household_no", "dwelling-has-household")
        else:
            return self._form(dwelling, heads[0], rows)
        return None

    def _home(self, dwelling: Any, household_id: UUID, since: date) -> Home:
        key = rules.roster_key(dwelling.house_code, dwelling.floor, dwelling.room_no)
        return Home(dwelling.id, dwelling.building_id, dwelling.area_code, key, household_id, since)

    def _form(self, dwelling: Any, head: Draft, rows: list[Draft]) -> Home:
        if dwelling.house_code not in self.register.dwellings:
            self.dwellings[dwelling.house_code] = dwelling
        home = self._home(dwelling, uuid7(), min(row.moved_in_on for row in rows))
        phone = next((row.household_phone for row in rows if row.household_phone), head.phone)
        self.households.append(
            entered(
                Household,
                id=home.household_id,
                dwelling_id=home.dwelling_id,
                area_code=home.area_code,
                roster_key=home.roster_key,
                household_type=head.household_type,
                head_person_id=head.row_no,
                formed_on=home.since,
                phone=phone,
                phone_index=phone,
                effective_on=home.since,
                recorded_at=self.now,
            )
        )
        self.formed_in[home.household_id] = home.building_id
        self.lived_in.add(dwelling.id)
        return home
