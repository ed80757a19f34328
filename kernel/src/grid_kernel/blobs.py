"""Attachments by SHA-256, in a folder or an S3-compatible store: received whole and verified, or not at all."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from grid_kernel.types import uuid7

LIMIT_BYTES = 20 * 1024 * 1024
_HEAD_BYTES = 64
_CHUNK_BYTES = 256 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BlobFault(Exception):  # noqa: N818 - named for what happened, as refusals are
    """An attachment cannot be kept or found."""


class TooLong(BlobFault):
    """More bytes than an attachment may have."""


class WrongHash(BlobFault):
    """The bytes that arrived are not those that were announced: cut off or changed."""


class BlobMissing(BlobFault):
    """Nothing is kept under this hash."""


@dataclass
class Upload:
    """A verified upload that nobody sees until it is kept."""

    sha256: str
    size: int
    head: bytes
    _store: "BlobStore" = field(repr=False)
    _path: str = field(repr=False)

    async def read(self) -> bytes:
        return await self._store._read(self._path)

    async def keep(self, cleaned: bytes | None = None) -> int:
        """Publish at once and whole, as sent or as cleaned, under the hash of what was sent; answers the size kept."""
        if cleaned is not None:
            await obstore.put_async(self._store._objects, self._path, cleaned)
            self.size = len(cleaned)
        await self._store._publish(self._path, self.sha256)
        return self.size


class BlobStore:
    """Files by SHA-256 at an address: file:///folder or s3://bucket/prefix (credentials from the AWS_* settings)."""

    def __init__(self, address: str) -> None:
        self.address = address
        local = address.startswith("file:")
        self._objects: ObjectStore = from_url(address, mkdir=True) if local else from_url(address)
        prefix = self._objects.prefix if isinstance(self._objects, LocalStore) else None
        self._folder = Path(prefix) if prefix else None

    @asynccontextmanager
    async def receive(
        self, sha256: str, chunks: AsyncIterable[bytes], limit: int = LIMIT_BYTES
    ) -> AsyncIterator[Upload]:
        """Stream an upload to a hidden place and verify it; what is not kept inside the block is thrown away."""
        if not _SHA256.fullmatch(sha256):
            raise WrongHash("a SHA-256 is 64 hexadecimal digits in lower case")
        upload = Upload(sha256, 0, b"", self, f"incoming/{uuid7()}")
        digest = hashlib.sha256()

        async def counted() -> AsyncIterator[bytes]:
            async for chunk in chunks:
                upload.size += len(chunk)
                if upload.size > limit:
                    raise TooLong(f"an attachment has at most {limit} bytes")
                digest.update(chunk)
                if len(upload.head) < _HEAD_BYTES:
                    upload.head = (upload.head + chunk)[:_HEAD_BYTES]
                yield bytes(chunk)

        try:
            await obstore.put_async(self._objects, upload._path, counted())
            if digest.hexdigest() != sha256:
                raise WrongHash("the bytes received do not have the announced SHA-256")
            yield upload
        finally:
            await self._remove(upload._path)

    async def put(self, sha256: str, chunks: AsyncIterable[bytes], limit: int = LIMIT_BYTES) -> int:
        """Receive and keep as sent; answers the size."""
        async with self.receive(sha256, chunks, limit) as upload:
            return await upload.keep()

    async def get(self, sha256: str) -> AsyncIterator[bytes]:
        """The bytes kept, in pieces; raises BlobMissing before the first one."""
        try:
            found = await obstore.get_async(self._objects, _path_of(sha256))
        except FileNotFoundError:
            raise BlobMissing(sha256) from None
        return _pieces(found)

    async def size(self, sha256: str) -> int:
        try:
            return int((await obstore.head_async(self._objects, _path_of(sha256)))["size"])
        except FileNotFoundError:
            raise BlobMissing(sha256) from None

    async def exists(self, sha256: str) -> bool:
        try:
            await self.size(sha256)
        except BlobMissing:
            return False
        return True

    async def delete(self, sha256: str) -> None:
        """Forget a blob; doing it twice is no fault."""
        await self._remove(_path_of(sha256))

    async def _read(self, path: str) -> bytes:
        return bytes(await (await obstore.get_async(self._objects, path)).bytes_async())

    async def _publish(self, path: str, sha256: str) -> None:
        target = _path_of(sha256)
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder / path)
        await obstore.rename_async(self._objects, path, target)
        if self._folder is not None:
            await asyncio.to_thread(_sync, (self._folder / target).parent)

    async def _remove(self, path: str) -> None:
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._objects, path)


def _path_of(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise BlobMissing("a SHA-256 is 64 hexadecimal digits in lower case")
    return f"{sha256[:2]}/{sha256}"


async def _pieces(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=_CHUNK_BYTES):
        yield bytes(piece)


def _sync(path: Path) -> None:
    """A rename is only as durable as the file and the folder that were written to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
