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


def jpeg_with_broken_exif(tag, kind, count=1):
    """A photo that stands on its side, with a tag whose value is not what the tag's name promises."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0), struct.pack("<HHI4s", tag, kind, count, b"abcd")
    directory = struct.pack("<H", 2) + b"".join(sorted(entries)) + bytes(4)
    return jpeg(exif=b"Exif\0\0II*\0\x08\0\0\0" + directory)


def png_with(name, data):
    """A PNG with one more chunk before its end."""
    plain = drawn("PNG")
    return plain[:-12] + _chunk(name, data) + plain[-12:]


def webp_with(name, data):
    """A WebP with one more chunk, of an even size, at its end."""
    body = drawn("WEBP", lossless=True)[8:] + name + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_of_claimed(side):
    """A WebP of a few bytes whose canvas is said to be `side` pixels wide and high."""
    edge = (side - 1).to_bytes(3, "little")
    inner = drawn("WEBP", (16, 16), lossless=True)[12:]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + edge + edge + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(side=30_000):
    """A PNG of a few kilobytes that says it has 900 million pixels."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
