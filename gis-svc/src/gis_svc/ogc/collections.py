"""The collections that are served, and how each is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from gis_svc.queries.sources import SOURCES, Source
from gis_svc.rules import Level
from grid_kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: its features, its level when it is one of the areas, and from which zoom it is drawn."""

    id: str
    source: Source
    geometry: str
    level: Level | None = None
    public: bool = False
    editable: bool = False
    removable: bool = True
    shallowest: int = 0
    revised_by: str | None = None

    @property
    def layer(self) -> str:
        """Which revision tells that it changed."""
        return "areas" if self.level else self.revised_by or self.id

    @property
    def methods(self) -> tuple[str, ...]:
        """What may be done with its items as a whole."""
        return (*_READ, "POST") if self.editable else _READ

    @property
    def methods_of_one(self) -> tuple[str, ...]:
        """What may be done with one of its items."""
        changed = (*_READ, "PUT", "PATCH") if self.editable else _READ
        return (*changed, "DELETE") if self.editable and self.removable else changed


_READ = ("GET", "HEAD", "OPTIONS")
_ALL = (
    Collection("districts", SOURCES["districts"], "polygon", Level.DISTRICT),
    Collection("streets", SOURCES["streets"], "polygon", Level.STREET, editable=True, removable=False),
    Collection("communities", SOURCES["communities"], "polygon", Level.COMMUNITY, editable=True, removable=False),
    Collection("grids", SOURCES["grids"], "polygon", Level.GRID, editable=True, removable=False),
    Collection("special-grids", SOURCES["special-grids"], "polygon", public=True, editable=True, revised_by="areas"),
    Collection("buildings", SOURCES["buildings"], "any", editable=True, removable=False, shallowest=13),
    Collection("things", SOURCES["things"], "any", editable=True, shallowest=13),
    Collection("service-points", SOURCES["service-points"], "point", public=True, editable=True, shallowest=10),
    Collection("visit-coverage", SOURCES["visit-coverage"], "polygon", public=True, revised_by="figures"),
    Collection("case-density", SOURCES["case-density"], "polygon", public=True, revised_by="figures"),
    Collection("roads", SOURCES["roads"], "linestring", public=True, editable=True, shallowest=11),
)
COLLECTIONS: Mapping[str, Collection] = {collection.id: collection for collection in _ALL}


def collection_of(name: str) -> Collection:
    """The collection of a name; NotFound when there is none."""
    found = COLLECTIONS.get(name)
    if found is None:
        raise NotFound
    return found
