"""Recipes: how a model of numbers, classes or an order is trained, as records; no learner is imported here."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from afield.training.prepared import Estimator, IncrementalRegression, LinearRegression, NeuralNetwork


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
    """Gradient boosted trees for numbers.

    Trees cannot leave the range of numbers that they were trained on: a trend must come in by the exposure or by
    the regression that they start from.

    Attributes:
        name, columns, exposure, thin, half_life: as in `PoissonRegression`.
        loss: what is minimised: of counts the Poisson deviance, of positive numbers the gamma deviance, of any the
            squared or the absolute error. An exposure and a start go with the first two, whose forecasts multiply.
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
    loss: Literal["poisson", "gamma", "squared", "absolute"] = "poisson"
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


@dataclass(frozen=True, slots=True)
class BoostedRanking:
    """Scores that order the rows of a group, by gradient boosted trees (LambdaMART); needs LightGBM.

    The label is how relevant a row is: a whole number from 0 to 30, of which each step about doubles the gain.

    Source: Burges, "From RankNet to LambdaRank to LambdaMART: an overview", MSR-TR-2010-82 (2010).

    Attributes:
        name, columns, trees, rate, leaves, leaf_rows, column_share, row_share: as in `BoostedTrees`.
        group: the column whose equal values make a group, say a query or a moment; it is no input.
    """

    name: str
    columns: tuple[str, ...]
    group: str
    trees: int = 100
    rate: float = 0.1
    leaves: int = 15
    leaf_rows: int = 20
    column_share: float = 1.0
    row_share: float = 1.0


ClassRecipe: TypeAlias = BoostedClasses | LogisticRegression
"""Recipes of classes alone."""
PreparedRecipe: TypeAlias = LinearRegression | Estimator | NeuralNetwork
"""Recipes whose columns are prepared before a learner of scikit-learn sees them."""
PlainRecipe: TypeAlias = Recipe | ClassRecipe | PreparedRecipe | BoostedRanking | IncrementalRegression


@dataclass(frozen=True, slots=True)
class Among:
    """Settings to choose from: numbers from `low` to `high`, or one of `options` where there are some.

    Attributes:
        low, high: the range, ends included.
        whole: whether only whole numbers are meant.
        log: whether the logarithm is drawn evenly.
        options: the settings themselves.
    """

    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    log: bool = False
    options: tuple[str | float | int | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Tuned:
    """A recipe whose settings are searched for within a budget; each trial is judged on the rows held back.

    Attributes:
        recipe: the recipe, whose other settings stay.
        space: setting → what it is chosen among.
        trials: most trials.
        seconds: no trial is begun after so many seconds of trials; 0: the number of trials alone is the budget.
    """

    recipe: PlainRecipe
    space: tuple[tuple[str, Among], ...]
    trials: int
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The recipe's own."""
        return self.recipe.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The recipe's own."""
        return self.recipe.columns


AnyRecipe: TypeAlias = PlainRecipe | Tuned
"""Whatever `afield.training.models.train_recipe` takes."""
