"""Recipes whose columns are prepared first: linear models, networks, any estimator; no learner is imported here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Preparation:
    """What happens to columns before a learner sees them, fitted on the training window and part of the ONNX graph.

    Attributes:
        clip: the two quantiles beyond which a value is drawn in, infinities too; None clips nothing.
        missing: what stands for a missing value: the `mean` or the `median` of the known ones.
        indicators: whether a column with missing values gets a second one that says so.
        scale: whether columns are brought to mean 0 and standard deviation 1.
        logs: names of columns that enter as `log(value + 0.1)`, first of all; below 0 they count as 0.
    """

    clip: tuple[float, float] | None = (0.001, 0.999)
    missing: Literal["mean", "median"] = "mean"
    indicators: bool = True
    scale: bool = True
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinearRegression:
    """A linear or generalised linear model of numbers, with an L2 penalty (ridge).

    Source: Nelder and Wedderburn, "Generalized linear models", JRSS A 135 (1972).

    Attributes:
        name, columns, weight: as in `afield.training.recipes.LogisticRegression`.
        family: how numbers spread about their mean: `normal` (identity link), `poisson`, `tweedie` (of power 1.5: many
            zeros, else positive) or `gamma` (logarithmic link).
        penalty: strength of the L2 penalty.
        preparation: of the columns.
        floor: no number is forecast below it, e.g. 0 for counts; None sets none.
    """

    name: str
    columns: tuple[str, ...]
    family: Literal["normal", "poisson", "tweedie", "gamma"] = "normal"
    penalty: float = 1e-4
    preparation: Preparation = field(default_factory=Preparation)
    weight: str = ""
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Estimator:
    """Any scikit-learn-compatible estimator that skl2onnx can export.

    Attributes:
        name, columns, weight: as in `LogisticRegression`.
        make: gives the estimator, not yet fitted, for a seed; or its name as `module:function`.
        task: what is learnt: a number, or classes (the estimator has `predict_proba`).
        classes: as in `LogisticRegression`, where classes are learnt.
        preparation: of the columns.
        floor: as in `LinearRegression`, where numbers are learnt.
    """

    name: str
    columns: tuple[str, ...]
    make: str | Callable[[int], object]
    task: Literal["numbers", "classes"] = "numbers"
    classes: tuple[str, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    weight: str = ""
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class NeuralNetwork:
    """A small fully connected network.

    Attributes:
        name, columns, task, classes, preparation, weight, floor: as in `Estimator`.
        hidden: neurons of each hidden layer.
        penalty: strength of the L2 penalty.
        rate: first learning rate (Adam).
        rounds: most passes over the rows.
    """

    name: str
    columns: tuple[str, ...]
    task: Literal["numbers", "classes"] = "numbers"
    classes: tuple[str, ...] = ()
    hidden: tuple[int, ...] = (32, 16)
    penalty: float = 1e-3
    rate: float = 1e-3
    rounds: int = 60
    preparation: Preparation = field(default_factory=Preparation)
    weight: str = ""
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class IncrementalRegression:
    """A generalised linear model that goes on from what its parent learnt and sees the newer rows only.

    What was learnt is a normal distribution of the weights, which is the prior of the next fit; it stands in the
    exported graph. For the normal family the result is that of one fit on all rows; for the others nearly so.

    Source: Spiegelhalter and Lauritzen, "Sequential updating of conditional probabilities", Networks 20 (1990).

    Attributes:
        name, columns: as in `LinearRegression`.
        family: `normal` or `poisson`, of numbers; `binary`, of a label 0 or 1 whose output is `probability`.
        penalty: strength of the L2 penalty before anything was learnt, in rows.
        memory: share of what the parent knew that is kept at each fit; below 1 the model follows changes.
        preparation: of the columns, fitted once, on the first rows.
    """

    name: str
    columns: tuple[str, ...]
    family: Literal["normal", "poisson", "binary"] = "normal"
    penalty: float = 1.0
    memory: float = 1.0
    preparation: Preparation = field(default_factory=Preparation)
