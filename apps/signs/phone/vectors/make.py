"""Write the frames and the answers that Python's reader and the phone's must both give; `python -m` from the root.

    .venv/bin/python apps/signs/phone/vectors/make.py

Run it again after a change of `signs.reading`; the tests of both sides then compare themselves with what it wrote.
"""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from signs.reading.chain import Reader
from signs.reading.models import characters, metadata, pretrained
from signs.records import Frame, Line

HERE = Path(__file__).parent
FONT = {
    "ja": ("pylopdf_fonts_jp", "NotoSansJP-Regular.otf"),
    "serif": ("pylopdf_fonts_jp", "NotoSerifJP-Regular.otf"),
    "zh": ("pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"),
    "ko": ("pylopdf_fonts_ko", "NotoSansKR-Regular.otf"),
}
Sign = tuple[str, str, int, tuple[int, int], float, bool]
"""Text, font, size, middle, degrees clockwise, vertical."""
FRAMES: dict[str, tuple[tuple[int, int], float, tuple[Sign, ...]]] = {
    "plain": (
        (640, 480),
        0.0,
        (("現金のみ", "ja", 64, (220, 110), 0.0, False), ("約100m", "ja", 44, (470, 300), 0.0, False)),
    ),
    "slanted": (
        (640, 480),
        0.6,
        (("非常口", "serif", 70, (200, 130), 14.0, False), ("请勿吸烟", "zh", 58, (420, 350), -11.0, False)),
    ),
    "vertical": (
        (480, 640),
        0.5,
        (("立入禁止", "ja", 72, (130, 250), 0.0, True), ("Ausgang", "ja", 40, (330, 520), 3.0, False)),
    ),
    "mixed": (
        (640, 480),
        1.0,
        (
            ("Défense d'entrer", "ja", 42, (330, 80), -4.0, False),
            ("비상구", "ko", 76, (190, 240), 0.0, False),
            ("Salida 3", "ja", 30, (480, 240), 6.0, False),
            ("小心地滑", "zh", 28, (320, 410), 0.0, False),
        ),
    ),
    "round": ((640, 480), 0.5, ()),
    "empty": ((320, 240), 0.0, ()),
}
AROUND = ("CITY MUSEUM OF ART", "ja", 40, (320, 330), 200, 130.0)
"""Of the frame `round`: text, font, size, middle of the circle, its radius, and degrees from beginning to end."""


def main() -> None:
    """Draw the frames, read them, and write both."""
    reader = python_reader()
    expected = {}
    for name, (size, blur, signs) in FRAMES.items():
        pixels = drawn(size, blur, signs)
        Image.fromarray(pixels).save(HERE / f"{name}.png", optimize=True)
        expected[name] = [told(line) for line in reader.read(Frame(pixels))]
    (HERE / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", "utf-8")


def python_reader() -> Reader:
    """The reader of the server, without Hangul, on one thread."""
    models = pretrained()
    return Reader(*(_Session(models[name]) for name in ("detection", "recognition")), known(models["recognition"]))


def known(recognition: bytes) -> tuple[str, ...]:
    """The characters of the recogniser."""
    return characters(metadata(recognition))


def told(line: Line) -> dict[str, object]:
    """What both readers must agree on."""
    return {
        "text": line.text,
        "box": [[round(float(x), 1), round(float(y), 1)] for x, y in line.box],
        "vertical": line.vertical,
        "script": line.script,
        "readable": line.readable,
    }


def drawn(size: tuple[int, int], blur: float, signs: tuple[Sign, ...]) -> NDArray[np.uint8]:
    """A frame with signs on plates, RGB."""
    across, down = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    ground = np.stack([90 + across // 16, 100 + down // 12, 120 - down // 16], 2).astype(np.uint8)
    frame = Image.fromarray(ground)
    for place, (text, font, height, middle, degrees, vertical) in enumerate(signs):
        plate = plated(text, font, height, vertical, place % 2 == 1).rotate(
            -degrees, Image.Resampling.BICUBIC, expand=True
        )
        frame.paste(plate, (middle[0] - plate.width // 2, middle[1] - plate.height // 2), plate)
    if not signs and size[0] > 320:
        around(frame, *AROUND)
    pixels = np.asarray(frame, np.uint8)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), blur), np.uint8) if blur else pixels


def around(
    frame: Image.Image, text: str, font: str, height: int, middle: tuple[int, int], radius: int, span: float
) -> None:
    """Draw a text along the upper part of a circle, on a disc."""
    disc = [
        middle[0] - radius - height,
        middle[1] - radius - height,
        middle[0] + radius + height,
        middle[1] + radius + height,
    ]
    ImageDraw.Draw(frame).ellipse(disc, fill=(24, 60, 120))
    face = ImageFont.truetype(str(font_file(*FONT[font])), height)
    widths = [face.getlength(letter) for letter in text]
    places = np.cumsum([0, *widths[:-1]]) + np.array(widths) / 2
    for letter, place in zip(text, places / sum(widths), strict=True):
        degrees = span * (place - 0.5)
        tile = Image.new("RGBA", (2 * height, 2 * height))
        ImageDraw.Draw(tile).text((height, height), letter, (255, 255, 255), face, anchor="mm")
        turned = tile.rotate(-degrees, Image.Resampling.BICUBIC)
        x = middle[0] + radius * np.sin(np.radians(degrees))
        y = middle[1] - radius * np.cos(np.radians(degrees))
        frame.paste(turned, (round(x) - height, round(y) - height), turned)


def plated(text: str, font: str, height: int, vertical: bool, dark: bool) -> Image.Image:
    """A text on a plate, with transparent surroundings."""
    face = ImageFont.truetype(str(font_file(*FONT[font])), height)
    rows = list(text) if vertical else [text]
    measure: Callable[[str], float] = face.getlength
    size = (round(max(map(measure, rows))) + height, round((len(rows) * 1.12 + 0.9) * height))
    plate = Image.new("RGBA", size, (24, 60, 120, 255) if dark else (245, 244, 238, 255))
    draw = ImageDraw.Draw(plate)
    for row, part in enumerate(rows):
        at = (size[0] / 2, height * (0.45 + 0.56 + 1.12 * row))
        draw.text(at, part, (255, 255, 255) if dark else (20, 22, 26), face, anchor="mm")
    return plate


def font_file(package: str, name: str) -> Path:
    """A font out of an installed package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed: run make setup")
    return Path(spec.origin).parent / name


class _Session:
    """An ONNX graph of one input and one output, on one thread."""

    def __init__(self, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def run(self, inputs: NDArray[np.float32], /) -> NDArray[np.float32]:
        return np.asarray(self._session.run(None, {self._input: inputs})[0], np.float32)


if __name__ == "__main__":
    main()
