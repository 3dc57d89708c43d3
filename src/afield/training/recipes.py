"""Recipes: how a model of counts or of classes is trained, as records; no learner is imported here."""

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


@dataclass(frozen=True, slots=True)
class LogisticRegression:
    """Probabilities of classes by a linear model: standardised columns, missing values at the mean, and tokens.

    The tokens of a row, say the n-grams of a text, stand in columns of their own as numbers from 1 to `buckets` in
    any order, 0 where a row has fewer. Each has a weight for each class, which enters over the root of how many
    tokens the row has, so that a long text is surer than a short one, but not by its whole length.

    Source: Cox, "The regression analysis of binary sequences", JRSS B 20 (1958); hashed tokens: Weinberger et al.,
    "Feature hashing for large scale multitask learning", ICML (2009).

    Attributes:
        name: of the recipe, unique in a build.
        columns: the features it uses, in the order of the model's inputs, before the tokens.
        classes: the classes in the order of the outputs, each output named as its class; none: the label is 0 or
            1, and the one output is `probability`, that of 1.
        tokens: the columns that hold tokens, behind `columns` in the model's inputs.
        buckets: how many tokens there are.
        logs: as in `PoissonRegression`.
        penalty: strength of the L2 penalty.
        weight: a column by whose value a row weighs in fitting and calibrating, or "". It is not an input.
    """

    name: str
    columns: tuple[str, ...]
    classes: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    buckets: int = 0
    logs: tuple[str, ...] = ()
    penalty: float = 1e-4
    weight: str = ""


@dataclass(frozen=True, slots=True)
class BoostedClasses:
    """Probabilities of classes by gradient boosted trees.

    Attributes:
        name, columns, classes, weight: as in `LogisticRegression`.
        trees, rate, leaves, leaf_rows, column_share, row_share: as in `BoostedTrees`; rounds of boosting grow a
            tree for each class, or one where there are two.
    """

    name: str
    columns: tuple[str, ...]
    classes: tuple[str, ...] = ()
    trees: int = 100
    rate: float = 0.1
    leaves: int = 15
    leaf_rows: int = 20
    column_share: float = 1.0
    row_share: float = 1.0
    weight: str = ""


ClassRecipe: TypeAlias = BoostedClasses | LogisticRegression
AnyRecipe: TypeAlias = Recipe | ClassRecipe
"""Whatever `afield.training.models.train_recipe` takes."""
