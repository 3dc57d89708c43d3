"""Fetching and sending in turns: neither keeps the other waiting, and nobody is asked too often."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from afield.client.downloader import Step
from afield.client.synchroniser import JITTER, LONGEST, Synchroniser
from afield.errors import UnreachableError

NOW = datetime(2026, 3, 2, 9)


@dataclass
class Fetch:
    problem: str = ""
    fails: bool = False
    more: bool = False
    changed: bool = False

    def step(self) -> Step:
        if self.fails:
            raise UnreachableError("nobody there")
        return Step(self.changed, self.more)


@dataclass
class Send:
    fails: bool = False
    tried: int = 0

    def step(self) -> int:
        self.tried += 1
        if self.fails:
            raise UnreachableError("not taken")
        return 0


@dataclass
class Made:
    fetch: Fetch = field(default_factory=Fetch)
    send: Send = field(default_factory=Send)
    taken: list[None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.synchroniser = Synchroniser(
            self.fetch, [self.send], taken_over=lambda: self.taken.append(None), now=lambda: NOW, every=10.0
        )


@pytest.fixture
def made() -> Made:
    return Made()


def test_the_service_is_looked_for_more_and_more_rarely_and_at_once_again_when_it_is_back(made: Made) -> None:
    made.fetch.fails = True
    pauses = []
    for _ in range(8):
        made.synchroniser.step()
        pauses.append(made.synchroniser.pause())
    assert pauses[0] > 10.0 * 2 * (1 - JITTER) - 1
    assert max(pauses) <= LONGEST * (1 + JITTER)
    assert made.synchroniser.problems == ("nobody there",)

    made.fetch.fails = False
    made.synchroniser.step()

    assert made.synchroniser.pause() <= 10.0 * (1 + JITTER)
    assert made.synchroniser.contact == NOW
    assert not made.synchroniser.problems


def test_no_two_devices_look_at_the_same_moments(made: Made) -> None:
    assert len({made.synchroniser.pause() for _ in range(20)}) == 20


def test_telemetry_that_is_not_taken_does_not_keep_updates_waiting(made: Made) -> None:
    made.send.fails = True
    for _ in range(100):
        made.synchroniser.step()

    assert made.send.tried < 10
    assert made.synchroniser.pause() <= 10.0 * (1 + JITTER)
    assert made.synchroniser.problems == ("not taken",)


def test_who_asks_for_it_has_it_sent_at_once(made: Made) -> None:
    made.send.fails = True
    made.synchroniser.step()
    made.send.fails = False

    made.synchroniser.step(at_once=True)

    assert (made.send.tried, made.synchroniser.problems) == (2, ())


def test_a_download_under_way_goes_on_without_a_pause(made: Made) -> None:
    made.fetch.more = True

    assert made.synchroniser.step()


def test_what_came_before_a_failure_is_taken_over(made: Made) -> None:
    made.fetch.fails = True

    assert not made.synchroniser.step()
    assert len(made.taken) == 1


def test_a_refused_release_is_told(made: Made) -> None:
    made.fetch.problem = "refused"

    made.synchroniser.step()

    assert made.synchroniser.problems == ("refused",)
