"""Evidence of many monitors within one budget of false alarms."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.statistics.evalues import YEAR, Change, Detector, by_rate, of_ratios
from tests.statistics.series import Floats, autoregression, gamma_losses

START = datetime(2023, 1, 1)
HOUR = timedelta(hours=1)
HOURS = 8766


def hours(first: int, count: int) -> list[datetime]:
    return [START + (first + hour) * HOUR for hour in range(count)]


def watched(
    ratios: Floats, allowance: float, limit: float = 1.1, correlation: tuple[float, float] = (0.0, 0.4)
) -> list[Change]:
    """What one detector finds in hourly ratios, looked at once a day."""
    detector, found, before = Detector(), [], 1.0
    for first in range(0, len(ratios), 24):
        day = ratios[first : first + 24]
        payoffs = of_ratios(day, before, limit, correlation)
        found += detector.look(payoffs, hours(first, len(day)), allowance * (len(day) * HOUR / YEAR))
        before = float(day[-1])
    return found


def test_a_change_is_found_soon_and_said_to_have_begun_where_it_did() -> None:
    ratios = gamma_losses(autoregression(np.random.default_rng(1), 1, 24 * 40, 0.3), 4.0)[0]
    ratios[24 * 30 :] *= 2
    (first, *_) = watched(ratios, allowance=1.0)
    assert START + 30 * 24 * HOUR <= first.at <= START + 34 * 24 * HOUR
    assert abs(first.since - (START + 30 * 24 * HOUR)) <= 24 * HOUR


@given(st.lists(st.floats(-1, 5), min_size=1, max_size=60), st.integers(0, 60), st.floats(0, 0.2))
def test_looking_in_two_parts_finds_what_looking_at_once_finds(payoffs: list[float], cut: int, each: float) -> None:
    whole, parts = Detector(), Detector()
    cut = min(cut, len(payoffs))
    at_once = whole.look(payoffs, hours(0, len(payoffs)), each * len(payoffs))
    first = parts.look(payoffs[:cut], hours(0, cut), each * cut)
    second = parts.look(payoffs[cut:], hours(cut, len(payoffs) - cut), each * (len(payoffs) - cut))
    assert at_once == first + second
    assert whole.evidence == pytest.approx(parts.evidence)


def test_evidence_grows_by_no_more_than_is_allowed_while_bets_neither_win_nor_lose() -> None:
    detector = Detector()
    assert detector.look(np.zeros(100), hours(0, 100), 0.5) == ()
    assert detector.evidence == pytest.approx(0.5)


def test_a_test_that_fires_is_worth_the_inverse_of_its_chance() -> None:
    assert by_rate(True, 0.01) == pytest.approx(99.0)
    assert by_rate(False, 0.01) == -1.0


def test_a_value_like_the_one_before_wins_nothing_beyond_what_the_correlation_explains() -> None:
    payoffs = of_ratios([2.0, 2.0], before=2.0, limit=1.0, correlation=(0.0, 0.5))
    assert payoffs.tolist() == pytest.approx([2 / 1.5 - 1] * 2)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Detector(()), "stakes"),
        (lambda: Detector((1.0,)), "stakes"),
        (lambda: Detector().look([-1.5], hours(0, 1), 0.1), "payoff of look 0"),
        (lambda: Detector().look([np.nan], hours(0, 1), 0.1), "payoff of look 0"),
        (lambda: Detector().look([0.0], [], 0.1), "do not fit"),
        (lambda: by_rate(True, 0.0), "outside"),
        (lambda: of_ratios([-1.0], 1.0, 1.1, (0.0, 0.5)), "negative"),
        (lambda: of_ratios([1.0], 1.0, 1.1, (0.5, 0.1)), "low ≤ high"),
    ],
)
def test_what_is_no_bet_is_refused(act: object, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        act()


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_fifty_monitors_keep_one_budget_over_a_year_in_which_nothing_changes(correlation: float) -> None:
    # Twice over: with shares of their own, and at the very border of what counts as no change.
    budget, monitors, generator = 4.0, 50, np.random.default_rng(11)
    shares = np.linspace(1, 3, monitors)
    shares /= shares.sum()
    series = gamma_losses(autoregression(generator, monitors, HOURS, correlation), 4.0)
    known = (max(correlation - 0.1, 0.0), correlation + 0.1)
    calm = sum(len(watched(each, budget * share, 1.1, known)) for each, share in zip(series, shares, strict=True))
    border = sum(len(watched(each, budget * share, 1.0, known)) for each, share in zip(series, shares, strict=True))
    assert calm <= budget
    assert border <= budget + 3 * np.sqrt(budget)


@pytest.mark.slow
def test_a_loss_that_rises_by_half_is_found_within_two_weeks_though_the_budget_is_shared_by_fifty() -> None:
    generator, delays = np.random.default_rng(12), []
    for ratios in gamma_losses(autoregression(generator, 100, 24 * 60, 0.3), 4.0):
        ratios[24 * 30 :] *= 1.5
        after = [each.at for each in watched(ratios, 2.0 / 50, 1.1, (0.2, 0.4)) if each.at >= START + 720 * HOUR]
        delays.append((after[0] - START) / (24 * HOUR) - 30 if after else np.inf)
    assert np.mean(np.array(delays) <= 14) >= 0.95
