"""Reading a frame in the browser, on one WASM thread, beside Python's reader on onnxruntime with one thread.

Both run the same networks and the same steps on the same frame of 640 × 480 pixels with four lines of text, in turn
(A B A B). `python -m benchmarks.phone [--rounds N] [--json]`; needs `make phone` and `make setup-browser`.
"""

import base64
import importlib
import json
import shutil
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from afield.serving.pages import Pages
from afield.training.class_graphs import Calibration, class_graph
from afield.training.graphs import Linear
from benchmarks.measure import Result, in_turn, show
from signs.confidence import FEATURES
from signs.frames import decode
from signs.language.features import FEATURES as TOLD_BY
from signs.language.features import TOKENS
from signs.reading.chain import Reader
from signs.reading.models import characters, metadata, pretrained
from signs.records import LANGUAGES, Frame

FRAME = Path(__file__).parent.parent / "apps" / "signs" / "phone" / "vectors" / "mixed.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADDRESS = "http://localhost:1"
ROUNDS = 9
GOAL = 3.0
OPEN = """
async (release) => {
  const worker = new Worker("worker.js", { type: "module" });
  const ask = (request) => new Promise((done, failed) => {
    worker.onmessage = ({ data }) => ("failed" in data ? failed(new Error(data.failed)) : done(data.done));
    worker.postMessage({ id: 0, ...request });
  });
  const fetched = async (names) =>
    Object.fromEntries(await Promise.all(names.map(async (name) => [name, await (await fetch(name)).arrayBuffer()])));
  const [models, tables] = await Promise.all([fetched(release.models), fetched(release.tables)]);
  await ask({ open: { parts: release.parts, models, tables } });
  const content = Uint8Array.from(atob(release.frame), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([content]), { colorSpaceConversion: "none" });
  const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, picture.width, picture.height);
  const read = { data, width, height };
  globalThis.readOnce = async () => (await ask({ read, spoken: null })).lines.map((line) => line.text);
}
"""


def main() -> None:
    """Measure and print."""
    pages = Pages("signs:pages/phone")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if pages.find("/phone/worker.js") is None or program is None or find_spec("playwright") is None:
        sys.stderr.write("phone: not measured; run: make phone setup-browser\n")
        return
    rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else ROUNDS
    cv2.setNumThreads(1)
    graphs = pretrained()
    known = characters(metadata(graphs["recognition"]))
    reader = Reader(_Network(graphs["detection"]), _Network(graphs["recognition"]), known)
    frame = Frame(decode(FRAME.read_bytes()).pixels)
    api: Any = importlib.import_module("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = _page(browser, pages, {**graphs, **_fitted()}, known)
        same = page.evaluate("readOnce()") == [line.text for line in reader.read(frame)]
        seconds, beside = in_turn(partial(page.evaluate, "readOnce()"), partial(reader.read, frame), rounds)
        browser.close()
    ratio = seconds / beside
    name = f"phone, frame of 640 px in the browser ({'same texts' if same else 'OTHER texts'})"
    show([Result(name, seconds, "s", "Python, one thread", ratio, f"≤ {GOAL:g}×", same and ratio <= GOAL)])


class _Network:
    """A graph on one thread."""

    def __init__(self, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._name = self._session.get_inputs()[0].name

    def run(self, inputs: NDArray[np.float32], /) -> NDArray[np.float32]:
        return np.asarray(self._session.run(None, {self._name: inputs})[0], np.float32)


def _fitted() -> dict[str, bytes]:
    """Graphs of the shape of the two fitted parts, that know nothing."""
    return {
        "confidence": _plain(len(FEATURES), ()),
        "language": _plain(len(TOLD_BY) + len(TOKENS), LANGUAGES),
    }


def _plain(width: int, classes: tuple[str, ...]) -> bytes:
    number = max(len(classes), 1)
    nothing, ones = np.zeros(width), np.ones(width)
    line = Linear(np.zeros((width, number)), nothing, ones, np.zeros(width, bool), np.zeros(number))
    return class_graph(width, classes, [], [], line, None, Calibration())


def _page(browser: Any, pages: Pages, graphs: dict[str, bytes], known: tuple[str, ...]) -> Any:
    """A page whose `readOnce()` reads the frame in the worker; every file comes from memory, none from a network."""
    tables = {
        "characters.json": json.dumps(known).encode(),
        "phrases.json": b'{"languages":{},"schema":1}',
        "words.bin": b'{"begins":{},"schema":1}\n',
    }
    files = {f"/phone/{name}": content for name, content in {**graphs, **tables}.items()}
    page = browser.new_page()
    page.route(f"{ADDRESS}/**", _fulfilling(pages, files))
    page.goto(f"{ADDRESS}/phone/app.webmanifest")
    parts = [{"name": "confidence", "features": FEATURES, "constants": {"automate": 0.9, "prompt": 0.5}}]
    frame = base64.b64encode(FRAME.read_bytes()).decode()
    page.evaluate(OPEN, {"parts": parts, "models": list(graphs), "tables": list(tables), "frame": frame})
    return page


def _fulfilling(pages: Pages, files: dict[str, bytes]) -> Callable[[Any], None]:
    def fulfil(route: Any) -> None:
        path = urlsplit(route.request.url).path
        reply = pages.find(path)
        if reply is not None:
            headers = {**dict(reply.headers), "content-type": reply.kind}
            route.fulfill(status=200, body=reply.body, headers=headers)
        elif path in files:
            route.fulfill(status=200, body=files[path], content_type="application/octet-stream")
        else:
            route.fulfill(status=404)

    return fulfil


if __name__ == "__main__":
    main()
