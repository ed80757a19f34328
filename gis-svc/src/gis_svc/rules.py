"""What the regulation says about areas and buildings: levels, codes, who may draw, from when a change may hold."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import Forbidden, InvalidInput, MethodNotAllowed, Overloaded, Unavailable, WrongState

LAST_SEQUENCE = 999
LAST_BUILDING = 9999
WIDEST_BUILDING = 0.01
"""Degrees a footprint may reach in either direction, about 850 by 1,100 m: more than the longest hall."""
DISTRICT_DIGITS, COMMUNITY_DIGITS, GRID_DIGITS = 6, 12, 15


class Level(StrEnum):
    """Levels of the division tree; the length of a code tells its level."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"


class GridType(StrEnum):
    """A basic grid is part of the seamless division of a community; a special one (park, market) lies over it."""

    BASIC = "basic"
    SPECIAL = "special"


FEWEST_PERSONS = 5
"""Fewer persons than this are not told: who they are could be known."""


class Fault(StrEnum):
    """What can be wrong with the topology of areas and buildings."""

    OUTSIDE_PARENT = "outside_parent"
    OVERLAP = "overlap"
    GAP = "gap"
    BUILDING_IN_NONE = "building_in_none"
    BUILDING_IN_SEVERAL = "building_in_several"
    BUILDING_ELSEWHERE = "building_elsewhere"


class AddressState(StrEnum):
    """Whether an address is used (GB/T 37149: OC, AB, IN, UN)."""

    IN_USE = "in_use"
    ABANDONED = "abandoned"
    INCONSISTENT = "inconsistent"
    UNDETERMINED = "undetermined"


class InspectionResult(StrEnum):
    """What somebody found at a thing."""

    OK = "ok"
    DEFECT = "defect"
    OUT_OF_USE = "out_of_use"


class ApplianceState(StrEnum):
    """How an appliance in a home was found."""

    OK = "ok"
    DEFECT = "defect"
    REPLACED = "replaced"
    MISSING = "missing"


class ConsentForm(StrEnum):
    """How a resident agreed to a safety check."""

    ORAL = "oral"
    SIGNED = "signed"


class ThingState(StrEnum):
    """Whether a thing can be used."""

    IN_USE = "in_use"
    DAMAGED = "damaged"
    OUT_OF_USE = "out_of_use"


class JobState(StrEnum):
    """States of a job, in the words of OGC API - Processes."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"

    @classmethod
    def ended(cls) -> "tuple[JobState, ...]":
        """Those after which nothing happens any more."""
        return (cls.SUCCESSFUL, cls.FAILED, cls.DISMISSED)


_LEVELS = {6: Level.DISTRICT, 9: Level.STREET, 12: Level.COMMUNITY, 15: Level.GRID}
_PARENT_DIGITS = {9: 6, 12: 9, 15: 12}

DESIGNER = "grid-designer"
"""The process whose results can be put into force."""
DRAWERS = (Post.DISTRICT_LEADER, Post.SYSTEM_ADMIN)
HOME_KEEPERS = (Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR, Post.STATION_HEAD)
LONGEST_KEPT = timedelta(days=365)
CONSENT_HOLDS = timedelta(days=30)
"""A consent is asked anew when the check comes later than this."""
REGISTRARS = (Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR, Post.STATION_HEAD, Post.SYSTEM_ADMIN)


class GridClosed(WrongState):
    """The grid was split or merged; its successors are in force."""

    code = "grid-closed"


class GridOutsideCommunity(WrongState):
    """The outline leaves its community."""

    code = "grid-outside-community"


class GridsOverlap(WrongState):
    """The outline covers part of another grid."""

    code = "grids-overlap"


class GridOfOtherType(WrongState):
    """Only basic grids are split and merged; only special ones are closed."""

    code = "grid-of-other-type"


class BuildingsLeftOut(WrongState):
    """The change would leave buildings in no grid."""

    code = "buildings-left-out"


class PartsLeaveGap(WrongState):
    """The parts of a split do not cover the grid."""

    code = "parts-leave-gap"


class PartsOutsideGrid(WrongState):
    """A part of a split lies outside the grid."""

    code = "parts-outside-grid"


class CutDoesNotDivide(WrongState):
    """The line does not cut the grid into parts."""

    code = "cut-does-not-divide"


class GridsNotContiguous(WrongState):
    """Grids that share no border cannot be merged."""

    code = "grids-not-contiguous"


class GridsOfSeveralCommunities(WrongState):
    """A grid never crosses the border of its community."""

    code = "grids-of-several-communities"


class GridCodesExhausted(WrongState):
    """The community has used its 999 grid codes; a code is never used again."""

    code = "grid-codes-exhausted"


class AreasOutside(WrongState):
    """The outline would leave its parent, or leave parts of its own outside."""

    code = "areas-outside"


class ImportRefused(WrongState):
    """Something in the file cannot be; nothing of it was stored."""

    code = "import-refused"


class BuildingNumbersExhausted(WrongState):
    """The community has used its 9,999 building numbers."""

    code = "building-numbers-exhausted"


class BuildingNumberTaken(WrongState):
    """Another building of the community has this number."""

    code = "building-number-taken"


class DesignOutdated(WrongState):
    """Grids or buildings of the community changed since the design was made."""

    code = "design-outdated"


class BasemapAway(Unavailable):
    """The base map's upstream does not answer with a picture; the own layers are there."""

    code = "basemap-away"


