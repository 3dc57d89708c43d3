"""Recipes: how a model of counts is trained, as records; no learner is imported here."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class PoissonRegression:
    """A generalised linear model of counts: logarithmic link, standardised columns, missing values at the mean.

    Attributes:
        name: of the recipe, unique in a build.
        columns: the features it uses, in the order of the model's inputs.
        logs: those of the columns that enter as `log(value + 0.1)`, so that the forecast is a power of them;
            they are never negative.
        exposure: a positive column that the forecast is a multiple of, or "".
        penalty: strength of the L2 penalty.
        thin: rows whose exposure is below this are drawn with probability exposure ÷ thin (at least a
            twentieth) and weigh more in return; 0 keeps every row.
        half_life: age at which a row weighs half of the newest, or None.
    """

    name: str
    columns: tuple[str, ...]
    logs: tuple[str, ...] = ()
    exposure: str = ""
    penalty: float = 1e-4
    thin: float = 0.0
    half_life: timedelta | None = None


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """Gradient boosted trees for counts.

    Trees cannot leave the range of counts that they were trained on: a trend must come in by the exposure or by
    the regression that they start from.

    Attributes:
        name, columns, exposure, thin, half_life: as in `PoissonRegression`.
        loss: what is minimised.
        start: a regression on some of the columns that is fitted first, so that the trees learn what it leaves;
            its own exposure, thinning and half-life are not used.
        trees: rounds of boosting.
        rate: learning rate.
        leaves: most leaves of a tree.
        leaf_rows: fewest rows in a leaf.
        column_share, row_share: drawn for each tree.
    """

    name: str
    columns: tuple[str, ...]
    loss: Literal["poisson"] = "poisson"
    exposure: str = ""
    start: PoissonRegression | None = None
    trees: int = 300
    rate: float = 0.1
    leaves: int = 31
    leaf_rows: int = 20
    column_share: float = 1.0
    row_share: float = 1.0
    thin: float = 0.0
    half_life: timedelta | None = None


Recipe: TypeAlias = BoostedTrees | PoissonRegression
