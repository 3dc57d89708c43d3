"""Recognition: crops, groups of one width, and decoding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from signs.reading.recognition import HEIGHT, LARGEST_CALL, STEP, WIDEST, Reading, cut, decoded, read

LETTERS = ("", "A", "B", "→", " ")


def chances(*columns: int, sure: float = 0.9) -> NDArray[np.float32]:
    rest = (1 - sure) / (len(LETTERS) - 1)
    return np.array([[sure if one == best else rest for one in range(len(LETTERS))] for best in columns], np.float32)


def test_repeats_are_one_character_unless_a_blank_is_between() -> None:
    assert decoded(chances(1, 1, 0, 1, 2, 2, 0), LETTERS).text == "AAB"


def test_each_character_has_its_probability_and_all_a_mean_entropy() -> None:
    found = decoded(chances(1, 0, 2), LETTERS)
    assert found.scores == pytest.approx([0.9, 0.9])
    assert found.entropy == pytest.approx(-(0.9 * np.log(0.9) + 4 * 0.025 * np.log(0.025)), rel=1e-4)


def test_blanks_alone_say_nothing() -> None:
    found = decoded(chances(0, 0), LETTERS)
    assert (found.text, found.scores.size, found.entropy, found.score) == ("", 0, 0.0, 0.0)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_there_are_as_many_scores_as_characters(columns: list[int]) -> None:
    found = decoded(chances(*columns), LETTERS)
    assert len(found.text) == found.scores.size


@pytest.mark.parametrize(
    ("columns", "text"), [((3, 4, 1, 4, 2, 3), "A B"), ((3, 4, 3), ""), ((1, 3, 2), "A→B"), ((), "")]
)
def test_arrows_and_spaces_at_the_ends_are_no_text(columns: tuple[int, ...], text: str) -> None:
    found = decoded(chances(*columns, 0), LETTERS).trimmed()
    assert found.text == text
    assert found.scores.size == len(text)


def test_a_crop_is_turned_upright() -> None:
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[100:, :] = 255
    turned = np.array([[150, 50], [150, 150], [126, 150], [126, 50]], np.float32)
    crop = cut(pixels, turned)
    assert crop.shape == (HEIGHT, 200, 3)
    assert crop[24, 20].max() == 0
    assert crop[24, 180].min() == 255


def test_a_large_crop_is_averaged_so_that_no_stroke_is_lost() -> None:
    pixels = np.zeros((480, 960, 3), np.uint8)
    pixels[::10] = 250
    crop = cut(pixels, np.array([[0, 0], [960, 0], [960, 480], [0, 480]], np.float32))
    assert crop.shape == (HEIGHT, 96, 3)
    assert np.abs(crop.astype(int) - 25).max() < 15


def test_no_crop_is_without_end() -> None:
    box = np.array([[0, 0], [9000, 0], [9000, 4], [0, 4]], np.float32)
    assert cut(np.zeros((5, 9000, 3), np.uint8), box).shape == (HEIGHT, WIDEST, 3)


class Recogniser:
    """Says A as often as a crop is long in steps, and B once for its first pixel being bright."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        self.calls.append(batch.shape)
        width = batch.shape[3] // STEP
        return np.stack([chances(*[1, 0] * width, 2 if row[0, 0, 0] > 0 else 0) for row in batch])


def crop(width: int, bright: bool = False) -> NDArray[np.uint8]:
    return np.full((HEIGHT, width, 3), 255 if bright else 0, np.uint8)


def test_crops_of_one_width_share_a_call_and_keep_their_order() -> None:
    recognise = Recogniser()
    found = read([crop(90), crop(300), crop(70, bright=True)], recognise, LETTERS)
    assert [one.text for one in found] == ["AAA", "A" * 10, "AAAB"]
    assert sorted(recognise.calls) == [(1, 3, 48, 320), (2, 3, 48, 96)]


def test_what_a_crop_says_does_not_depend_on_the_others() -> None:
    alone = read([crop(90)], Recogniser(), LETTERS)[0]
    among = read([crop(2000), crop(90), crop(64, bright=True)], Recogniser(), LETTERS)[1]
    assert alone.text == among.text
    assert (alone.scores == among.scores).all()


def test_no_call_is_larger_than_memory_allows() -> None:
    recognise = Recogniser()
    read([crop(1600)] * 5, recognise, LETTERS)
    assert max(call[0] * call[3] for call in recognise.calls) <= LARGEST_CALL


def test_only_doubtful_crops_are_probed_for_hangul() -> None:
    def read_with(sure: float) -> list[Reading]:
        return read([crop(64)], lambda _: chances(1, 2, sure=sure)[None], LETTERS, lambda *_: 0.7)

    assert [read_with(0.95)[0].hangul, read_with(0.6)[0].hangul] == [0.0, 0.7]


def test_no_crops_need_no_call() -> None:
    recognise = Recogniser()
    assert read([], recognise, LETTERS) == []
    assert recognise.calls == []
