"""A frame out of the bytes of a picture: checked before it is decoded, upright, and without its place unless asked."""

import io
import math
import warnings
from collections.abc import Mapping

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from afield.errors import RequestError
from signs.records import Frame, Place

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
LARGEST_BYTES = 12_000_000
MOST_PIXELS = 40_000_000
SMALLEST_SIDE = 8  # pixels; no letter is smaller
FIELD = "image"


def decode(
    content: bytes,
    *,
    largest_bytes: int = LARGEST_BYTES,
    most_pixels: int = MOST_PIXELS,
    keep_place: bool = False,
) -> Frame:
    """The frame of one still picture, turned as its EXIF orientation says.

    Args:
        content: a whole file: JPEG, PNG, WebP, BMP or GIF of one picture.
        largest_bytes: that the file may have.
        most_pixels: that the picture may have; looked up in its header, before anything is decoded.
        keep_place: whether the place in its EXIF data is kept; else it is left behind here.

    Raises:
        RequestError: (field `image`) it is no such picture, too large, cut off, broken, or has several pictures.
    """
    if not content:
        raise RequestError("the image is empty; send the bytes of one picture", FIELD)
    if len(content) > largest_bytes:
        raise RequestError(f"the image has {len(content):,} bytes; at most {largest_bytes:,} are taken", FIELD)
    try:
        # Pillow's own limit only warns; the size is held against ours below.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decoded(content, most_pixels, keep_place)
    except UnidentifiedImageError:
        raise RequestError(f"this is not an image; send one of {', '.join(FORMATS)}", FIELD) from None
    except Image.DecompressionBombError:
        raise RequestError(f"the image has too many pixels; at most {most_pixels:,} are taken", FIELD) from None
    except RequestError:
        raise
    except Exception as error:
        # Pillow's decoders raise whatever their parsing trips over: OSError, SyntaxError, struct.error, KeyError.
        raise RequestError(f"the image is cut off or broken ({error}); send the whole file", FIELD) from error


def _decoded(content: bytes, most_pixels: int, keep_place: bool) -> Frame:
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        width, height = picture.size
        if width * height > most_pixels:
            raise RequestError(f"the image has {width} × {height} pixels; at most {most_pixels:,} are taken", FIELD)
        if min(width, height) < SMALLEST_SIDE:
            raise RequestError(f"the image has {width} × {height} pixels; no text fits into that", FIELD)
        if getattr(picture, "n_frames", 1) > 1:
            raise RequestError("the image is animated or has several pages; send one still picture", FIELD)
        place = _place(picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)) if keep_place else None
        upright = _opaque(ImageOps.exif_transpose(picture))
        return Frame(np.asarray(upright, np.uint8), place)


def _opaque(picture: Image.Image) -> Image.Image:
    """RGB; what is transparent shows white, as a page would."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _place(tags: Mapping[int, object]) -> Place | None:
    """The place of EXIF's GPS tags, or None where they are missing, broken or off the globe."""
    latitude = _degrees(tags.get(ExifTags.GPS.GPSLatitude), tags.get(ExifTags.GPS.GPSLatitudeRef), "S")
    longitude = _degrees(tags.get(ExifTags.GPS.GPSLongitude), tags.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Place(latitude, longitude)


def _degrees(parts: object, reference: object, negative: str) -> float | None:
    """Degrees, minutes and seconds as one number; negative to the south and the west."""
    if not isinstance(parts, tuple) or len(parts) != 3 or not isinstance(reference, str):
        return None
    try:
        degrees = sum(float(part) / size for part, size in zip(parts, (1, 60, 3600), strict=True))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not math.isfinite(degrees):
        return None
    return -degrees if reference.strip("\0 ").upper() == negative else degrees
