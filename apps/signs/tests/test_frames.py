"""Frames: what is taken, what is turned, and what is refused before it costs anything."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from afield.errors import RequestError
from signs.frames import decode
from signs.records import Place


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def striped(width: int = 40, height: int = 20) -> Image.Image:
    picture = Image.new("RGB", (width, height), "white")
    picture.paste((255, 0, 0), (0, 0, width // 2, height))
    return picture


def located(latitude: object, south: str, longitude: object, west: str) -> bytes:
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = south, latitude
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = west, longitude
    return encoded(striped(), "JPEG", exif=exif)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def refused(content: bytes, **limits: int) -> str:
    with pytest.raises(RequestError) as caught:
        decode(content, **limits)
    assert caught.value.field == "image"
    return str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_a_still_picture_becomes_rgb_pixels(kind: str) -> None:
    pixels = decode(encoded(striped(), kind)).pixels
    assert pixels.shape == (20, 40, 3)
    assert pixels.dtype == np.uint8
    assert abs(pixels[10, 5].astype(int) - (255, 0, 0)).max() < 12


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_becomes_rgb(mode: str) -> None:
    picture = striped().convert(mode) if mode != "I;16" else Image.new("I;16", (40, 20))
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert decode(encoded(picture, kind)).pixels.shape == (20, 40, 3)


def test_what_is_transparent_shows_white() -> None:
    assert (decode(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)))).pixels == 255).all()


def test_a_picture_taken_with_a_turned_camera_stands_upright() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    pixels = decode(encoded(striped(), "JPEG", exif=exif)).pixels
    assert pixels.shape == (40, 20, 3)
    assert pixels[5, 10, 1] < 60
    assert pixels[35, 10, 1] > 200


def test_the_place_is_left_behind_unless_it_may_be_used() -> None:
    content = located((35.0, 41.0, 22.2), "N", (139.0, 41.0, 30.12), "E")
    assert decode(content).place is None
    place = decode(content, keep_place=True).place
    assert place is not None
    assert (round(place.latitude, 4), round(place.longitude, 4)) == (35.6895, 139.6917)


def test_south_and_west_are_negative() -> None:
    found = decode(located((33.0, 30.0, 0.0), "S", (70.0, 30.0, 0.0), "W"), keep_place=True).place
    assert found == Place(-33.5, -70.5)


def test_a_place_off_the_globe_is_no_place() -> None:
    assert decode(located((95.0, 0.0, 0.0), "N", (7.0, 0.0, 0.0), "E"), keep_place=True).place is None


@pytest.mark.parametrize("content", [b"hello", b"<svg/>", b"%PDF-1.7", b"\x00" * 100, b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_refused(content: bytes) -> None:
    assert "image" in refused(content)


def test_nothing_is_refused() -> None:
    assert "empty" in refused(b"")


def test_a_file_of_too_many_bytes_is_refused() -> None:
    assert "bytes" in refused(encoded(striped()), largest_bytes=50)


def test_too_many_pixels_are_refused_by_the_header_alone() -> None:
    # A header that promises 100,000 × 100,000 pixels; decoding would need thirty gigabytes.
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00" * 1000))
    assert "pixels" in refused(bomb)


def test_more_pixels_than_are_taken_are_refused() -> None:
    assert "40 × 20 pixels" in refused(encoded(striped()), most_pixels=799)


def test_a_picture_too_small_for_text_is_refused() -> None:
    assert "no text" in refused(encoded(Image.new("RGB", (100, 3))))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animated_picture_is_refused(kind: str) -> None:
    more = [Image.new("RGB", (40, 20), colour) for colour in ("blue", "green")]
    assert "animated" in refused(encoded(striped(), kind, save_all=True, append_images=more))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_is_cut_off_is_refused(kind: str) -> None:
    noisy = Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 90, 3), np.uint8))
    content = encoded(noisy, kind)
    assert "cut off or broken" in refused(content[: len(content) // 2])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP"]), st.data())
def test_broken_bytes_give_a_picture_or_a_clear_refusal(kind: str, data: st.DataObject) -> None:
    content = bytearray(encoded(striped(), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RequestError):
        assert decode(bytes(content), keep_place=True).pixels.ndim == 3
