"""The language of lines on phrases held out of fitting: macro-F1 against a rule of script and place, and time a line.

The table goes to stderr, one line a result to stdout.
"""

import sys
from statistics import median
from time import perf_counter

import msgspec
import numpy as np

from afield.evaluation.classes import Classes, several
from afield.records.release import Part
from afield.serving.model import Model
from afield.training.train import Trained
from benchmarks.measure import Result, show
from signs.language.dictionaries import words
from signs.language.examples import Text, examples, held_out, texts
from signs.language.features import SPOKEN, rows
from signs.language.fitting import FRAMES, fit, score
from signs.language.script import script
from signs.records import LANGUAGES, Place
from signs.translation.book import Table, phrases_table

SEED = 7
GOAL = 0.95
ROUNDS = 300
LINES = ("現金のみ", "出口", "Sortie de secours", "営業時間 10:00", "EXIT", "約100m")


def main() -> None:
    """Fit, score and print."""
    book = msgspec.json.decode(phrases_table(), type=Table).languages
    every = texts(book, words(), SEED)
    seen, held = ([text for text in every if held_out(text.group) == out] for out in (False, True))
    trained = fit(seen, SEED)
    _tell(f"{trained.report}")
    scores, rule = score(trained, held, SEED + 2), _rule(held, SEED + 2)
    for name, found in scores.items():
        interval = found.macro_f1.interval
        _tell(
            f"{name:18s} {found.rows:6d} lines, macro-F1 {found.macro_f1.value:.4f} "
            f"[{interval.low:.4f}, {interval.high:.4f}], accuracy {found.accuracy.value:.4f}, "
            f"calibration error {found.calibration.error:.4f}"
        )
    for name, said in scores["all"].confusion.items():
        _tell(f"{name:6s}" + "".join(f"{other}: {said.get(other, 0):<6d}" for other in LANGUAGES))
    ours, theirs = scores["all"].macro_f1.value, rule.macro_f1.value
    show(
        [
            Result("macro-F1 of the language of a line", ours, "", "rule", ours / theirs, f">= {GOAL}", ours >= GOAL),
            _time(trained),
        ]
    )


def _rule(held: list[Text], seed: int) -> Classes:
    """What script and place alone tell, on the same lines."""
    drawn = examples(held, FRAMES // 4, seed).filter("phrase")
    places = drawn.select(f"place_{language}" for language in SPOKEN).to_numpy()
    said = [_guess(text, there) for text, there in zip(drawn["text"], places, strict=True)]
    sure = np.array([[float(name == guess) for name in LANGUAGES] for guess in said])
    return several(drawn["truth"].to_list(), sure, LANGUAGES, blocks=drawn["group"].to_numpy())


def _guess(text: str, there: np.ndarray) -> str:
    local = SPOKEN[int(there.argmax())] if there.any() else ""
    match script(text):
        case "kana":
            return "ja"
        case "han":
            return "ja" if local == "ja" else "zh"
        case "hangul":
            return "ko"
        case "latin":
            return local if local in ("fr", "de", "es") else "en"
        case _:
            return "other"


def _time(trained: Trained) -> Result:
    """Milliseconds of one frame of six lines, features and model; against the model alone."""
    model = Model(Part("language", trained.features, trained.outputs, trained.recipe), trained.model)
    place, inputs = Place(35.68, 139.77), rows(LINES, Place(35.68, 139.77))
    whole, alone = [], []
    for turn in range(ROUNDS):
        new = [f"{line} {turn}" for line in LINES]
        started = perf_counter()
        model.run(rows(new, place))
        whole.append(perf_counter() - started)
        started = perf_counter()
        model.run(inputs)
        alone.append(perf_counter() - started)
    ours, theirs = median(whole) * 1000, median(alone) * 1000
    return Result(f"language of a frame of {len(LINES)} lines", ours, "ms", "the model alone", ours / theirs)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
