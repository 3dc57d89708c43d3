"""The cloud's queue agrees with theory, and more workers never make anybody wait longer."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.placement.queue import Load, Queue, waits, workers
from afield.placement.seen import mean


def test_one_worker_makes_wait_as_the_formula_of_pollaczek_and_khinchin_says() -> None:
    seen = waits(Load(0.7, 1), lambda _: 1.0, 200_000, seed=1)
    assert mean(seen) == pytest.approx(0.7 / (2 * (1 - 0.7)), rel=0.05)


def test_exponential_service_makes_wait_as_theory_says() -> None:
    seen = waits(Load(0.5, 1), lambda chance: chance.expovariate(1.0), 200_000, seed=2)
    assert mean(seen) == pytest.approx(1.0, rel=0.05)


@given(rate=st.floats(0.1, 3.0), count=st.integers(1, 4), seed=st.integers(0, 5))
def test_another_worker_never_makes_a_request_wait_longer(rate: float, count: int, seed: int) -> None:
    few = waits(Load(rate, count), lambda _: 1.0, 200, seed)
    many = waits(Load(rate, count + 1), lambda _: 1.0, 200, seed)
    assert all(more <= less + 1e-9 for more, less in zip(many, few, strict=True))


def test_more_workers_than_are_followed_are_no_busier_than_they_are() -> None:
    assert max(waits(Load(9_000.0, 15_000), lambda _: 1.0, 20_000, seed=4)) == 0.0


@given(rate=st.floats(0.01, 1e4), mean_s=st.floats(1e-5, 10.0), busy=st.floats(0.1, 1.0))
def test_workers_keep_to_the_share_of_time_that_is_planned(rate: float, mean_s: float, busy: float) -> None:
    count = workers(rate, mean_s, busy, 1.0)
    assert rate * mean_s / count <= busy * (1 + 1e-6)
    assert count == 1 or rate * mean_s / (count - 1) > busy * (1 - 1e-6)


def test_hours_that_are_alike_are_simulated_once_and_idle_ones_not_at_all() -> None:
    drawn = []

    def service(chance: Random) -> float:
        drawn.append(chance.random())
        return 0.5

    loads = (Load(1e-6, 1),) * 12 + (Load(1.0, 1),) * 12
    queue = Queue(loads, service, 0.5, seed=3)
    chance = Random(1)
    assert queue.wait(3, chance) == 0.0
    assert mean([queue.wait(20, chance) for _ in range(3_000)]) == pytest.approx(0.25, rel=0.2)
    assert len(drawn) < 10_000
