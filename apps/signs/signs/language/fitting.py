"""Fitting the classifier of languages, and scoring it on phrases that it has never seen."""

from collections.abc import Sequence

import polars as pl

from afield.evaluation.classes import Classes, several
from afield.training.classes import train_classes
from afield.training.recipes import LogisticRegression
from afield.training.scoring import probabilities
from afield.training.train import Trained
from signs.language.examples import Text, examples, held_out
from signs.language.features import BUCKETS, FEATURES, TOKENS
from signs.records import LANGUAGES

RECIPE = LogisticRegression(
    name="language",
    columns=FEATURES,
    classes=LANGUAGES,
    tokens=TOKENS,
    buckets=BUCKETS,
    penalty=1e-5,
    weight="weight",
)
FRAMES = 16_000
CALIBRATED = 0.1
"""Share of the phrases that the probabilities are calibrated on, and the model is not fitted on."""
SALT = "calibration "


def fit(some: Sequence[Text], seed: int, *, frames: int = FRAMES, recipe: LogisticRegression = RECIPE) -> Trained:
    """The classifier fitted on frames generated from `some` texts, calibrated on others of them.

    Leave out of them what it shall be scored on, by `held_out`.

    Args:
        some: texts in all `LANGUAGES`.
        seed: of every draw.
        frames: to fit on; a quarter as many are generated to calibrate on.
        recipe: what to fit.
    """
    apart = [text for text in some if held_out(SALT + text.group, CALIBRATED)]
    fitted = [text for text in some if not held_out(SALT + text.group, CALIBRATED)]
    calibration = examples(apart, frames // 4, seed + 1)
    return train_classes(recipe, examples(fitted, frames, seed), seed, calibration=calibration)


def score(trained: Trained, some: Sequence[Text], seed: int, *, frames: int = FRAMES // 4) -> dict[str, Classes]:
    """How the classifier does on phrases in frames that are generated from `some` texts, which it was not fitted on.

    Returns:
        `all`: every line that is a phrase; `alone`: the only line of its frame, without a place; `placed`: the same
        with a place; `framed`: among others, without a place; `framed and placed`. A part without lines is left out.
    """
    drawn = examples(some, frames, seed).filter("phrase").with_row_index("row")
    given = probabilities(trained.model, trained.features, trained.outputs, drawn)
    alone, placed = pl.col("lines") == 1, pl.col("placed")
    parts = {
        "all": pl.lit(value=True),
        "alone": alone & ~placed,
        "placed": alone & placed,
        "framed": ~alone & ~placed,
        "framed and placed": ~alone & placed,
    }
    scores = {}
    for name, part in parts.items():
        rows = drawn.filter(part)
        if rows.height:
            kept = given[rows["row"].to_numpy()]
            scores[name] = several(rows["truth"].to_list(), kept, LANGUAGES, blocks=rows["group"].to_numpy())
    return scores
