"""Answers that are kept: by ETag at the caller, packed when the caller unpacks, in the form the caller reads."""

import gzip
import re
import zlib
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

GEOJSON, JSON, MVT = "application/geo+json", "application/json", "application/vnd.mapbox-vector-tile"
_WORTH_PACKING = 860
_GZIP = re.compile(r"gzip(?!\s*;\s*q=0(\.0*)?$).*")


def etag_of(*parts: object) -> str:
    """A weak ETag out of all that decides an answer."""
    return f'W/"{zlib.crc32(repr(parts).encode()):08x}-{parts[0]}"'


def is_known(request: Request, etag: str) -> bool:
    """Whether the caller has this answer already."""
    known = request.headers.get("if-none-match")
    return known is not None and (known == "*" or etag in (part.strip() for part in known.split(",")))


def not_modified(etag: str) -> Response:
    """The caller may go on using what it has."""
    return Response(status_code=304, headers=_kept(etag))


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    etag: str | None = None,
    packed: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """An answer, packed with gzip when the caller takes that and it is worth it."""
    more = dict(headers or {}) | {"Vary": "Accept, Accept-Encoding, Accept-Language"} | (_kept(etag) if etag else {})
    if len(body) > _WORTH_PACKING and takes_gzip(request):
        body = packed or gzip.compress(body, 4, mtime=0)
        more["Content-Encoding"] = "gzip"
    return Response(body, status, more, media_type)


def json_answer(request: Request, document: Any, media_type: str = JSON, **more: Any) -> Response:
    """A JSON document."""
    return answer(request, orjson.dumps(document), media_type, **more)


def _kept(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": "private, no-cache"}


def takes_gzip(request: Request) -> bool:
    """Whether the caller unpacks gzip."""
    accepted = request.headers.get("accept-encoding", "")
    return any(_GZIP.fullmatch(part.strip()) for part in accepted.split(","))
