"""What the drills about learning put in, and what they make of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from afield.application import Operate
from afield.drills.learning import poisoned, verdicts
from surge.application import surge

START, HOUR = datetime(2024, 3, 1), timedelta(hours=1)


def operate() -> Operate:
    application = surge()
    return application.part(application.operate, Operate)


def rows(ticks: int = 240) -> pl.DataFrame:
    frame = pl.DataFrame({"hour": range(ticks)}).with_columns(tick=START + pl.col("hour") * HOUR)
    calls = pl.concat([frame.with_columns(truth=pl.col("hour") % 5 + add, forecast=4.0 + add) for add in (0, 20)])
    return calls.with_columns(pl.col("truth").cast(pl.Float64))


def test_every_second_label_before_the_moment_lies_and_none_after_it() -> None:
    spine = pl.DataFrame({"tick": [START + HOUR * hour for hour in range(6)], "truth": [3, 4, 5, 6, 7, 8]})
    lying = poisoned(lambda frame, _: frame, "tick", START + 4 * HOUR)
    assert lying(spine, {})["truth"].to_list() == [3, 4, 3, 6, 7, 8]


def test_a_candidate_that_answers_upside_down_goes_back_from_both_stages() -> None:
    lived = rows()
    down = lived.with_columns(forecast=pl.col("forecast").max() + pl.col("forecast").min() - pl.col("forecast"))
    found = verdicts(operate(), lived, down)
    assert {stage: step.to for stage, step in found.items()} == {"shadow": "rolled_back", "probation": "rolled_back"}
    assert all(step.reason.startswith("worse") for step in found.values())


def test_one_that_answers_the_same_is_not_called_worse() -> None:
    found = verdicts(operate(), rows(), rows())
    assert not any(step.reason.startswith("worse") for step in found.values())


def test_a_ladder_that_tolerates_everything_lets_a_worse_one_pass() -> None:
    """The drill can fail: it is the ladder that is judged, not the candidate."""
    lived = rows()
    blind = replace(
        operate(), rollout=replace(operate().rollout, minimum_ticks=10**6, maximum_ticks=10**6, burn_in=10**6)
    )
    down = lived.with_columns(forecast=pl.col("forecast").max() + pl.col("forecast").min() - pl.col("forecast"))
    assert verdicts(blind, lived, down)["shadow"].to == "stay"
