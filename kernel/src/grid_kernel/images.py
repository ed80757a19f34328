"""What an attachment really is, by its first bytes, and images without the traces of camera and place."""

import io
from enum import StrEnum

from PIL import Image, ImageOps

HEAD_BYTES = 16
MAX_PIXELS = 60_000_000
_QUALITY = 92
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
_FORMS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"mif1", b"msf1"}


class MediaType(StrEnum):
    """The kinds of attachment that are taken."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"


class UnacceptableFile(Exception):  # noqa: N818 - named for what happened, as refusals are
    """The attachment is of no use as it is."""


class UnsupportedType(UnacceptableFile):
    """Neither a picture (JPEG, PNG, WebP) nor a PDF; HEIC is recognised but cannot be cleaned here."""


class BrokenImage(UnacceptableFile):
    """It begins like a picture but cannot be read."""


class TooManyPixels(UnacceptableFile):
    """Unpacked, the picture would fill the memory."""


def sniff(head: bytes) -> MediaType:
    """Tell the type from the first 16 bytes, whatever name or header the file came with."""
    if head.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head.startswith(b"%PDF-"):
        return MediaType.PDF
    kind = "HEIC" if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS else "of an unknown type"
    raise UnsupportedType(f"the file is {kind}")


def clean(data: bytes) -> bytes:
    """The picture turned upright, with its pixels and colour profile and nothing else; a PDF as it is.

    Costs up to a second of processor time for a large photo: run it in a thread.
    """
    media_type = sniff(data[:HEAD_BYTES])
    if media_type is MediaType.PDF:
        return data
    try:
        with Image.open(io.BytesIO(data), formats=[_FORMS[media_type]]) as picture:
            return _without_metadata(picture, _FORMS[media_type])
    except UnacceptableFile:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels(f"a picture has at most {MAX_PIXELS} pixels") from None
    except Exception as cause:  # a decoder fed with hostile bytes raises whatever it likes
        raise BrokenImage(f"the picture cannot be read: {type(cause).__name__}") from None


def _without_metadata(picture: Image.Image, form: str) -> bytes:
    if picture.width * picture.height > MAX_PIXELS:
        raise TooManyPixels(f"a picture has at most {MAX_PIXELS} pixels")
    upright = ImageOps.exif_transpose(picture)
    profile = upright.info.get("icc_profile")
    upright.info = {key: value for key, value in upright.info.items() if key == "transparency"}
    out = io.BytesIO()
    upright.save(out, form, quality=_QUALITY, icc_profile=profile)
    return out.getvalue()
