"""How many workers: under simulated loads, and read from processes that work or wait."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.serving.scaling import Bounds, Busy, Scaling, processors

STEP = 0.25


def counts(terms: Bounds, loads: Iterator[float]) -> list[int]:
    """How many workers there are at each step of a load, in workers' worth, that they share evenly."""
    scaling = Scaling(terms)
    given = []
    for number, load in enumerate(loads):
        share = min(1.0, load / scaling.count)
        given.append(scaling.step(number * STEP, [share] * scaling.count))
    return given


@given(
    load=st.floats(0, 12, allow_nan=False),
    fewest=st.integers(1, 4),
    more=st.integers(0, 6),
)
def test_a_load_that_stays_the_same_never_lets_the_number_go_up_and_down(load: float, fewest: int, more: int) -> None:
    terms = Bounds(fewest, fewest + more, late=2.0)
    given = counts(terms, iter([load] * 400))
    steps = {after - before for before, after in pairwise(given)} - {0}
    assert len(steps) <= 1
    assert set(given) <= set(range(fewest, fewest + more + 1))
    share = load / given[-1]
    assert share < terms.crowded or given[-1] == terms.most


@given(loads=st.lists(st.floats(-1, 20, allow_nan=False), max_size=200), seed=st.integers(1, 8))
def test_the_number_stays_within_its_bounds_and_moves_one_at_a_time(loads: list[float], seed: int) -> None:
    given = counts(Bounds(1, seed, soon=0.0, late=0.0), iter(loads))
    assert all(1 <= count <= seed for count in given)
    assert all(abs(after - before) <= 1 for before, after in pairwise(given))


def test_workers_follow_a_load_that_rises_and_falls() -> None:
    loads = [0.2] * 40 + [2.6] * 80 + [0.2] * 800
    given = counts(Bounds(1, 4), iter(loads))
    assert given[39] == 1
    assert given[119] == 4
    assert given[-1] == 1


def test_a_short_burst_starts_nobody_and_a_short_lull_ends_nobody() -> None:
    terms = Bounds(1, 4)
    assert set(counts(terms, iter([0.9, 0.9, 0.9, 0.1] * 50))) == {1}
    busy = [1.0] * 8
    lull = [0.1] * 100 + [0.9] * 2
    assert set(counts(terms, iter(busy + lull * 10))[8:]) == {2}


def test_nothing_is_decided_where_nothing_is_known() -> None:
    scaling = Scaling(Bounds(1, 4, soon=0.0, late=0.0))
    assert [scaling.step(float(moment), [1.0]) for moment in range(2)] == [1, 2]
    assert [scaling.step(float(moment), []) for moment in range(2, 7)] == [2] * 5


def written(proc: Path, worked: float, waited: float, thread: int = 7) -> None:
    folder = proc / "7" / "task" / str(thread)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedstat").write_text(f"{int(worked * 1e9)} {int(waited * 1e9)} 3\n")


def test_a_worker_is_as_busy_as_its_busiest_thread_and_waiting_for_a_processor_counts(tmp_path: Path) -> None:
    now = [0.0]
    busy = Busy(lambda: now[0], tmp_path)
    written(tmp_path, 1.0, 0.0)
    assert busy.look([7]) == {}
    now[0] = 2.0
    written(tmp_path, 1.5, 0.5)
    written(tmp_path, 0.2, 1.4, thread=8)
    assert busy.look([7, 9]) == {7: 0.5}
    now[0] = 3.0
    assert busy.look([7]) == {7: 0.0}
    now[0] = 4.0
    written(tmp_path, 9.5, 0.5)
    assert busy.look([7]) == {7: 1.0}


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this system does not tell")
def test_this_process_is_seen_to_work() -> None:
    now = [0.0]
    busy = Busy(lambda: now[0])
    busy.look([os.getpid()])
    sum(number * number for number in range(2_000_000))
    now[0] = 1e-3
    assert busy.look([os.getpid()])[os.getpid()] == 1.0


@pytest.mark.parametrize(
    ("said", "most"), [("max 100000", 10_000), ("50000 100000", 1), ("150000 100000", 2), ("", 10_000), ("0 0", 10_000)]
)
def test_a_container_that_is_given_less_has_fewer_processors(tmp_path: Path, said: str, most: int) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(said)
    assert processors(file) == min(most, processors(tmp_path / "none"))
