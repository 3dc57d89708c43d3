"""What signs promises of its confidence and of the languages of lines, and that languages are treated alike."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.evaluation.behaviour import Direction, Invariance, MinimumFunctionality, Outputs
from afield.evaluation.fairness import FairWithin, GroupMetric
from afield.evaluation.robustness import missing, noisy
from signs.concluding import SURE
from signs.confidence import SCRIPTS
from signs.language.examples import held_out
from signs.language.features import FEATURES as LANGUAGE
from signs.language.features import TOKENS, of_country
from signs.parts import all_texts
from signs.records import LANGUAGES

History = Mapping[str, pl.LazyFrame]
Rows = pl.DataFrame

READER = ("mean_score", "low_score", "lowest_score", "log_score", "doubtful", "entropy")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "what the reader thinks": READER,
    "the finder of lines": ("detection",),
    "size and sharpness": ("height", "blur"),
    "length and digits": ("length", "digits"),
    "how it stands": ("vertical", "slant"),
    "phrasebook": ("known",),
    "script": tuple(f"script_{name}" for name in SCRIPTS),
}
"""Kinds of information about a line → features: what is left out, and told of, together."""

CASED = ("en", "fr", "de", "es")
PHRASES = 300


def worse_read(rows: Rows) -> Rows:
    """Every character a tenth less probable."""
    scored = [pl.col(name) * 0.9 for name in ("mean_score", "low_score", "lowest_score")]
    return rows.with_columns(*scored, pl.col("log_score") + pl.col("length").exp().sub(1) * np.log(0.9))


def phrases() -> Rows:
    """Phrases in Latin letters that the classifier of languages was not fitted on, each alone in its frame."""
    held = [text for text in all_texts() if text.phrase and text.language in CASED and held_out(text.group)]
    # Capitals of ß are two letters: another text.
    chosen = sorted({each.text for each in held if not each.text.isupper() and "ß" not in each.text})
    return _rows(chosen[:: max(1, len(chosen) // PHRASES)])


def capitals(rows: Rows) -> Rows:
    """The same phrases in capitals, as many signs have them."""
    changed = _rows([text.upper() for text in rows["key"]])
    return changed.with_columns(rows["key"])


def likeliest(outputs: Outputs) -> NDArray[np.float64]:
    """The place of the likeliest language among `LANGUAGES`."""
    places: NDArray[np.float64] = np.column_stack([outputs[name] for name in LANGUAGES]).argmax(axis=1) * 1.0
    return places


def languages(history: History) -> Rows:
    """Line → the language that it is taken for."""
    lines = history["lines"].select(pl.col("line").alias("key"), pl.col("language").alias("group"))
    return lines.unique("key").collect()


def _rows(texts: list[str]) -> Rows:
    numbers = np.vstack([of_country([text], None) for text in texts])
    return pl.DataFrame(numbers, schema=[*LANGUAGE, *TOKENS]).with_columns(pl.Series("key", texts))


BEHAVIOURS = (
    Invariance(
        name="capitals",
        says="the language of a phrase is the same in capitals",
        given=phrases,
        change=capitals,
        part="language",
        output=likeliest,
        absolute=0.5,
        least=0.95,
    ),
    Direction(
        name="worse read",
        says="a line whose characters are each a tenth less probable is not taken for surer",
        change=worse_read,
        output="confidence",
        up=False,
        absolute=0.01,
    ),
    Direction(
        name="larger and sharper",
        says="the same reading of a line twice as large and sharp is not less sure",
        change=lambda rows: rows.with_columns(pl.col("height") + np.log(2.0), pl.col("blur") + np.log(4.0)),
        output="confidence",
        absolute=0.05,
    ),
    MinimumFunctionality(
        name="doubt",
        says="a line of which a tenth of the characters is more likely wrong than right is not called sure",
        where=pl.col("low_score") < 0.5,
        output="confidence",
        high=SURE,
    ),
    MinimumFunctionality(
        name="a probability",
        says="confidence lies between 0 and 1",
        output="confidence",
        low=0.0,
        high=1.0,
        least=1.0,
    ),
)
"""Tried on lines of the test window; those with `least` are gates."""

STRESSES = (
    noisy("what the reader thinks", READER),
    missing("phrasebook", GROUPS["phrasebook"]),
)

CALLED = pl.col("forecast") >= SURE
RIGHT = pl.col("truth") == 1
FAIR = (
    FairWithin(
        attribute="language",
        metric=GroupMetric(
            name="misread and called sure",
            says="of all lines read, the share that is wrong and was called sure",
            amount=~RIGHT & CALLED,
            of=pl.lit(1.0),
        ),
        least=15,
    ),
    FairWithin(
        attribute="language",
        metric=GroupMetric(
            name="read right and not called sure",
            says="of the lines read right, the share that was held back",
            amount=RIGHT & ~CALLED,
            of=RIGHT,
        ),
        least=15,
    ),
)
"""Told and not judged: a day of walks has a few dozen lines of each language, and chance alone sets them apart."""
