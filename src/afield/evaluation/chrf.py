"""chrF: how alike translations and their references are, by the characters that they share."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Estimate
from afield.statistics.bootstrap import block_bootstrap

Floats = NDArray[np.float64]

ORDER = 6
BETA = 2.0


def chrf(
    translations: Sequence[str],
    references: Sequence[str],
    *,
    blocks: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """chrF2 of all texts together, in [0, 100]: the mean over character n-grams of an F that weighs recall twice.

    White space does not count. Counts are added up over all texts before shares are taken, as sacrebleu does; an order
    of n-grams that no text is long enough for is left out.

    Source: Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT (2015); Post, "A call for clarity
    in reporting BLEU scores", WMT (2018), for sacrebleu.

    Args:
        translations: texts to judge.
        references: what each should say.
        blocks: label of what belongs together (texts of one sign); None: each text for itself.
        resamples: draws of the bootstrap.
        seed: of the draws.
        level: of the interval.

    Raises:
        EvaluationError: fewer than two texts or blocks, or not one reference for each.

    >>> chrf(["the cat sat", "a dog"], ["the cat sat", "a dog"]).value
    100.0
    """
    if len(translations) != len(references) or not translations:
        raise EvaluationError(f"{len(translations)} texts and {len(references)} references; give one for each, and one")
    counted = np.array([_shared(*pair) for pair in zip(translations, references, strict=True)], np.float64)
    labels = np.arange(len(counted)) if blocks is None else blocks
    interval = block_bootstrap(counted, labels, _score, resamples=resamples, seed=seed, level=level)
    value = float(_score(counted.mean(axis=0, keepdims=True))[0])
    return Estimate(value, interval, len(counted), float(len(counted)))


def _shared(translation: str, reference: str) -> list[int]:
    """For each order: n-grams of the translation, of the reference, and shared."""
    said, true = "".join(translation.split()), "".join(reference.split())
    counts: list[int] = []
    for order in range(1, ORDER + 1):
        first, second = _grams(said, order), _grams(true, order)
        # As sacrebleu does: what the reference is too short for is not held against the translation.
        counts += [first.total() if second else 0, second.total(), (first & second).total()]
    return counts


def _grams(text: str, order: int) -> Counter[str]:
    return Counter(text[start : start + order] for start in range(len(text) - order + 1))


def _score(means: Floats) -> Floats:
    """The score from mean counts, shape `(rows, 3 × orders)`."""
    said, true, both = means[:, ::3], means[:, 1::3], means[:, 2::3]
    there = (said > 0) & (true > 0)
    orders = np.maximum(there.sum(axis=1), 1)
    precision = np.where(there, both / np.where(said > 0, said, 1.0), 0.0).sum(axis=1) / orders
    recall = np.where(there, both / np.where(true > 0, true, 1.0), 0.0).sum(axis=1) / orders
    weight = BETA**2
    below = weight * precision + recall
    score: Floats = 100 * (1 + weight) * precision * recall / np.where(below > 0, below, 1.0)
    return score
