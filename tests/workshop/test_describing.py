"""What the card of a release says, taken from the plan and from what was measured."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from afield.evaluation.costs import Costs
from afield.evaluation.evaluate import evaluate
from afield.evaluation.questions import Questions
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


def test_a_yes_or_no_is_told_with_its_threshold_what_it_finds_and_what_it_costs() -> None:
    days = [datetime(2024, 3, 1) + timedelta(hours=hour) for hour in range(240)]
    truth = [hour % 3 == 0 for hour in range(240)]
    chance = [0.9 if hour % 3 == 0 and hour % 5 else 0.2 for hour in range(240)]
    rows = pl.DataFrame(
        {"tick": days, "key": [1] * 240, "truth": truth, "forecast": chance}, schema_overrides={"truth": pl.Float64}
    )
    found = evaluate(rows, questions=Questions(costs=Costs(false_positive=3.0, false_negative=1.0)), top=0)
    said = evidence(replace(build({"slot": "60m"}), metrics=("squared_error",)), FACTS, Scored(found, ()))
    text = "\n".join(said.further).replace("\N{NO-BREAK SPACE}", " ")
    assert "it says yes where it is at least 90.0 % sure" in text
    assert "where it says yes, it is right in 100.0 % (" in text
    assert "of what is true, it says yes to 80.0 % (95 % interval " in text
    assert "an answer costs 0.0667 (95 % interval " in text
    assert "95 % interval" in said.measured["mae"].replace("\N{NO-BREAK SPACE}", " ")
    assert said.measured["recall"].replace("\N{NO-BREAK SPACE}", " ").startswith("80.0 % (95 % interval ")
