"""What a candidate does beyond its error, tried on rows of the test window: behaviour, robustness, fairness."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import EvaluationError
from afield.evaluation import behaviour, fairness, regression, robustness
from afield.evaluation.behaviour import FactsChange, Outputs
from afield.evaluation.fairness import FairWithin
from afield.evaluation.robustness import Stress
from afield.features.compute import compute, known
from afield.records.evidence import Verdict
from afield.records.examination import Degradation, Disparity, Examination, Promise
from afield.records.facts import Window
from afield.serving.inference import Infer, Parts, Rows, matrix
from afield.workshop.examples import open_examples
from afield.workshop.plan import Build, Membership
from afield.workshop.scoring import HISTORY

ROWS = 8_000
TICKS_RECOMPUTED = 4

Values = NDArray[np.float64]
History = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model fitted without the test window, on a sample of it.

    Attributes:
        plan: how it was built.
        examples: folder of examples.
        test: the window.
        infer, parts: the model.
        history: the facts.
        seed: of what is drawn.
        cases: contested answers that a person confirmed (`afield.labelling.contests`), or None.
        output: the output that they are about.
    """

    plan: Build
    examples: Path
    test: Window
    infer: Infer
    parts: Parts
    history: History
    seed: int
    cases: pl.DataFrame | None = None
    output: str = ""

    @cached_property
    def rows(self) -> pl.DataFrame:
        """`tick`, `key`, `truth` and the features of the rows with a lookback, of some whole ticks drawn by lot."""
        origin = self.plan.features.origin
        every = open_examples(self.examples, origin, self.test).filter("has_history")
        counts = every.group_by(origin).len().sort(origin).collect()
        few = max(1, int(counts.height * min(1.0, ROWS / max(1, int(counts["len"].sum())))))
        drawn = np.random.default_rng(self.seed).permutation(counts.height)[:few]
        ticks = counts[origin].gather(np.sort(drawn))
        return self._named(every.filter(pl.col(origin).is_in(ticks.implode()))).collect()

    @property
    def sampled(self) -> str:
        """Which rows those are, in words."""
        ticks = self.rows["tick"].n_unique()
        return f"{self.rows.height:,} rows of {ticks:,} ticks of the test window, drawn by lot"

    def rows_of(self, cases: pl.DataFrame) -> pl.DataFrame:
        """`tick`, `key` and the features of the cases whose facts are there, in the test window or not."""
        origin, key = self.plan.features.origin, self.plan.features.keys[0]
        every = open_examples(self.examples, origin).filter(pl.col(origin).is_in(cases["tick"].implode()))
        named = cases.lazy().select(pl.col("tick").alias(origin), _key="key")
        own = every.with_columns(_key=pl.col(key).cast(pl.String)).join(named, on=["_key", origin], how="semi")
        return self._named(own.drop("_key")).collect()

    def answer(self, rows: pl.DataFrame, part: str = "") -> Outputs:
        """What the candidate, or one part of it, says of feature rows."""
        held = ("tick", "key", "truth", "group")
        names = [name for name, kind in rows.schema.items() if name not in held and kind.is_numeric()]
        block = rows.select(pl.col(names).cast(pl.Float64)).to_numpy(order="c")
        columns = Rows({name: place for place, name in enumerate(names)}, np.ascontiguousarray(block))
        if not part:
            return dict(self.infer(columns, self.parts))
        if part not in self.parts:
            raise EvaluationError(f"there is no part {part!r}; there is: {', '.join(self.parts)}")
        return dict(self.parts[part].run(matrix(columns, self.parts[part].features)))

    def forecast(self, rows: pl.DataFrame) -> Values:
        """What the fitted part alone says: a look-up beside it may know no answer to inputs that are missing."""
        return next(iter(self.answer(rows, self.plan.part).values()))

    def recomputed(self, change: FactsChange) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of a few ticks, and the same computed again from changed facts.

        Raises:
            EvaluationError: the changed facts do not give the same rows.
        """
        made = [self._again(spine, change) for spine in self._spines]
        before, after = (pl.concat(frames) for frames in zip(*made, strict=True))
        return before, after

    def earlier(self, age: timedelta) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows that were there a while before too, and these rows with the features of then."""
        if not age:
            return self.rows, self.rows
        names, origin = self.plan.features.names, self.plan.features.origin
        then = open_examples(self.examples, origin).filter(
            pl.col(origin).is_in((self.rows["tick"].unique() - age).implode())
        )
        old = self._named(then).select(pl.col("tick") + age, "key", pl.lit(value=True).alias("there"), *names).collect()
        held = self.rows.select("tick", "key", "truth")
        joined = held.join(old, on=["tick", "key"], how="left", maintain_order="left")
        there = joined["there"].fill_null(value=False)
        return self.rows.filter(there), joined.filter(there).drop("there").select(self.rows.columns)

    @cached_property
    def _spines(self) -> list[pl.DataFrame]:
        """A few of the ticks of the sample, with their keys as the application names them."""
        features = self.plan.features
        ticks = self.rows["tick"].unique().sort()
        places = np.unique(np.linspace(0, len(ticks) - 1, min(len(ticks), TICKS_RECOMPUTED)).round().astype(int))
        names = [*features.keys, features.origin]
        every = open_examples(self.examples, features.origin, self.test).filter("has_history")
        return [every.filter(pl.col(features.origin) == tick).select(names).collect() for tick in ticks.gather(places)]

    @cached_property
    def _facts(self) -> History:
        """The facts that those ticks may look at, in memory."""
        origins = pl.concat([spine[self.plan.features.origin] for spine in self._spines])
        since, before = origins.dt.min(), origins.dt.max()
        if not isinstance(since, datetime) or not isinstance(before, datetime):
            raise EvaluationError("there are no rows in the test window whose features could be made again")
        found = known(self.history, since=since - self.plan.features.lookback, before=before)
        return {name: table.collect().lazy() for name, table in found.items()}

    def _again(self, spine: pl.DataFrame, change: FactsChange) -> tuple[pl.DataFrame, pl.DataFrame]:
        features = self.plan.features
        before = compute(features, spine, self._facts)
        changed_spine, changed_history = change(spine, self._facts)
        after = compute(features, changed_spine, changed_history)
        on = [*features.keys, features.origin]
        matched = spine.join(after, on=on, how="left", maintain_order="left")
        if matched.height != spine.height or after.height != spine.height or matched["has_history"].null_count():
            raise EvaluationError(
                f"its change of facts gives {after.height} rows for {spine.height}, or other keys; keep its rows"
            )
        return self._named(before.lazy()).collect(), self._named(matched.lazy()).collect()

    def _named(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        features = self.plan.features
        held = [pl.col(features.origin).alias("tick"), pl.col(features.keys[0]).alias("key")]
        truth = ["truth"] if "truth" in rows.collect_schema().names() else []
        return rows.select(*held, *truth, *features.names)


def examine(candidate: Candidate, scored: pl.DataFrame) -> tuple[Examination, tuple[Verdict, ...]]:
    """What the candidate was found to do, and what the gates of that say; nothing where nothing is declared.

    Args:
        candidate: the model.
        scored: every row of the test window with its forecast and outputs, as `forecasts` gives them.

    Raises:
        EvaluationError: a function that the application declares fails, or gives other rows.
    """
    assessment = candidate.plan.assessment
    notes: list[str] = []
    promises = [each for test in assessment.behaviours if (each := _promise(candidate, test, notes))]
    promises += _regressions(candidate, notes)
    reads = candidate.parts[candidate.plan.part].features
    degradations = [_degradation(candidate, stress) for stress in _stresses(candidate.plan, reads)]
    disparities, refused = _disparities(candidate, scored, notes)
    sample = candidate.sampled if promises or degradations else ""
    found = Examination(sample, tuple(promises), tuple(degradations), tuple(disparities), tuple(notes))
    said = (
        *map(behaviour.verdict, promises),
        *map(robustness.verdict, degradations),
        *map(fairness.verdict, disparities),
        *refused,
    )
    return found, tuple(each for each in said if each)


def groups_of(
    membership: Membership, name: str, scored: pl.DataFrame, examples: pl.LazyFrame, history: History
) -> pl.Series:
    """The group of each scored row, as text; null where nobody knows it.

    Args:
        membership: how it is known.
        name: of the attribute.
        scored: rows with their `key`.
        examples: the same rows in the same order, with features.
        history: the facts.

    Raises:
        EvaluationError: there is no such column, or the table is none of `key` and `group` with each key once.
    """
    if isinstance(membership, str):
        if membership not in examples.collect_schema().names():
            raise EvaluationError(f"attribute {name!r}: the examples have no column {membership!r}")
        return examples.select(pl.col(membership).cast(pl.String)).collect().to_series()
    table = membership(history)
    if not {"key", "group"} <= set(table.columns) or table["key"].is_duplicated().any():
        raise EvaluationError(f"attribute {name!r}: give a table of `key` and `group` that holds each key once")
    groups = table.select(pl.col("key").cast(scored.schema["key"]), pl.col("group").cast(pl.String))
    return scored.select("key").join(groups, on="key", how="left", maintain_order="left")["group"]


def _regressions(candidate: Candidate, notes: list[str]) -> list[Promise]:
    """How the candidate does on what people contested, wherever in the examples that lies."""
    cases = candidate.cases
    if cases is None or cases.is_empty():
        return []
    rows = candidate.rows_of(cases)
    found = regression.contested(cases, rows, candidate.output, candidate.answer)
    if rows.height < cases.height:
        notes.append(f"{cases.height - rows.height} of {cases.height} contested answers lie outside the examples")
    return [found] if found else []


def _promise(candidate: Candidate, test: behaviour.Behaviour, notes: list[str]) -> Promise | None:
    found = test.examine(candidate)
    if found is None:
        notes.append(f"behaviour {test.name!r} was not tried: no row of the sample is one that it speaks of")
    return found


def _stresses(plan: Build, reads: Collection[str]) -> tuple[Stress, ...]:
    """Those declared, and each group missing of which the model reads a feature."""
    declared = plan.assessment.stresses
    known = {each.name for each in declared}
    groups = {name: columns for name, columns in plan.assessment.groups.items() if {*columns} & {*reads}}
    by_group = [robustness.missing(name, columns) for name, columns in groups.items()]
    return (*declared, *(each for each in by_group if each.name not in known))


def _degradation(candidate: Candidate, stress: Stress) -> Degradation:
    plan = candidate.plan
    metric = next((name for name in plan.metrics if name in robustness.METRICS), "rmse")
    rows, hard = candidate.earlier(stress.age)
    return robustness.degradation(stress, rows, hard, candidate.forecast, metric, plan.block, candidate.seed)


def _disparities(candidate: Candidate, scored: pl.DataFrame, notes: list[str]) -> tuple[list[Disparity], list[Verdict]]:
    """Of each declared metric; where the data do not tell groups apart a gate refuses, and the rest is a note."""
    plan, known = candidate.plan, scored[HISTORY].fill_null(value=False)
    groups: dict[str, pl.Series] = {}
    found: list[Disparity] = []
    refused: list[Verdict] = []
    for within in plan.assessment.fair:
        name = within.attribute
        if name not in plan.assessment.attributes:
            listed = ", ".join(plan.assessment.attributes) or "none"
            raise EvaluationError(
                f"fairness is asked for by {name!r}, which is no declared attribute; there is: {listed}"
            )
        if name not in groups:
            examples = open_examples(candidate.examples, plan.features.origin, candidate.test)
            groups[name] = groups_of(plan.assessment.attributes[name], name, scored, examples, candidate.history)
        rows = scored.with_columns(groups[name].alias("group")).filter(known)
        try:
            found.append(fairness.disparity(within, rows, plan.block, candidate.seed))
        except EvaluationError as error:
            notes.append(str(error))
            if _judged(within):
                refused.append(Verdict(f"fairness: {within.metric.name} by {name}", False, str(error)))
    return found, refused


def _judged(within: FairWithin) -> bool:
    return within.difference is not None or within.ratio is not None
