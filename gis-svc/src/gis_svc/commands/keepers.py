"""Who keeps the features of a collection that is written by OGC API - Features Part 4."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, shapes
from gis_svc.commands import buildings, grids
from gis_svc.commands.drawing import DRAWN, Change
from gis_svc.commands.importing import Outcome, Wanted, import_areas
from gis_svc.commands.placing import REGISTERS, Placed, Register, place, remove, replace
from gis_svc.exchange import Shape
from gis_svc.location import Places
from gis_svc.queries import areas
from gis_svc.queries.buildings import for_update
from gis_svc.rules import GridType, Level
from gis_svc.schemas import (
    AreaFeatureIn,
    BuildingFeatureIn,
    BuildingIn,
    Closure,
    Drawing,
    GridChange,
    GridFeatureIn,
    NewGrid,
)
from grid_kernel.auth import Actor
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.geo import Crs
from grid_kernel.schemas import PointIn

Merge = Callable[[Mapping[str, Any]], Any]
"""What somebody says of a feature, given what is known of it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes something, in which transaction, and when."""

    session: AsyncSession
    actor: Actor
    places: Places
    now: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept after a change: its id in the collection and its version."""

    id: str
    version: int


class Keeper(Protocol):
    """Enters, replaces and removes the features of one collection."""

    said: type[BaseModel]
    of_the_server: frozenset[str]

    async def enter(self, edit: Edit, shape: BaseGeometry, said: Any, identifier: str | None) -> Kept: ...

    async def replace(
        self, edit: Edit, identifier: str, shape: BaseGeometry | None, merge: Merge, version: int
    ) -> Kept: ...

    async def remove(self, edit: Edit, identifier: str, version: int) -> None: ...


class RegisterKeeper:
    """Things, service points and roads."""

    of_the_server = frozenset(("id", "areaCode", "source", "synthetic", "photoCount", "version"))

    def __init__(self, register: Register) -> None:
        self.register = register
        self.said: type[BaseModel] = register.said

    async def enter(self, edit: Edit, shape: BaseGeometry, said: Any, identifier: str | None) -> Kept:
        """Enter something."""
        who = (edit.session, edit.actor, edit.places)
        wanted = uuid_of(identifier) if identifier else None
        return _kept(await place(*who, self.register, shape, said, now=edit.now, identifier=wanted))

    async def replace(
        self, edit: Edit, identifier: str, shape: BaseGeometry | None, merge: Merge, version: int
    ) -> Kept:
        """Put another in its place."""

        def said_of(entry: Placed) -> Any:
            present = self.register.said.model_validate(entry, from_attributes=True)
            return merge(present.model_dump(by_alias=True, mode="json"))

        who = (edit.session, edit.actor, edit.places)
        key = uuid_of(identifier)
        entry = await replace(*who, self.register, key, shape, said_of, version=version, now=edit.now)
        return _kept(entry)

    async def remove(self, edit: Edit, identifier: str, version: int) -> None:
        """Take it off the map."""
        key = uuid_of(identifier)
        await remove(edit.session, edit.actor, self.register, key, version=version, now=edit.now)


class BuildingKeeper:
    """Buildings: a point, or a footprint whose point lies certainly inside."""

    said: type[BaseModel] = BuildingFeatureIn
    of_the_server = frozenset(("id", "gridCode", "communityCode", "synthetic", "version"))

    async def enter(self, edit: Edit, shape: BaseGeometry, said: BuildingFeatureIn, identifier: str | None) -> Kept:
        """Register a building."""
        point, footprint = _drawn(shape)
        new = BuildingIn(
            **said.model_dump(),
            id=uuid_of(identifier) if identifier else None,
            point=PointIn(lon=point.x, lat=point.y, crs=Crs.CGCS2000, source="map"),
            footprint=footprint,
        )
        made = await buildings.register(edit.session, edit.actor, edit.places, new, now=edit.now)
        return Kept(str(made.id), made.version)

    async def replace(
        self, edit: Edit, identifier: str, shape: BaseGeometry | None, merge: Merge, version: int
    ) -> Kept:
        """Let a building be as it is said now."""
        # Before the building, as whoever changes grids does.
        await areas.hold_areas(edit.session)
        building = await for_update(edit.session, edit.actor, uuid_of(identifier))
        present = BuildingFeatureIn.model_validate(building, from_attributes=True)
        said = merge(present.model_dump(by_alias=True, mode="json"))
        drawn = _drawn(shape) if shape is not None else None
        changed = await buildings.change(
            edit.session, edit.actor, edit.places, building, said, drawn, version=version, now=edit.now
        )
        return Kept(str(changed.id), changed.version)

    async def remove(self, edit: Edit, identifier: str, version: int) -> None:  # noqa: ARG002 - as every keeper
        """Refuse: homes and their records hang on a building."""
        raise rules.NotRemovable


