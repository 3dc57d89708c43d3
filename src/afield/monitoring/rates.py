"""Rates of rows with a property, with intervals that hold for few rows too."""

from math import inf, log

from afield.records.evidence import Interval

STEPS = 40  # halvings: the ends are known to 1e-12


def rate(hits: int, rows: int, level: float) -> Interval:
    """The rates under which so many hits are not too unlikely by Chernoff's bound; of no rows, the whole of [0, 1].

    It covers with at least its level whatever the rate and the number of rows, which are taken as independent.

    Source: Hoeffding, "Probability inequalities for sums of bounded random variables", Journal of the American
    Statistical Association 58 (1963), theorem 1.

    >>> rate(0, 100, 0.95).low, round(rate(0, 100, 0.95).high, 3)
    (0.0, 0.036)
    """
    if rows == 0:
        return Interval(0.0, 1.0, level)
    seen, most = hits / rows, log(2.0 / (1.0 - level)) / rows
    return Interval(_end(seen, 0.0, most), _end(seen, 1.0, most), level)


def _end(seen: float, far: float, most: float) -> float:
    """The rate between `seen` and `far` whose divergence from `seen` is `most`, from outside; `far` if none has it."""
    near, out = seen, far
    if _divergence(seen, out) <= most:
        return out
    for _ in range(STEPS):
        middle = (near + out) / 2
        near, out = (middle, out) if _divergence(seen, middle) <= most else (near, middle)
    return out


def _divergence(seen: float, rate: float) -> float:
    """Of Kullback and Leibler, between two coins."""
    total = 0.0
    for share, of in ((seen, rate), (1.0 - seen, 1.0 - rate)):
        if share > 0.0:
            total += share * log(share / of) if of > 0.0 else inf
    return total
