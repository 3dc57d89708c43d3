"""The phone reads what Python reads."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from apps.signs.tests.phone.conftest import VECTORS

EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((VECTORS / "expected.json").read_text("utf-8"))
READ = """
async ([release, frames]) => {
  const bytes = async (path) => (await fetch(path)).arrayBuffer();
  const { manifest } = await (await fetch(`/v1/bundles/${release}`)).json();
  const open = { parts: manifest.parts, models: {}, tables: {} };
  for (const { name, digest } of manifest.files) {
    const [kind, rest] = name.split("/");
    if (kind === "parts") open.models[rest] = await bytes(`/v1/bundles/${release}/${digest}`);
    if (kind === "tables") open.tables[rest] = await bytes(`/v1/bundles/${release}/${digest}`);
  }
  const worker = new Worker("worker.js", { type: "module" });
  const ask = (request) => new Promise((done, failed) => {
    worker.onmessage = ({ data }) => ("failed" in data ? failed(new Error(data.failed)) : done(data.done));
    worker.onerror = (event) => failed(new Error(event.message));
    worker.postMessage(request);
  });
  await ask({ id: 0, open });
  const found = [];
  for (const frame of frames) {
    const content = Uint8Array.from(atob(frame), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([content]), { colorSpaceConversion: "none" });
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, picture.width, picture.height);
    const modes = { mode: "automate", slices: {} };
    found.push(await ask({ id: 1, read: { data, width, height }, spoken: null, modes }));
  }
  worker.terminate();
  return found;
}
"""

pytestmark = pytest.mark.slow


def encoded(name: str) -> str:
    return base64.b64encode((VECTORS / f"{name}.png").read_bytes()).decode()


def test_the_phone_reads_the_same_texts_in_boxes_within_two_pixels(page: Any, site: Any) -> None:
    answers = page.evaluate(READ, [site.champion, [encoded(name) for name in EXPECTED]])

    for (name, expected), found in zip(EXPECTED.items(), answers, strict=True):
        lines = found["lines"]
        for key in ("text", "vertical", "script", "readable"):
            assert [line[key] for line in lines] == [line[key] for line in expected], name
        for line, known in zip(lines, expected, strict=True):
            assert np.abs(np.subtract(line["box"], known["box"])).max() <= 2, (name, line["text"])
