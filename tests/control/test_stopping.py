"""SIGTERM while a service starts."""

import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from afield.control.stopping import leave_by_signal, stop_by_signal


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Puts back what answered signals before."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_sigterm_before_there_is_a_service_ends_in_order() -> None:
    leave_by_signal()
    with pytest.raises(SystemExit) as left:
        signal.raise_signal(signal.SIGTERM)
    assert left.value.code == 0


def test_sigterm_that_python_dropped_stops_the_service_as_soon_as_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dropped: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)

    class Thing:
        pass

    leave_by_signal()
    thing = Thing()
    kept = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
    del thing
    assert kept() is None
    assert [type(each.exc_value) for each in dropped] == [SystemExit]
    asked = threading.Event()
    stop_by_signal(asked.set)
    assert asked.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_is_asked_once_there_is_one(number: signal.Signals) -> None:
    leave_by_signal()
    asked = threading.Event()
    stop_by_signal(asked.set)
    assert not asked.is_set()
    signal.raise_signal(number)
    assert asked.is_set()


def test_a_process_that_is_asked_while_it_starts_exits_with_0() -> None:
    program = """
import time
from afield.control.stopping import leave_by_signal
leave_by_signal()
print("starting", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    assert process.wait(30) == 0
    process.stdout.close()
