"""How an application builds a release, as a record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.data.contract import Contract, consistent
from afield.data.leakage import Apart
from afield.data.sources import Source
from afield.errors import StoreError, UsageError
from afield.evaluation.behaviour import Behaviour
from afield.evaluation.costs import Costs
from afield.evaluation.explanation import Cause
from afield.evaluation.fairness import FairWithin
from afield.evaluation.gates import Gate
from afield.evaluation.robustness import Stress
from afield.features.feature import FeatureSet
from afield.labelling.items import Labelling
from afield.records.facts import Window
from afield.retraining.material import EVERYTHING, Material
from afield.serving.inference import Parts
from afield.statistics.losses import poisson_deviance
from afield.store.tables import stored_as
from afield.training.recipes import AnyRecipe
from afield.workshop.examples import Labels, Spine

Values = NDArray[np.float64]
Companions = Callable[[pl.LazyFrame, Mapping[str, pl.LazyFrame]], Mapping[str, "Companion"]]
Measures = Callable[[pl.DataFrame, Parts, Mapping[str, bytes]], Mapping[str, float]]
Loss = Callable[[Values, Values], Values]
Membership = str | Callable[[Mapping[str, pl.LazyFrame]], pl.DataFrame]
"""A column of the examples, or a function of the history: a table of `key` and `group`."""

SEED = 17
"""Of all that is drawn in a build and in what is told of one: the same data and code give the same numbers."""

METRICS = ("rmse", "mae", "wape", "poisson_deviance", "bias", "excess")
"""What is shown of forecasts of counts."""


def no_measures(_: pl.DataFrame, __: Parts, ___: Mapping[str, bytes]) -> Mapping[str, float]:
    """None."""
    return {}


@dataclass(frozen=True, slots=True)
class Companion:
    """A part that goes into the release beside the model: a fitted look-up, or a model that was trained elsewhere.

    Attributes:
        features: the columns that it reads; none for a graph that reads pictures.
        outputs: the names of what it gives.
        onnx: the graph.
        recipe: how it was made, in words.
    """

    features: tuple[str, ...]
    outputs: tuple[str, ...]
    onnx: bytes
    recipe: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What goes into every release and depends on the code and the installed packages alone.

    Attributes:
        parts: name → part: pretrained, or fitted on what packages hold.
        files: name under `tables/` → content.
    """

    parts: Mapping[str, Companion] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of history.

    Attributes:
        schema: column → Polars type; `at` and `known_at` are there unless `time` is None.
        key: columns that tell one row from another.
        time: the column by which old rows leave memory, or None for a table that is always whole.
        kind: the kind of fact that adds rows, or "" where clients send none.
        identity: the column that takes a fact's id, or "".
        private: text columns about a person, kept only as keyed hashes.
    """

    schema: Mapping[str, pl.DataType | type[pl.DataType]]
    key: tuple[str, ...]
    time: str | None = None
    kind: str = ""
    identity: str = ""
    private: tuple[str, ...] = ()

    def cast(self, rows: pl.LazyFrame, name: str) -> pl.LazyFrame:
        """The columns of the schema, in its types: what is stored as table `name`, perhaps before one was declared.

        Columns that the stored rows lack are null; columns that the schema lacks are left out.

        Raises:
            StoreError: a column is stored in another type, or one of the key is not stored.
        """
        there, declared = rows.collect_schema(), pl.Schema(self.schema)
        for column, kind in declared.items():
            found = there.get(column)
            if column in self.key if found is None else not _fits(found, kind):
                raise StoreError(
                    f"table {name}, column {column!r} holds {found or 'nothing'}, {kind} is declared; declare the "
                    "column under a new name, or serve another home: AFIELD_HOME names it"
                )
        return rows.select(
            (pl.col(column) if column in there else pl.lit(None)).cast(kind).alias(column)
            for column, kind in declared.items()
        )

    def once(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Each row once: a fact sent again changes nothing, and a later report of the same key replaces an earlier."""
        if "known_at" not in self.schema:
            return rows.unique(self.key, keep="first", maintain_order=True)
        by_time = rows.sort("known_at", maintain_order=True)
        return by_time.unique(self.key, keep="first" if self.identity else "last", maintain_order=True)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another place, or another language, that a model is taken to.

    Attributes:
        name: what it is called.
        here: what the model comes from, in words.
        source: where its facts come from; None: from the same data as those of here.
        of_here, of_there: the tables of history as far as they are about the one and the other.
    """

    name: str
    here: str
    source: Source | None = None
    of_here: Callable[[Mapping[str, pl.LazyFrame]], Mapping[str, pl.LazyFrame]] = dict
    of_there: Callable[[Mapping[str, pl.LazyFrame]], Mapping[str, pl.LazyFrame]] = dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a candidate is examined for beyond its error: each field is looked at only where it is declared.

    Attributes:
        groups: name of a kind of information → the feature columns that carry it: what is left out together.
        protected: columns of the examples (spine keys or features) by which nobody may be treated differently.
        behaviours: promises that are tried on rows of the test window.
        stresses: what may go wrong with the inputs; each of the `groups` missing is tried besides.
        attributes: name of an attribute of people → how each row's group is known.
        fair: metrics that are held against each other between the groups of an attribute.
        usual: feature columns whose values say what a row is compared with when its answer is explained: those rows
            that share them; none: all rows.
        causes: name of one of the `groups` → its values and the usual ones in words for the person concerned.
        simplest: the recipe that every model has to beat beyond chance; None: the least complex of the build's recipes
            and its rival (`afield.training.simplicity`).
        compared: recipes that no release is chosen from, and that `afield compare` sets beside the build's.
        elsewhere: what a person calls another place → that place (`afield compare --elsewhere`); None: there is none.
        labelling: what people and the course of things say of examples (`afield label`); None: an item is a row of the
            spine, and its label comes true by itself.
        apart: what must not lie on two sides of the split (`afield check`); None: that no row is there twice.
        slice_columns: the spine's key and feature columns among which slices are searched, alone and in pairs; none:
            the watched columns.
        interval: outputs that are the ends of the model's predictive interval; None: it gives none.
        promised: the chance that the truth lies in that interval.
        top: how many keys of a tick count as the hottest, where it matters which are found; 0: none.
        costs: of right and wrong answers, where the model gives the probability that a truth is 1: they choose the
            threshold from which on an answer counts as sure.
    """

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    simplest: AnyRecipe | None = None
    protected: tuple[str, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    stresses: tuple[Stress, ...] = ()
    attributes: Mapping[str, Membership] = field(default_factory=dict)
    fair: tuple[FairWithin, ...] = ()
    usual: tuple[str, ...] = ()
    causes: Mapping[str, Cause] = field(default_factory=dict)
    compared: tuple[AnyRecipe, ...] = ()
    elsewhere: Callable[[str], "Elsewhere"] | None = None
    labelling: Labelling | None = None
    apart: Apart | None = None
    slice_columns: tuple[str, ...] = ()
    interval: tuple[str, str] | None = None
    promised: float = 0.9
    costs: Costs | None = None
    top: int = 0


@dataclass(frozen=True, slots=True)
class Build:
    """How an application builds one part of a release.

    Attributes:
        part: name of the part, and of its output.
        target: what one row predicts, in words.
        purpose: what the model is for, in words.
        source: opens what is named on the command line; None: the embedded, generated default.
        tables: the tables of history.
        features: the one definition of the features.
        keys: the spine's keys at a tick, as the history has them.
        spine: the predictions to make in a window.
        labels: adds what came true, column `truth`.
        period: first and last moment that the history covers.
        watched: feature columns that monitors look at.
        known: what of the history was known before a moment.
        covering: rows to add to tables of history once all facts of a stretch are in, by table.
        key_type: Polars type of the spine's key column.
        sample: a small world for golden rows: `(history, tick)` → keys and the few facts that they need.
        slot: length of what one row speaks about: a label is known that much after its origin.
        constants: `(forecast, truth)` → fitted numbers that inference needs beside the model.
        recipes: tried in order; the best on the validation window is the model.
        rival: the named learner that the model has to beat.
        baselines: name → feature column that is a forecast in itself.
        companions: look-ups fitted on the training window.
        slices: name → spine keys, chosen on the training window.
        gates: what a release has to pass.
        validation, test: length of the two windows before `until`.
        limits: what the model is not for.
        contracts: what the tables of history promise.
        block: stretch of time that is drawn as a whole for the intervals of comparisons.
        loss: elementwise loss by which a recipe is chosen.
        standing: what goes into every release, whatever the data; made once for each state of the code.
        measures: what else is measured of a candidate for the gates: scored test rows, its parts and files → numbers.
        metrics: what is shown of an evaluation in tables, on the card and in reports: fields of
            `afield.evaluation.metrics.Metrics` and names of losses, the one that matters most first.
        task: what kind of task it is, as Hugging Face names them, for the head of the card.
        assessment: what a candidate is examined for beyond its error.
        materials: what the chosen recipe may be trained on, the usual first; chosen by a backtest where there are more.
    """

    part: str
    target: str
    purpose: str
    source: Callable[[Path | None], Source]
    tables: Mapping[str, Table]
    features: FeatureSet
    keys: Callable[[Mapping[str, pl.LazyFrame], datetime], pl.Series]
    spine: Spine
    labels: Labels
    period: Callable[[Mapping[str, pl.LazyFrame]], tuple[datetime, datetime]]
    known: Callable[[Mapping[str, pl.LazyFrame], datetime], Mapping[str, pl.LazyFrame]]
    covering: Callable[[Window], Mapping[str, pl.DataFrame]]
    key_type: pl.DataType
    sample: Callable[[Mapping[str, pl.LazyFrame], datetime], tuple[tuple[str, ...], Mapping[str, pl.LazyFrame]]]
    slot: timedelta
    constants: Callable[[Values, Values], Mapping[str, float]]
    recipes: Sequence[AnyRecipe]
    rival: AnyRecipe
    baselines: Mapping[str, str]
    companions: Companions
    slices: Callable[[pl.LazyFrame], Mapping[str, tuple[int, ...]]]
    gates: Sequence[Gate]
    validation: timedelta
    test: timedelta
    watched: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    contracts: tuple[Contract, ...] = ()
    block: timedelta = timedelta(days=1)
    loss: Loss = poisson_deviance
    standing: Callable[[], Standing] = Standing
    measures: Measures = no_measures
    metrics: tuple[str, ...] = METRICS
    task: str = "tabular-regression"
    assessment: Assessment = field(default_factory=Assessment)
    materials: tuple[Material, ...] = (EVERYTHING,)

    def __post_init__(self) -> None:
        """Refuse contracts that contradict each other or the tables, and materials that are none or the same.

        Raises:
            ContractError: says which, and in what.
            UsageError: there is no material, or one twice.
        """
        if not self.materials or len({each.name for each in self.materials}) < len(self.materials):
            raise UsageError(f"materials={self.materials}: name one or more, each once")
        consistent(self.contracts, {name: pl.Schema(table.schema) for name, table in self.tables.items()})


def _fits(found: pl.DataType, declared: pl.DataType) -> bool:
    """Whether a column is stored as the declared type is, integers of any width alike."""
    return found == stored_as(declared) or (found.is_integer() and declared.is_integer())
