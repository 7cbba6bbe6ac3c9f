"""What is kept of a photo, and what is none."""

import io

import pytest
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from inspections.pictures import LARGEST_PHOTO, NotAPictureError, PictureTooLargeError, cleaned
from tests.inspections.pictures import GPS, HTML, SVG, bomb, drawn, jpeg, jpeg_with_position


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


def test_what_hides_behind_the_end_of_a_photo_is_taken_out():
    assert b"hidden" not in cleaned(jpeg() + b"hidden").content


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


def test_a_photo_has_8_mb_at_most():
    with pytest.raises(PictureTooLargeError):
        cleaned(jpeg() + bytes(LARGEST_PHOTO))