class BasemapBusy(Overloaded):
    """Too many pictures are being fetched at once."""

    code = "basemap-busy"


class NotRemovable(MethodNotAllowed):
    """Homes hang on buildings and grids on communities; grids are split and merged. None of these is deleted."""

    code = "not-removable"

    def __init__(self) -> None:
        super().__init__(headers={"Allow": "GET, HEAD, OPTIONS, PUT, PATCH"})


class ReadOnlyLayer(MethodNotAllowed):
    """The layer is worked out of other records, or kept by imports of whole outlines."""

    code = "read-only-layer"

    def __init__(self) -> None:
        super().__init__(headers={"Allow": "GET, HEAD, OPTIONS"})


class ResultNotReady(WrongState):
    """The job has no result: it has not ended well, or not yet."""

    code = "result-not-ready"


def level_of(code: str) -> Level:
    """The level of an area code, by its length."""
    return _LEVELS[len(code)]


def parent_of(code: str) -> str | None:
    """The code of the area that contains it; None for a district."""
    digits = _PARENT_DIGITS.get(len(code))
    return code[:digits] if digits else None


def next_grid_codes(community_code: str, used: Iterable[str], count: int) -> tuple[str, ...]:
    """The codes after the highest one ever used: a code, once given, never names another place."""
    highest = max((int(code[COMMUNITY_DIGITS:]) for code in used), default=0)
    if highest + count > LAST_SEQUENCE:
        raise GridCodesExhausted(community=community_code)
    return tuple(f"{community_code}{highest + step:03}" for step in range(1, count + 1))


def next_building_no(highest: str | None) -> str:
    """The building number after the highest one of a community, as the house code writes it (4 digits)."""
    number = int(highest or "0") + 1
    if number > LAST_BUILDING:
        raise BuildingNumbersExhausted
    return f"{number:04}"


def check_may_draw(actor: Actor, community_code: str) -> None:
    """Grids are drawn for a whole district: by its leader, or by a system administrator of the district."""
    drawing = (grant for grant in actor.grants if grant.post in DRAWERS)
    if not any(len(g.area) <= DISTRICT_DIGITS and community_code.startswith(g.area) for g in drawing):
        raise Forbidden


def codes_kept(came: Sequence[Mapping[str, int]]) -> list[str | None]:
    """Which grid each proposed grid goes on being: the one it has most households of, each grid once; None is new.

    `came` says of each proposal how many households come from which grid.
    """
    shares = [(count, grid, index) for index, grids in enumerate(came) for grid, count in grids.items()]
    kept: list[str | None] = [None] * len(came)
    for _, grid, index in sorted(shares, key=lambda share: (-share[0], share[1], share[2])):
        if kept[index] is None and grid not in kept:
            kept[index] = grid
    return kept


