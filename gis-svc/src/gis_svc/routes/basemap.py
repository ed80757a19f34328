"""The base map: pictures of Tianditu through this service, where a key is configured."""

from typing import Annotated, Any

from fastapi import Path
from fastapi.responses import Response

from gis_svc.basemap import DEEPEST, BaseLayer, basemap_of
from gis_svc.rules import BasemapAway, BasemapBusy
from grid_kernel.auth import CurrentActor
from grid_kernel.errors import NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime

router = GridRouter(prefix="/basemap", tags=["basemap"])
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string"}} for kind in ("image/png", "image/jpeg")}}
}
_A_DAY = "private, max-age=86400"
Zoom = Annotated[int, Path(ge=0, le=DEEPEST)]
Place = Annotated[int, Path(ge=0, lt=2**DEEPEST)]


@router.get(
    "/{layer}/{zoom}/{column}/{row}",
    response_class=Response,
    responses=_PICTURE | refusals(NotFound, BasemapAway, BasemapBusy),
)
async def get_basemap_tile(
    _: CurrentActor, runtime: CurrentRuntime, layer: BaseLayer, zoom: Zoom, column: Place, row: Place
) -> Response:
    """A picture of the base map in the square world; 404 where no key is configured: own layers are the base then."""
    picture = await basemap_of(runtime).tile(layer, zoom, column, row)
    return Response(picture.content, headers={"Cache-Control": _A_DAY}, media_type=picture.media_type)
