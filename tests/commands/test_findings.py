"""What an evaluation found, as people read it on the command line."""

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from afield.commands.findings import findings
from afield.evaluation.costs import Costs
from afield.evaluation.evaluate import Evaluation, evaluate
from afield.evaluation.questions import Questions
from afield.records.provenance import Provenance
from afield.records.words import Words

METRICS = ("rmse", "bias")


def told(found: Evaluation, made_by: Provenance | None = None) -> str:
    console = Console(width=80, force_terminal=False)
    with console.capture() as text:
        console.print(findings(Words(), METRICS, found, made_by))
    return text.get()


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    generator = np.random.default_rng(1)
    rate = np.tile(np.exp(np.linspace(-1, 2, 12)), 24 * 14)
    hours = np.repeat(
        np.datetime64("2024-01-01T00", "us") + np.arange(24 * 14) * np.timedelta64(3_600_000_000, "us"), 12
    )
    truth = generator.poisson(rate)
    return pl.DataFrame(
        {"tick": hours, "key": np.tile(np.arange(12), 24 * 14), "truth": truth, "forecast": rate, "mean": rate.mean()}
    )


def test_every_number_stands_with_its_ends_and_what_made_it(rows: pl.DataFrame) -> None:
    asked = Questions(columns=("key",), learned=rows)
    made_by = Provenance("afield evaluate town", {"facts": "f" * 40}, "c" * 40, "r" * 40)
    text = told(evaluate(rows, baselines=("mean",), dispersion=0.0, questions=asked), made_by)
    for words in (
        "95% intervals",
        "over each rival",
        "beside unseen",
        "whole numbers set aside",
        "hit rate",
        "none differs",
    ):
        assert words in text
    assert "afield evaluate town\ndata facts ffffffffffff · code cccccccccccc · release rrrrrrrrrrrr" in text


def test_a_probability_is_told_with_its_threshold_and_its_cost(rows: pl.DataFrame) -> None:
    chance = rows.with_columns(truth=pl.col("truth").clip(0, 1), forecast=1 - (-pl.col("forecast")).exp())
    text = told(evaluate(chance, questions=Questions(costs=Costs(false_positive=3.0, false_negative=1.0))))
    assert "area under ROC" in text
    assert "never sure" in text
    assert "hit rate" not in text


def test_a_single_day_is_told_without_intervals(rows: pl.DataFrame) -> None:
    assert "interval" not in told(evaluate(rows.head(24 * 12), baselines=("mean",)))
