"""Two releases compared on the ticks that both answered: the test, its numbers and its words."""

import numpy as np

from afield.rollout.ladder import SHARPEST, Ladder, Pair
from afield.statistics.sequential import Sequential, paired_test, required_ticks


def compared(ladder: Ladder, pair: Pair, alpha: float, patience: int) -> Sequential:
    """The paired test of one release's losses against another's, both directions together with error `alpha`."""
    return paired_test(
        *pair, level=1.0 - alpha, burn_in=ladder.burn_in, scale=SHARPEST * ladder.burn_in, patience=patience
    )


def needed(ladder: Ladder, result: Sequential, alpha: float) -> int:
    """Ticks that the effect worth finding takes at the noise seen; 0 before the burn-in is over."""
    if result.ticks < ladder.burn_in or not np.isfinite(result.deviation):
        return 0
    noise = (result.deviation, result.autocorrelation, alpha, ladder.power)
    return required_ticks(ladder.effect, *noise, burn_in=ladder.burn_in, scale=SHARPEST * ladder.burn_in)


def figures(ladder: Ladder, result: Sequential, alpha: float) -> tuple[dict[str, float], str]:
    """The comparison as named numbers, without those that are not known yet; and the power calculation in words."""
    plan = needed(ladder, result, alpha)
    ratio, difference = result.ratio, result.difference
    numbers = {
        "ticks": float(result.ticks),
        "decided": float(result.decided),
        "alpha": alpha,
        "ratio": ratio.value,
        "ratio_low": ratio.interval.low,
        "ratio_high": ratio.interval.high,
        "difference": difference.value,
        "difference_low": difference.interval.low,
        "difference_high": difference.interval.high,
        "deviation": result.deviation,
        "autocorrelation": result.autocorrelation,
        "required_ticks": float(plan) if plan else np.nan,
    }
    words = (
        f"; finding {ladder.effect:.0%} with {ladder.power:.0%} probability takes up to {plan} ticks at this noise"
        if plan
        else f"; the power calculation follows at tick {ladder.burn_in}"
    )
    return {name: value for name, value in numbers.items() if np.isfinite(value)}, words


def difference(result: Sequential) -> str:
    """The estimate and its interval in words, ready to be followed by whose loss it is compared with."""
    seen = result.ratio.count
    if seen == 0:
        return "no tick yet whose loss could be compared with"
    change, interval = result.ratio.value - 1.0, result.ratio.interval
    bounds = f"{interval.low - 1.0:+.1%} to {interval.high - 1.0:+.1%}" if np.isfinite(interval.high) else "unknown"
    return f"after {seen} ticks mean loss {change:+.1%} (interval {bounds}) against"
