"""The hybrid design: the device answers first; another is asked where the application's rule says so."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLateError

import msgspec

from afield.errors import RequestError, ServingError
from afield.records.applied import ALONE, MERGED, fell_back
from afield.records.traffic import Answer
from afield.serving.designs import Ask

PAUSE = 2.0
AT_ONCE = 4

AskFor = Callable[[bytes], Answer]


class HybridCounts(msgspec.Struct):
    """How often another was asked, and what came of it."""

    answered: int = 0
    asked: int = 0
    merged: int = 0
    late: int = 0
    failed: int = 0
    spared: int = 0


class Hybrid:
    """Answers from the device, and better where it can; it never waits longer than the rule's deadline.

    Attributes:
        tally: how often another was asked, and what came of it.
        problem: why the last question to the other came to nothing; "" where it did not.
    """

    def __init__(
        self,
        here: AskFor,
        there: AskFor,
        ask: Ask,
        *,
        pause: float = PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask `here`, and `there` where `ask` says so.

        Args:
            here: the device's own answer to the body of a request.
            there: the other's; raises ServingError where it cannot be reached, RequestError where it refuses.
            ask: the application's rule.
            pause: seconds for which another that did not answer is not asked.
            clock: gives seconds.
        """
        self._here = here
        self._there = there
        self._ask = ask
        self._pause = pause
        self._clock = clock
        self._quiet = float("-inf")
        self._pool = ThreadPoolExecutor(AT_ONCE, "hybrid")
        self._under_way = threading.BoundedSemaphore(AT_ONCE)
        self.tally = HybridCounts()
        self.problem = ""

    def ask(self, body: bytes) -> Answer:
        """The answer to one request; recorded by whoever gave it.

        `applied` ends with `hybrid:merged` where another had a say, and with `hybrid:alone` where one should have
        had and gave nothing.

        Raises:
            RequestError: the request is wrong.
        """
        answer = self._here(body)
        self.tally.answered += 1
        try:
            if not self.doubt(answer):
                return answer
            other = self._other(body)
            if other is not None:
                merged = self._ask.merge(answer, other)
                merged = msgspec.structs.replace(merged, applied=(*merged.applied, MERGED))
                self.tally.merged += 1
                return merged
        except Exception as error:  # the device has answered: a rule that fails takes nothing from that
            self.tally.failed += 1
            self.problem = f"the application's rule failed: {type(error).__name__}: {error}"
        return msgspec.structs.replace(answer, applied=(*answer.applied, ALONE))

    def doubt(self, answer: Answer) -> str:
        """Why another should be asked; "" where the device's answer stands."""
        oldest, age = self._ask.oldest, answer.facts_age
        if fell_back(answer.applied):
            return "the device needed a fallback"
        if oldest is not None and age is not None and age > oldest:
            return f"its facts are {age:g} s old"
        return self._ask.doubts(answer)

    def close(self) -> None:
        """Wait for nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _other(self, body: bytes) -> Answer | None:
        """The other's answer; None where it does not come in time, or did not a moment ago."""
        if self._clock() < self._quiet or not self._under_way.acquire(blocking=False):
            self.tally.spared += 1
            return None
        self.tally.asked += 1
        future = self._pool.submit(self._there, body)
        future.add_done_callback(lambda _: self._under_way.release())
        try:
            other = future.result(timeout=self._ask.deadline)
        except TooLateError:
            self.tally.late += 1
            self._rest(f"no answer within {self._ask.deadline:g} s")
            return None
        except RequestError as error:  # it is there, and does not take what the device took
            self.tally.failed += 1
            self.problem = f"the other refuses: {error}"
            return None
        except ServingError as error:
            self.tally.failed += 1
            self._rest(str(error))
            return None
        except Exception as error:
            self.tally.failed += 1
            self._rest(f"the other failed: {type(error).__name__}: {error}")
            return None
        self.problem = ""
        return other

    def _rest(self, problem: str) -> None:
        self.problem = problem
        self._quiet = self._clock() + self._pause
