"""How signs is built: the lines of walks with what people said of them, and what a release must pass."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from afield.data.leakage import Apart
from afield.data.sources import Source
from afield.evaluation.costs import Costs
from afield.evaluation.gates import AtLeast, AtMost, BeatsBaseline, BiasWithin, NoWorseThan
from afield.features.feature import FeatureSet
from afield.labelling.labels import LABELS
from afield.labelling.labels import SCHEMA as LABEL_SCHEMA
from afield.records.facts import Window
from afield.statistics.losses import squared_error
from afield.training.prepared import IncrementalRegression, NeuralNetwork
from afield.training.recipes import BoostedClasses, LogisticRegression
from afield.workshop.plan import Assessment, Build, Table
from signs import labels
from signs.certainty import certain
from signs.confidence import FEATURES
from signs.contracts import CONTRACTS
from signs.elsewhere import elsewhere
from signs.explaining import CAUSES
from signs.measuring import measures
from signs.operating import STEP
from signs.parts import standing
from signs.promises import BEHAVIOURS, FAIR, GROUPS, STRESSES, languages
from signs.tables import SCHEMAS
from signs.walks import open_source

History = Mapping[str, pl.LazyFrame]

TABLES = {
    "lines": Table(SCHEMAS["lines"], key=("line",), time="at", kind="line", identity="line", private=("device",)),
    "verdicts": Table(SCHEMAS["verdicts"], key=("verdict",), time="at", kind="verdict", identity="verdict"),
    LABELS: Table(LABEL_SCHEMA, key=("id",), time="known_at"),
}
LOOKBACK = timedelta(days=1)
CONFIDENCE = BoostedClasses(
    name="boosted_confidence", columns=FEATURES, trees=150, rate=0.05, leaves=7, leaf_rows=15, column_share=0.7
)
PLAIN = LogisticRegression(name="logistic_confidence", columns=FEATURES, penalty=1e-2)
SCORE_ALONE = LogisticRegression(name="logistic_on_score", columns=("mean_score",), penalty=1e-2)
COMPARED = (
    NeuralNetwork(name="small_network", columns=FEATURES, task="classes", hidden=(16,)),
    IncrementalRegression(name="incremental_confidence", columns=FEATURES, family="binary"),
)
"""What no release is chosen from: `afield compare` shows what they would cost and bring."""
COSTS = Costs(false_positive=3.0, false_negative=1.0)
"""A wrong translation shown as sure costs as much as three questions that nobody needed: sure from 0.75 on."""
DAY = timedelta(days=1)
GATES = (
    BeatsBaseline("mean_score"),
    BiasWithin(0.15),
    NoWorseThan("logistic_on_score", margin=0.05),
    AtMost("character_error_rate", 0.1),
    AtLeast("language_macro_f1", 0.85),
    AtLeast("precision_of_shown", 0.95),
)
APART = Apart(
    entity=("frame",),
    same=("line",),
    numbers=FEATURES,
    derived={"frame": pl.col("line").str.split("/").list.first()},
)
"""The lines of one picture inform each other, and one line read twice says the same twice."""


def build(_options: Mapping[str, str]) -> Build:
    """The build of signs: confidence is its model; the readers and the language of a line stand beside it."""
    return Build(
        part="confidence",
        target="whether a line was read right",
        purpose="Says how likely a line of a sign was read right, so that only sure translations are shown.",
        source=_open,
        tables=TABLES,
        features=FeatureSet(
            look_up, names=FEATURES, lookback=LOOKBACK, keys=("line",), origin="tick", modules=("signs.confidence",)
        ),
        keys=read_before,
        spine=told_of,
        labels=label,
        period=period,
        known=known,
        covering=lambda _: {},
        key_type=pl.String(),
        sample=small_world,
        slot=STEP,
        constants=certain,
        recipes=(CONFIDENCE, PLAIN),
        rival=SCORE_ALONE,
        baselines={"mean_score": "mean_score"},
        companions=lambda _training, _history: {},
        slices=lambda _: {},
        gates=GATES,
        validation=DAY / 2,
        test=DAY,
        block=timedelta(hours=2),
        watched=("mean_score", "blur"),
        contracts=CONTRACTS,
        loss=squared_error,
        standing=standing,
        measures=measures,
        metrics=("rmse", "mae", "bias"),
        task="image-to-text",
        assessment=Assessment(
            labelling=labels.LABELLING,
            apart=APART,
            groups=GROUPS,
            behaviours=BEHAVIOURS,
            stresses=STRESSES,
            attributes={"language": languages},
            fair=FAIR,
            causes=CAUSES,
            compared=COMPARED,
            elsewhere=elsewhere,
            costs=COSTS,
            slice_columns=("mean_score", "blur"),
        ),
        limits=(
            "Scripts that the reader does not know (Thai, Cyrillic, Arabic; Hangul without tesseract) are not read.",
            "It says whether the characters are right, not whether the sign is.",
            "Fitted on generated walks until people have corrected real ones.",
        ),
    )


def look_up(spine: pl.LazyFrame, history: History) -> pl.LazyFrame:
    """The features of each line, as they were when it was read."""
    decoded = pl.col("features").str.json_decode(pl.List(pl.Float64))
    lines = history["lines"].select("line", values=decoded)
    named = [pl.col("values").list.get(place, null_on_oob=True).alias(name) for place, name in enumerate(FEATURES)]
    joined = spine.join(lines, on="line", how="left", maintain_order="left")
    return joined.select("line", "tick", pl.col("values").is_not_null().alias("has_history"), *named)


def read_before(history: History, tick: datetime) -> pl.Series:
    """The lines that were read in the slot before a tick."""
    inside = pl.col("at").is_between(tick - STEP, tick, closed="left")
    return history["lines"].filter(inside).select("line").unique().sort("line").collect()["line"]


def told_of(history: History, window: Window) -> pl.DataFrame:
    """The spine: each line of which somebody said whether it was right, at the first tick after it was read."""
    rows = (
        history["lines"]
        .join(answers(history).select("line").unique(), on="line", how="semi")
        .select("line", tick=pl.col("at").dt.truncate(STEP) + STEP)
        .filter(pl.col("tick").is_between(window.start, window.end, closed="left"))
        .unique("line")
    )
    return rows.sort("tick", "line").collect()


def label(rows: pl.DataFrame, history: History) -> pl.DataFrame:
    """`truth`: 1 where people say that the line was right, by the last word on it; null where nobody said.

    A reviewer's word goes before that of the traveller who was asked; which lines are learned from is up to the lot.
    """
    said = labels.standing(history).select(line="item", truth="label")
    return rows.lazy().join(said, on="line", how="left", maintain_order="left").select(*rows.columns, "truth").collect()


def answers(history: History) -> pl.LazyFrame:
    """What people said when asked by lot, once each; what they complain of by themselves is no fair sample."""
    return TABLES["verdicts"].once(history["verdicts"]).filter("asked")


def period(history: History) -> tuple[datetime, datetime]:
    """From the first line to the slot after the last."""
    at = pl.col("at").dt.truncate(STEP)
    start, end = history["lines"].select(at.min().alias("start"), at.max().alias("end")).collect().row(0)
    return (start, end + 2 * STEP) if start is not None else (datetime.min, datetime.min)


def known(history: History, before: datetime) -> dict[str, pl.LazyFrame]:
    """What was known before a moment."""
    return {name: table.filter(pl.col("known_at") < before) for name, table in history.items()}


def small_world(history: History, tick: datetime) -> tuple[tuple[str, ...], dict[str, pl.LazyFrame]]:
    """A few lines that people spoke of, for golden rows; without people."""
    before = Window(tick - timedelta(days=28), tick)
    chosen = told_of(known(history, tick), before)["line"].to_list()[-5:]
    lines = history["lines"].filter(pl.col("line").is_in(chosen)).with_columns(device=pl.lit(None, pl.String))
    # Golden rows are computed at one tick: the lines are told as if they had been read just before it.
    moved = lines.with_columns(at=pl.lit(tick - STEP), known_at=pl.lit(tick - STEP))
    return tuple(chosen), {"lines": moved, "verdicts": history["verdicts"].clear()}


def _open(data: Path | None) -> Source:
    return open_source(data)
