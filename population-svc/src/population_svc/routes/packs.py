"""Packs: a grid for the phone of whoever walks through it."""

import gzip
import hashlib
from typing import Annotated, Any

import orjson
from fastapi import Header, Query
from fastapi.responses import Response

from grid_kernel.auth import CurrentActor
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import GridCode
from population_svc import rules
from population_svc.packs import Cursor, read_pack
from population_svc.schemas import PackOut

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=200, description="The ETag at hand.")]
AcceptEncoding = Annotated[str, Header(alias="Accept-Encoding", include_in_schema=False)]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing changed since the pack at hand."}}
_COMPRESSION = 9

packs = GridRouter(prefix="/packs", tags=["packs"])


@packs.get("/{grid_code}", response_model=PackOut, responses=refusals(InvalidInput, Forbidden, NotFound) | NOT_MODIFIED)
async def get_pack(
    grid_code: GridCode,
    actor: CurrentActor,
    reads: Reads,
    now: Now,
    since: Annotated[str | None, Query(max_length=200, description="`cursor` of the pack at hand.")] = None,
    known: IfNoneMatch = None,
    accepted: AcceptEncoding = "",
) -> Response:
    """A grid for the phone, or what changed in it since a cursor; whose data it carries is recorded."""
    rules.check_holds_grid(actor, grid_code)
    pack = await read_pack(reads, actor, grid_code, Cursor.read(since), now)
    body = orjson.dumps(pack.model_dump(mode="json", by_alias=True))
    headers = {"ETag": _etag(pack), "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if known == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in accepted:
        body, headers["Content-Encoding"] = gzip.compress(body, _COMPRESSION, mtime=0), "gzip"
    return Response(body, media_type="application/json", headers=headers)


def _etag(pack: PackOut) -> str:
    """The same for the same content, whenever it was made."""
    content = pack.model_dump(mode="json", by_alias=True, exclude={"generated_at", "cursor"})
    return f'W/"{hashlib.sha256(orjson.dumps(content)).hexdigest()[:32]}"'
