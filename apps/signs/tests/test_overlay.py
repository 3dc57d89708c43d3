import io

import numpy as np
import pytest
from PIL import Image

from signs.overlay import ASKED, READ, SURE, colour, label, overlay
from signs.shown import Shown

BOX = ((60.0, 50.0), (200.0, 50.0), (200.0, 80.0), (60.0, 80.0))
LINES = (
    Shown("a/0", BOX, "現金のみ", "automate", "Cash only"),
    Shown("a/1", tuple((x, y + 60) for x, y in BOX), "本日休業", "prompt", "Closed today"),
    Shown("a/2", tuple((x, y + 120) for x, y in BOX), "愚園路", "off"),
)


def drawn(lines: tuple[Shown, ...], width: int = 640, kind: str = "png") -> np.ndarray:
    pixels = np.full((300, width, 3), 200, np.uint8)
    return np.asarray(Image.open(io.BytesIO(overlay(pixels, lines, "png" if kind == "png" else "jpeg"))))


def test_an_unsure_line_carries_a_question_mark_and_an_untranslated_one_its_reading() -> None:
    assert [label(line) for line in LINES] == ["Cash only", "Closed today?", "[愚園路]"]
    assert label(Shown("a/3", BOX, "", "off")) == "[unreadable]"


def test_colours_tell_how_sure_a_line_is() -> None:
    assert [colour(line) for line in LINES] == [SURE, ASKED, READ]
    image = drawn(LINES).reshape(-1, 3)
    for wanted in (SURE, ASKED, READ):
        assert (np.abs(image.astype(int) - wanted).max(axis=1) < 30).sum() > 200


def test_an_answer_without_lines_leaves_the_frame_as_it_is() -> None:
    assert (drawn(()) == 200).all()


def test_a_small_frame_is_enlarged() -> None:
    assert drawn(LINES, 320).shape == (600, 640, 3)


@pytest.mark.parametrize("text", ["A very long translation of a very short sign that goes on and on " * 3, "x"])
def test_labels_of_any_length_and_place_are_drawn(text: str) -> None:
    far = tuple((x + 5000, y - 5000) for x, y in BOX)
    assert drawn((Shown("a/0", BOX, "出", "automate", text), Shown("a/1", far, "口", "prompt", text))).shape[1] == 640


def test_the_kind_of_file_can_be_chosen() -> None:
    pixels = np.zeros((10, 640, 3), np.uint8)
    assert overlay(pixels, (), "png").startswith(b"\x89PNG")
    assert overlay(pixels, ()).startswith(b"\xff\xd8")
