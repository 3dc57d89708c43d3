"""Lanes: requests answered off the loop, in a thread, one pass after the other; and how long that takes."""

import asyncio
import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from afield.serving.http import Reply, refused
from afield.serving.pending import Pending
from afield.serving.service import Service

SMALL = 2**20
"""Bytes of the bodies of requests that share a pass, together at most."""
_LEARNING = 0.2


class Lane:
    """Requests answered in a thread of their own, as many as can be answered in time.

    One after the other; those of a route that answers several together share a pass where they wait already.
    """

    def __init__(self, name: str, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        """A lane of this name, whose replies go out on `loop`."""
        self._service, self._loop, self._patience = service, loop, service.patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._ready: deque[Pending] = deque()
        self._waiting = 0
        self._pace = Pace()

    @property
    def ahead(self) -> float:
        """Seconds until a request that comes now would be answered."""
        return (self._waiting + 1) * self._pace.seconds

    @property
    def busy(self) -> bool:
        """Whether a request waits or is under way."""
        return self._waiting > 0

    def put(self, pending: Pending) -> bool:
        """Take a request; whether it can be answered in time. One that comes to an idle lane always is tried."""
        if self._waiting and (self.ahead > pending.within or self._waiting >= self._patience.waiting):
            return False
        self._waiting += 1
        self._ready.append(pending)
        # One turn for each: those whose request was answered by an earlier turn find nothing to do.
        self._loop.run_in_executor(self._thread, self._turn).add_done_callback(self._answer)
        return True

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _turn(self) -> list[tuple[Pending, Reply]]:
        """The replies to the first request that waits, and to those behind it that share its pass."""
        start, taken = self._loop.time(), self._taken()
        refusals = [self._refused(pending, start) for pending in taken]
        good = [pending for pending, refusal in zip(taken, refusals, strict=True) if refusal is None]
        replies: Iterator[Reply] = iter(())
        if good and good[0].route is not None:
            replies = iter(self._service.together(good[0].route, [pending.request for pending in good]))
            self._pace.learn(self._loop.time() - start, len(good))
        return [(pending, refusal or next(replies)) for pending, refusal in zip(taken, refusals, strict=True)]

    def _taken(self) -> list[Pending]:
        """The first that waits, and those behind it of the same route, as long as their bodies are small together."""
        taken: list[Pending] = []
        size = 0
        while self._ready and len(taken) < self._patience.together:
            route, size = self._ready[0].route, size + len(self._ready[0].body)
            if taken and (route is None or route.together is None or route is not taken[0].route or size > SMALL):
                break
            taken.append(self._ready.popleft())
        return taken

    def _refused(self, pending: Pending, now: float) -> Reply | None:
        """Why a request is not begun any more."""
        if pending.connection.lost or pending.route is None:
            return refused(503, "the client has gone")
        if now - pending.began > pending.within:
            self._service.shed(pending.route.label)
            return self._service.counted(pending.route, overloaded(self.ahead))
        return None

    def _answer(self, done: "asyncio.Future[list[tuple[Pending, Reply]]]") -> None:
        if not done.cancelled():
            for pending, reply in done.result():
                self._waiting -= 1
                pending.answer(reply)


class Pace:
    """A running estimate of the seconds that one answer takes."""

    def __init__(self) -> None:
        """Nothing is known yet; that counts as no time."""
        self.seconds = 0.0

    def learn(self, seconds: float, count: int = 1) -> None:
        """Take over that `count` answers took so long together."""
        taken = seconds / count
        self.seconds += (taken - self.seconds) * (_LEARNING if self.seconds else 1.0)


def overloaded(ahead: float) -> Reply:
    """The refusal of a request that would wait so many seconds."""
    after = str(max(1, math.ceil(ahead)))
    return refused(503, f"too many requests wait; an answer would take about {ahead:.1f} s", (("retry-after", after),))
