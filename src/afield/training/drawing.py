"""What a learner sees of the examples: checked, thinned, weighted, as float32 rows."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import TrainingError
from afield.training.preparing import refuse_infinite
from afield.training.recipes import BoostedTrees, Recipe
from afield.training.scoring import matrix

Values = NDArray[np.float64]

THINNEST = 0.05
MULTIPLYING = ("poisson", "gamma")
"""Losses of positive numbers: what is added up is the logarithm of the forecast."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Rows with a target that is a multiple of their exposure, which then weighs as much: a Poisson rate.

    Attributes:
        rows: `(n, columns)`.
        target: count ÷ exposure.
        weight: exposure × weight of the row.
    """

    rows: NDArray[np.float32]
    target: Values
    weight: Values

    def beyond(self, forecast: Values) -> "Drawn":
        """The same rows, with `forecast` as a further exposure: what is left to learn."""
        return replace(self, target=self.target / forecast, weight=self.weight * forecast)


def check(recipe: Recipe, examples: pl.DataFrame, label: str) -> None:
    """Refuse examples that cannot teach the recipe.

    Raises:
        TrainingError: a column is missing, or there are no counts to learn from.
    """
    if isinstance(recipe, BoostedTrees) and recipe.loss not in MULTIPLYING:
        if recipe.exposure or recipe.start:
            raise TrainingError(f"recipe {recipe.name}: an exposure or a start goes with the losses poisson and gamma")
        numbers(recipe.name, examples, recipe.columns, label)
        return
    there(recipe.name, examples, (*recipe.columns, label))
    counts = truth(examples, label)
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise TrainingError(f"recipe {recipe.name}: {label} holds null, infinite or negative counts; clean it first")
    if not counts.any():
        raise TrainingError(f"recipe {recipe.name}: {label} is 0 in all {len(counts)} examples; nothing to learn")
    if isinstance(recipe, BoostedTrees) and recipe.loss == "gamma" and not counts.all():
        raise TrainingError(f"recipe {recipe.name}: the loss gamma takes {label} above 0; leave out the others")
    if recipe.exposure:
        if recipe.exposure not in recipe.columns:
            raise TrainingError(f"recipe {recipe.name}: its exposure {recipe.exposure} must be one of its columns")
        if not (truth(examples, recipe.exposure) > 0).all():
            raise TrainingError(
                f"recipe {recipe.name}: the exposure {recipe.exposure} must be above 0 in every row; "
                "leave out the rows where it is not known"
            )


def numbers(
    recipe: str, examples: pl.DataFrame, columns: tuple[str, ...], label: str, *, differ: bool = True
) -> Values:
    """The labels, shape `(n,)`, of examples that can teach a regression.

    Args:
        recipe: its name, for messages.
        examples: the rows.
        columns: what they must have beside the label.
        label: the column to learn.
        differ: whether two labels have to differ.

    Raises:
        TrainingError: a column is missing, there is no row, or the label is not finite or always the same.
    """
    there(recipe, examples, (*columns, label))
    values = truth(examples, label)
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise TrainingError(f"recipe {recipe}: {label} of row {row} is null or infinite; leave such rows out")
    if differ and values.min() == values.max():
        raise TrainingError(f"recipe {recipe}: {label} is {values[0]:g} in all {len(values)} rows; nothing to learn")
    return values


def there(recipe: str, examples: pl.DataFrame, columns: tuple[str, ...]) -> None:
    """Refuse examples without rows or without one of the columns.

    Raises:
        TrainingError: it is so.
    """
    missing = [name for name in columns if name not in examples.columns]
    if missing:
        raise TrainingError(f"recipe {recipe}: the examples lack {', '.join(missing)}")
    if examples.is_empty():
        raise TrainingError(f"recipe {recipe}: no examples; widen the training window")


def truth(examples: pl.DataFrame, label: str) -> Values:
    """A column as float64; NaN where null."""
    return examples[label].cast(pl.Float64).to_numpy()


def draw(recipe: Recipe, examples: pl.DataFrame, label: str, origin: str, seed: int) -> Drawn:
    """The examples as a learner of the recipe sees them."""
    weight = np.ones(len(examples))
    if recipe.half_life is not None:
        age = (pl.col(origin).max() - pl.col(origin)).dt.total_seconds() / recipe.half_life.total_seconds()
        weight = 0.5 ** examples.select(age).to_series().to_numpy()
    if recipe.thin and recipe.exposure:
        likely = np.clip(truth(examples, recipe.exposure) / recipe.thin, THINNEST, 1.0)
        kept = np.random.default_rng(seed).random(len(examples)) < likely
        examples, weight = examples.filter(pl.Series(kept)), weight[kept] / likely[kept]
    rows = matrix(examples, recipe.columns)
    refuse_infinite(rows, recipe.columns, recipe.name)
    whole = Drawn(rows, truth(examples, label), weight)
    if not recipe.exposure:
        return whole
    return whole.beyond(rows[:, recipe.columns.index(recipe.exposure)].astype(np.float64))
