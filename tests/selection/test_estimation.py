"""What labels of a selected sample say of all rows."""

import numpy as np
import pytest
from numpy.typing import NDArray

from afield.errors import SelectionError
from afield.records.evidence import Estimate
from afield.selection.drawing import draw
from afield.selection.estimation import labelled_ratio, powered_mean
from afield.selection.reasons import rare, uncertain
from afield.selection.strategies import Selection
from afield.statistics.weighted import weighted_mean

Floats = NDArray[np.float64]
ROWS = 2000
BIASED = Selection(budget=1, shares={"random": 0.3, "uncertain": 0.5, "rare": 0.2}, groups=("script",))


class World:
    """Answers of a model that is too sure of itself, and worse on a rare group."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.confidence = generator.beta(4.0, 1.2, ROWS)
        self.group = (generator.random(ROWS) < 0.05).astype(int)
        chance = np.clip(self.confidence - 0.1 * (self.confidence > 0.7) - 0.3 * self.group, 0.0, 1.0)
        self.right = (generator.random(ROWS) < chance).astype(np.float64)
        self.loss = np.square(self.confidence - self.right)
        self.shown = (self.confidence > 0.75).astype(np.float64)
        self.foreseen = self.confidence * (1.0 - self.confidence)

    def asked(self, count: int, seed: str) -> tuple[NDArray[np.int64], Floats]:
        """Places and inclusion probabilities of a sample that is anything but fair."""
        scores = {"uncertain": uncertain(self.confidence), "rare": rare(self.group.tolist())}
        drawn = draw(BIASED, scores, ROWS, count, seed)
        return drawn.places, drawn.inclusion


@pytest.fixture(scope="module")
def world() -> World:
    return World(3)


def test_where_everything_is_labelled_the_mean_is_the_mean(world: World) -> None:
    every = np.ones(ROWS)
    assert labelled_ratio(world.loss, every).value == pytest.approx(world.loss.mean())
    assert powered_mean(world.loss, every, world.foreseen, world.foreseen).value == pytest.approx(world.loss.mean())


def test_a_mean_is_the_weighted_mean_of_the_ground(world: World) -> None:
    places, chance = world.asked(100, "a")
    found = labelled_ratio(world.loss[places], chance)
    assert found.value == pytest.approx(weighted_mean(world.loss[places], chance).value)
    assert found.count == 100
    assert found.weight == pytest.approx((1 / chance).sum())


def test_what_is_foreseen_exactly_leaves_no_doubt(world: World) -> None:
    places, chance = world.asked(100, "a")
    found = powered_mean(world.loss[places], chance, world.loss[places], world.loss)
    assert found.value == pytest.approx(world.loss.mean())
    assert found.interval.high - found.interval.low < 1e-6


def test_what_is_foreseen_wrongly_does_no_harm(world: World) -> None:
    places, chance = world.asked(100, "a")
    noise = np.random.default_rng(1).random(ROWS)
    plain = labelled_ratio(world.loss[places], chance)
    against = powered_mean(world.loss[places], chance, -world.loss[places], -world.loss)
    assert against.value == pytest.approx(plain.value)
    idle = powered_mean(world.loss[places], chance, noise[places], noise)
    assert (idle.interval.high - idle.interval.low) < 1.2 * (plain.interval.high - plain.interval.low)


def test_a_biased_sample_judged_without_its_weights_is_wrong_and_with_them_right(world: World) -> None:
    naive, weighted = [], []
    for number in range(40):
        places, chance = world.asked(200, str(number))
        naive.append(world.right[places].mean())
        weighted.append(labelled_ratio(world.right[places], chance).value)
    assert np.mean(naive) < world.right.mean() - 0.05
    # Four standard errors of the mean of forty samples.
    assert abs(np.mean(weighted) - world.right.mean()) < 4 * np.std(weighted) / np.sqrt(40)


def test_no_variance_in_the_labels_gives_a_point() -> None:
    found = labelled_ratio([1.0] * 8, [0.5] * 8)
    assert (found.value, found.interval.low, found.interval.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1.0] * 4, [0.5] * 4), "5 labelled at least"),
        (([1.0] * 5, [0.0] * 5), "probability"),
        (([1.0] * 5, [0.5] * 4), "probability"),
        (([np.nan] * 5, [0.5] * 5), "row 0"),
        (([1.0] * 5, [0.5] * 5, [0.0] * 5), "divide"),
    ],
)
def test_labels_that_say_nothing_are_refused(arguments: tuple[list[float], ...], said: str) -> None:
    with pytest.raises(SelectionError, match=said):
        labelled_ratio(*arguments)


def test_every_row_needs_a_foreseen_loss() -> None:
    with pytest.raises(SelectionError, match="do not fit"):
        powered_mean([1.0] * 5, [0.5] * 5, [1.0] * 5, [1.0] * 4)


@pytest.mark.slow
@pytest.mark.parametrize("labels", [100, 300])
def test_the_truth_lies_in_the_interval_as_often_as_promised(labels: int) -> None:
    """Loss, accuracy and precision from a biased sample of 5 and 15 % of the rows: 300 draws each, fixed seeds."""
    hits: dict[str, list[bool]] = {"loss": [], "powered": [], "accuracy": [], "precision": []}
    for number in range(300):
        if number % 10 == 0:
            world = World(number)
        places, chance = world.asked(labels, str(number))
        loss, right, shown = world.loss, world.right, world.shown
        told: dict[str, tuple[Estimate, float]] = {
            "loss": (labelled_ratio(loss[places], chance), loss.mean()),
            "powered": (powered_mean(loss[places], chance, world.foreseen[places], world.foreseen), loss.mean()),
            "accuracy": (labelled_ratio(right[places], chance), right.mean()),
            "precision": (
                labelled_ratio((right * shown)[places], chance, shown[places]),
                (right * shown).sum() / shown.sum(),
            ),
        }
        for name, (found, truth) in told.items():
            hits[name].append(truth in found.interval)
    coverage = {name: float(np.mean(held)) for name, held in hits.items()}
    assert min(coverage.values()) >= 0.95, coverage
