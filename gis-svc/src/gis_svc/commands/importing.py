"""Areas out of files: further sourced versions, or outlines in force; all of a file or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, shapes
from gis_svc.commands import drawing, wording
from gis_svc.commands.drawing import Change
from gis_svc.exchange import Shape
from gis_svc.models import Area, AreaVersion
from gis_svc.queries import areas
from gis_svc.rules import Fault, GridType, Level
from gis_svc.shapes import Area as Surface
from gis_svc.topology_report import Finding, findings
from grid_kernel import clock
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.codes import codes
from grid_kernel.db import expect_version
from grid_kernel.errors import FieldError, InvalidInput, NotFound, Refusal
from grid_kernel.events import publish, publish_many
from grid_kernel.geo import Box

_GRAVE = (Fault.OUTSIDE_PARENT, Fault.OVERLAP)
_CODE_NAMES = ("code", "area_code", "areacode", "grid_code", "gridcode", "code12")
_CHINA = Box(72.0, 0.8, 137.9, 55.9)
"""What lies elsewhere was read in a wrong system; the plane of the survey cannot hold it."""
_LENGTHS = (6, 9, 12, 15)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall become of a file: whose outlines these are, whether they come into force, and from when."""

    source: str
    in_force: bool
    change: Change


@dataclass(frozen=True, slots=True)
class Taken:
    """A feature that can be taken: the area it speaks of, and how it is drawn there."""

    feature: int
    code: str
    name: str | None
    surface: Surface
    grid_type: GridType | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a feature."""

    feature: int
    code: str | None
    name: str | None
    action: Literal["version", "redrawn", "new"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did, what could not be, and what the topology says afterwards."""

    done: list[Done] = field(default_factory=list)
    problems: list[FieldError] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


async def import_areas(
    session: AsyncSession, actor: Actor, features: Sequence[Shape], wanted: Wanted, *, now: datetime
) -> Outcome:
    """Take every feature of a file; what cannot be is named, and the caller then stores nothing."""
    if wanted.source not in codes("gis_svc", "area_sources"):
        raise InvalidInput.at("#/query/source", "unknown-kind")
    rules.check_effective(wanted.change.effective_on, since=wanted.change.effective_on, today=clock.today(now))
    outcome = Outcome()
    taken = list(_read(features, outcome.problems))
    for each in taken:
        rules.check_may_draw(actor, each.code)
    await areas.lock_areas(session)
    known = await areas.areas_for_update(session, [each.code for each in taken])
    taken = list(_held(taken, known, wanted, outcome.problems))
    if wanted.in_force:
        await _put_in_force(session, actor, taken, known, wanted, outcome)
    else:
        for each in taken:
            await _add_version(session, actor, known[each.code], each, wanted, outcome)
    await session.flush()
    return outcome


def _read(features: Sequence[Shape], problems: list[FieldError]) -> Iterator[Taken]:
    seen: set[str] = set()
    for index, feature in enumerate(features):
        said = feature.properties
        code = next((str(said[name]).strip() for name in _CODE_NAMES if said.get(name)), "")
        surface = _surface(feature.geometry)
        if not (code.isascii() and code.isdigit() and len(code) in _LENGTHS):
            problems.append(_problem(index, "code-missing"))
        elif code in seen:
            problems.append(_problem(index, "code-twice", area=code))
        elif isinstance(surface, str):
            problems.append(_problem(index, "shape-invalid", reason=surface))
        else:
            seen.add(code)
            special = str(said.get("grid_type") or said.get("gridtype") or "") == GridType.SPECIAL
            grid_type = (GridType.SPECIAL if special else GridType.BASIC) if len(code) == rules.GRID_DIGITS else None
            yield Taken(index, code, _words(said.get("name")), surface, grid_type, _words(said.get("kind")))


def _problem(index: int | None, code: str, **params: object) -> FieldError:
    return FieldError("/features" if index is None else f"/features/{index}", code, params)


def _words(value: Any) -> str | None:
    """A word of a file as a table can hold it."""
    told = "".join(each for each in str(value) if each.isprintable()) if value is not None else ""
    return told.strip()[:100] or None


