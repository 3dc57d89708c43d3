"""What works beside a service goes on after a failure, and tells each problem once."""

import threading

from afield.errors import StoreError
from afield.sharing.turns import Turns


def test_each_problem_is_told_once_and_its_end_as_well() -> None:
    told: list[str] = []
    steps: list[str | Exception] = ["", StoreError("gone"), StoreError("gone"), OSError("full"), "slow", "slow", ""]

    def step() -> str:
        said = steps.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    turns = Turns("work", step, 0.1, told.append)
    ended = [turns.take() for _ in range(len(steps))]
    assert told == ["work: gone", "work: full", "work: slow", "work: all is well again"]
    assert ended == [True, False, False, False, True, True, True]
    assert turns.problem == ""


def test_a_step_that_failed_is_taken_again_until_it_is_stopped() -> None:
    taken, enough = [], threading.Event()

    def step() -> None:
        taken.append(1)
        if len(taken) > 2:
            enough.set()
        raise StoreError("gone")

    turns = Turns("work", step, 0.001, lambda _: None)
    turns.start()
    assert enough.wait(30)
    assert turns.stop()
    count = len(taken)
    assert turns.stop()
    assert len(taken) == count
