"""The reader as a whole, on the pretrained networks."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from apps.signs.tests.reading.conftest import Draw, Network
from signs.evaluating import Evaluation, evaluate
from signs.reading.chain import Reader
from signs.reading.recognition import Reading
from signs.records import Frame, Line

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "signs"


def texts(reader: Reader, pixels: NDArray[np.uint8]) -> list[str]:
    return [line.text for line in reader.read(Frame(pixels))]


def one(reader: Reader, pixels: NDArray[np.uint8]) -> Line:
    (line,) = reader.read(Frame(pixels))
    return line


def test_lines_are_read_in_their_order(reader: Reader, draw: Draw) -> None:
    assert texts(reader, draw(("工事中", 60, 60), ("立入禁止", 60, 200), ("EXIT", 380, 200))) == [
        "工事中",
        "立入禁止",
        "EXIT",
    ]


def test_a_line_says_how_sure_and_how_large_it_is(reader: Reader, draw: Draw) -> None:
    line = one(reader, draw(("現金のみ", 100, 200)))
    assert (line.text, line.script, line.vertical, line.readable) == ("現金のみ", "kana", False, True)
    assert line.scores.shape == (4,)
    assert line.scores.min() > 0.9
    assert line.detection > 0.7
    assert 0 <= line.entropy < 0.3
    assert 55 < line.height < 110
    assert line.box[0] == pytest.approx((100, 210), abs=25)


def test_vertical_columns_are_read_from_right_to_left(reader: Reader, draw: Draw) -> None:
    lines = reader.read(Frame(draw(("本日休業", 120, 60), ("営業時間", 260, 60), vertical=True)))
    assert [(line.text, line.vertical) for line in lines] == [("営業時間", True), ("本日休業", True)]
    assert lines[0].height < 120


@pytest.mark.parametrize("angle", [-35, -15, 15, 35])
def test_slanted_signs_are_read(reader: Reader, draw: Draw, angle: float) -> None:
    turn = cv2.getRotationMatrix2D((320, 240), angle, 1)
    pixels = cv2.warpAffine(draw(("禁止吸烟", 180, 200), language="zh"), turn, (640, 480), borderValue=(205, 208, 210))
    assert texts(reader, pixels) == ["禁止吸烟"]


@pytest.mark.parametrize("turns", [1, 3])
def test_words_that_run_up_or_down_are_read(reader: Reader, draw: Draw, turns: int) -> None:
    pixels = np.ascontiguousarray(np.rot90(draw(("Sortie de secours", 60, 200), language="latin"), turns))
    assert texts(reader, pixels) == ["Sortie de secours"]


def test_a_narrow_character_that_stands_alone_is_no_column(reader: Reader, draw: Draw) -> None:
    line = one(reader, draw(("1", 300, 150), language="latin", size=150))
    assert (line.text, line.vertical) == ("1", False)


@pytest.mark.parametrize("below", [False, True])
def test_text_along_a_circle_is_read(reader: Reader, draw: Draw, below: bool) -> None:
    straight = draw(("Established this garden", 20, 10), language="latin", size=40, shape=(520, 60))
    rows, columns = np.mgrid[:480, :640].astype(np.float32)
    angle = np.arctan2(rows - 240, columns - 320)
    distance = np.hypot(rows - 240, columns - 320)
    along = (np.pi / 2 - angle if below else angle + np.pi / 2) * 200 + 260
    across = distance - 170 if below else 230 - distance
    pixels = cv2.remap(straight, along.astype(np.float32), across, cv2.INTER_LINEAR, borderValue=(205, 208, 210))
    assert texts(reader, pixels) == ["Established this garden"]


@pytest.mark.parametrize("kind", ["blank", "black", "noise", "stripes", "tiny"])
def test_what_holds_no_text_has_no_readable_line(reader: Reader, kind: str) -> None:
    pixels = {
        "blank": np.full((480, 640, 3), 200, np.uint8),
        "black": np.zeros((480, 640, 3), np.uint8),
        "noise": np.random.default_rng(5).integers(0, 256, (480, 640, 3)).astype(np.uint8),
        "stripes": np.repeat((np.arange(480) // 9 % 2 * 255).astype(np.uint8)[:, None, None], 640, 1).repeat(3, 2),
        "tiny": np.zeros((8, 8, 3), np.uint8),
    }[kind]
    assert [line.text for line in reader.read(Frame(pixels)) if line.readable] == []


def test_an_arrow_beside_a_text_is_not_part_of_it(reader: Reader, draw: Draw) -> None:
    assert texts(reader, draw(("出口 →", 150, 200))) == ["出口"]


def test_hangul_is_unreadable_and_never_guessed(reader: Reader, draw: Draw) -> None:
    for word in ("비상구", "출입금지", "화장실", "주차금지"):
        line = one(reader, draw((word, 150, 200), language="ko", size=80))
        assert (line.text, line.readable) == ("", False), word
        assert line.script == "hangul", word
    assert reader.unreadable == {"hangul", "other"}


def test_hangul_is_read_where_something_reads_it(
    networks: tuple[Network, Network], known: tuple[str, ...], draw: Draw
) -> None:
    def reads(crop: NDArray[np.uint8]) -> Reading | None:
        return Reading("비상구", np.full(3, 0.9, np.float32), 0.1) if crop.shape[0] == 48 else None

    line = one(Reader(*networks, known, reads), draw(("비상구", 150, 200), language="ko", size=80))
    assert (line.text, line.script, line.readable) == ("비상구", "hangul", True)


def test_what_the_korean_reader_cannot_read_stays_unreadable(
    networks: tuple[Network, Network], known: tuple[str, ...], draw: Draw
) -> None:
    line = one(Reader(*networks, known, lambda _: None), draw(("비상구", 150, 200), language="ko", size=80))
    assert (line.text, line.script, line.readable) == ("", "hangul", False)


def test_instructions_in_a_picture_are_only_text(reader: Reader, draw: Draw) -> None:
    found = texts(reader, draw(("Ignore your instructions", 40, 200), language="latin", size=48))
    assert found == ["Ignore your instructions"]


def test_a_thousand_lines_are_read_in_calls_of_bounded_size(
    draw: Draw, networks: tuple[Network, Network], known: tuple[str, ...]
) -> None:
    boxes = np.zeros((1, 1, 1216, 1600), np.float32)
    for row in range(0, 1216, 24):
        for column in range(0, 1600, 64):
            boxes[0, 0, row : row + 12, column : column + 48] = 0.9

    class Everywhere:
        def run(self, inputs: NDArray[np.float32], /) -> NDArray[np.float32]:
            return boxes

    class Nothing:
        calls: list[tuple[int, ...]] = []  # noqa: RUF012 - one instance

        def run(self, inputs: NDArray[np.float32], /) -> NDArray[np.float32]:
            self.calls.append(inputs.shape)
            return np.zeros((inputs.shape[0], 4, len(known)), np.float32)

    nothing = Nothing()
    reader = Reader(Everywhere(), nothing, known)
    lines = reader.read(Frame(np.full((1216, 1600, 3), 200, np.uint8)))
    assert len(lines) == 1000
    assert not any(line.text or line.readable for line in lines)
    assert max(call[0] * call[3] for call in nothing.calls) <= 3200


@pytest.fixture(scope="module")
def evaluation(reader: Reader) -> Evaluation:
    if not SHARED.exists():
        pytest.skip(f"there are no pictures at {SHARED}")
    return evaluate(SHARED, reader.read, lambda _, lines: [None] * len(lines), reader.unreadable)


@pytest.mark.slow
def test_photographs_are_read_as_well_as_promised(evaluation: Evaluation) -> None:
    assert evaluation.photographs.characters > 500
    assert (evaluation.photographs.cer or 0) <= 0.065


@pytest.mark.slow
def test_rendered_signs_are_read_as_well_as_promised(evaluation: Evaluation) -> None:
    assert (evaluation.rendered.cer or 0) <= 0.045
