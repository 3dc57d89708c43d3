"""The cached design where requests bring their own input: what was seen at a place before is known again."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
import numpy as np

from afield.records.applied import KNOWN, fell_back
from afield.records.decision import Override
from afield.records.traffic import Answer, Mode, Query
from afield.serving.cached import Tallied
from afield.serving.designs import CELL_HOLDS, Ahead, Recall
from afield.serving.draft import Draft, Observed
from afield.serving.flights import Flights
from afield.serving.inference import Outputs
from afield.serving.kept import Store
from afield.serving.predictor import Predictor

SCHEMA = 1
DAY = timedelta(days=1)


class _Known(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What was seen once."""

    seen_at: datetime
    print: bytes
    arm: str
    assignment: float
    mode: Mode
    release: str
    applied: tuple[str, ...]
    found: bytes
    outputs: dict[str, tuple[float, ...]]
    held: tuple[Override, ...]


class _Cell(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Everything that is known at one place."""

    schema: int
    basis: str
    known: tuple[_Known, ...]


class Recalled(Tallied):
    """Answers from what was seen at the same place; what is not known again is looked at, and kept."""

    def __init__(self, predictor: Predictor, store: Store, ahead: Ahead) -> None:
        """Answer for `predictor` from `store`; without a `recall` of the application everything is looked at."""
        super().__init__(store)
        self._predictor = predictor
        self._fresh = ahead.fresh or DAY
        self._recall = ahead.recall
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(_Cell).decode
        self._flights = Flights()

    def answer(self, query: Query) -> Answer:
        """The answer to one query; recorded before it is given.

        Raises:
            RequestError: the request holds nothing that can be looked at, or is of a moment far from the service's.
        """
        recall = self._recall
        cell = recall.cell(query) if recall else ""
        if recall is None or not cell:
            return self._predictor.give(query, self._seen(query))
        name, asked = f"{self._predictor.basis(query)}:{cell}", recall.print(query)
        draft: Draft | None = next(self._known(recall, name, asked, query.at), None)
        if draft is None:
            draft = self._flights.fly(f"{name}:{asked.hex()}", lambda: self._kept(recall, name, asked, query))
        else:
            self.tally.found += 1
        return self._predictor.give(query, draft)

    def _seen(self, query: Query) -> Draft:
        self.tally.made += 1
        return self._predictor.draft(query)

    def _kept(self, recall: Recall, name: str, asked: bytes, query: Query) -> Draft:
        draft = self._seen(query)
        if not isinstance(draft, Observed) or draft.found is None or not draft.found.found:
            return draft
        if fell_back(draft.applied):
            return draft
        if not name.startswith(f"{self._predictor.basis(query)}:"):
            return draft
        written = recall.write(draft.found, asked)
        if not written:
            return draft
        known = _Known(
            query.at,
            asked,
            draft.arm,
            draft.assignment,
            draft.mode,
            draft.release,
            draft.applied,
            written,
            {output: tuple(values.tolist()) for output, values in draft.outputs.items()},
            draft.held,
        )
        before = self._cell(name)[-CELL_HOLDS + 1 :]
        self._store.put(name, self._encode(_Cell(SCHEMA, name, (*before, known))), self._fresh.total_seconds())
        return draft

    def _known(self, recall: Recall, name: str, asked: bytes, at: datetime) -> Iterator[Observed]:
        """What is known under a name and shows the same, the newest first."""
        for known in reversed(self._cell(name)):
            if not -self._fresh <= at - known.seen_at <= self._fresh:
                self.tally.old += 1
                continue
            if not recall.same(known.print, asked):
                continue
            try:
                found = recall.read(known.found)
            except ValueError:
                self.tally.garbage += 1
                continue
            outputs: Outputs = {output: np.array(values, np.float64) for output, values in known.outputs.items()}
            applied = (KNOWN, *known.applied)
            yield Observed(known.arm, known.assignment, known.mode, known.release, applied, found, outputs, known.held)

    def _cell(self, name: str) -> tuple[_Known, ...]:
        content = self._store.get(name)
        if content is None:
            return ()
        try:
            cell = self._decode(content)
        except (msgspec.MsgspecError, ValueError):
            self.tally.garbage += 1
            return ()
        if cell.schema != SCHEMA or cell.basis != name:
            self.tally.garbage += 1
            return ()
        return cell.known
