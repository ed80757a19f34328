"""The levels of the division tree as they are drawn: in memory, by the revision of the areas, of any day."""

from datetime import date

import numpy as np
import shapely

from gis_svc.location import Place, Places
from gis_svc.rules import Level
from gis_svc.tiles import Sheet, Tile


class AreaLayer:
    """All areas of a level that ever were, ready to be drawn."""

    def __init__(self, places: list[Place]) -> None:
        degrees = shapely.from_wkb(np.array([place.wkb for place in places], dtype=object))
        self._from = np.array([place.valid_from.toordinal() for place in places], dtype=np.int64)
        self._to = np.array([(p.valid_to or date.max).toordinal() for p in places], dtype=np.int64)
        ids = np.array([int(place.code) for place in places], dtype=np.int64)
        columns = {name: [getattr(place, name) for place in places] for name in ("code", "name", "level", "synthetic")}
        self._sheet = Sheet(degrees, columns, ids)

    def draw(self, name: str, tile: Tile, day: date) -> bytes:
        """What of the level is in a tile on a day."""
        ordinal = day.toordinal()
        return self._sheet.draw(name, tile, (self._from <= ordinal) & (ordinal < self._to))


class AreaLayers:
    """The layers of one picture of the areas, each made when it is first drawn."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._made: dict[Level, AreaLayer] = {}

    def of(self, level: Level) -> AreaLayer:
        """The layer of a level."""
        if level not in self._made:
            self._made[level] = AreaLayer([place for place in self.places.drawn() if place.level == level])
        return self._made[level]
