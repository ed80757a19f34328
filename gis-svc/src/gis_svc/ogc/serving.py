"""What every route of the OGC API needs at hand: the caller, the words, and the revision of what is asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from gis_svc.layers import AreaLayers
from gis_svc.location import Places, map_of
from gis_svc.ogc.collections import Collection
from gis_svc.ogc.documents import Place, Words, words_of
from gis_svc.revisions import BY_CELL, revisions_of
from gis_svc.tiles import Tile
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.labels import preferred_language
from grid_kernel.reads import ReadRunner
from grid_kernel.runtime import CurrentRuntime, Now, Reads, Runtime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for what, with everything an answer is made of."""

    request: Request
    actor: Actor
    reads: ReadRunner
    runtime: Runtime
    now: datetime

    @property
    def words(self) -> Words:
        """Words in the caller's language."""
        return words_of(self.request, self.runtime.labels)

    @property
    def language(self) -> str:
        """The caller's language."""
        return preferred_language(self.request.headers.get("accept-language", ""))

    async def places(self) -> Places:
        """The areas as this process knows them."""
        return await map_of(self.runtime).current(self.runtime)

    async def whole(self) -> Place:
        """Where all the data lies."""
        places = await self.places()
        return Place(places.bounds, str(places.since))

    async def layers(self) -> AreaLayers:
        """The areas ready to be drawn."""
        places = await self.places()
        kept: AreaLayers | None = self.runtime.extra.get("layers")
        if kept is None or kept.places is not places:
            kept = self.runtime.extra["layers"] = AreaLayers(places)
        return kept

    async def revision(self, of: Collection) -> int:
        """How often what the collection shows was changed."""
        if of.layer == "areas":
            return (await self.places()).revision
        if of.layer == "figures":
            # Both only rise: the sum changes with either.
            shown = (await revisions_of(self.runtime).current(self.runtime))[of.layer]
            return (await self.places()).revision + shown
        return (await revisions_of(self.runtime).current(self.runtime))[of.layer]

    async def revision_of_tile(self, of: Collection, tile: Tile) -> int:
        """The revision that last touched what a tile of the collection shows."""
        if of.layer in BY_CELL:
            return await revisions_of(self.runtime).of_tile(self.runtime, of.layer, tile)
        return await self.revision(of)

    def sight(self, of: Collection) -> str:
        """What decides which features of a collection the caller sees: nothing, where they are public."""
        return "" if of.level is not None or of.public else self.runtime.scope(self.actor)


async def caller(request: Request, actor: CurrentActor, reads: Reads, runtime: CurrentRuntime, now: Now) -> Caller:
    """The caller of a request; nobody unknown gets further."""
    return Caller(request, actor, reads, runtime, now)


CurrentCaller = Annotated[Caller, Depends(caller)]
