"""Who agrees with whom: every measure of agreement that has a meaning on some labels, and who is at odds with all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import msgspec
import numpy as np
import polars as pl

from afield.errors import LabellingError
from afield.labelling.agreement import Floats, Scale, cohen_kappa, fleiss_kappa, krippendorff_alpha
from afield.records.evidence import Estimate

SLIGHT = 0.2
"""Agreement up to here is no better than slight (Landis and Koch 1977)."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """Who gave which item which label.

    Attributes:
        items: names of the rows.
        annotators: names of the columns.
        values: shape `(items, annotators)`; NaN where somebody said nothing.
    """

    items: tuple[str, ...]
    annotators: tuple[str, ...]
    values: Floats


class Pair(msgspec.Struct, frozen=True):
    """How far two annotators agree on the items that both labelled; None where too few tell it."""

    first: str
    second: str
    items: int
    agreement: Estimate | None


class Agreement(msgspec.Struct, frozen=True):
    """How far people agree.

    Attributes:
        items: with labels of at least two.
        labels: on those items.
        scale: nominal (classes) or interval (numbers).
        alpha: Krippendorff's, of everybody; None where it has no meaning.
        fleiss: Fleiss' kappa on the items that everybody labelled, from three annotators on; else None.
        pairs: Cohen's kappa (classes) or alpha (numbers) of every two.
        at_odds: who agrees with nobody, while others agree.
        notes: what could not be said, and why.
    """

    items: int
    labels: int
    scale: Scale
    alpha: Estimate | None
    fleiss: Estimate | None
    pairs: tuple[Pair, ...]
    at_odds: tuple[str, ...]
    notes: tuple[str, ...] = ()


def ratings(labels: pl.DataFrame) -> Ratings:
    """The labels in force of the items that at least two labelled, as a matrix.

    Args:
        labels: columns `item`, `who`, `label`; a row per item and person, as `labels.in_force` gives them.

    Raises:
        LabellingError: no item was labelled by two.
    """
    shared = labels.filter(pl.col("who").n_unique().over("item") >= 2)
    if shared.is_empty():
        raise LabellingError(
            "no item was labelled by two people, so there is nothing to compare; label some items twice"
        )
    wide = shared.pivot("who", index="item", values="label", aggregate_function="last").sort("item")
    names = sorted(name for name in wide.columns if name != "item")
    matrix = wide.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    return Ratings(tuple(wide["item"].to_list()), tuple(names), matrix)


def agreement(found: Ratings, scale: Scale = "nominal", *, seed: int = 0, level: float = 0.95) -> Agreement:
    """Every measure that has a meaning on these ratings, each with its interval, and who is at odds with all."""
    notes: list[str] = []

    def tried(name: str, measure: Callable[[], Estimate]) -> Estimate | None:
        try:
            return measure()
        except LabellingError as error:
            notes.append(f"{name}: {error}")
            return None

    everybody = found.values[np.isfinite(found.values).all(axis=1)]
    many = len(found.annotators) >= 3 and scale == "nominal"
    places = range(len(found.annotators))
    pairs = []
    for one, two in combinations(places, 2):
        both = found.values[np.isfinite(found.values[:, [one, two]]).all(axis=1)][:, [one, two]]
        names = found.annotators[one], found.annotators[two]
        if len(both):
            kappa = tried(" and ".join(names), partial(_of_two, both, scale, seed, level))
            pairs.append(Pair(*names, len(both), kappa))
    return Agreement(
        items=len(found.items),
        labels=int(np.isfinite(found.values).sum()),
        scale=scale,
        alpha=tried("alpha", lambda: krippendorff_alpha(found.values, scale, seed=seed, level=level)),
        fleiss=tried("Fleiss' kappa", lambda: fleiss_kappa(everybody, seed=seed, level=level)) if many else None,
        pairs=tuple(pairs),
        at_odds=at_odds(found.annotators, pairs),
        notes=tuple(notes),
    )


def at_odds(annotators: Sequence[str], pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Who agrees with nobody: even with whom they agree best, the interval's upper end is no better than slight.

    Somebody is only at odds where others agree with each other: where two of the others do so better than slightly,
    at the lower end of their interval. Of two people nobody can say which of them errs.
    """
    theirs = {
        name: [pair for pair in pairs if name in (pair.first, pair.second) and pair.agreement] for name in annotators
    }
    others_agree = {
        name: any(
            pair.agreement is not None
            and name not in (pair.first, pair.second)
            and pair.agreement.interval.low > SLIGHT
            for pair in pairs
        )
        for name in annotators
    }
    return tuple(
        name
        for name in annotators
        if theirs[name]
        and others_agree[name]
        and all(pair.agreement.interval.high < SLIGHT for pair in theirs[name] if pair.agreement)
    )


def _of_two(both: Floats, scale: Scale, seed: int, level: float) -> Estimate:
    if scale == "nominal":
        return cohen_kappa(both[:, 0], both[:, 1], seed=seed, level=level)
    return krippendorff_alpha(both, scale, seed=seed, level=level)
