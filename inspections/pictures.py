"""Whether some bytes are a picture, and the picture without what it says about its maker and place.

Phones shrink their photos on a canvas, which leaves no metadata: such bytes are kept as they are, so that
their hash is the phone's. What still carries EXIF, XMP, comments, text or anything else that is not of the
picture is turned upright and written anew.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from PIL import Image, ImageFile

LARGEST_PHOTO = 8 * 1024 * 1024
MOST_PIXELS = 50_000_000  # 8,000 × 6,000; decoded it needs 150 MB
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
# What a picture may carry: how to decode and to show its colours.
HARMLESS = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "icc_profile", "gamma", "srgb"}
HARMLESS |= {"transparency", "background", "loop", "timestamp", "duration", "progressive", "progression"}
HARMLESS |= {"adobe", "adobe_transform", "interlace", "chromaticity", "aspect", "default_image"}
END_OF_JPEG = b"\xff\xd9"  # some cameras hide more behind it; the pixels never hold it
COLOUR_SEGMENTS = ("APP0", "APP14")  # JFIF, Adobe's colour transform
# The parts that pixels and colours need; a reader skips others, whatever stands in them.
PNG_PARTS = {
    b"IHDR",
    b"PLTE",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"iCCP",
    b"sBIT",
    b"bKGD",
    b"pHYs",
    b"IDAT",
}
WEBP_PARTS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A picture that decodes, without metadata."""

    content: bytes
    media_type: str
    width: int
    height: int


class NotAPictureError(Exception):
    """The bytes are no picture that we keep; the message says what to do."""


class PictureTooLargeError(NotAPictureError):
    """The picture has too many bytes, or would have too many pixels."""


def cleaned(content: bytes) -> Picture:
    """The picture, decoded once to be sure, and without position data; one at a time in a process.

    Raises PictureTooLargeError before a pixel is decoded, NotAPictureError for anything but one still JPEG,
    PNG or WebP image.
    """
    if len(content) > LARGEST_PHOTO:
        words = {"size": filesizeformat(len(content)), "limit": filesizeformat(LARGEST_PHOTO)}
        raise PictureTooLargeError(_("The photo has %(size)s; at most %(limit)s are taken.") % words)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own limit of pixels is looser than ours
            with Image.open(io.BytesIO(content), formats=list(MEDIA_TYPES)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                if getattr(image, "n_frames", 1) > 1:
                    raise NotAPictureError(_("This is a moving picture. Take a still one."))
                with _whole():
                    image.load()
                    return _without_metadata(image, content)
    except NotAPictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureTooLargeError(_("The photo has too many pixels. Make it smaller.")) from None
    except Exception:  # bytes made to break a decoder have it raise anything: TypeError, struct.error
        message = _("This is no photo that can be shown. Take a JPEG, PNG or WebP picture.")
        raise NotAPictureError(message) from None


_wholeness = threading.Lock()


@contextmanager
def _whole() -> Iterator[None]:
    """A picture that breaks off is none. WeasyPrint, once imported, has Pillow take halves everywhere."""
    with _wholeness:
        allowed, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = allowed


def _without_metadata(image: Image.Image, content: bytes) -> Picture:
    media_type = MEDIA_TYPES[image.format or ""]
    if _is_bare(image.format, content) and not _tells(image):
        return Picture(content, media_type, image.width, image.height)
    turn = _turn(image)
    plain = image if turn is None else image.transpose(turn)
    if image.format == "JPEG" and plain.mode not in ("L", "RGB"):
        plain = plain.convert("RGB")
    plain.info = {}
    written = io.BytesIO()
    plain.save(written, image.format, quality=90, exif=b"", xmp=b"", icc_profile=None)
    return Picture(written.getvalue(), media_type, plain.width, plain.height)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How the picture comes to stand upright; None where it does, or where nobody can read how it lies."""
    try:
        return UPRIGHT.get(image.getexif().get(0x0112, 1))
    except Exception:  # what cameras write about themselves is often broken, and thrown away anyway
        return None


def _is_bare(kind: str | None, content: bytes) -> bool:
    """Whether the file holds the parts of one picture, and nothing between or behind them."""
    if kind == "JPEG":
        return content.rstrip(b"\0").endswith(END_OF_JPEG) and content.count(END_OF_JPEG) == 1
    at, allowed = (8, PNG_PARTS) if kind == "PNG" else (12, WEBP_PARTS)
    while at < len(content):
        if kind == "PNG":
            size, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
            at += 12 + size  # with the name and a check sum
        else:
            name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
            at += 8 + size + size % 2
        if name == b"IEND":
            return size == 0 and at == len(content)
        if name not in allowed:
            return False
    return kind == "WEBP" and at == len(content) == 8 + int.from_bytes(content[4:8], "little")


def _tells(image: Image.Image) -> bool:
    """Whether it carries more than pixels and colours."""
    segments = [
        name
        for name, data in getattr(image, "applist", ())
        if name != "APP2" or not data.startswith(b"ICC_PROFILE")
    ]
    return bool(
        set(image.info) - HARMLESS
        or getattr(image, "text", None)
        or any(name not in COLOUR_SEGMENTS for name in segments)
    )
