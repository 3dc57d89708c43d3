"""The cached design: drafts made ahead and kept by what they rest on, with the model behind them."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from afield.errors import RequestError
from afield.records.applied import fell_back
from afield.records.traffic import Answer, Query
from afield.serving.basis import slots
from afield.serving.designs import Ahead
from afield.serving.draft import Decided, Draft
from afield.serving.flights import Flights
from afield.serving.http import Reply, Request
from afield.serving.kept import Store
from afield.serving.predictor import Predictor
from afield.serving.product import Product
from afield.serving.routing import Route
from afield.serving.situation import Situation

SCHEMA = 1
EVERY = 0.005
# Seconds for which one process has the right to make all drafts of a basis ahead.
CLAIMED = 30.0

Asked = Callable[[datetime, str], Query]


class _Kept(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One draft as it is kept. `basis` is the whole name again: what lies under a name by mistake is not believed."""

    schema: int
    basis: str
    draft: Decided


class CacheCounts(msgspec.Struct):
    """What became of the questions: the body of `GET /v1/cache`, of the worker that answers.

    Attributes:
        found: answered from the cache.
        made: answered by the model.
        garbage: kept by nobody who keeps drafts here; not believed.
        old: kept, and its facts too old.
        ahead: drafts made before they were asked for.
        problem: why the cache is not what it should be; "" where it is.
    """

    found: int = 0
    made: int = 0
    garbage: int = 0
    old: int = 0
    ahead: int = 0
    problem: str = ""


def routes(told: Callable[[], CacheCounts]) -> Mapping[str, Route]:
    """`/v1/cache`: what became of the questions."""

    def tell(_: Request) -> Reply:
        return Reply(200, msgspec.json.encode(told()))

    return {"/v1/cache": Route("metrics", {"GET": tell}, "observe")}


def _work(seen: Situation) -> tuple[str, str]:
    """What drafts made ahead rest on: another situation of the same terms and rows makes none of them anew."""
    return seen.terms, seen.rows.version if seen.rows else ""


class Tallied:
    """What every cache is beside its answers: a store that may fail, and a tally.

    Attributes:
        tally: what became of the questions so far.
    """

    def __init__(self, store: Store) -> None:
        """Keep in `store`."""
        self._store = store
        self.tally = CacheCounts()

    def told(self) -> CacheCounts:
        """What became of the questions so far."""
        return msgspec.structs.replace(self.tally, problem=self._store.problem)

    def run(self, go_on: Callable[[], bool], every: float = EVERY) -> None:
        """Make ahead while `go_on()`, every `every` seconds; nothing where nothing can be made ahead."""


class Cached(Tallied):
    """Answers from kept drafts; falls through to the model, and keeps what it says."""

    def __init__(self, predictor: Predictor, store: Store, ahead: Ahead, asked: Asked, product: Product) -> None:
        """Answer for `predictor` from `store`.

        Args:
            predictor: the one inference path.
            store: where drafts are kept.
            ahead: what is made ahead, and how long it may be used.
            asked: a moment and a key → the query about that key that works then.
            product: the application.
        """
        super().__init__(store)
        self._predictor = predictor
        self._twin = predictor.twin()
        self._slots = ahead.slots
        self._fresh = ahead.lasts(product.step)
        self._asked = asked
        self._product = product
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(_Kept).decode
        self._flights = Flights()
        self._filled: tuple[str, str] | None = None
        self._failed = ""

    def answer(self, query: Query) -> Answer:
        """The answer to one query; recorded before it is given.

        Raises:
            RequestError: the query names an unknown key or a moment far outside the rows.
        """
        basis = self._predictor.basis(query)
        draft: Draft | None = self._kept(basis, query) if basis else None
        if draft is None:
            draft = self._flights.fly(basis, lambda: self._made(basis, query))
        return self._predictor.give(query, draft)

    def step(self) -> int:
        """Make ahead what the situation has made new; how many drafts that were. Call it off the request path."""
        seen = self._predictor.situation
        rows, work = seen.rows, _work(seen)
        if rows is None or work == self._filled:
            return 0
        self._filled, self._failed = work, ""
        self._twin.see(seen)
        if not rows.keys or not self._store.claim(f"ahead:{seen.terms}:{rows.version}", CLAIMED):
            return 0
        return self._fill(slots(rows.tick, self._product.step, self._slots), rows.keys)

    def run(self, go_on: Callable[[], bool], every: float = EVERY) -> None:
        """Step every `every` seconds while `go_on()`; what fails is told as the problem, until the next rows."""
        while go_on():
            try:
                self.step()
            except Exception as error:  # the application's: the thread goes on, for it makes all later rows ahead
                self._failed = f"answers are not made ahead: {type(error).__name__}: {error}"
            time.sleep(every)

    def told(self) -> CacheCounts:
        """What became of the questions so far."""
        told = super().told()
        return msgspec.structs.replace(told, problem="; ".join(filter(None, (told.problem, self._failed))))

    def _fill(self, moments: Iterable[datetime], keys: Iterable[str]) -> int:
        count = 0
        for at in moments:
            for key in keys:
                if _work(self._predictor.situation) != self._filled:
                    return count
                try:
                    query = self._asked(at, key)
                    basis = self._twin.basis(query)
                    draft = self._twin.draft(query)
                except RequestError:  # beyond what can be asked about: nobody will
                    continue
                kept = self._keep(basis, query, draft)
                count += kept
                self.tally.ahead += kept
                # Requests wait for this thread no longer than one draft takes.
                time.sleep(0)
        return count

    def _kept(self, basis: str, query: Query) -> Decided | None:
        """The draft under a basis, if it is whole, of this basis, and its facts are young enough."""
        content = self._store.get(basis)
        if content is None:
            return None
        try:
            kept = self._decode(content)
        except (msgspec.MsgspecError, ValueError):
            self.tally.garbage += 1
            return None
        if kept.schema != SCHEMA or kept.basis != basis:
            self.tally.garbage += 1
            return None
        if kept.draft.as_of is None or query.at - kept.draft.as_of > self._fresh:
            self.tally.old += 1
            return None
        self.tally.found += 1
        return kept.draft

    def _made(self, basis: str, query: Query) -> Draft:
        draft = self._predictor.draft(query)
        self.tally.made += 1
        # The situation may have changed on the way: then the draft rests on something else than was asked for.
        if basis and self._predictor.basis(query) == basis:
            self._keep(basis, query, draft)
        return draft

    def _keep(self, basis: str, query: Query, draft: Draft) -> bool:
        """Keep a draft; not one that a failure shaped, for the next request may do better.

        That facts are stale is no failure: no request of this basis can do better.
        """
        if not isinstance(draft, Decided) or draft.as_of is None:
            return False
        stale = query.at - draft.as_of > self._product.stale_after
        if not stale and fell_back(draft.applied):
            return False
        content = self._encode(_Kept(SCHEMA, basis, draft))
        return self._store.put(basis, content, self._fresh.total_seconds())
