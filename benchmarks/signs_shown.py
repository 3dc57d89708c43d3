"""What signs shows as sure: rendered Japanese and Chinese signs, half known, half in no book; is it right, and enough?

A quarter are phrases of the phrasebooks, a quarter words of the dictionaries that were judged (see signs_glosses), none
of them used to fit a learned part; half stand in neither, and showing anything for them is wrong. A judged word is
right only where its gloss was judged right. No place is told. The release is the champion of `AFIELD_HOME`; where there
is none, a stand-in of the same parts whose confidence is the mean score of the recogniser.
`python -m benchmarks.signs_shown [--signs N] [--seed N] [--json]`; the table goes to stderr.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from afield.application import load
from afield.control.office import open_office
from afield.evaluation.texts import Rate
from afield.records.release import Part
from afield.serving.inference import Columns, Parts, Runs
from afield.serving.model import Model
from benchmarks.measure import Result, show
from benchmarks.signs_glosses import judged
from signs.kit import CHARACTERS, PHRASES, WORDS
from signs.language.examples import held_out
from signs.measuring import Rendered, rendered
from signs.parts import all_texts, standing
from signs.rendering.signs import Text

SIGNS, SEED = 520, 5
RIGHT, SHOWN = 0.97, 0.8


def main() -> None:
    """Render, read, translate, count and print."""
    cv2.setNumThreads(1)
    parts, files, name = _champion() or _stand_in()
    _tell(f"{name}")
    found = rendered(parts, files, int(_option("--signs", SIGNS)), int(_option("--seed", SEED)), _words())
    for field in Rendered.__struct_fields__:
        _tell(_line(field.replace("_", " "), getattr(found, field)))
    show([_result("right of what is shown as sure", found.right, RIGHT), _result("shown", found.shown, SHOWN)])


class MeanScore:
    """A stand-in for the confidence of a release: the mean score of the recogniser."""

    features = ("mean_score",)
    constants: Mapping[str, float] = {}

    def predict(self, rows: Columns) -> NDArray[np.float64]:
        """The mean score of each line."""
        return np.asarray(rows["mean_score"], np.float64)


def _champion() -> tuple[Parts, Mapping[str, bytes], str] | None:
    """Parts and tables of the champion of `AFIELD_HOME`, if there is one."""
    root = os.environ.get("AFIELD_HOME")
    if not root or not Path(root).is_dir():
        return None
    office = open_office(load("signs"), Path(root), _tell)
    digest = office.actions.state.champion
    if not digest:
        return None
    bundle = office.shelf.bundle(digest)
    tables = {name: bundle.read(f"tables/{name}") for name in (CHARACTERS, PHRASES, WORDS)}
    return office.shelf.release(digest).parts, tables, f"champion {digest[:12]}"


def _stand_in() -> tuple[Parts, Mapping[str, bytes], str]:
    """The standing parts of a release, with the mean score in the place of confidence."""
    made = standing()
    parts: dict[str, Runs] = {
        name: Model(Part(name, each.features, each.outputs, each.recipe), each.onnx)
        for name, each in made.parts.items()
    }
    parts["confidence"] = cast(Runs, MeanScore())
    return parts, made.files, "no champion in AFIELD_HOME: a stand-in, with the mean score as confidence"


def _words() -> list[Text]:
    """The judged words that fitted no learned part; what was judged wrong has no right translation."""
    fitted = {(text.language, text.text) for text in all_texts() if not held_out(text.group)}
    return [
        Text(each.text, each.language, (each.english,) if each.right else ())
        for each in judged()
        if each.source == "dictionary" and (each.language, each.text) not in fitted
    ]


def _result(name: str, found: Rate, goal: float) -> Result:
    share = found.value or 0.0
    return Result(name, share, "of 1", f"{found.count} of {found.total}", None, f">= {goal}", share >= goal)


def _line(name: str, found: Rate) -> str:
    share = "none" if found.value is None else f"{found.value:.3f}"
    interval = f"[{found.interval.low:.3f}, {found.interval.high:.3f}]" if found.interval else ""
    return f"  {name:18s} {found.count:5d} of {found.total:5d}  {share} {interval}"


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _option(name: str, otherwise: int) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else str(otherwise)


if __name__ == "__main__":
    main()
