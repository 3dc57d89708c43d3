"""Calibration: the line that turns a classifier's scores into probabilities that hold, fitted on rows held back."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax

from afield.training.class_graphs import Calibration

Values = NDArray[np.float64]


def platt(scores: Values, truth: Values, weight: Values) -> Calibration:
    """The slope and shift under which the scores of two classes explain the truth best.

    Source: Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers (1999),
    with its smoothed targets, so that few rows do not make it certain.

    Args:
        scores: log odds of 1, shape `(n,)`.
        truth: 0 or 1.
        weight: of each row.
    """
    ones = float(weight @ truth)
    others = float(weight.sum()) - ones
    target = np.where(truth > 0, (ones + 1) / (ones + 2), 1 / (others + 2))
    total = float(weight.sum())

    def loss(line: Values) -> tuple[float, Values]:
        raised = line[0] * scores + line[1]
        miss = weight * (expit(raised) - target) / total
        lost = float(weight @ (np.logaddexp(0.0, raised) - target * raised)) / total
        return lost, np.array([miss @ scores, miss.sum()])

    slope, shift = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    return Calibration(float(slope), float(shift))


def temperature(scores: Values, truth: NDArray[np.int64], weight: Values) -> Calibration:
    """The slope (one over the temperature) under which the scores of several classes explain the truth best.

    Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML (2017).

    Args:
        scores: shape `(n, classes)`.
        truth: index of the true class, shape `(n,)`.
        weight: of each row.
    """
    rows = np.arange(len(truth))

    def loss(logarithm: float) -> float:
        return float(-(weight @ log_softmax(np.exp(logarithm) * scores, axis=1)[rows, truth]) / weight.sum())

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return Calibration(float(np.exp(found.x)))
