"""Harm that only exposure shows: a canary's arm against its concurrent control."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from afield.statistics.looks import looks
from afield.statistics.sequential import exceeds

Floats = NDArray[np.float64]
Arms = Mapping[str, tuple[Floats, Floats]]
EVEN = 0.5
"""Share of pairs in which one of two arms that are alike is ahead."""


def harms(
    rates: Arms,
    levels: Arms,
    *,
    ticks: int,
    scale: int,
    alpha: float,
    rate_tolerance: float,
    level_tolerance: float,
    slower: Floats | None = None,
) -> tuple[list[str], dict[str, float]]:
    """What is proven to be harmful, in words, and the figures of every measure.

    The error `alpha`, over all looks, is split evenly over the measures (Bonferroni). A rate is tested by
    betting on the difference of the arms, from the first tick on; a level by the confidence sequence of
    the ratio of the arms, in both directions, from half of the canary on. That answers are slower is tested by betting,
    too: the mean share of pairs in which they are is one half at most where they take no longer than is allowed,
    however many answers an arm gave, whatever else the machine did, however long the tails (Mann and Whitney 1947).

    Args:
        rates: name → (treated, control), each a rate per tick in [0, 1]; NaN where an arm had no traffic.
        levels: name → (treated, control), each a number ≥ 0 per tick; NaN as above.
        ticks: those that are judged; later ones are not.
        scale: length of the canary; levels are judged from half of it on.
        alpha: chance of finding harm where there is none, over all measures and looks.
        rate_tolerance: rise of a rate that is still no harm, absolute.
        level_tolerance: difference of a level that is still no harm, relative.
        slower: share of pairs per tick in which the treated answer took too much longer; NaN as above. None: unknown.

    Raises:
        EvaluationError: a rate lies outside [0, 1], or a level is infinite.
    """
    share = alpha / max(len(rates) + len(levels) + (slower is not None), 1)
    found: list[str] = []
    numbers: dict[str, float] = {}
    for name, pair in rates.items():
        treated, control = _both(pair, ticks)
        at, proof = exceeds(treated - control, rate_tolerance, low=-1.0, high=1.0, alpha=share)
        numbers |= {f"{name}_e_value": proof, **_means(name, treated, control)}
        if at:
            found.append(f"{name} {treated[:at].mean():.1%} against {control[:at].mean():.1%} after {at} ticks")
    for name, pair in levels.items():
        treated, control = _both(pair, ticks)
        numbers |= _means(name, treated, control)
        at = _departs(treated, control, burn_in=scale // 2, scale=scale, alpha=share, tolerance=level_tolerance)
        if at:
            found.append(f"{name} {treated[:at].mean():.3g} against {control[:at].mean():.3g} after {at} ticks")
    if slower is not None:
        shares = slower[:ticks][~np.isnan(slower[:ticks])]
        at, proof = exceeds(shares, EVEN, low=0.0, high=1.0, alpha=share)
        numbers |= {"latency_e_value": proof, **({"latency_slower": float(shares.mean())} if shares.size else {})}
        if at:
            found.append(f"answers are too slow: {shares[:at].mean():.0%} of pairs of the two arms after {at} ticks")
    return found, numbers


def _both(pair: tuple[Floats, Floats], last: int) -> tuple[Floats, Floats]:
    """The first `last` ticks, where both arms had traffic."""
    treated, control = (np.asarray(arm, np.float64)[:last] for arm in pair)
    seen = ~(np.isnan(treated) | np.isnan(control))
    return treated[seen], control[seen]


def _means(name: str, treated: Floats, control: Floats) -> dict[str, float]:
    """The means of both arms as named numbers, where there was traffic."""
    if not treated.size:
        return {}
    return {f"{name}_treated": float(treated.mean()), f"{name}_control": float(control.mean())}


def _departs(treated: Floats, control: Floats, *, burn_in: int, scale: int, alpha: float, tolerance: float) -> int:
    """The tick after which the ratio of the arms is proven to lie beyond the tolerance; 0 where it is not."""
    path = looks(treated, control)
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.abs(np.log(path.ratio)) - path.half_width(alpha, scale) / path.ratio
        proven = np.flatnonzero((path.count >= burn_in) & (least > np.log1p(tolerance)))
    return int(proven[0]) + 1 if proven.size else 0
