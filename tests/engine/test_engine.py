"""The local engine: order, bounded memory, and errors that name the partition."""

import os
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from afield.engine.engine import Local, open_engine
from afield.errors import DataError, EngineError, UsageError


def double(number: int) -> int:
    return 2 * number


def fail_at(bad: int, number: int) -> int:
    if number == bad:
        raise ZeroDivisionError("nothing to divide by")
    return number


def broken_data(_: int) -> int:
    raise DataError("column at is missing")


def die(number: int) -> int:
    os._exit(number)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_partitions(processes: int) -> None:
    assert list(Local(processes).map(double, range(20))) == [2 * number for number in range(20)]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_exception_names_the_partition(processes: int) -> None:
    with pytest.raises(EngineError, match=r"partition 3, 3: ZeroDivisionError: nothing to divide by"):
        list(Local(processes).map(partial(fail_at, 3), range(5)))


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_afield_keeps_its_class(processes: int) -> None:
    with pytest.raises(DataError, match=r"partition 0, 7: column at is missing"):
        list(Local(processes).map(broken_data, [7]))


def test_partitions_are_taken_one_at_a_time_as_results_are() -> None:
    taken: list[int] = []

    def partitions() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = Local().map(double, partitions())
    assert [next(results), next(results)] == [0, 2]
    assert len(taken) == 2


def test_a_few_partitions_are_ahead_of_the_results_with_several_processes() -> None:
    taken: list[int] = []

    def partitions() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = Local(2).map(double, partitions())
    assert next(results) == 0
    assert len(taken) <= 6
    results.close()  # type: ignore[attr-defined]


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(EngineError, match="a process died while partition 0"):
        list(Local(2).map(die, [1]))


def test_an_unknown_engine_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="no engine 'dask'; there is: local, ray"):
        open_engine("dask")
    with pytest.raises(UsageError, match="0 processes"):
        open_engine("local", processes=0)
    with pytest.raises(UsageError, match="local engine has no address"):
        open_engine("local", "127.0.0.1:6379")


def test_without_ray_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "afield.engine.cluster", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'afield\[ray\]'"):
        open_engine("ray", "127.0.0.1:6379")
