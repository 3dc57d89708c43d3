"""Trade-offs: the Pareto front, what a learning curve needs, medians of repeated measurements."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.tradeoffs import Axis, Point, front, median, needed

VALUES = st.lists(st.tuples(*(st.floats(0.1, 10) for _ in range(3))), min_size=1, max_size=7)


def axes(options: list[tuple[float, ...]], tolerance: float) -> tuple[list[str], list[Axis]]:
    names = [f"option {place}" for place in range(len(options))]
    columns = zip(*options, strict=True)
    return names, [
        Axis(str(place), dict(zip(names, column, strict=True)), tolerance=tolerance)
        for place, column in enumerate(columns)
    ]


@given(VALUES, st.sampled_from([0.0, 0.05, 0.3]))
def test_somebody_always_stays_on_the_front(options: list[tuple[float, ...]], tolerance: float) -> None:
    found = front(*axes(options, tolerance))
    assert [name for name, by in found.items() if not by]


@given(VALUES)
def test_without_noise_the_front_is_paretos(options: list[tuple[float, ...]]) -> None:
    found = front(*axes(options, 0.0))
    for place, one in enumerate(options):
        dominated = any(all(np.array(other) <= one) and other != one for other in options)
        assert bool(found[f"option {place}"]) == dominated


def test_who_is_better_by_noise_alone_does_not_keep_a_costly_option_on_the_front() -> None:
    loss = Axis("loss", {"slow": 0.99, "fast": 1.0}, noise={("slow", "fast"): True})
    time = Axis("time", {"slow": 100.0, "fast": 1.0}, tolerance=0.1)
    assert front(["slow", "fast"], [loss, time]) == {"slow": ("fast",), "fast": ()}


def test_better_beyond_noise_keeps_it_there() -> None:
    loss = Axis("loss", {"slow": 0.9, "fast": 1.0}, noise={("fast", "slow"): False})
    time = Axis("time", {"slow": 100.0, "fast": 1.0}, tolerance=0.1)
    assert front(["slow", "fast"], [loss, time]) == {"slow": (), "fast": ()}


def test_an_option_that_was_not_measured_by_an_axis_is_not_judged_by_it() -> None:
    loss = Axis("loss", {"rule": 2.0, "model": 1.0})
    size = Axis("size", {"model": 5.0})
    assert front(["rule", "model"], [loss, size]) == {"rule": ("model",), "model": ()}


def test_a_front_of_nothing_is_refused() -> None:
    with pytest.raises(EvaluationError, match="an option and an axis"):
        front([], [])


def curve(*values: float | None) -> list[Point]:
    return [Point(2.0**-place, 1600 // 2**place, value) for place, value in enumerate(values)]


def test_the_data_needed_are_the_fewest_from_which_on_the_metric_stays_close() -> None:
    found = needed(curve(1.0, 1.005, 1.02, 1.2), 0.01)
    assert (found.rows, found.share, found.enough) == (800, 0.5, True)


def test_a_lucky_point_on_little_data_is_not_enough() -> None:
    assert needed(curve(1.0, 1.05, 1.001), 0.01).rows == 1600


def test_where_more_data_still_help_all_are_needed_and_that_is_said() -> None:
    found = needed(curve(1.0, 1.1, 1.2), 0.01)
    assert (found.rows, found.enough) == (1600, False)


def test_a_curve_on_which_nothing_could_be_fitted_needs_nobody_knows_what() -> None:
    assert needed(curve(None, None), 0.01).rows is None
    with pytest.raises(EvaluationError, match="at or above 0"):
        needed(curve(1.0), -0.01)


def test_the_interval_of_a_median_states_the_coverage_that_it_has() -> None:
    assert median([1.0]).interval.level == 0.0
    assert median([1.0, 2.0, 3.0]).interval.level == 0.75
    many = median(np.arange(101.0))
    assert (many.value, many.interval.low, many.interval.high, many.interval.level) == (50.0, 40.0, 60.0, 0.95)
    with pytest.raises(EvaluationError, match="measure once at least"):
        median([])


@pytest.mark.slow
def test_the_interval_of_a_median_covers_it_as_often_as_it_says() -> None:
    draw = np.random.default_rng(1)
    hits = [0.0 in median(draw.standard_cauchy(41)).interval for _ in range(4000)]
    assert np.mean(hits) >= 0.94
