"""What stands in the supervisor's place on a device: fetches and sends in turns, patiently where nobody answers."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from afield.client.downloader import Step
from afield.errors import StoreError, TelemetryError, UnreachableError

# Seconds: where nobody answers, pauses grow from twice the first, or the rhythm if shorter, to the second, or if more.
SOON, LONGEST = 10.0, 300.0
JITTER = 0.2
# What cannot be sent is tried again after 2, 4, … looks, at last after 2 to this power.
MOST = 5


class Fetches(Protocol):
    """Brings what is new."""

    problem: str

    def step(self) -> Step:
        """Bring some of it."""
        ...


class Sends(Protocol):
    """Sends what was recorded."""

    def step(self) -> int:
        """Send what is ready; how much was taken."""
        ...


class Synchroniser:
    """One thread's work: fetch, take over, send; then wait.

    Attributes:
        contact: domain time at which the service was last reached; None before.
        problems: why what is held may be old, or what was recorded is still here; none where all is well.
    """

    def __init__(
        self,
        fetches: Fetches,
        sends: Sequence[Sends],
        *,
        taken_over: Callable[[], object],
        now: Callable[[], datetime],
        every: float,
    ) -> None:
        """Synchronise.

        Args:
            fetches: what is new comes by it.
            sends: what was recorded goes by them.
            taken_over: called where something new has come.
            now: domain time.
            every: seconds between two looks; more where the service cannot be reached, none during a download.
        """
        self._fetches, self._turns = fetches, [_Turn(each) for each in sends]
        self._taken_over, self._now, self._every = taken_over, now, every
        self._failures = 0
        self._random = secrets.SystemRandom()
        self.contact: datetime | None = None
        self.problems: tuple[str, ...] = ("the service has not been reached yet",)

    def step(self, *, at_once: bool = False) -> bool:
        """Fetch and send once; whether the next step should follow at once.

        What cannot be sent is tried again more and more rarely (`at_once`: now), and never keeps updates waiting.
        """
        problems: list[str] = []
        more = self._fetch(problems)
        self._failures = self._failures + 1 if problems else 0
        for turn in self._turns:
            turn.take(at_once=at_once)
        problems += [turn.problem for turn in self._turns]
        problems.append(self._fetches.problem)
        self.problems = tuple(dict.fromkeys(filter(None, problems)))
        return more and self._failures == 0

    def pause(self) -> float:
        """Seconds until the next look: longer after each failure, and never the same for a whole fleet."""
        seconds = self._every
        if self._failures:
            seconds = min(min(self._every, SOON) * 2.0 ** min(self._failures, 16), max(self._every, LONGEST))
        return seconds * self._random.uniform(1 - JITTER, 1 + JITTER)

    def _fetch(self, problems: list[str]) -> bool:
        try:
            step = self._fetches.step()
        except (UnreachableError, StoreError) as error:
            problems.append(str(error))
            # What came before the failure counts.
            step = Step(changed=True, more=False)
        else:
            self.contact = self._now()
        if step.changed:
            self._taken_over()
        return step.more


class _Turn:
    """One sender's turns; after failures it lets more and more of them pass."""

    def __init__(self, sends: Sends) -> None:
        self._sends = sends
        self._failures = self._passes = 0
        self.problem = ""

    def take(self, *, at_once: bool) -> None:
        if self._passes and not at_once:
            self._passes -= 1
            return
        try:
            self._sends.step()
        except (UnreachableError, TelemetryError, StoreError) as error:
            self._failures += 1
            self._passes = 2 ** min(self._failures, MOST) - 1
            self.problem = str(error)
        else:
            self._failures = self._passes = 0
            self.problem = ""
