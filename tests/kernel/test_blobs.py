"""Attachments: kept whole and verified or not at all, and pictures without the traces of camera and place."""

import asyncio
import hashlib
import io
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from grid_kernel.blobs import BlobMissing, BlobStore, TooLong, WrongHash
from grid_kernel.images import BrokenImage, MediaType, TooManyPixels, UnacceptableFile, UnsupportedType, clean, sniff

CONTENT = bytes(range(256)) * 40_000  # ten megabytes: more than one part of a multipart upload


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def chunks_of(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def whole(store: BlobStore, sha256: str) -> bytes:
    return b"".join([piece async for piece in await store.get(sha256)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "附件 blobs"


@pytest.fixture
def store(folder: Path) -> BlobStore:
    return BlobStore(f"file://{folder}")


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- the store


@pytest.mark.parametrize("data", [CONTENT, b"x", b""])
async def test_an_upload_is_kept_under_its_hash_and_read_back(store: BlobStore, folder: Path, data: bytes) -> None:
    sha256 = hash_of(data)
    assert await store.put(sha256, chunks_of(data)) == len(data)
    assert files_in(folder) == [f"{sha256[:2]}/{sha256}"]
    assert await whole(store, sha256) == data
    assert await store.size(sha256) == len(data)


async def test_sending_the_same_again_changes_nothing(store: BlobStore, folder: Path) -> None:
    for _ in range(2):
        await store.put(hash_of(CONTENT), chunks_of(CONTENT))
    assert len(files_in(folder)) == 1


async def test_a_truncated_upload_leaves_nothing_behind(store: BlobStore, folder: Path) -> None:
    with pytest.raises(WrongHash):
        await store.put(hash_of(CONTENT), chunks_of(CONTENT[:-1]))
    assert files_in(folder) == []
    assert not await store.exists(hash_of(CONTENT))


async def test_an_upload_that_breaks_off_leaves_nothing_behind(store: BlobStore, folder: Path) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        async for chunk in chunks_of(CONTENT[:7_000_000]):
            yield chunk
        raise ConnectionError("the phone went into the lift")

    with pytest.raises(ConnectionError):
        await store.put(hash_of(CONTENT), breaking())
    assert files_in(folder) == []


async def test_an_upload_cancelled_half_way_leaves_nothing_behind(store: BlobStore, folder: Path) -> None:
    stalled = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield CONTENT[:7_000_000]
        stalled.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(store.put(hash_of(CONTENT), stalling()))
    await stalled.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert files_in(folder) == []


async def test_an_endless_upload_is_stopped_at_the_limit(store: BlobStore, folder: Path) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            yield b"x" * 1000

    with pytest.raises(TooLong):
        await store.put(hash_of(b""), endless(), limit=100_000)
    assert taken == 101_000
    assert files_in(folder) == []


async def test_an_upload_of_exactly_the_limit_is_taken(store: BlobStore) -> None:
    assert await store.put(hash_of(CONTENT), chunks_of(CONTENT), limit=len(CONTENT)) == len(CONTENT)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
async def test_only_a_hash_is_a_name(store: BlobStore, folder: Path, name: str) -> None:
    with pytest.raises(WrongHash):
        await store.put(name, chunks_of(b"x"))
    with pytest.raises(BlobMissing):
        await store.get(name)
    assert files_in(folder) == []


async def test_what_was_deleted_is_missing_and_may_be_deleted_again(store: BlobStore) -> None:
    sha256 = hash_of(b"x")
    await store.put(sha256, chunks_of(b"x"))
    for _ in range(2):
        await store.delete(sha256)
    assert not await store.exists(sha256)
    with pytest.raises(BlobMissing):
        await store.get(sha256)


async def test_nobody_sees_an_upload_before_it_is_kept(store: BlobStore, folder: Path) -> None:
    async with store.receive(hash_of(CONTENT), chunks_of(CONTENT)) as upload:
        assert (upload.size, upload.head) == (len(CONTENT), CONTENT[:64])
        assert await upload.read() == CONTENT
        assert not await store.exists(hash_of(CONTENT))
    assert files_in(folder) == []


async def test_a_cleaned_file_is_kept_under_the_hash_of_what_was_sent(store: BlobStore, folder: Path) -> None:
    async with store.receive(hash_of(CONTENT), chunks_of(CONTENT)) as upload:
        assert await upload.keep(b"cleaned") == 7
    assert await whole(store, hash_of(CONTENT)) == b"cleaned"
    assert len(files_in(folder)) == 1


def test_a_bucket_is_only_another_address(tmp_path: Path) -> None:
    assert "S3Store" in repr(BlobStore("s3://grid-attachments/qingshan")._objects)
    assert "LocalStore" in repr(BlobStore(f"file://{tmp_path}")._objects)


# --- types


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe1\x00\x18Exif", MediaType.JPEG),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", MediaType.PNG),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", MediaType.WEBP),
        (b"%PDF-1.7\n", MediaType.PDF),
    ],
)
def test_the_type_is_told_by_the_first_bytes(head: bytes, media_type: MediaType) -> None:
    assert sniff(head) is media_type


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "unknown"),
        (b"<html><script>", "unknown"),
        (b"PK\x03\x04", "unknown"),
        (b"MZ\x90\x00", "unknown"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "unknown"),
        (b"<svg xmlns=", "unknown"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
    ],
)
def test_everything_else_is_refused_and_a_phone_format_is_named(head: bytes, said: str) -> None:
    with pytest.raises(UnsupportedType, match=said):
        sniff(head)


