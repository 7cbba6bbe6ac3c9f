"""What is kept of a photo, and what is none."""

import io
from resource import RUSAGE_SELF, getrusage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFile, ImageOps
from PIL.PngImagePlugin import PngInfo

from inspections.pictures import LARGEST_PHOTO, NotAPictureError, PictureTooLargeError, cleaned
from tests.inspections.pictures import (
    GPS,
    HTML,
    SVG,
    bomb,
    drawn,
    jpeg,
    jpeg_with_broken_exif,
    jpeg_with_position,
    png_with,
    webp_of_claimed,
    webp_with,
)


@pytest.mark.parametrize(
    ("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_a_picture_without_metadata_is_kept_to_the_byte(kind, media_type):
    content = drawn(kind)
    picture = cleaned(content)
    assert picture.content == content
    assert (picture.media_type, picture.width, picture.height) == (media_type, 40, 30)


def test_where_a_photo_was_taken_is_taken_out_and_the_photo_stands_upright():
    content = jpeg_with_position(orientation=6)
    assert Image.open(io.BytesIO(content)).getexif()[GPS]
    picture = cleaned(content)
    kept = Image.open(io.BytesIO(picture.content))
    assert (picture.width, picture.height) == kept.size == (30, 40)
    assert not kept.getexif()
    assert b"Exif" not in picture.content
    assert b"Camera & Co" not in picture.content
    assert b"at home" not in picture.content
    assert cleaned(picture.content).content == picture.content


def test_text_in_a_png_is_taken_out():
    written = io.BytesIO()
    from_where = Image.new("RGB", (4, 4))
    said = PngInfo()
    said.add_text("Comment", "second floor, behind the vault")
    from_where.save(written, "PNG", pnginfo=said)
    assert b"vault" in written.getvalue()
    assert b"vault" not in cleaned(written.getvalue()).content


@pytest.mark.parametrize(
    "content",
    [
        jpeg() + b"hidden",
        jpeg() + b"PK\x03\x04hidden" + b"\xff\xd9",  # ends as a photo ends
        jpeg()[:-2] + b"\xff\xd9hidden\xff\xd9\0\0",
        drawn("PNG") + b"hidden",
        drawn("PNG") + b"hidden" + drawn("PNG")[-12:],
        png_with(b"prVt", b"hidden"),
        png_with(b"zTXt", b"hidden\0\0" + b"x" * 9),
        webp_with(b"JUNK", b"hidden"),
        drawn("WEBP") + b"hidden",
    ],
    ids=[f"hidden {number}" for number in range(9)],
)
def test_what_hides_between_or_behind_the_parts_of_a_photo_is_taken_out(content):
    assert b"hidden" in content
    picture = cleaned(content)
    assert b"hidden" not in picture.content
    assert (picture.width, picture.height) == (40, 30)
    assert cleaned(picture.content).content == picture.content


@pytest.mark.parametrize("kind", range(1, 13))
@pytest.mark.parametrize("tag", [0x0100, 0x010F, 0x011A, 0x0132])
def test_a_photo_whose_camera_wrote_nonsense_is_a_photo_all_the_same(tag, kind):
    picture = cleaned(jpeg_with_broken_exif(tag, kind))
    is_cut = kind in (5, 10, 12) and tag < 0x0112  # a value behind the end hides how the camera was held
    assert (picture.width, picture.height) == ((40, 30) if is_cut else (30, 40))
    assert b"Exif" not in picture.content


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright_however_the_camera_was_held(orientation):
    corner = Image.new("RGB", (64, 32), (0, 0, 0))
    corner.paste((255, 255, 255), (0, 0, 32, 16))
    exif, written = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    corner.save(written, "JPEG", exif=exif)
    ours = Image.open(io.BytesIO(cleaned(written.getvalue()).content)).convert("L")
    theirs = ImageOps.exif_transpose(Image.open(io.BytesIO(written.getvalue()))).convert("L")
    assert ours.size == theirs.size
    assert ImageChops.difference(ours, theirs).getextrema()[1] < 64


MUTANTS = st.tuples(
    st.sampled_from([jpeg_with_position(), jpeg(), drawn("PNG"), png_with(b"eXIf", b"II*\0"), drawn("WEBP")]),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=8),
    st.integers(0, 900),
)


@given(MUTANTS)
@settings(max_examples=300)
def test_broken_bytes_are_a_photo_or_none_and_nothing_else_happens(mutant):
    seed, changes, length = mutant
    content = bytearray(seed)
    for place, value in changes:
        content[place % len(content)] = value
    content = bytes(content[: length or None])
    try:
        picture = cleaned(content)
    except NotAPictureError:
        return
    assert cleaned(picture.content).width == picture.width


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xd8\xff", HTML, SVG, jpeg()[:300], jpeg()[:4] + HTML, b"GIF89a" + bytes(20),
        drawn("GIF"), drawn("BMP"), drawn("TIFF"), drawn("PNG")[:60], b"\x00\x00\x00\x18ftypheic" + bytes(50),
    ],
    ids=[f"case {number}" for number in range(12)],
)  # fmt: skip
def test_what_does_not_decode_as_a_photo_is_none(content, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it, once imported
    with pytest.raises(NotAPictureError):
        cleaned(content)


def test_a_moving_picture_is_none():
    with pytest.raises(NotAPictureError, match="moving"):
        cleaned(drawn("WEBP", save_all=True, append_images=[Image.new("RGB", (40, 30))]))


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    for side in (7_100, 30_000):  # just over our limit, and over Pillow's own
        with pytest.raises(PictureTooLargeError):
            cleaned(bomb(side))


@pytest.mark.parametrize("content", [bomb(50_000), webp_of_claimed(50_000)], ids=["png", "webp"])
def test_a_bomb_takes_no_memory(content):
    before = getrusage(RUSAGE_SELF).ru_maxrss
    with pytest.raises(PictureTooLargeError, match="pixels"):
        cleaned(content)
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 100_000  # kB; decoded it would be 2.5 GB


def test_a_moving_png_is_none():
    with pytest.raises(NotAPictureError, match="moving"):
        cleaned(drawn("PNG", save_all=True, append_images=[Image.new("RGB", (40, 30))]))


def test_a_photo_has_8_mb_at_most():
    with pytest.raises(PictureTooLargeError):
        cleaned(jpeg() + bytes(LARGEST_PHOTO))
