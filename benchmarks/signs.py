"""Reading signs: seconds a frame beside RapidOCR's own chain, and characters that either reads wrongly.

Both run the same networks on one thread, on the pixels of the same frames, in turn (A B A B). RapidOCR's classifier of
upside-down lines is left out, as ours has none. `python -m benchmarks.signs [--data FOLDER] [--rounds N] [--json]`,
where the folder holds pictures and their `truth.jsonl`; a line a frame goes to stderr.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from rapidocr import RapidOCR
from rapidocr.utils.output import RapidOCROutput

from afield.data.fingerprint import fingerprint
from afield.evaluation.texts import folded
from benchmarks.measure import Result, in_turn, show
from signs.evaluating import RENDERED, Truth, read_truth
from signs.frames import decode
from signs.language.script import script
from signs.matching import match
from signs.reading.chain import Reader
from signs.reading.models import characters, metadata, pretrained
from signs.records import Frame

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "signs"
ROUNDS = 5
TIME_GOAL = 1.15
GOALS = {"photographs": 0.065, "rendered": 0.045}

Floats = NDArray[np.float32]
Texts = Callable[[NDArray[np.uint8]], list[str]]


def main() -> None:
    """Measure and print."""
    folder = Path(_option("--data", str(SHARED)))
    if not folder.exists():
        sys.stderr.write(f"signs: not measured, there are no pictures at {folder}; give --data FOLDER\n")
        return
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as kept:
        ours, theirs = _readers(Path(kept))
        frames = [(truth, decode((folder / truth.file).read_bytes()).pixels) for truth in read_truth(folder)]
        show(
            [_times(frames, ours, theirs), *_errors(frames, ours, theirs)],
            fingerprint(path for path in folder.rglob("*") if path.is_file()),
        )


class _Network:
    """A graph on one thread."""

    def __init__(self, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._name = self._session.get_inputs()[0].name

    def run(self, inputs: Floats, /) -> Floats:
        found: Floats = self._session.run(None, {self._name: inputs})[0]
        return found


def _readers(folder: Path) -> tuple[Texts, Texts]:
    """Ours and RapidOCR's, on the same graphs."""
    graphs = pretrained()
    known = characters(metadata(graphs["recognition"]))
    reader = Reader(_Network(graphs["detection"]), _Network(graphs["recognition"]), known)
    params: dict[str, object] = {
        "Global.log_level": "error",
        "Global.use_cls": False,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    for name, part in (("detection", "Det"), ("recognition", "Rec")):
        (folder / f"{name}.onnx").write_bytes(graphs[name])
        params[f"{part}.model_path"] = str(folder / f"{name}.onnx")
    engine = RapidOCR(params=params)

    def ours(pixels: NDArray[np.uint8]) -> list[str]:
        return [line.text for line in reader.read(Frame(pixels)) if line.readable]

    def theirs(pixels: NDArray[np.uint8]) -> list[str]:
        found = engine(np.ascontiguousarray(pixels[:, :, ::-1]))
        return list(found.txts or ()) if isinstance(found, RapidOCROutput) else []

    return ours, theirs


def _times(frames: list[tuple[Truth, NDArray[np.uint8]]], ours: Texts, theirs: Texts) -> Result:
    """Mean seconds a frame, of the medians of each."""
    rounds = int(_option("--rounds", str(ROUNDS)))
    seconds = []
    for truth, pixels in frames:
        ours(pixels)
        theirs(pixels)
        seconds.append(in_turn(lambda: ours(pixels), lambda: theirs(pixels), rounds))  # noqa: B023 - runs here
        first, second = seconds[-1]
        height, width = pixels.shape[:2]
        sys.stderr.write(
            f"  {truth.file:26s}{width:5d} × {height:4d}{first * 1e3:8.0f} ms{second * 1e3:8.0f} ms"
            f"{first / second:7.2f}\n"
        )
    mine, other = (float(np.mean(column)) for column in zip(*seconds, strict=True))
    worst = max(first / second for first, second in seconds)
    sys.stderr.write(f"  worst ratio of a frame: {worst:.2f}; its {len(frames)} frames, {rounds} rounds in turn\n")
    ratio = mine / other
    return Result("a frame read", mine, "s", "RapidOCR", ratio, f"<= {TIME_GOAL}", ratio <= TIME_GOAL)


def _errors(frames: list[tuple[Truth, NDArray[np.uint8]]], ours: Texts, theirs: Texts) -> list[Result]:
    """The character error rate of both, photographs and rendered signs apart; Hangul left out."""
    results = []
    for name, goal in GOALS.items():
        counts = np.zeros(3, int)
        for truth, pixels in frames:
            if (truth.kind == RENDERED) == (name == "rendered"):
                lines = [text for text in truth.lines if script(text) != "hangul"]
                wrong = [
                    sum(found.errors for found in match(lines, read(pixels), truth.ignore)) for read in (ours, theirs)
                ]
                counts += (*wrong, sum(len(folded(text)) for text in lines))
        if not counts[2]:
            continue
        mine, other = counts[0] / counts[2], counts[1] / counts[2]
        sys.stderr.write(f"  {name}: {counts[0]} and {counts[1]} of {counts[2]} characters wrong\n")
        ratio = mine / other if other else None
        results.append(
            Result(f"characters wrong, {name}", mine, "of 1", "RapidOCR", ratio, f"<= {goal}", bool(mine <= goal))
        )
    return results


def _option(name: str, otherwise: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


if __name__ == "__main__":
    main()
