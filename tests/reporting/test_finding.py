"""The verdict says what the evidence says, and no more."""

from typing import Any

import pytest

from afield.reporting.content import read
from afield.reporting.finding import finding, meaning


def set_interval(sample: dict[str, Any], low: float | None, high: float | None) -> None:
    value = None if low is None or high is None else (low + high) / 2
    sample["accuracy"]["differences"]["kept - never_updated"] |= {"value": value, "low": low, "high": high}


def test_help_is_told_in_mistakes(sample: dict[str, Any]) -> None:
    found = finding(read(sample))
    assert found.updating == "helped"
    assert found.sentence == "Kept by Afield made 4,242 fewer mistakes than never updated."
    assert "9,752" in found.grounds
    assert "−0.2051 to −0.1177" in found.grounds


def test_harm_is_told_as_harm(sample: dict[str, Any]) -> None:
    set_interval(sample, 0.1, 0.2)
    found = finding(read(sample))
    assert found.updating == "hurt"
    assert found.sentence.startswith("Updating did not help on this data")
    assert "worse" in found.sentence


@pytest.mark.parametrize(("low", "high"), [(-0.1, 0.1), (0.0, 0.2), (-0.2, 0.0)])
def test_an_interval_that_holds_zero_is_no_help(sample: dict[str, Any], low: float, high: float) -> None:
    set_interval(sample, low, high)
    found = finding(read(sample))
    assert found.updating == "undecided"
    assert found.sentence.startswith("Updating did not help on this data")
    assert "chance" in found.sentence


def test_too_little_traffic_is_said(sample: dict[str, Any]) -> None:
    set_interval(sample, None, None)
    assert finding(read(sample)).sentence == "There was too little traffic to say whether updating helped."


def test_closer_forecasts_with_more_mistakes_are_not_sold_as_fewer(sample: dict[str, Any]) -> None:
    sample["felt"]["kept"]["missed_surges"] = 20000
    sentence = finding(read(sample)).sentence
    assert sentence == "Updating brought the forecasts closer on this data, but riders met 9,316 more mistakes."


@pytest.mark.parametrize("lost", ["felt", "missed_surges"])
def test_without_mistakes_counted_the_loss_speaks(sample: dict[str, Any], lost: str) -> None:
    if lost == "felt":
        sample["felt"] = None
    else:
        sample["felt"]["kept"][lost] = None
    found = finding(read(sample))
    assert found.sentence.startswith("Kept by Afield was closer to the truth than never updated: 12.4")
    assert "riders" not in found.grounds


def test_a_difference_means_what_its_interval_shows(sample: dict[str, Any]) -> None:
    told = []
    for low, high in ((-0.2, -0.1), (-0.1, 0.1), (0.1, 0.2), (None, None)):
        set_interval(sample, low, high)
        told.append(meaning(read(sample).accuracy.differences["kept - never_updated"]))
    nothing = "no difference that this data can show"
    assert told == ["closer", nothing, "further off", nothing]
