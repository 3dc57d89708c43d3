"""The harm of a column's drift: how far it alone would raise the loss."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from afield.errors import MonitoringError
from afield.monitoring.bins import Bins
from afield.monitoring.distances import Counts, Effect, spread
from afield.monitoring.frames import Floats, Values
from afield.records.evidence import Interval


@dataclass(frozen=True, slots=True)
class Harm:
    """What the loss was in each bin of a column, in the reference.

    Attributes:
        rows: of the reference in each bin, those with a loss.
        losses: mean loss of each bin over the mean of all; a bin that the reference does not hold has the highest.
        noise: variance of a row's loss in each bin, in the same unit squared.
    """

    rows: Counts
    losses: Floats
    noise: Floats

    def of(self, chunk: Counts, level: float) -> Effect:
        """The relative change of the mean loss, were the chunk's rows those of the reference weighted anew.

        `sum((q - p) * losses)`, with the shares `p` of the reference and `q` of the chunk in each bin: 0.1 says that
        this column's drift alone explains a tenth more loss; below zero, the rows have become easier. It holds what the
        loss is given the column fixed, so it sees neither a changed world (that is seen in the loss, later) nor what
        lies further out than the reference: such values count as the outermost bin's. The interval is the delta
        method's; it takes rows as independent.
        """
        n, m = int(self.rows.sum()), int(chunk.sum())
        p, q = self.rows / n, chunk / m
        value = float(((q - p) * self.losses).sum())
        known = np.maximum(self.rows, 1)
        error = (
            spread(q, self.losses) / m + spread(p, self.losses) / n + float(((q - p) ** 2 * self.noise / known).sum())
        )
        half = NormalDist().inv_cdf(0.5 + level / 2) * float(np.sqrt(max(error, 0.0)))
        return value, Interval(value - half, value + half, level)


def harm(binned: Bins, values: Values, losses: Floats) -> Harm:
    """What is needed to tell the harm of a column's drift.

    Args:
        binned: bins of the column.
        values: the reference's, shape `(n,)`.
        losses: the loss of each row, shape `(n,)`; NaN where the truth is not known.

    Raises:
        MonitoringError: no row has a loss, or none is above zero.
    """
    known = np.isfinite(losses)
    mean = float(losses[known].mean()) if known.any() else 0.0
    if not mean > 0:
        raise MonitoringError(
            "the reference holds no row with a loss, so nothing tells which drift does harm; give rows with their truth"
        )
    place, relative = binned.place(values)[known], losses[known] / mean
    rows = np.bincount(place, minlength=binned.size)
    filled = np.maximum(rows, 1)
    means = np.bincount(place, relative, binned.size) / filled
    noise = np.bincount(place, (relative - means[place]) ** 2, binned.size) / filled
    return Harm(rows, np.where(rows > 0, means, means.max()), noise)