def _surface(geometry: BaseGeometry | None) -> Surface | str:
    """The surface of a feature, or why it has none."""
    if geometry is None or geometry.is_empty:
        return "empty"
    if not isinstance(geometry, Polygon | MultiPolygon):
        return geometry.geom_type
    if not all(_CHINA.contains(x, y) for x, y in (geometry.bounds[:2], geometry.bounds[2:])):
        return "outside"
    try:
        return shapes.surface_of(geometry.__geo_interface__)
    except shapes.ShapeInvalidError as error:
        return str(error)


def _held(
    taken: Sequence[Taken], known: Mapping[str, Area], wanted: Wanted, problems: list[FieldError]
) -> Iterator[Taken]:
    """Those whose area is known, or may become known with this file."""
    named = {each.code for each in taken} | known.keys()
    for each in taken:
        area = known.get(each.code)
        if area is not None and area.valid_to is not None:
            problems.append(_problem(each.feature, "area-ended", area=each.code))
        elif area is None and not wanted.in_force:
            problems.append(_problem(each.feature, "area-unknown", area=each.code))
        elif area is None and each.name is None and len(each.code) < rules.GRID_DIGITS:
            problems.append(_problem(each.feature, "name-missing", area=each.code))
        elif area is not None and area.grid_type is not each.grid_type and each.grid_type is GridType.SPECIAL:
            problems.append(_problem(each.feature, "type-changed", area=each.code))
        elif area is None and (parent := rules.parent_of(each.code)) and parent not in named and not wanted.in_force:
            problems.append(_problem(each.feature, "area-unknown", area=parent))
        else:
            yield each


async def _add_version(
    session: AsyncSession, actor: Actor, area: Area, taken: Taken, wanted: Wanted, outcome: Outcome
) -> None:
    """Keep what a source says beside what is in force."""
    present = await areas.version_in_force(session, area.code)
    if present.source == wanted.source:
        outcome.problems.append(_problem(taken.feature, "source-in-force", area=area.code))
        return
    before = await areas.version_of_source(session, area.code, wanted.source)
    if before is not None and before.valid_from > wanted.change.effective_on:
        outcome.problems.append(_problem(taken.feature, "effective-before-valid", since=before.valid_from))
        return
    if before is not None:
        before.valid_to = wanted.change.effective_on
        await session.flush()
    version = AreaVersion(
        code=area.code,
        name=taken.name or present.name,
        kind=present.kind,
        source=wanted.source,
        in_force=False,
        synthetic=False,
        valid_from=wanted.change.effective_on,
        recorded_at=wanted.change.now,
    )
    session.add(version.outlined(shapes.outline_of(taken.surface)))
    await record_act(session, actor, "area.version-added", area, kind="area", now=wanted.change.now)
    outcome.done.append(Done(taken.feature, area.code, version.name, "version"))


async def _put_in_force(
    session: AsyncSession,
    actor: Actor,
    taken: Sequence[Taken],
    known: Mapping[str, Area],
    wanted: Wanted,
    outcome: Outcome,
) -> None:
    """From the district down: each in place of its present outline, or new; then the whole is checked at once."""
    stored: dict[str, Area] = {}
    drawn: dict[str, Surface] = {}
    for each in sorted(taken, key=lambda one: (len(one.code), one.code)):
        try:
            area = known.get(each.code)
            stored[each.code] = await _store(session, area, each, wanted)
            drawn[each.code] = each.surface
            outcome.done.append(Done(each.feature, each.code, each.name, "new" if area is None else "redrawn"))
            await record_act(session, actor, "area.imported", stored[each.code], kind="area", now=wanted.change.now)
        except Refusal as refusal:
            told = refusal.errors or (FieldError("", refusal.code, refusal.params),)
            outcome.problems.extend(_problem(each.feature, error.code, **error.params) for error in told)
    await _check(session, list(stored), outcome)
    if not outcome.problems:
        await _move_buildings(session, stored, drawn, wanted.change, outcome)


