"""A headless Chromium with a fake camera, the built page, and a small server; each skips where it is missing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from afield.records.release import Part
from afield.release.signing import Signer
from afield.serving.pages import Pages
from afield.training.class_graphs import Calibration, class_graph
from afield.training.graphs import Linear, Tree
from apps.signs.tests.phone.site import Site
from signs.confidence import FEATURES
from signs.language.features import FEATURES as LANGUAGE_FEATURES
from signs.language.features import TOKENS
from signs.reading.models import characters, metadata, pretrained
from signs.records import LANGUAGES
from signs.translation.book import phrases_table
from signs.translation.dictionaries import packed

PAGES = "signs:pages/phone"
VECTORS = Path(__file__).parents[2] / "phone" / "vectors"
Content = tuple[dict[str, bytes], tuple[Part, ...]]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def pages() -> Pages:
    """The built page."""
    built = Pages(PAGES)
    if built.find("/phone/page.js") is None:
        pytest.skip("the phone's page is not built; run: make phone")
    return built


@pytest.fixture(scope="session")
def content() -> Content:
    """Files and parts of a release as the phone fetches it; the two fitted parts say what a person can follow."""
    models = {**pretrained(), "confidence": confident(), "language": by_script()}
    known = characters(metadata(models["recognition"]))
    files = {f"parts/{name}/model.onnx": model for name, model in models.items()}
    files["tables/characters.json"] = json.dumps(known, ensure_ascii=False).encode()
    files["tables/phrases.json"] = phrases_table()
    files["tables/words.bin"] = packed({"ja": [], "zh": []})
    parts = (
        Part("detection", (), ("output",), "pretrained"),
        Part("recognition", (), ("output",), "pretrained"),
        Part("confidence", FEATURES, ("probability",), "fitted"),
        Part("language", (*LANGUAGE_FEATURES, *TOKENS), LANGUAGES, "fitted"),
    )
    return files, parts


def confident() -> bytes:
    """A graph: the surer the least sure character, the surer the line; with a tree, for the browser runs trees too."""
    weights, width = np.zeros(len(FEATURES)), len(FEATURES)
    weights[FEATURES.index("lowest_score")] = 12.0
    line = Linear(weights[:, None], np.zeros(width), np.ones(width), np.zeros(width, bool), np.array([-6.0]))
    leaf = Tree(
        feature=np.array([FEATURES.index("height"), 0, 0]), threshold=np.array([1.0, 0, 0]), left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]), missing_left=np.zeros(3, bool), value=np.array([0.0, -2.0, 0.0]),
    )  # fmt: skip
    return class_graph(width, (), [leaf], [0.0], line, None, Calibration())


def by_script() -> bytes:
    """A graph: kana is Japanese, Hangul Korean, Latin French; Han is Chinese but for the place and the other lines."""
    names = (*LANGUAGE_FEATURES, *TOKENS)
    weights = np.zeros((len(names), len(LANGUAGES)))
    told = {"kana": "ja", "hangul": "ko", "latin": "fr", "han": "zh", "place_ja": "ja", "others_kana": "ja"}
    for name, language in told.items():
        weights[names.index(name), LANGUAGES.index(language)] = 30.0 if name != "han" else 12.0
    plain = Linear(
        weights, np.zeros(len(names)), np.ones(len(names)), np.zeros(len(names), bool), np.zeros(len(LANGUAGES))
    )
    return class_graph(len(names), LANGUAGES, [], [], plain, None, Calibration())


@pytest.fixture
def site(tmp_path: Path, pages: Pages, content: Content) -> Iterator[Site]:
    """A server whose champion is a release signed by a trusted key."""
    signer = Signer(tmp_path / "signing.pem")
    signer.publish(tmp_path / "keys")
    made = Site(tmp_path, pages, signer)
    made.release(*content, sequence=1)
    with made.serving():
        yield made


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake camera sees: one frame of the vectors, as motion JPEG."""
    file = tmp_path_factory.mktemp("film") / "camera.mjpeg"
    frame = cv2.imdecode(np.frombuffer((VECTORS / "plain.png").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert frame is not None
    _, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95])
    file.write_bytes(encoded.tobytes() * 4)
    return file


@pytest.fixture(scope="session")
def browser(film: Path) -> Iterator[Any]:
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; run: make setup-browser")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium on the path; run: make setup-browser")
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *camera])
        yield started
        started.close()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A phone that has never seen the page."""
    made = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, permissions=["camera"])
    made.set_default_timeout(60_000)
    yield made
    made.close()


@pytest.fixture
def page(context: Any, site: Site) -> Any:
    """The page, opened at the server's."""
    opened = context.new_page()
    opened.goto(f"{site.url}/phone/")
    return opened
