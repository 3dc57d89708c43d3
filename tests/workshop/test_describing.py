"""What the card of a release says, taken from the plan and from what was measured."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from afield.evaluation.evaluate import evaluate
from afield.workshop.describing import evidence
from afield.workshop.facts import Facts, Summary
from afield.workshop.results import Scored
from surge.building import build

FACTS = Facts(Path(), {}, Summary("orders.csv", "f", 2, 0, (), (), None, generated=False))
ROWS = pl.DataFrame(
    {"tick": [datetime(2024, 3, 1)] * 2, "key": [1, 2], "truth": [1, 0], "forecast": [0.5, 0.5], "mean": [0.4, 0.4]}
)


def test_kind_of_task_and_metrics_are_those_of_the_plan() -> None:
    plan = replace(build({"slot": "60m"}), task="image-to-text", metrics=("squared_error", "mae"))
    said = evidence(plan, FACTS, Scored(evaluate(ROWS, baselines=("mean",)), ()))
    assert said.task == "image-to-text"
    assert said.scores["model"] == {"squared_error": 0.25, "mae": 0.5}
