"""From which confidence a line is certain: its conformal set holds "read right" alone, as often as it promises."""

import numpy as np
import pytest

from afield.mitigation.classes import sets, threshold
from signs.certainty import FEWEST, LEVEL, certain
from signs.kit import CERTAIN


def lines(count: int, seed: int, *, truly: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and what is true: as often right as the confidence says, to the power `truly`."""
    chance = np.random.default_rng(seed)
    confident = chance.beta(3, 1, count)
    return confident, (chance.random(count) < confident**truly).astype(np.float64)


def test_from_there_on_the_set_is_read_right_alone_and_below_it_is_not() -> None:
    confident, truth = lines(400, 1)
    bar = certain(confident, truth)[CERTAIN]
    both = np.column_stack([1 - confident, confident])
    held = sets(both, threshold(both, truth.astype(int), LEVEL))
    assert ((confident >= bar) == (held[:, 1] & ~held[:, 0])).all()


@pytest.mark.parametrize("truly", [1.0, 3.0])
def test_of_new_lines_that_are_certain_and_wrong_there_are_no_more_than_promised(truly: float) -> None:
    wrong = []
    for seed in range(200):
        bar = certain(*lines(300, seed, truly=truly))[CERTAIN]
        confident, truth = lines(300, seed + 1000, truly=truly)
        wrong.append(((confident >= bar) & (truth == 0)).mean())
    assert np.mean(wrong) <= 1 - LEVEL


def test_a_model_that_is_often_sure_of_what_is_wrong_is_certain_of_nothing_it_says() -> None:
    honest, overconfident = lines(400, 1), lines(400, 1, truly=6.0)
    assert certain(*overconfident)[CERTAIN] > certain(*honest)[CERTAIN]
    assert certain(np.ones(100), np.zeros(100))[CERTAIN] > 1.0


def test_where_too_few_people_spoke_nothing_is_fitted() -> None:
    assert certain(*lines(FEWEST - 1, 1)) == {}
    assert set(certain(*lines(FEWEST, 1))) == {CERTAIN}
