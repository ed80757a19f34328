"""Which posts see and keep what."""

from collections.abc import Mapping
from enum import StrEnum

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import FieldError, Forbidden, NotFound


class Sight(StrEnum):
    """How much of a person a reader with right to the row sees."""

    NAMES = "names"
    MASKED = "masked"


SIGHT: Mapping[Post, Sight] = {
    Post.RESIDENT_SERVICE_OFFICER: Sight.NAMES,
    Post.OPINION_COLLECTOR: Sight.NAMES,
    Post.WINDOW_CLERK: Sight.NAMES,
    Post.STATION_HEAD: Sight.NAMES,
    Post.STREET_LEADER: Sight.MASKED,
    Post.DISTRICT_LEADER: Sight.MASKED,
}
"""Who reads the register at all. A post that is not named here sees no person."""

KEEPERS = tuple(post for post, sight in SIGHT.items() if sight is Sight.NAMES)
"""Who keeps the register: the others of SIGHT read figures and masked rosters, they neither write nor search."""

WALKERS = frozenset({Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR})
"""Who walks through a grid and carries its pack."""


def scope(actor: Actor) -> tuple[str, ...]:
    """The areas whose rows an actor may see here."""
    return actor.areas(*SIGHT)


def sight(actor: Actor, area_code: str) -> Sight:
    """How much an actor sees of a person of an area: the widest of the posts that reach it."""
    return Sight.NAMES if actor.holds(*KEEPERS, area=area_code) else Sight.MASKED


def check_keeps_register(actor: Actor) -> None:
    """Refuse whoever does not keep the register at all, before anything is looked up."""
    if not actor.holds(*KEEPERS):
        raise Forbidden


def check_reads_register(actor: Actor) -> None:
    """Refuse whoever has no sight of the register at all."""
    if not actor.holds(*SIGHT):
        raise Forbidden


def check_serves_at_window(actor: Actor) -> None:
    """Somebody from elsewhere who is present is served at the window: A duty, nobody else."""
    if not serves_at_window_of(actor, None):
        raise Forbidden


def serves_at_window_of(actor: Actor, area_code: str | None) -> bool:
    """Whether an actor is on window duty, in a community that contains an area where one is named."""
    served = [g.area for g in actor.grants if g.post is Post.WINDOW_CLERK and g.duty == "window"]
    return any(area_code is None or area_code.startswith(area) for area in served)


def may_keep(actor: Actor, area_code: str) -> bool:
    """Whether an actor keeps the register of an area."""
    return actor.holds(*KEEPERS, area=area_code)


def check_may_keep(actor: Actor, area_code: str) -> None:
    """Refuse a reader of the row who may not change it."""
    if not may_keep(actor, area_code):
        raise Forbidden


def check_holds_grid(actor: Actor, grid: str) -> None:
    """A pack is for the phone of whoever goes through this very grid today, in the own or in a substituted post."""
    check_asked_area(actor, grid)
    if not walks(actor, grid):
        raise Forbidden


def walks(actor: Actor, area: str) -> bool:
    """Whether an area is the actor's own grid of this half-day, or one he stands in for."""
    return any(grant.post in WALKERS and grant.area == area for grant in actor.grants)


def check_sets_rules(actor: Actor, area: str) -> None:
    """What visiting demands is set by whoever leads the area, not by those who visit."""
    if not actor.holds(Post.STREET_LEADER, Post.DISTRICT_LEADER, area=area):
        raise Forbidden


def check_asks_back(actor: Actor, area: str) -> None:
    """Asking back is done by the station, not by whoever made the visit."""
    if not actor.holds(Post.STATION_HEAD, Post.WINDOW_CLERK, area=area):
        raise Forbidden


def check_in_scope(actor: Actor, area_code: str | None, pointer: str, message: str) -> str:
    """Refuse an area outside the actor's as if it did not exist."""
    if area_code is None or not actor.holds(*SIGHT, area=area_code):
        raise NotFound(errors=[FieldError(pointer, message)])
    return area_code


def check_asked_area(actor: Actor, area: str) -> None:
    """Refuse to list an area of which the actor sees nothing."""
    if not any(prefix.startswith(area) or area.startswith(prefix) for prefix in scope(actor)):
        raise NotFound