async def _store(session: AsyncSession, area: Area | None, taken: Taken, wanted: Wanted) -> Area:
    change = wanted.change
    if area is None:
        parent = rules.parent_of(taken.code)
        above = await areas.version_in_force(session, parent) if parent else None
        fresh = Area(
            code=taken.code,
            level=rules.level_of(taken.code),
            parent_code=parent,
            grid_type=taken.grid_type,
            valid_from=change.effective_on,
        )
        name = taken.name or wording.grid_name(above.name if above else "", taken.code)
        kind = taken.kind or str(taken.grid_type or rules.level_of(taken.code))
        await drawing.store_new(
            session, fresh, name, taken.surface, change.now, synthetic=False, kind=kind, source=wanted.source
        )
        if taken.grid_type is GridType.BASIC:
            await publish(session, fresh.drawn(change.now, valid_from=change.effective_on))
        return fresh
    await drawing.check_effective(session, [area], change)
    event = area.redraw(change.now, effective_on=change.effective_on)
    await drawing.end_of_source(session, area.code, wanted.source, change)
    await drawing.store_outline(session, area, taken.surface, change, name=taken.name, source=wanted.source)
    if area.grid_type is GridType.BASIC:
        await publish(session, event)
    return area


async def _check(session: AsyncSession, codes_: Sequence[str], outcome: Outcome) -> None:
    """What the areas of the file violate once all of them hold."""
    if not codes_:
        return
    district = min(codes_, key=len)[: rules.DISTRICT_DIGITS]
    changed = set(codes_)
    found = [f for f in findings(await areas.pieces_now(session, district)) if changed & set(f.codes)]
    outcome.findings.extend(found)
    places = {done.code: done.feature for done in outcome.done}
    for each in (f for f in found if f.fault in _GRAVE):
        feature = next((places[code] for code in each.codes if code in places), None)
        said = {"codes": " ".join(each.codes), "metres": each.area_m2}
        outcome.problems.append(_problem(feature, f"topology-{each.fault.replace('_', '-')}", **said))


async def _move_buildings(
    session: AsyncSession, stored: Mapping[str, Area], drawn: Mapping[str, Surface], change: Change, outcome: Outcome
) -> None:
    """Buildings follow the grids of the file; one that would be in none stops the import."""
    for community in sorted({code[: rules.COMMUNITY_DIGITS] for code in drawn if len(code) == rules.GRID_DIGITS}):
        pieces = await areas.pieces_now(session, community)
        grids = {p.code: p.surface for p in pieces if p.level is Level.GRID and not p.special}
        if not grids.keys() & stored.keys():
            continue
        try:
            moved = await drawing.move_buildings(session, [*grids, community], grids)
        except rules.BuildingsLeftOut as refusal:
            outcome.problems.append(_problem(None, refusal.code, **refusal.params))
            return
        await publish_many(session, [building.located(change.now) for building in moved.values()])


async def adopt(session: AsyncSession, actor: Actor, code: str, source: str, change: Change, *, version: int) -> None:
    """Let the outline of another source be the one in force; the former stays as what its source says."""
    await areas.lock_areas(session)
    area = (await areas.areas_for_update(session, [code])).get(code)
    if area is None:
        raise NotFound
    rules.check_may_draw(actor, code)
    expect_version(area, version)
    other = await areas.version_of_source(session, code, source)
    if other is None or other.outline_wkb is None:
        raise InvalidInput.at("/source", "no-such-version")
    rules.check_effective(change.effective_on, since=other.valid_from, today=clock.today(change.now))
    before = await areas.version_in_force(session, code)
    kept = {name: getattr(before, name) for name in AreaVersion.model_fields if name not in ("id", "in_force")}
    taken = Taken(0, code, None, shapes.from_wkb(other.outline_wkb), area.grid_type, None)
    await _store(session, area, taken, Wanted(source, True, change))
    session.add(AreaVersion(**kept | {"in_force": False, "valid_from": change.effective_on, "valid_to": None}))
    await session.flush()
    outcome = Outcome(done=[Done(0, code, None, "redrawn")])
    await _check(session, [code], outcome)
    if len(code) == rules.GRID_DIGITS and not outcome.problems:
        await _move_buildings(session, {code: area}, {code: taken.surface}, change, outcome)
    if outcome.problems:
        raise rules.AreasOutside(code=code, count=len(outcome.problems), metres=round(_ground(outcome)))
    await record_act(session, actor, "area.adopted", area, kind="area", now=change.now)


def _ground(outcome: Outcome) -> float:
    return sum(found.area_m2 or 0 for found in outcome.findings if found.fault in _GRAVE)
