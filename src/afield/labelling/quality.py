"""Label-error search: labels that contradict what a model, fitted without them, is sure of."""

import numpy as np
import polars as pl
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray

from afield.errors import LabellingError

TOLERANCE = 1e-3


def suspects(items: pl.Series, labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> pl.DataFrame:
    """The items whose label is likely wrong: `item`, `label`, `quality` in [0, 1] (low: suspicious), the worst first.

    Confident learning estimates how many labels of each class are errors of each other class, and names that many.
    Source: Northcutt, Jiang and Chuang, "Confident learning", JAIR 70 (2021), as cleanlab computes it.

    Args:
        items: names, shape `(n,)`.
        labels: number of each item's class, from 0, shape `(n,)`.
        probabilities: of each class, by a model that was fitted without the item, shape `(n, classes)`.

    Raises:
        LabellingError: lengths differ, one class only, or probabilities that are none.
    """
    if not len(items) == len(labels) == len(probabilities):
        raise LabellingError(
            f"{len(items)} items, {len(labels)} labels and {len(probabilities)} rows of probabilities; give one each"
        )
    if not len(labels):
        raise LabellingError("there are no labelled items, so no label can be suspected; label some first")
    present = np.unique(labels)
    if len(present) < 2:
        raise LabellingError(
            f"all {len(labels)} labels are of class {present[0]}: nothing contradicts them; label others"
        )
    if present[0] < 0 or present[-1] >= probabilities.shape[1]:
        raise LabellingError(
            f"labels run from {present[0]} to {present[-1]}, but there are {probabilities.shape[1]} classes"
        )
    if not (np.isfinite(probabilities).all() and (probabilities >= 0).all()):
        raise LabellingError("a probability is negative or not finite; leave such rows out")
    if (np.abs(probabilities.sum(axis=1) - 1) > TOLERANCE).any():
        raise LabellingError("the probabilities of an item do not sum to 1; give one column for each class")
    # A class that nobody gave has no rate of error: cleanlab wants the classes that are there, numbered from 0.
    chances = probabilities[:, present] / np.maximum(probabilities[:, present].sum(axis=1, keepdims=True), 1e-12)
    places = np.searchsorted(present, labels)
    found = find_label_issues(places, chances, n_jobs=1)
    quality = get_label_quality_scores(places, chances)
    return (
        pl.DataFrame({"item": items, "label": labels, "quality": np.clip(quality, 0.0, 1.0)})
        .filter(pl.Series(found))
        .sort("quality", "item")
    )