def check_may_register(actor: Actor, area_code: str) -> None:
    """Buildings are registered by those who work in the area."""
    if not actor.holds(*REGISTRARS, area=area_code):
        raise Forbidden


def check_may_enter(actor: Actor, area_code: str) -> None:
    """What is inside a home is recorded by those who look after its grid."""
    if not actor.holds(*HOME_KEEPERS, area=area_code):
        raise Forbidden


def check_inspected(inspected_on: date, next_on: date | None, *, today: date) -> None:
    """Nobody has looked at a thing in the future, nor looks again before."""
    if inspected_on > today:
        raise InvalidInput.at("/inspectedOn", "date-in-future", today=today)
    if next_on is not None and next_on < inspected_on:
        raise InvalidInput.at("/nextInspectionOn", "next-before-inspection")


def latest_expiry(checked_on: date) -> date:
    """A year after a check its consent ends, whoever may think of it."""
    try:
        return checked_on.replace(year=checked_on.year + 1)
    except ValueError:
        return date(checked_on.year + 1, 2, 28)


def check_consent(agreed_on: date, checked_on: date, expires_on: date | None, *, today: date) -> None:
    """A consent is given before the check, shortly before, and holds for a year at the longest."""
    if checked_on > today:
        raise InvalidInput.at("/checkedOn", "date-in-future", today=today)
    if checked_on <= today - LONGEST_KEPT:
        raise InvalidInput.at("/checkedOn", "check-too-old")
    if not checked_on - CONSENT_HOLDS <= agreed_on <= checked_on:
        raise InvalidInput.at("/consent/agreedOn", "consent-not-before-check", days=CONSENT_HOLDS.days)
    if expires_on is not None and not max(checked_on, today) < expires_on <= latest_expiry(checked_on):
        raise InvalidInput.at("/expiresOn", "expiry-too-late", latest=latest_expiry(checked_on))


def check_may_propose(actor: Actor, area_code: str) -> None:
    """Grids are designed by those who lead the community, street or district; a proposal changes nothing."""
    if not actor.holds(Post.STATION_HEAD, Post.STREET_LEADER, *DRAWERS, area=area_code):
        raise Forbidden


def check_may_look(actor: Actor, area_code: str) -> None:
    """What of an area is worked out from its buildings is for those who work there."""
    if not any(area_code.startswith(grant.area) for grant in actor.grants):
        raise Forbidden


def check_may_furnish(actor: Actor, area_code: str) -> None:
    """Service points and roads are kept for everybody by those who lead the community, or administer the district."""
    if not actor.holds(Post.STATION_HEAD, *DRAWERS, area=area_code):
        raise Forbidden


def check_extent(west: float, south: float, east: float, north: float) -> None:
    """A footprint larger than any building is a mistake of drawing."""
    if max(east - west, north - south) > WIDEST_BUILDING:
        raise InvalidInput.at("/footprint", "footprint-too-large")


def check_in_force(code: str, valid_to: date | None, successors: Iterable[str]) -> None:
    """Only a grid in force can be changed; after it come its successors."""
    if valid_to is not None:
        raise GridClosed(code=code, successors=" ".join(successors))


def check_type(code: str, found: GridType | None, wanted: GridType | None) -> None:
    """Basic grids divide the community and only change together; special ones lie over them."""
    if wanted is not None and found is not wanted:
        raise GridOfOtherType(code=code)


def check_effective(effective_on: date, *, since: date, today: date) -> None:
    """A change holds from today or an earlier day, never from before what it changes."""
    if effective_on > today:
        raise InvalidInput.at("/effectiveOn", "effective-in-future", today=today)
    if effective_on < since:
        raise InvalidInput.at("/effectiveOn", "effective-before-valid", since=since)


def check_one_community(codes: Iterable[str]) -> str:
    """The community all these grids belong to."""
    communities = {code[:COMMUNITY_DIGITS] for code in codes}
    if len(communities) != 1:
        raise GridsOfSeveralCommunities
    return communities.pop()
