"""From which confidence a line is certain: where its conformal set holds "read right" and not "read wrong" too."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from afield.mitigation.classes import threshold
from signs.kit import CERTAIN

LEVEL = 0.9
"""The chance with which the set of a line holds what is true of it."""
FEWEST = 9
"""Lines that people spoke of, from which a set of this level can be fitted."""


def certain(confident: ArrayLike, truth: ArrayLike) -> Mapping[str, float]:
    """The confidence from which the set of a line is "read right" alone; nothing where too few people spoke.

    A line is "read right" where its confidence is at least 1 less the threshold, and not "read wrong" where it is above
    the threshold. A model that is often sure of what people call wrong gets a bar that no line reaches.

    Args:
        confident: P(read right) of lines that the model was not fitted on, shape `(n,)`.
        truth: 1 where people said that the line was read right, else 0, shape `(n,)`.
    """
    right = np.asarray(confident, np.float64)
    if right.size < FEWEST:
        return {}
    possible = threshold(np.column_stack([1.0 - right, right]), np.asarray(truth, np.intp), LEVEL)
    return {CERTAIN: float(max(1.0 - possible, np.nextafter(possible, 2.0)))}