class GridKeeper:
    """Grids of one type; drawn, redrawn and, special ones, closed."""

    said: type[BaseModel] = GridFeatureIn
    of_the_server = frozenset(
        ("code", "level", "source", "official", "synthetic", "areaM2", "validFrom", "validTo", "version")
    )

    def __init__(self, grid_type: GridType) -> None:
        self.grid_type = grid_type

    async def enter(
        self,
        edit: Edit,
        shape: BaseGeometry,
        said: GridFeatureIn,
        identifier: str | None,  # noqa: ARG002 - codes are given here
    ) -> Kept:
        """Draw a grid; its community gives the code."""
        if said.parent_code is None:
            raise InvalidInput.at("/properties/parentCode", "missing")
        kind = said.kind if self.grid_type is GridType.SPECIAL else None
        outline = _outline(shape)
        new = NewGrid(
            community_code=said.parent_code, grid_type=self.grid_type, kind=kind, name=said.name, outline=outline
        )
        made = await grids.draw(edit.session, edit.actor, new, now=edit.now)
        return Kept(made.code, made.version)

    async def replace(
        self, edit: Edit, identifier: str, shape: BaseGeometry | None, merge: Merge, version: int
    ) -> Kept:
        """Give a grid another outline or name from today on; the old one stays as history."""
        await areas.lock_areas(edit.session)
        known = (await areas.areas_for_update(edit.session, [identifier])).get(identifier)
        if known is None or known.grid_type is not self.grid_type:
            raise NotFound
        present = await areas.version_in_force(edit.session, identifier)
        said = merge({"name": present.name, "kind": present.kind, "parentCode": known.parent_code})
        if said.parent_code not in (None, known.parent_code) or said.kind not in (None, present.kind):
            raise InvalidInput.at("/properties", "not-acceptable")
        outline = _outline(shape) if shape is not None else None
        wanted = GridChange(name=said.name or present.name, outline=outline)
        made = await grids.change(edit.session, edit.actor, identifier, wanted, version=version, now=edit.now)
        return Kept(made.code, made.version)

    async def remove(self, edit: Edit, identifier: str, version: int) -> None:
        """Close a special grid; a basic one is split or merged, never removed."""
        if self.grid_type is GridType.BASIC:
            raise rules.NotRemovable
        if len(identifier) != rules.GRID_DIGITS:
            raise NotFound
        await grids.close(edit.session, edit.actor, identifier, Closure(), version=version, now=edit.now)


