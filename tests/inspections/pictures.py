"""Pictures to send, honest and otherwise."""

import io
import struct
import zlib

from PIL import Image

GPS = 0x8825


def jpeg(size=(40, 30), **more):
    return drawn("JPEG", size, **more)


def drawn(kind, size=(40, 30), **more):
    """A picture of one colour."""
    written = io.BytesIO()
    Image.new("RGB", size, (30, 120, 200)).save(written, kind, **more)
    return written.getvalue()


def jpeg_with_position(orientation=6):
    """A photo as a camera writes it: turned, with its place and its maker."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Camera & Co"
    exif[GPS] = {1: "N", 2: (39.0, 54.0, 20.0), 3: "E", 4: (116.0, 23.0, 29.0)}
    return jpeg(exif=exif, comment=b"at home")


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(side=30_000):
    """A PNG of a few kilobytes that says it has 900 million pixels."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
