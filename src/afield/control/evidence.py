"""From recorded traffic to what the ladder and the monitors judge: per-tick losses of each arm."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.application import Operate
from afield.records.applied import FALLBACK, UNTOUCHED
from afield.release.bundle import Bundle
from afield.rollout.ladder import Evidence
from afield.rollout.power import Plan, plan
from afield.statistics.losses import LOSSES
from afield.telemetry.delivery import TOOK
from afield.workshop.describing import AGAINST

FELT = 0.001
"""Seconds below which it is felt by nobody how long an answer took."""
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
    both = _both(by_tick, candidate, other)
    return Evidence(ticks, both["loss"].to_numpy(), both["loss_other"].to_numpy())


def shadowed(
    joined: pl.DataFrame,
    output: str,
    loss: Loss,
    candidate: str,
    champion: str,
    ticks: int,
    slices: Mapping[str, Sequence[str]],
) -> Evidence:
    """What a stage in shadow shows: losses in pairs, on the whole and in every slice, and how far answers lie apart.

    Args:
        joined: as for `losses`.
        output: the output that outcomes are compared with.
        loss: elementwise loss of forecasts against truths.
        candidate: digest of the release that climbs.
        champion: digest of the one that is live.
        ticks: how many ticks passed since the stage began.
        slices: name → units.
    """
    both = _both(losses(joined, output, loss), candidate, champion)
    parts: dict[str, tuple[Floats, Floats]] = {}
    for name, units in slices.items():
        part = _both(losses(joined.filter(pl.col("unit").is_in(list(units))), output, loss), candidate, champion)
        found = both.select("tick").join(part, on="tick", how="left", maintain_order="left").fill_null(np.nan)
        parts[name] = found["loss"].to_numpy(), found["loss_other"].to_numpy()
    apart = both.select("tick").join(_apart(joined, f"output_{output}", candidate, champion), on="tick", how="left")
    return Evidence(
        ticks,
        both["loss"].to_numpy(),
        both["loss_other"].to_numpy(),
        slices=parts,
        differences=apart.sort("tick")["apart"].fill_null(0.0).to_numpy(),
    )


def planned(bundle: Bundle, operate: Operate, part: str) -> Plan | None:
    """The power calculation before a candidate climbs; None where its reference rows hold nothing to plan with.

    Args:
        bundle: of the candidate.
        operate: names the loss and the ladder.
        part: name of the forecast's column in the reference rows.
    """
    reference, loss = pl.read_ipc(bundle.read("tables/reference.arrow")), LOSSES[operate.loss]
    if AGAINST not in reference.columns:
        return None
    known = reference.drop_nulls(["truth", part, AGAINST])
    truth = known["truth"].cast(pl.Float64).to_numpy()
    each = {name: loss(known[name].cast(pl.Float64).to_numpy(), truth) for name in (part, AGAINST)}
    made = known.select("tick").with_columns(pl.Series(name, values) for name, values in each.items())
    by_tick = made.group_by("tick").agg(pl.col(part, AGAINST).mean()).sort("tick")
    return plan(operate.rollout, by_tick[part].to_numpy(), by_tick[AGAINST].to_numpy())


def _both(by_tick: pl.DataFrame, candidate: str, other: str) -> pl.DataFrame:
    """`tick`, `loss` of the candidate and `loss_other`, on the ticks for which both are known, in order."""
    one, two = (
        by_tick.filter(pl.col("release") == digest).unique("tick").select("tick", "loss")
        for digest in (candidate, other)
    )
    return one.join(two, on="tick", suffix="_other").sort("tick")


def _apart(joined: pl.DataFrame, output: str, candidate: str, champion: str) -> pl.DataFrame:
    """`tick` and `apart`: the answers' absolute differences as a share of both together (Bray and Curtis 1957)."""
    one, two = (
        joined.filter(pl.col("release") == digest).unique(["tick", "unit"]).select("tick", "unit", output)
        for digest in (candidate, champion)
    )
    first, second = pl.col(output), pl.col(f"{output}_other")
    return (
        one.join(two, on=["tick", "unit"], suffix="_other")
        .group_by("tick")
        .agg(((first - second).abs().sum() / (first.abs() + second.abs()).sum()).fill_nan(0.0).alias("apart"))
    )


def exposed(
    answers: pl.DataFrame, decision: str, ticks: int, guards: Sequence[str], latency_ratio: float = 2.0
) -> Evidence:
    """What exposure changed in a canary, per tick: guards and fallbacks that acted, and the decision's mean.

    Answers of the untouched share say nothing of either arm, and are left out.

    Args:
        answers: events of kind "answer" since the canary began: `tick`, `arm`, `applied`, `output_NAME`, and `took`
            where it was measured.
        decision: the output that people feel.
        ticks: how many ticks passed since the canary began.
        guards: names of the guards.
        latency_ratio: how many times as long as the control's the candidate's answers may take.
    """
    answers = answers.filter(~pl.col("applied").list.contains(UNTOUCHED))
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
        slower=_slower(answers, latency_ratio),
    )


def _slower(answers: pl.DataFrame, ratio: float) -> Floats | None:
    """Per tick that both arms answered, the share of pairs in which the candidate's answer took too much longer.

    What takes less than `FELT` counts as that: nobody feels which of two such answers is quicker.
    """
    if TOOK not in answers.columns:
        return None
    measured = answers.filter(pl.col(TOOK).is_finite() & (pl.col(TOOK) >= 0)).with_columns(pl.col(TOOK).clip(FELT))
    times = {
        arm: dict(measured.filter(pl.col("arm") == arm).group_by("tick").agg(TOOK).iter_rows())
        for arm in ("challenger", "champion")
    }
    ticks = sorted(times["challenger"].keys() & times["champion"].keys())
    return np.array([_ahead(times["challenger"][tick], times["champion"][tick], ratio) for tick in ticks])


def _ahead(treated: Sequence[float], control: Sequence[float], ratio: float) -> float:
    """Share of pairs in which the treated time is more than `ratio` times the control's."""
    allowed = ratio * np.sort(np.asarray(control))
    return float(np.searchsorted(allowed, np.asarray(treated)).mean()) / len(control)
