import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from surge.city.market import DECLINED, GAVE_UP, SERVED, Market

CAPACITY = np.array([10.0, 10.0, 10.0])
USUAL = np.ones(3)


def settle(asked: int, price: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    market = Market(CAPACITY, 15.0)
    chance = np.random.default_rng(1).random((asked, 3))
    outcome = market.settle(CAPACITY, USUAL * price, np.zeros(asked, dtype=np.int64), chance)
    return outcome.fate, outcome.wait


def test_waits_grow_with_shortage() -> None:
    waits = [settle(asked)[1].mean() for asked in (2, 10, 20, 40)]
    assert waits == sorted(waits)
    assert waits[0] < 4 < waits[2]


def test_riders_give_up_when_the_wait_is_long() -> None:
    assert (settle(5)[0] == GAVE_UP).sum() == 0
    assert (settle(40)[0] == GAVE_UP).mean() > 0.5


def test_a_higher_price_turns_riders_away_and_shortens_the_wait_of_the_others() -> None:
    fate, wait = settle(25, price=2.0)
    usual_fate, usual_wait = settle(25)
    assert (fate == DECLINED).sum() > (usual_fate == DECLINED).sum() == 0
    assert wait[fate == SERVED].mean() < usual_wait.mean()


def test_drivers_move_to_where_the_price_is_higher() -> None:
    market = Market(CAPACITY, 15.0)
    nobody = np.empty(0, dtype=np.int64), np.empty((0, 3))
    for _ in range(8):
        market.settle(CAPACITY, np.array([2.0, 1.0, 1.0]), *nobody)
    assert market.supply[0] > 15 > 10 > market.supply[1]


def test_drivers_go_back_when_the_price_does() -> None:
    market = Market(CAPACITY, 15.0)
    nobody = np.empty(0, dtype=np.int64), np.empty((0, 3))
    market.settle(CAPACITY, np.array([2.0, 1.0, 1.0]), *nobody)
    for _ in range(20):
        market.settle(CAPACITY, USUAL, *nobody)
    np.testing.assert_allclose(market.supply, CAPACITY, atol=0.01)


@given(st.integers(0, 60), st.floats(1.0, 2.5))
def test_every_order_has_one_fate(asked: int, price: float) -> None:
    fate, wait = settle(asked, price)
    assert len(fate) == asked == np.isin(fate, [SERVED, DECLINED, GAVE_UP]).sum()
    assert np.all(wait[fate == DECLINED] == 0)
