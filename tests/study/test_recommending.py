"""The front and the sentence."""

import numpy as np

from afield.evaluation.sidebyside import SideBySide
from afield.evaluation.tradeoffs import median
from afield.study.compared import Option
from afield.study.recommending import otherwise, recommendation, with_front


def judged(**factors: float) -> SideBySide:
    draw = np.random.default_rng(5)
    rate = draw.gamma(2.0, 3.0, 1200)
    truth = draw.poisson(rate).astype(float)
    noise = {name: draw.normal(0, 1e-3, 1200) for name in factors}
    given = {name: np.maximum(rate * factor + noise[name], 1e-6) for name, factor in factors.items()}
    return SideBySide(truth, np.arange(1200) // 40, given)


def option(name: str, there: SideBySide, size: int, seconds: float = 1e-5) -> Option:
    accuracy = {metric: there.estimate(name, metric) for metric in ("rmse", "poisson_deviance")}
    timed = median([seconds])
    return Option(name=name, kind="recipe", says="", accuracy=accuracy, single=timed, training=timed, size=size)


def test_of_those_that_cannot_be_told_apart_the_smallest_is_taken() -> None:
    there = judged(large=1.0, small=1.0, bad=1.6)
    options = [option("large", there, 9000), option("small", there, 100), option("bad", there, 50)]
    assert recommendation(options, there, "rmse", "RMSE").startswith("Take small: its RMSE ")
    beaten = {each.name: each.dominated_by for each in with_front(options, there, "rmse")}
    assert beaten == {"large": ("small",), "small": (), "bad": ()}


def test_that_two_cannot_be_told_apart_does_not_make_a_worse_one_good_enough() -> None:
    draw = np.random.default_rng(1)
    truth = draw.poisson(4.0, 60).astype(float)
    there = SideBySide(truth, np.arange(60) // 10, {"large": np.full(60, 4.0), "small": draw.gamma(40.0, 0.1, 60)})
    assert 0.0 in there.paired("small", "large", "rmse").difference.interval
    said = recommendation([option("large", there, 9000), option("small", there, 1)], there, "rmse", "RMSE")
    assert (
        said == "Take large: its RMSE is the lowest, though these rows cannot tell it from small: more of them would."
    )


def test_what_is_better_beyond_noise_is_taken_whatever_it_weighs() -> None:
    there = judged(large=1.0, bad=1.6)
    options = [option("large", there, 9000), option("bad", there, 50)]
    said = recommendation(options, there, "rmse", "RMSE")
    assert said.startswith("Take large: its RMSE is the lowest beyond noise, 0.")
    assert said.endswith("times that of bad, the next best.")


def test_a_further_metric_that_says_otherwise_is_told() -> None:
    there = judged(low=0.8, high=1.25)
    options = [option("low", there, 1), option("high", there, 1)]
    assert otherwise(options, there, ("rmse", "poisson_deviance"), ("RMSE", "deviance")) == []
    swapped = otherwise(options, there, ("poisson_deviance", "rmse"), ("deviance", "RMSE"))
    assert swapped == [] or "beyond noise" in swapped[0]


def test_one_option_alone_is_no_choice_and_one_with_a_problem_is_none() -> None:
    there = judged(one=1.0, two=1.0)
    broken = Option(name="two", kind="recipe", says="", problem="it cannot be fitted")
    assert "nothing to recommend: only one" in recommendation([option("one", there, 1), broken], there, "rmse", "RMSE")
    assert "none of the options" in recommendation([broken], there, "rmse", "RMSE")
