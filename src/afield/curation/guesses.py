"""What a release says of items that nobody has labelled yet, shown to the person who labels them."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from afield.features.compute import compute
from afield.labelling.label_studio import Prediction
from afield.serving.inference import Infer, Parts, Rows
from afield.workshop.plan import Build

SURE = 0.5


def guesses(
    plan: Build, items: pl.DataFrame, history: Mapping[str, pl.LazyFrame], infer: Infer, parts: Parts, release: str
) -> dict[str, Prediction]:
    """Item → what the release says of it; an item of which nothing was known before is left out.

    Args:
        plan: names the features and the part.
        items: `item`, the keys and the origin of its row.
        history: the facts.
        infer: the application's inference.
        parts: of the release.
        release: its digest.
    """
    spine = items.select("item", *plan.features.keys, plan.features.origin).sort(plan.features.origin)
    if spine.is_empty():
        return {}
    names = plan.features.names
    columns = compute(plan.features, spine.drop("item"), history)
    block = columns.select(pl.col(*names).cast(pl.Float32).cast(pl.Float64)).to_numpy(order="c")
    outputs = infer(Rows({name: place for place, name in enumerate(names)}, np.ascontiguousarray(block)), parts)
    said, known = outputs[plan.part], columns["has_history"].to_numpy()
    binary = plan.assessment.labelling is not None and bool(plan.assessment.labelling.classes)
    return {
        item: _as_class(value, release) if binary else Prediction(value, release)
        for item, value, there in zip(spine["item"].to_list(), said.tolist(), known.tolist(), strict=True)
        if there and np.isfinite(value)
    }


def _as_class(chance: float, release: str) -> Prediction:
    """The likelier of two classes, and how sure that is."""
    return Prediction(float(chance >= SURE), release, max(chance, 1 - chance))