# --- pictures

SECRETS = (b"SecretCam", b"secret comment", b"secret xmp")


def corner_photo() -> Image.Image:
    """A picture of 40 by 20 whose upper left corner is red."""
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste((255, 0, 0), (0, 0, 10, 10))
    return picture


def traces(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x0110] = "SecretCam"
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 38.0, 36.0), 3: "E", 4: (109.0, 54.0, 6.0)})
    return exif


def saved(form: str, orientation: int = 1) -> bytes:
    out = io.BytesIO()
    picture, exif = corner_photo(), traces(orientation)
    if form == "JPEG":
        picture.save(out, form, exif=exif, comment=b"secret comment", xmp=b"secret xmp", quality=95)
    elif form == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "secret comment")
        text.add_itxt("XML:com.adobe.xmp", "secret xmp")
        picture.save(out, form, exif=exif, pnginfo=text)
    else:
        picture.save(out, form, exif=exif, xmp=b"secret xmp", lossless=True)
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_cleaned_picture_tells_neither_camera_nor_place_nor_comment(form: str) -> None:
    sent = saved(form)
    assert b"SecretCam" in sent
    kept = clean(sent)
    assert not any(secret in kept for secret in SECRETS)
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.format == form
        assert not picture.getexif()
        assert not set(picture.info) & {"exif", "xmp", "comment", "Comment", "XML:com.adobe.xmp", "photoshop"}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "size", "red_corner"),
    [(1, (40, 20), (2, 2)), (3, (40, 20), (37, 17)), (6, (20, 40), (17, 2)), (8, (20, 40), (2, 37))],
)
def test_a_picture_taken_with_a_turned_phone_stays_upright(
    form: str, orientation: int, size: tuple[int, int], red_corner: tuple[int, int]
) -> None:
    with Image.open(io.BytesIO(clean(saved(form, orientation)))) as picture:
        assert picture.size == size
        red, green, _ = picture.convert("RGB").getpixel(red_corner)  # type: ignore[misc]  # an RGB pixel is three numbers
        assert red > 200
        assert green < 80


def test_colours_and_transparency_survive_the_cleaning() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    corner_photo().save(out, "JPEG", icc_profile=profile)
    with Image.open(io.BytesIO(clean(out.getvalue()))) as picture:
        assert picture.info["icc_profile"] == profile
    out = io.BytesIO()
    corner_photo().convert("P").save(out, "PNG", transparency=0)
    with Image.open(io.BytesIO(clean(out.getvalue()))) as picture:
        assert picture.info["transparency"] == 0


def test_a_pdf_is_kept_as_it_is() -> None:
    assert clean(b"%PDF-1.7\nanything") == b"%PDF-1.7\nanything"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_cut_picture_is_refused(form: str) -> None:
    sent = saved(form)
    for length in (20, len(sent) // 2):
        with pytest.raises(BrokenImage):
            clean(sent[:length])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@settings(max_examples=60, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(12, 700), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_damage_whatever_breaks_the_cleaning(form: str, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(saved(form))
    for position, value in changes:
        damaged[position % len(damaged)] = value
    with suppress(UnacceptableFile):
        assert clean(bytes(damaged))


def test_of_several_pictures_in_one_file_the_first_is_kept() -> None:
    out = io.BytesIO()
    corner_photo().save(out, "MPO", save_all=True, append_images=[corner_photo()], exif=traces(6))
    kept = clean(out.getvalue())
    assert b"SecretCam" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (20, 40))


def test_a_file_that_only_begins_like_a_picture_is_refused() -> None:
    for head in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP"):
        with pytest.raises(BrokenImage):
            clean(head + b"<script>alert(1)</script>" * 10)


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
def test_a_small_file_that_unpacks_to_gigabytes_is_refused_before_it_does(side: int) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10_000)))
    with pytest.raises(TooManyPixels):
        clean(bomb + chunk(b"IEND", b""))


def test_a_text_that_unpacks_to_gigabytes_inside_a_picture_is_refused() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * 70_000_000, zip=True)
    out = io.BytesIO()
    corner_photo().save(out, "PNG", pnginfo=text)
    with pytest.raises(BrokenImage):
        clean(out.getvalue())