class AreaKeeper:
    """Streets and communities: entered with the code the register of divisions gives them, renamed, drawn anew.

    One feature at a time: a border two of them share moves by an import, which checks the whole in one step.
    """

    said: type[BaseModel] = AreaFeatureIn
    of_the_server = GridKeeper.of_the_server

    def __init__(self, level: Level) -> None:
        self.level = level

    async def enter(self, edit: Edit, shape: BaseGeometry, said: AreaFeatureIn, identifier: str | None) -> Kept:
        """Enter an area under its code; its parent is there already."""
        code = identifier or ""
        if not (code.isascii() and code.isdigit() and len(code) == _DIGITS[self.level]):
            raise InvalidInput.at("/id", "code-missing")
        if said.parent_code not in (None, rules.parent_of(code)):
            raise InvalidInput.at("/properties/parentCode", "not-acceptable")
        rules.check_may_draw(edit.actor, code)
        await areas.lock_areas(edit.session)
        if await areas.areas_for_update(edit.session, [code]):
            raise InvalidInput.at("/id", "code-given")
        if said.name is None:
            raise InvalidInput.at("/properties/name", "missing")
        return await self._store(edit, code, shape, said)

    async def replace(
        self, edit: Edit, identifier: str, shape: BaseGeometry | None, merge: Merge, version: int
    ) -> Kept:
        """Give an area another outline or name from today on; the old one stays as history."""
        await areas.lock_areas(edit.session)
        known = (await areas.areas_for_update(edit.session, [identifier])).get(identifier)
        if known is None or known.level is not self.level:
            raise NotFound
        rules.check_may_draw(edit.actor, identifier)
        expect_version(known, version)
        present = await areas.version_in_force(edit.session, identifier)
        said = merge({"name": present.name, "kind": present.kind, "parentCode": known.parent_code})
        if said.parent_code not in (None, known.parent_code) or said.kind not in (None, present.kind):
            raise InvalidInput.at("/properties", "not-acceptable")
        kept = shape if shape is not None else shapes.from_wkb(present.outline_wkb or b"")
        return await self._store(edit, identifier, kept, said)

    async def remove(self, edit: Edit, identifier: str, version: int) -> None:  # noqa: ARG002 - as every keeper
        """Refuse: what lies in an area would have no parent."""
        raise rules.NotRemovable

    async def _store(self, edit: Edit, code: str, shape: BaseGeometry, said: AreaFeatureIn) -> Kept:
        feature = Shape({"code": code, "name": said.name, "kind": said.kind}, shape)
        wanted = Wanted(DRAWN, True, Change.of(None, edit.now))
        outcome = await import_areas(edit.session, edit.actor, [feature], wanted, now=edit.now)
        if outcome.findings and outcome.problems:
            raise rules.AreasOutside(code=code, count=len(outcome.problems), metres=round(_lost(outcome)))
        if outcome.problems:
            told = outcome.problems[0]
            raise InvalidInput.at(_POINTERS.get(told.code, "/geometry"), told.code, **told.params)
        made = (await areas.areas_for_update(edit.session, [code]))[code]
        return Kept(code, made.version)


_DIGITS = {Level.STREET: 9, Level.COMMUNITY: 12}
_POINTERS = {"area-unknown": "/id", "area-ended": "/id"}


def _lost(outcome: Outcome) -> float:
    return sum(found.area_m2 or 0 for found in outcome.findings)


def uuid_of(text: str) -> UUID:
    """An identifier of the address; NotFound when no row can have it."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _kept(entry: Placed) -> Kept:
    return Kept(str(entry.id), entry.version)


def _drawn(shape: BaseGeometry) -> tuple[Any, Drawing | None]:
    if shape.geom_type == "Point":
        return shape, None
    if shape.geom_type != "Polygon":
        raise InvalidInput.at("/geometry", "shape-invalid", reason=shape.geom_type)
    return shape.representative_point(), _outline(shape)


def _outline(shape: BaseGeometry) -> Drawing:
    if shape.geom_type != "Polygon":
        raise InvalidInput.at("/geometry", "shape-invalid", reason=shape.geom_type)
    return Drawing.model_validate({"geometry": mapping(shape), "crs": Crs.CGCS2000})


KEEPERS: Mapping[str, Keeper] = {
    **{name: RegisterKeeper(register) for name, register in REGISTERS.items()},
    "buildings": BuildingKeeper(),
    "grids": GridKeeper(GridType.BASIC),
    "special-grids": GridKeeper(GridType.SPECIAL),
    "streets": AreaKeeper(Level.STREET),
    "communities": AreaKeeper(Level.COMMUNITY),
}
