"""A release scored one step ahead on any window: its rows with their lookback, beside its rivals."""

import io
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from afield.errors import DataError, ReleaseError, UsageError
from afield.evaluation.evaluate import Evaluation, evaluate
from afield.evaluation.slices import of_keys
from afield.records.facts import Window
from afield.serving.inference import Infer, Parts
from afield.store.tables import Tables
from afield.workshop.examples import open_examples, write_examples
from afield.workshop.fitting import RIVAL
from afield.workshop.plan import SEED, Build, Table
from afield.workshop.questioning import questions, with_slice_columns
from afield.workshop.scoring import forecasts, rivals

ALL = "all"

History = Mapping[str, pl.LazyFrame]
Slices = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Subject:
    """The release that is scored.

    Attributes:
        parts: its models, the rival among them.
        infer: the application's inference.
        slices: name → spine keys, as they were chosen when the release was built.
    """

    parts: Parts
    infer: Infer
    slices: Slices


def read_slices(arrow: bytes) -> dict[str, tuple[int, ...]]:
    """The named slices of a release, from its table `slices` (columns `slice` and `key`).

    Raises:
        ReleaseError: it is no such table.
    """
    try:
        rows = pl.read_ipc(io.BytesIO(arrow)).select("slice", "key")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReleaseError(f"the release's table of slices cannot be read ({error}); build it again") from error
    grouped = rows.group_by("slice", maintain_order=True).agg("key")
    return {name: tuple(keys) for name, keys in grouped.iter_rows()}


def with_lookback(
    plan: Build, own: History, store: Tables, window: Window, tell: Callable[[str], None]
) -> dict[str, pl.LazyFrame]:
    """The facts of a source, and before them what the store knows of the time that they do not reach.

    Of tables with a time, the store gives the rows of the lookback before `window` that are older than the first
    moment that the source covers; of tables without a time, what the source lacks.

    Args:
        plan: names the tables.
        own: every table of the source; one that it lacks is empty.
        store: the home's tables of history.
        window: what is to be scored.
        tell: is told what the store gave.
    """
    before, since = plan.period(own)[0], window.start - plan.features.lookback
    made = dict(own)
    for name, table in plan.tables.items():
        if not store.exists(name):
            continue
        if table.time is None:
            made[name] = _filled(own[name], table.once(table.cast(store.scan(name), name)), table)
            if _height(own[name]) == 0 < _height(made[name]):
                tell(f"  table {name} is not in the data; that of the store is used")
        elif since < before:
            known = table.cast(store.scan(name), name)
            rows = table.once(known.filter(pl.col(table.time).is_between(since, before, closed="left"))).collect()
            made[name] = pl.concat([rows.lazy(), own[name]]).unique(table.key, keep="last", maintain_order=True)
            if rows.height:
                tell(f"  {rows.height:,} rows of {name} before {before} come from the store, for the lookback")
    return made


def rows_to_score(
    plan: Build, own: History, window: Window, slices: Slices, zones: str, tell: Callable[[str], None]
) -> pl.DataFrame:
    """The spine of `window` as far as the source covers it: every key, or those of the slice `zones`.

    Raises:
        UsageError: there is no such slice, or the window does not begin and end with a slot.
        DataError: the source covers nothing of the window.
    """
    if zones != ALL and zones not in slices:
        raise UsageError(f"--zones {zones}: the release has no such slice; there is: {', '.join([ALL, *slices])}")
    for option, moment in (("--from", window.start), ("--to", window.end)):
        if (moment - datetime.min) % plan.slot:
            raise UsageError(f"{option} {moment} does not lie on the border of a slot of {plan.slot}; move it there")
    spine = plan.spine(own, window)
    if zones != ALL:
        spine = spine.filter(pl.col(plan.features.keys[0]).is_in(list(slices[zones])))
    if spine.is_empty():
        start, end = plan.period(own)
        raise DataError(
            f"the data cover {start} to {end} and hold nothing of {window.start} to {window.end}; "
            "give other --from and --to, or a folder that holds those months"
        )
    slots, found = (window.end - window.start) // plan.slot, spine[plan.features.origin].n_unique()
    if found < slots:
        tell(f"  {slots - found:,} of the {slots:,} slots of the window are not covered by the data and left out")
    return spine


def score(folder: Path, plan: Build, subject: Subject, spine: pl.DataFrame, history: History) -> Evaluation:
    """What the release and its rivals achieve on the rows of `spine`, each one step ahead.

    Args:
        folder: for the rows with their features while they are needed; nothing stays in it.
        plan: how the application is built.
        subject: the release.
        spine: the rows, as `rows_to_score` gives them.
        history: the facts, as `with_lookback` gives them.

    Raises:
        EvaluationError: the rows cannot be scored.
    """
    origin = plan.features.origin
    examples = folder / "examples"
    examples.mkdir()
    try:
        whole = Window(spine[origin][0], spine[origin][-1] + plan.slot)
        write_examples(
            examples,
            plan.features,
            lambda _, part: spine.filter(pl.col(origin).is_between(part.start, part.end, closed="left")),
            plan.labels,
            history,
            whole,
        )
        rows = open_examples(examples, origin)
        frame = forecasts(plan, rows, subject.infer, {plan.part: subject.parts}, subject.parts.get(RIVAL))
        frame = with_slice_columns(plan, frame, rows)
    finally:
        shutil.rmtree(examples, ignore_errors=True)
    return evaluate(
        frame,
        baselines=tuple(rivals(plan, frame)),
        slices=[of_keys(name, keys) for name, keys in subject.slices.items()],
        dispersion=subject.parts[plan.part].constants.get("dispersion"),
        seed=SEED,
        block=plan.block,
        top=plan.assessment.top,
        questions=questions(plan),
    )


def _filled(own: pl.LazyFrame, stored: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """A table without a time: the source's rows, its nulls and the rows that it lacks filled from the store."""
    values = [name for name in table.schema if name not in table.key]
    both = pl.concat([own, stored]).group_by(table.key, maintain_order=True)
    return both.agg(pl.col(values).drop_nulls().first()).select(*table.schema)


def _height(table: pl.LazyFrame) -> int:
    return int(table.select(pl.len()).collect().item())
