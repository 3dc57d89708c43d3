"""Between the connections and the service: requests answered together, apart, or refused in time."""

import asyncio
from collections import deque
from collections.abc import Mapping

from afield.errors import RequestError
from afield.serving.http import Reply, failed
from afield.serving.lane import Lane, Pace, overloaded
from afield.serving.pending import Pending
from afield.serving.routing import Route
from afield.serving.service import Service

WITHIN = ("x-request-timeout-ms", "x-envoy-expected-rq-timeout-ms")
"""Headers in which a client, or the Envoy before the service, says for how many milliseconds it waits."""
HOPE = 0.5
"""Share of its time that a request may be expected to wait: what it meets may be slower than what was before it."""


class Desk:
    """Takes requests from all connections of a worker; lives on its loop."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        """Answer with `service`, as patiently as it says."""
        self._service, self._patience, self._loop = service, service.patience, loop
        self._ready: deque[Pending] = deque()
        self._pace = Pace()
        self._late = 0.0
        self._together = self._seen = 0
        self._lanes: dict[str, Lane] = {}
        self.leaving = False
        self.watch = service.watch

    def admit(self, pending: Pending) -> Reply | None:
        """Why a request is refused whose head is complete; None where its body is to be read."""
        admitted = self._service.admitted(pending.method, pending.path, pending.headers)
        if isinstance(admitted, Reply):
            return admitted
        pending.route, pending.names = admitted
        try:
            pending.within = within(pending.headers, self._patience.within)
        except RequestError as error:
            return failed(error)
        return None

    def take(self, pending: Pending) -> None:
        """Answer a whole request: at once, with the others that are ready, or in its lane."""
        route = pending.route
        assert route is not None  # noqa: S101 - it was admitted
        if route.lane:
            lane = self._lanes.get(route.lane)
            if lane is None:
                lane = self._lanes[route.lane] = Lane(route.lane, self._service, self._loop)
            if not lane.put(pending):
                self._refuse(pending, route, lane.ahead)
        elif route.together is None or pending.method != "POST":
            pending.answer(self._service.answered(route, pending.request))
        else:
            # It may have waited unseen since the last turn began, and waits for those before it. The first is always
            # tried, as there would be no other way to find out that answers are quick again.
            pending.began -= self._late
            ahead = self._late + (len(self._ready) + 1) * self._pace.seconds
            if self._ready and ahead > HOPE * pending.within:
                self._refuse(pending, route, ahead)
                return
            self._ready.append(pending)
            if len(self._ready) == 1:
                if self._patience.gather:
                    self._loop.call_later(self._patience.gather, self._turn)
                else:
                    self._loop.call_soon(self._turn)

    @property
    def busy(self) -> bool:
        """Whether a request waits or is under way."""
        return bool(self._ready) or any(lane.busy for lane in self._lanes.values())

    def close(self) -> None:
        """End the lanes; what waits there is given up."""
        for lane in self._lanes.values():
            lane.close()

    def _turn(self) -> None:
        """Answer what is ready, as much of it as fits in one slice, and let the loop go on in between."""
        if self._more_to_come():
            self._loop.call_soon(self._turn)
            return
        start = self._loop.time()
        pace, patience = self._pace.seconds, self._patience
        most = patience.together if not pace else max(1, min(patience.together, int(patience.slice / pace)))
        taken: dict[str, tuple[Route, list[Pending]]] = {}
        count = 0
        while self._ready and count < most:
            pending = self._ready.popleft()
            if pending.connection.lost or pending.route is None:
                continue
            if start - pending.began > pending.within:
                self._refuse(pending, pending.route, pace)
                continue
            taken.setdefault(pending.route.label, (pending.route, []))[1].append(pending)
            count += 1
        for route, group in taken.values():
            replies = self._service.together(route, [pending.request for pending in group])
            for pending, reply in zip(group, replies, strict=True):
                pending.answer(reply)
        if count:
            self._late = self._loop.time() - start
            self._pace.learn(self._late, count)
            self._loop.call_soon(self._catch_up)
        if self._ready:
            self._loop.call_soon(self._turn)

    def _more_to_come(self) -> bool:
        """Whether to look at the connections once more: clients that were answered together mostly ask together again.

        It is worth it while fewer are ready than were answered last, and more of them than at the last look.
        """
        ready = len(self._ready)
        if self._seen < ready < self._together:
            self._seen = ready
            return True
        self._seen, self._together = 0, ready
        return False

    def _catch_up(self) -> None:
        """What came during the last turn has been read by now."""
        self._late = 0.0

    def _refuse(self, pending: Pending, route: Route, ahead: float) -> None:
        self._service.shed(route.label)
        pending.answer(self._service.counted(route, overloaded(ahead)))


def within(headers: Mapping[str, str], most: float) -> float:
    """Seconds in which a request is to be answered: what its headers say, `most` at most.

    Raises:
        RequestError: a header does not say a number of milliseconds.
    """
    for name in WITHIN:
        stated = headers.get(name)
        if stated is not None:
            if not stated.isascii() or not stated.isdecimal() or len(stated) > 9 or not int(stated):
                raise RequestError("a number of milliseconds from 1 is expected", name)
            most = min(most, int(stated) / 1e3)
    return most
