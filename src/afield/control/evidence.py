"""From recorded traffic to what the ladder and the monitors judge: per-tick losses of each arm."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.records.applied import FALLBACK
from afield.rollout.ladder import Evidence

Floats = NDArray[np.float64]
Loss = Callable[[Floats, Floats], Floats]


def losses(joined: pl.DataFrame, output: str, loss: Loss) -> pl.DataFrame:
    """Mean loss per tick and arm: columns `tick`, `arm`, `release`, `loss`.

    Units share their shocks, so the loss is averaged over the units of a tick first. Each unit counts by the
    inverse of the probability with which it was recorded (Hájek 1971).

    Args:
        joined: tick events with their outcomes: `tick`, `arm`, `release`, `inclusion`, `truth`, `output_NAME`.
        output: the output that outcomes are compared with.
        loss: elementwise loss of forecasts against truths.
    """
    known = joined.filter(pl.col("truth").is_not_null() & pl.col(f"output_{output}").is_not_null())
    each = loss(known[f"output_{output}"].to_numpy(), known["truth"].cast(pl.Float64).to_numpy())
    weight = 1.0 / pl.col("inclusion")
    return (
        known.with_columns(pl.Series("_loss", each))
        .group_by("tick", "arm", "release")
        .agg(((pl.col("_loss") * weight).sum() / weight.sum()).alias("loss"))
        .sort("tick", "arm")
    )


def paired(by_tick: pl.DataFrame, candidate: str, other: str, ticks: int) -> Evidence:
    """Losses of two releases on the ticks for which both are known, in order.

    Args:
        by_tick: from `losses`.
        candidate: digest of the release that climbs, or went live.
        other: digest of what it is compared with.
        ticks: how many ticks passed since the stage began.
    """
    one, two = (
        by_tick.filter(pl.col("release") == digest).unique("tick").select("tick", "loss")
        for digest in (candidate, other)
    )
    both = one.join(two, on="tick", suffix="_other").sort("tick")
    return Evidence(ticks, both["loss"].to_numpy(), both["loss_other"].to_numpy())


def exposed(answers: pl.DataFrame, decision: str, ticks: int, guards: Sequence[str]) -> Evidence:
    """What exposure changed in a canary, per tick: guards and fallbacks that acted, and the decision's mean.

    Args:
        answers: events of kind "answer" since the canary began: `tick`, `arm`, `applied`, `output_NAME`.
        decision: the output that people feel.
        ticks: how many ticks passed since the canary began.
        guards: names of the guards.
    """
    guarded = pl.col("applied").list.set_intersection(list(guards)).list.len() > 0
    fallen = pl.col("applied").list.eval(pl.element().str.starts_with(FALLBACK)).list.any()
    if f"output_{decision}" not in answers.columns:  # nobody has asked for an answer yet
        answers = answers.with_columns(pl.lit(None, pl.Float64).alias(f"output_{decision}"))
    table = (
        answers.filter(pl.col("arm").is_in(["champion", "challenger"]))
        .with_columns(
            guarded.cast(pl.Float64).alias("guards"),
            fallen.cast(pl.Float64).alias("fallbacks"),
        )
        .group_by("tick", "arm")
        .agg(pl.col("guards", "fallbacks", f"output_{decision}").mean())
    )
    treated = table.filter(pl.col("arm") == "challenger")
    control = table.filter(pl.col("arm") == "champion")
    both = treated.join(control, on="tick", suffix="_control").sort("tick")

    def arms(name: str) -> tuple[Floats, Floats]:
        first, second = (both[each].cast(pl.Float64).fill_null(np.nan) for each in (name, f"{name}_control"))
        return first.to_numpy(), second.to_numpy()

    return Evidence(
        ticks,
        rates={"guards": arms("guards"), "fallbacks": arms("fallbacks")},
        levels={decision: arms(f"output_{decision}")},
    )
