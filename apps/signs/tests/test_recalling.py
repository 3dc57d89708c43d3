"""Known frames: the same sign again is known, one with another character is not."""

import io
from datetime import datetime

import msgspec
import numpy as np
import pytest
from PIL import Image

from afield.records.traffic import Query
from afield.serving.product import Observation
from signs.concluding import observed_rows
from signs.frames import decode
from signs.kit import Found
from signs.recalling import ALIKE, KnownSigns, alike, pattern
from signs.records import Line, Translation
from signs.rendering.cameras import Conditions
from signs.rendering.pictures import picture
from signs.rendering.signs import Sign, Text
from signs.sights import Sight, Where, seen

KNOWN = KnownSigns(seen, observed_rows)
AT = datetime(2026, 5, 1, 10)


def taken(text: str, noise: float = 2.0, light: float = 1.0) -> bytes:
    return picture([Sign((Text(text, "ja"),))], 12, Conditions(noise=noise, light=light)).content


def query(image: bytes, place: Where | None = None) -> Query:
    return Query(key="", unit="phone", at=AT, request=Sight("phone", image, AT, place))


def line(height: float, text: str = "出口") -> Found:
    box = np.array([[0, 0], [60, 0], [60, height], [0, height]], np.float32)
    scores = np.array([0.91, 0.875], np.float32)
    read = Line(box, text, False, 0.83, scores, 0.31, 120.5, "han")
    return Found(read, "ja", 0.9, Translation("Exit", "phrasebook", 0.98, "in the phrasebook"))


def test_the_same_sign_in_other_light_is_known_again() -> None:
    assert KNOWN.same(KNOWN.print(query(taken("出口 3"))), KNOWN.print(query(taken("出口 3", noise=4.0, light=0.9))))


@pytest.mark.parametrize("other", ["出口 8", "人口 3", "入口 3"])
def test_a_sign_that_differs_in_one_character_is_not(other: str) -> None:
    assert not KNOWN.same(KNOWN.print(query(taken("出口 3"))), KNOWN.print(query(taken(other))))


def test_a_shift_of_the_camera_changes_nothing() -> None:
    pixels = decode(taken("出口 3")).pixels
    moved = np.roll(pixels, (6, -9), (0, 1))
    assert alike(pattern(pixels), pattern(moved)) >= ALIKE


def test_comparing_leaves_what_is_compared_as_it_was() -> None:
    one, other = pattern(decode(taken("出口 3")).pixels), pattern(decode(taken("出口 8")).pixels)
    before = one.copy(), other.copy()
    alike(one, other)
    np.testing.assert_array_equal(one, before[0])
    np.testing.assert_array_equal(other, before[1])


def test_a_bare_wall_is_never_known() -> None:
    wall = np.full((480, 640, 3), 180, np.uint8)
    assert alike(pattern(wall), pattern(wall)) == -1.0


def test_frames_of_different_sizes_never_show_the_same() -> None:
    small, large = np.zeros((240, 320, 3), np.uint8), np.zeros((480, 640, 3), np.uint8)
    encoded = [KNOWN.print(query(_png(each))) for each in (small, large)]
    assert not KNOWN.same(*encoded)


def test_nothing_is_known_where_the_place_is_not_told() -> None:
    assert KNOWN.cell(query(b"")) == ""
    assert KNOWN.cell(query(b"", Where(35.68961, 139.70062))) == "35.690,139.701"


def test_what_was_found_is_the_same_when_it_is_read_again() -> None:
    asked = KNOWN.print(query(taken("出口")))
    found = (line(40.0), line(30.0, "入口"))
    observed = KNOWN.read(KNOWN.write(_observation(found), asked))
    for before, after in zip(found, observed.found, strict=True):
        assert isinstance(after, Found)
        assert (after.language, after.translation) == (before.language, before.translation)
        np.testing.assert_array_equal(after.line.box, before.line.box)
        np.testing.assert_array_equal(after.line.scores, before.line.scores)
    expected = observed_rows(found)
    for name in expected:
        np.testing.assert_array_equal(observed.rows[name], expected[name])


def test_a_frame_with_a_line_too_small_to_tell_its_characters_is_not_kept() -> None:
    asked = KNOWN.print(query(taken("出口")))
    assert KNOWN.write(_observation((line(40.0), line(20.0))), asked) == b""


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", msgspec.msgpack.encode([{"line": 1}])])
def test_what_it_did_not_write_it_does_not_read(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        KNOWN.read(content)


def _observation(found: tuple[Found, ...]) -> Observation:
    return Observation(observed_rows(found), found)


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
