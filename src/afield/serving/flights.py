"""Stampede protection: what several ask at the same time is worked out once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from afield.serving.draft import Draft


@dataclass(slots=True)
class _Flight:
    landing: Future[Draft] = field(default_factory=Future)
    waiting: int = 0


class Flights:
    """One flight for one question: who asks what is just being worked out waits for it."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self._under_way: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    def waiting(self, name: str) -> int:
        """How many wait for what another works out."""
        with self._lock:
            flight = self._under_way.get(name)
            return flight.waiting if flight else 0

    def fly(self, name: str, work: Callable[[], Draft]) -> Draft:
        """What `work` comes to, done once for all who ask by this name at the same time; "" is shared with nobody.

        Raises:
            Exception: whatever `work` raised, for all of them.
        """
        if not name:
            return work()
        with self._lock:
            flight = self._under_way.get(name)
            leads = flight is None
            if flight is None:
                flight = self._under_way[name] = _Flight()
            else:
                flight.waiting += 1
        if not leads:
            return flight.landing.result()
        try:
            draft = work()
        except BaseException as error:
            flight.landing.set_exception(error)
            raise
        else:
            flight.landing.set_result(draft)
            return draft
        finally:
            with self._lock:
                del self._under_way[name]
