import pytest

from afield.mitigation.breaker import Breaker


class Hand:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Hand) -> Breaker:
    breaker = Breaker(3, 5.0, clock=clock)
    for _ in range(3):
        assert breaker.admits("r")
        breaker.failed("r")
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_not_before() -> None:
    breaker = Breaker(3, 5.0, clock=Hand())
    for _ in range(2):
        breaker.failed("r")
    assert breaker.admits("r")
    breaker.answered("r", 0.1)
    assert breaker.states() == {}
    for _ in range(2):
        breaker.failed("r")
    assert breaker.states() == {"r": "closed"}
    breaker.failed("r")
    assert (breaker.states(), breaker.admits("r")) == ({"r": "open"}, False)


def test_one_release_s_failures_are_no_other_s() -> None:
    assert opened(Hand()).admits("other")


def test_after_its_rest_one_request_is_let_through_as_a_probe() -> None:
    clock = Hand()
    breaker = opened(clock)
    clock.now = 5.0
    assert breaker.states() == {"r": "half-open"}
    assert [breaker.admits("r") for _ in range(3)] == [True, False, False]
    assert breaker.states() == {"r": "half-open"}


def test_a_probe_that_works_closes_it_and_one_that_fails_opens_it_anew() -> None:
    clock = Hand()
    breaker = opened(clock)
    clock.now = 5.0
    assert breaker.admits("r")
    breaker.failed("r")
    assert (breaker.states(), breaker.admits("r")) == ({"r": "open"}, False)
    clock.now = 10.0
    assert breaker.admits("r")
    breaker.answered("r", 0.1)
    assert (breaker.states(), breaker.admits("r")) == ({}, True)


def test_a_probe_that_never_comes_back_is_replaced() -> None:
    clock = Hand()
    breaker = opened(clock)
    clock.now = 5.0
    assert breaker.admits("r")
    clock.now = 10.0
    assert [breaker.admits("r") for _ in range(2)] == [True, False]


def test_an_answer_that_took_too_long_is_a_failure_and_one_in_time_ends_the_row() -> None:
    breaker = Breaker(2, 5.0, slow=1.0, clock=Hand())
    for seconds in (1.5, 1.0, 1.5):
        breaker.answered("r", seconds)
    assert breaker.states() == {"r": "closed"}
    breaker.answered("r", 1.5)
    assert breaker.states() == {"r": "open"}


NAN = float("nan")


@pytest.mark.parametrize(
    ("failures", "rest", "slow"), [(0, 1.0, 1.0), (1, 0.0, 1.0), (1, NAN, 1.0), (1, 1.0, 0.0), (1, 1.0, NAN)]
)
def test_a_breaker_that_could_never_close_or_open_is_refused(failures: int, rest: float, slow: float) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        Breaker(failures, rest, slow=slow)
