"""How good probabilities of classes are: right and wrong at a threshold, losses, confusion, macro-F1."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.evaluation.areas import Areas, areas
from afield.evaluation.calibration import Calibration, calibration, checked
from afield.evaluation.texts import Rate, rate
from afield.records.evidence import Estimate, Interval
from afield.statistics.bootstrap import block_bootstrap
from afield.statistics.weighted import weighted_mean

Floats = NDArray[np.float64]

SMALLEST = 1e-9
"""A probability of 0 for what happened counts as this in the log loss."""
RESAMPLES = 1000


class Binary(msgspec.Struct, frozen=True):
    """How good the probabilities of one class are.

    Attributes:
        rows: how many.
        threshold: from which probability on a row is said to be true.
        true_positives, false_positives, false_negatives, true_negatives: counts at the threshold.
        precision: of what is said to be true, how much is.
        recall: of what is true, how much is said.
        false_positive_rate: of what is not true, how much is said nevertheless.
        log_loss: mean -log of the probability given to what happened, nats.
        brier: mean squared distance of the probability from 0 or 1.
        calibration: by bins, with the expected calibration error.
        areas: under the curves of the probability; None where all rows are of one class.
    """

    rows: int
    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    precision: Rate
    recall: Rate
    false_positive_rate: Rate
    log_loss: Estimate
    brier: Estimate
    calibration: Calibration
    areas: Areas | None = None


class ClassScore(msgspec.Struct, frozen=True):
    """How one of several classes did; `f1` is the harmonic mean of both, None where it is neither true nor said."""

    precision: Rate
    recall: Rate
    f1: float | None


class Classes(msgspec.Struct, frozen=True):
    """How good the probabilities of several classes are.

    Attributes:
        rows: how many.
        accuracy: how often the likeliest class is the true one.
        macro_f1: mean F1 of the classes that occur in the truth.
        log_loss: as in `Binary`.
        by_class: each class that is true or said of a row.
        confusion: true class → class that was said → rows.
        calibration: of the likeliest class.
        areas: each class that occurs, against all others, under the curves of its probability.
    """

    rows: int
    accuracy: Rate
    macro_f1: Estimate
    log_loss: Estimate
    by_class: dict[str, ClassScore]
    confusion: dict[str, dict[str, int]]
    calibration: Calibration
    areas: dict[str, Areas] = {}


def binary(
    truth: ArrayLike,
    probability: ArrayLike,
    *,
    threshold: float = 0.5,
    blocks: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Binary:
    """The scores of a probability, against what is true.

    Sources: van Rijsbergen, Information Retrieval (1979), chapter 7; Brier, "Verification of forecasts expressed in
    terms of probability", Monthly Weather Review 78 (1950); Gneiting and Raftery (2007) for the log loss.

    Args:
        truth: 0 or 1 (or Booleans), shape `(n,)`.
        probability: of 1, in [0, 1], shape `(n,)`.
        threshold: from which on a row is said to be true.
        blocks: label of what belongs together (lines of one frame), of two kinds at least: all intervals but those of
            the bins are then bootstrapped over blocks; None: rows are taken for independent.
        resamples: draws of the bootstrap.
        seed: of the draws.
        level: nominal coverage of the intervals.

    Raises:
        EvaluationError: no rows, different lengths, or a number that is no probability or no truth.
    """
    true, chance = checked(truth, probability)
    said = chance >= threshold
    both, only_said = int((said & true).sum()), int((said & ~true).sum())
    only_true, neither = int((~said & true).sum()), int((~said & ~true).sum())
    lost = -np.log(np.maximum(np.where(true, chance, 1 - chance), SMALLEST))
    draws = _Draws(blocks, resamples, seed, level)
    return Binary(
        rows=true.size,
        threshold=threshold,
        true_positives=both,
        false_positives=only_said,
        false_negatives=only_true,
        true_negatives=neither,
        precision=draws.rate(said & true, said),
        recall=draws.rate(said & true, true),
        false_positive_rate=draws.rate(said & ~true, ~true),
        log_loss=draws.mean(lost),
        brier=draws.mean(np.square(chance - true)),
        calibration=calibration(true, chance, level=level, blocks=blocks, resamples=resamples, seed=seed),
        areas=draws.areas(true, chance),
    )


def several(
    truth: Sequence[str],
    probabilities: ArrayLike,
    classes: Sequence[str],
    *,
    blocks: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Classes:
    """The scores of probabilities of several classes, against the true ones.

    Source: Opitz and Burst, "Macro F1 and macro F1" (2019): the mean of the classes' F1.

    Args:
        truth: the class of each row.
        probabilities: shape `(n, len(classes))`.
        classes: names of its columns.
        blocks: label of what belongs together, as in `binary`; it also counts for macro-F1.
        resamples: draws of the bootstrap.
        seed: of the draws.
        level: nominal coverage of the intervals.

    Raises:
        EvaluationError: no rows, different lengths, an unknown class, or a number that is no probability.
    """
    chance = np.asarray(probabilities, np.float64)
    unknown = sorted(set(truth) - set(classes))
    if unknown:
        raise EvaluationError(f"truth {unknown} is none of the classes {list(classes)}")
    if not len(truth) or chance.shape != (len(truth), len(classes)):
        raise EvaluationError(f"{len(truth)} rows of {len(classes)} classes, but probabilities of {chance.shape}")
    places = {name: place for place, name in enumerate(classes)}
    true, said = np.array([places[name] for name in truth]), chance.argmax(axis=1)
    hit, every = true == said, np.eye(len(classes))
    table = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(table, (true, said), 1)
    given = chance[np.arange(len(true)), true]
    draws = _Draws(blocks, resamples, seed, level)
    counted = np.hstack([every[true], every[said], every[true] * hit[:, None]])
    return Classes(
        rows=len(true),
        accuracy=draws.rate(hit, np.ones_like(hit)),
        macro_f1=draws.of_means(counted, table.sum(axis=1) > 0),
        log_loss=draws.mean(-np.log(np.maximum(given, SMALLEST))),
        by_class={name: _class(table, place, level) for name, place in places.items() if _occurs(table, place)},
        confusion={
            name: {other: int(table[place, column]) for other, column in places.items() if table[place, column]}
            for name, place in places.items()
            if table[place].any()
        },
        calibration=calibration(hit, chance.max(axis=1), level=level, blocks=blocks, resamples=resamples, seed=seed),
        areas={
            name: found
            for name, place in places.items()
            if (found := draws.areas(true == place, chance[:, place])) is not None
        },
    )


class _Draws(msgspec.Struct, frozen=True):
    """How intervals are made."""

    blocks: ArrayLike | None
    resamples: int
    seed: int
    level: float

    def mean(self, values: Floats) -> Estimate:
        """The mean, with a normal interval, or a bootstrapped one where there are blocks."""
        if self.blocks is None:
            return weighted_mean(values, level=self.level)
        interval = block_bootstrap(
            values,
            self.blocks,
            lambda means: means[:, 0],
            resamples=self.resamples,
            seed=self.seed,
            level=self.level,
        )
        return Estimate(float(values.mean()), interval, values.size, float(values.size))

    def rate(self, hit: NDArray[np.bool_], of: NDArray[np.bool_]) -> Rate:
        """The share of rows `of` that are hit: with Wilson's interval, or a bootstrapped one where there are blocks."""
        plain = rate(int(hit.sum()), int(of.sum()), self.level)
        if self.blocks is None or plain.value is None:
            return plain

        def share(means: Floats) -> Floats:
            none = np.full(len(means), np.nan)
            shares: Floats = np.divide(means[:, 0], means[:, 1], out=none, where=means[:, 1] > 0)
            return shares

        counted = np.column_stack([hit, of]).astype(np.float64)
        interval = block_bootstrap(
            counted, self.blocks, share, resamples=self.resamples, seed=self.seed, level=self.level
        )
        return msgspec.structs.replace(plain, interval=interval)

    def areas(self, true: NDArray[np.bool_], chance: Floats) -> Areas | None:
        """The areas under the curves; None where all rows are of one class."""
        if true.all() or not true.any():
            return None
        return areas(true, chance, blocks=self.blocks, resamples=self.resamples, seed=self.seed, level=self.level)

    def of_means(self, counted: Floats, taken: NDArray[np.bool_]) -> Estimate:
        """Macro-F1 over the classes taken, from columns (true, said, hit) of each class."""

        def statistic(means: Floats) -> Floats:
            true, said, hit = np.split(means, 3, axis=1)
            f1: Floats = (2 * hit / np.maximum(true + said, SMALLEST))[:, taken].mean(axis=1)
            return f1

        number = len(counted)
        blocks = np.arange(number) if self.blocks is None else self.blocks
        value = float(statistic(counted.mean(axis=0, keepdims=True))[0])
        if len(np.unique(np.asarray(blocks))) < 2:
            return Estimate(value, Interval(0.0, 1.0, self.level), number, float(number))
        interval = block_bootstrap(
            counted, blocks, statistic, resamples=self.resamples, seed=self.seed, level=self.level
        )
        return Estimate(value, interval, number, float(number))


def _occurs(table: NDArray[np.int64], place: int) -> bool:
    return bool(table[place].any() or table[:, place].any())


def _class(table: NDArray[np.int64], place: int, level: float) -> ClassScore:
    hit, said, true = int(table[place, place]), int(table[:, place].sum()), int(table[place].sum())
    return ClassScore(rate(hit, said, level), rate(hit, true, level), 2 * hit / (said + true))
