"""The levels of the division tree as they are drawn: in memory, by the revision of the areas, of any day."""

from datetime import date

import numpy as np
import shapely

from gis_svc import tiles
from gis_svc.location import Place, Places
from gis_svc.rules import Level
from gis_svc.tiles import Drawable, Tile


class AreaLayer:
    """All areas of a level that ever were, ready to be drawn."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places
        degrees = shapely.from_wkb(np.array([place.wkb for place in places], dtype=object))
        self._from = np.array([place.valid_from.toordinal() for place in places], dtype=np.int64)
        self._to = np.array([(p.valid_to or date.max).toordinal() for p in places], dtype=np.int64)
        self._ids = np.array([int(place.code) for place in places], dtype=np.int64)
        self._shapes = tiles.to_world(degrees)
        self._labels = tiles.to_world(tiles.label_points(degrees)) if len(places) else self._shapes
        self._tree = shapely.STRtree(degrees)

    def within(self, tile: Tile, day: date) -> Drawable:
        """What of the level is in a tile on a day."""
        found = np.sort(self._tree.query(shapely.box(*tile.box())))
        ordinal = day.toordinal()
        found = found[(self._from[found] <= ordinal) & (ordinal < self._to[found])]
        places = [self._places[index] for index in found.tolist()]
        columns = {
            "code": [place.code for place in places],
            "name": [place.name for place in places],
            "level": [place.level for place in places],
            "synthetic": [place.synthetic for place in places],
        }
        return Drawable(self._shapes[found], self._labels[found], columns, self._ids[found])


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
