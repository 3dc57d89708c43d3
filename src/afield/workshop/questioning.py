"""What is asked of forecasts beyond their error, as an application declares it."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from afield.evaluation.questions import Questions
from afield.records.facts import Window
from afield.serving.inference import Infer, Parts
from afield.statistics.losses import LOSSES
from afield.workshop.examples import open_examples
from afield.workshop.plan import Build
from afield.workshop.results import Windows
from afield.workshop.scoring import forecasts


def with_slice_columns(plan: Build, frame: pl.DataFrame, examples: pl.LazyFrame) -> pl.DataFrame:
    """The scored rows with the columns that slices are searched among; `examples` are the same rows in their order."""
    wanted = [name for name in searched(plan) if name not in frame.columns]
    return frame.with_columns(examples.select(wanted).collect().get_columns()) if wanted else frame


def searched(plan: Build) -> tuple[str, ...]:
    """The columns that slices are searched among."""
    return plan.assessment.slice_columns or plan.watched


def questions(plan: Build) -> Questions:
    """What is asked beside the error of forecasts, of a frame from `with_slice_columns`."""
    named = [name for name, loss in LOSSES.items() if loss is plan.loss]
    return Questions(
        columns=searched(plan),
        rival=plan.rival.name,
        loss=named[0] if named else "squared_error",
        ends=plan.assessment.interval,
        promised=plan.assessment.promised,
        costs=plan.assessment.costs,
    )


def asked(plan: Build, examples: Path, windows: Windows, infer: Infer, tested: Parts) -> Questions:
    """What is asked of a candidate: `questions`, with the rows that it was fitted on and chosen by.

    The learned rows are the last ones, for as long as the test window is: they lie next to the unseen ones, so that a
    gap between the two is of the model rather than of the season. A threshold is chosen on the validation window.
    """

    def scored(window: Window) -> pl.DataFrame | None:
        rows = open_examples(examples, plan.features.origin, window).filter("has_history")
        if not rows.select(pl.len()).collect().item():
            return None
        return forecasts(plan, rows, infer, {plan.part: tested}, None)

    span = windows.test.end - windows.test.start
    last = Window(max(windows.training.start, windows.training.end - span), windows.training.end)
    choosing = scored(windows.validation) if plan.assessment.costs else None
    return replace(questions(plan), learned=scored(last), choosing=choosing)
