"""Files, addressed by the SHA-256 of what was sent; readable only through the record that names them."""

import asyncio
from typing import Annotated

from fastapi import Path, Request
from fastapi.responses import StreamingResponse

from grid_kernel import images
from grid_kernel.auth import CurrentActor
from grid_kernel.blobs import BlobMissing, BlobStore, TooLong, WrongHash
from grid_kernel.errors import InvalidInput, NotFound, TooLarge, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime
from grid_kernel.schemas import Schema, Sha256

attachments = GridRouter(prefix="/v1/attachments", tags=["attachments"])


class UnsupportedFile(InvalidInput):
    """The file is none of the kinds that are taken."""

    code = "unsupported-file"


class WrongDigest(InvalidInput):
    """What arrived is not what the address announces."""

    code = "wrong-digest"


class AttachmentOut(Schema):
    """A file that is kept; pictures lose what a camera wrote into them."""

    sha256: str
    media_type: str
    size: int


class AttachmentResponse(StreamingResponse):
    """A kept file; as `response_class` of a route it says so in the document."""

    media_type = "application/octet-stream"


_BINARY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}


@attachments.put("/{sha256}", responses=refusals(UnsupportedFile, WrongDigest, TooLarge), openapi_extra=_BINARY)
async def put_attachment(
    sha256: Annotated[Sha256, Path()], request: Request, _: CurrentActor, runtime: CurrentRuntime
) -> AttachmentOut:
    """Keep a file under the SHA-256 of its bytes; sending it twice changes nothing."""
    try:
        async with runtime.blobs.receive(sha256, request.stream()) as upload:
            media_type = images.sniff(upload.head)
            size = await upload.keep(await asyncio.to_thread(images.clean, await upload.read()))
    except TooLong:
        raise TooLarge from None
    except WrongHash:
        raise WrongDigest from None
    except images.UnacceptableFile:
        raise UnsupportedFile from None
    return AttachmentOut(sha256=sha256, media_type=media_type.value, size=size)


async def attachment_response(blobs: BlobStore, sha256: str) -> AttachmentResponse:
    """A kept file as an answer. The caller has checked that the actor may see the record that names it."""
    try:
        pieces = await blobs.get(sha256)
    except BlobMissing:
        raise NotFound from None
    headers = {"Content-Disposition": "attachment", "Cache-Control": "private, no-store"}
    return AttachmentResponse(pieces, headers=headers)
