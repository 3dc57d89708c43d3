"""The pretrained networks on one thread, and plain signs to read."""

from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime
import pymupdf_fonts
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from signs.reading.chain import Reader
from signs.reading.models import characters, metadata, pretrained

FONTS = {"ja": "pylopdf_fonts_jp", "zh": "pylopdf_fonts_zh_cn", "ko": "pylopdf_fonts_ko"}

Pixels = NDArray[np.uint8]
Draw = Callable[..., Pixels]


class Network:
    """A graph on one thread, that counts its calls."""

    def __init__(self, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.calls: list[tuple[int, ...]] = []

    def run(self, inputs: NDArray[np.float32], /) -> NDArray[np.float32]:
        self.calls.append(inputs.shape)
        return np.asarray(self.session.run(None, {"x": inputs})[0], np.float32)


@pytest.fixture(scope="session")
def known() -> tuple[str, ...]:
    return characters(metadata(pretrained()["recognition"]))


@pytest.fixture(scope="session")
def networks() -> tuple[Network, Network]:
    graphs = pretrained()
    return Network(graphs["detection"]), Network(graphs["recognition"])


@pytest.fixture(scope="session")
def reader(networks: tuple[Network, Network], known: tuple[str, ...]) -> Reader:
    return Reader(*networks, known)


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Texts at places on a grey wall: `draw((text, x, y), …, language="ja", size=60, vertical=False)`."""

    def drawn(
        *texts: tuple[str, int, int],
        language: str = "ja",
        size: int = 60,
        vertical: bool = False,
        shape: tuple[int, int] = (640, 480),
    ) -> Pixels:
        picture = Image.new("RGB", shape, (205, 208, 210))
        pen, font = ImageDraw.Draw(picture), _font(language, size)
        for text, x, y in texts:
            for number, piece in enumerate(text if vertical else [text]):
                pen.text((x, y + number * round(size * 1.1)), piece, font=font, fill=(25, 25, 60))
        return np.asarray(picture)

    return drawn


def _font(language: str, size: int) -> ImageFont.FreeTypeFont:
    if language == "latin":
        return ImageFont.truetype(BytesIO(pymupdf_fonts.myfont("figo")), size)
    spec = find_spec(FONTS[language])
    assert spec is not None
    assert spec.origin is not None
    return ImageFont.truetype(str(next(Path(spec.origin).parent.glob("*.otf"))), size)
