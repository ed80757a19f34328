"""Things, service points and roads."""

from gis_svc.rules import ThingState
from gis_svc.schemas.shapes import Day, Kind
from grid_kernel.schemas import Input, ShortText, UnitCode


class PlacedIn(Input):
    """What is said of anything on the map that is no area and no building."""

    kind: Kind
    name: ShortText


class ThingIn(PlacedIn):
    """A facility, asset or place: who answers for it, and when it is looked at next."""

    authority_unit: UnitCode | None = None
    owner: ShortText | None = None
    maintainer: ShortText | None = None
    state: ThingState = ThingState.IN_USE
    next_inspection_on: Day | None = None


class ServicePointIn(PlacedIn):
    """A place where residents are served."""

    opening_hours: ShortText | None = None
    open: bool = True


class RoadIn(PlacedIn):
    """A piece of road or path."""

    walkable: bool = True
