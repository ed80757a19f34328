"""Households against the staffing norms: what each area needs, what it has, and what another cut would ask for."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from grid_kernel.ask import Refused, ask
from grid_kernel.auth import Actor
from grid_kernel.contracts.gateway import STAFFED_POSTS, AskStaffed
from grid_kernel.errors import InvalidInput, Unavailable
from grid_kernel.reads import ReadRunner
from population_svc import queries, rules
from population_svc.rules import GridSize, NormOf, Presence
from population_svc.schemas import (
    DraftedGrid,
    Figure,
    PostNeed,
    StaffingDraft,
    StaffingLine,
    StaffingNormOut,
    StaffingOut,
    StaffingTried,
)

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

Row = Mapping[str, Any]
Staffed = Mapping[tuple[str, str], int]
_GRID = 15
_DIRECTOR = NormOf.OPINION_COLLECTOR


async def read_staffing(runtime: "Runtime", reads: ReadRunner, actor: Actor, area: str, day: date) -> StaffingOut:
    """An area and its parts against the norms; who holds the posts is asked of the gateway, which alone knows."""
    rules.check_asked_area(actor, area)
    grids = await _grids(reads, actor, area, day)
    in_force = await _in_force(reads, area, day, "#/query/asOf")
    held = await staffed(runtime, area, day)
    report = _Report(day, in_force, held)
    known = [*grids, *(code for code, _ in held or ())]
    return StaffingOut(
        area_code=area,
        as_of=day,
        norms=[StaffingNormOut.model_validate(norm) for norm in rules.norms_in(area, in_force).values()],
        total=report.line(area, grids),
        parts=[report.line(part, rules.in_part(grids, part)) for part in rules.parts_of_area(area, known)],
    )


async def _in_force(reads: ReadRunner, area: str, day: date, pointer: str) -> Sequence[Row]:
    """The norms of a day; refused where the area had none yet."""
    norms = await reads.fetch(queries.norms_on(day))
    if not rules.norms_in(area, norms):
        raise InvalidInput.at(pointer, "before-the-first-rule")
    return norms


async def try_staffing(
    runtime: "Runtime", reads: ReadRunner, actor: Actor, draft: StaffingDraft, day: date
) -> StaffingTried:
    """What an area would need with other norms, or with its grids cut otherwise."""
    area = draft.area_code
    rules.check_asked_area(actor, area)
    grids = await _grids(reads, actor, area, day)
    in_force = await _in_force(reads, area, day, "/asOf")
    held = await staffed(runtime, area, day)
    tried = [*in_force, *_tried(area, draft, day)]
    cut = await _cut(reads, actor, draft, day, rules.norms_in(area, tried)[NormOf.GRID])
    now, then = _Report(day, in_force, held), _Report(day, tried, held)
    total = sum(grids.values())
    return StaffingTried(
        area_code=area,
        as_of=day,
        households=total,
        grids_now=len(grids),
        grids_needed=len(cut) or then.line(area, grids).grids_needed,
        grids=cut,
        not_assigned=total - sum(grid.households for grid in cut) if cut else 0,
        posts_now=now.line(area, grids).posts,
        posts_then=then.posts(area, grids, cut=len(cut)),
    )


async def staffed(runtime: "Runtime", area: str, day: date) -> Staffed | None:
    """How many people hold each post of an area and of its parts; None when the gateway does not answer."""
    try:
        answer = await ask(runtime, STAFFED_POSTS, AskStaffed(area_code=area, on=day, posts=tuple(rules.POSTS)))
    except (Unavailable, Refused):
        return None
    return {(each.area_code, each.post): each.people for each in answer.posts}


async def _grids(reads: ReadRunner, actor: Actor, area: str, day: date) -> dict[str, int]:
    rows = await reads.fetch(queries.living_by_grid(actor, area, day))
    return {row["area_code"]: row["households"] for row in rows}


def _tried(area: str, draft: StaffingDraft, day: date) -> list[Row]:
    """The norms to try, as if they had been set for this very area on this day."""
    given = {"area_code": area, "valid_from": day, "valid_to": None, "tolerance_percent": rules.TRIED_TOLERANCE}
    return [{**given, "norm_of": norm.norm_of, "households": norm.households} for norm in draft.norms]


async def _cut(reads: ReadRunner, actor: Actor, draft: StaffingDraft, day: date, norm: Row) -> list[DraftedGrid]:
    named = [building for grid in draft.grids for building in grid.building_ids]
    if len(named) != len(set(named)):
        raise InvalidInput.at("/grids", "named-twice")
    if not named:
        return []
    rows = await reads.fetch(queries.living_by_building(actor, draft.area_code, named, day))
    lived = {row["building_id"]: row["households"] for row in rows}
    cut = [(grid.name, sum(lived.get(building, 0) for building in grid.building_ids)) for grid in draft.grids]
    return [
        DraftedGrid(
            name=name, households=number, size=rules.size_of(number, norm["households"], norm["tolerance_percent"])
        )
        for name, number in cut
    ]


class _Report:
    """What all lines of one answer have in common."""

    def __init__(self, day: date, in_force: Sequence[Row], held: Staffed | None) -> None:
        self._day, self._in_force, self._held = day, in_force, held

    def line(self, area: str, grids: Mapping[str, int]) -> StaffingLine:
        """An area against the norms."""
        households = sum(grids.values())
        sizes = [self._size(code, number) for code, number in grids.items()]
        query = f"/households?area={area}&presence={Presence.LIVING.value}&asOf={self._day}"
        communities = rules.by_community(grids)
        return StaffingLine(
            area_code=area,
            households=Figure(value=households, query=query),
            grids=len(grids),
            grids_needed=sum(self._needed(NormOf.GRID, code, number) for code, number in communities.items()),
            too_large=sizes.count(GridSize.TOO_LARGE),
            too_small=sizes.count(GridSize.TOO_SMALL),
            size=self._size(area, households) if len(area) == _GRID else None,
            posts=self.posts(area, grids),
        )

    def posts(self, area: str, grids: Mapping[str, int], *, cut: int = 0) -> list[PostNeed]:
        """Each post of an area: needed once in a grid, by the norm in a community, added up above."""
        found = []
        for post in rules.POSTS:
            if len(area) == _GRID:
                wanted = 1
            elif cut and post is not _DIRECTOR:
                wanted = cut
            else:
                wanted = sum(self._needed(post, code, number) for code, number in rules.by_community(grids).items())
            people = None if self._held is None else self._held.get((area, post.value), 0)
            norm = self._norm(post, area)["households"]
            missing = rules.missing(wanted, people)
            found.append(PostNeed(post=post, norm=norm, needed=wanted, staffed=people, missing=missing))
        return found

    def _norm(self, norm_of: NormOf, area: str) -> Row:
        return rules.norms_in(area, self._in_force)[norm_of]

    def _needed(self, norm_of: NormOf, area: str, households: int) -> int:
        return rules.needed(households, self._norm(norm_of, area)["households"])

    def _size(self, area: str, households: int) -> GridSize:
        norm = self._norm(NormOf.GRID, area)
        return rules.size_of(households, norm["households"], norm["tolerance_percent"])
