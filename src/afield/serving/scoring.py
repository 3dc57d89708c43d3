"""Infer → guards → fallbacks: outputs for some rows, whoever can give them, and who did."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from afield.errors import InferenceError, ReleaseError
from afield.records.applied import BASELINE, CACHED, LAST_GOOD, NEUTRAL, OPEN, STATIC, fallback
from afield.serving.calling import Calling
from afield.serving.fleet import Fleet
from afield.serving.guarding import guarded, steps
from afield.serving.inference import Outputs, Rows, all_finite
from afield.serving.memory import Memory
from afield.serving.product import Breaks, Filled, Last, Product, Source
from afield.serving.situation import REACH, Situation

NOBODY = "none"


def unfed(as_of: datetime) -> str:
    """That facts are missing, for people."""
    return f"no facts since {as_of:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Scored:
    """Outputs on their way to a decision.

    Attributes:
        outputs: name → values of shape `(n,)`; NaN where nobody knew.
        release: digest of the release that answered, "baseline", or "none".
        applied: guards and fallbacks that acted, in order.
    """

    outputs: Outputs
    release: str
    applied: tuple[str, ...]


class Scoring:
    """The part of the path that is the same for one row and for all.

    Attributes:
        calling: asks the releases.
        problem: why a fallback was last needed; "" once the release itself answers again.
    """

    def __init__(
        self,
        product: Product,
        filled: Filled,
        memories: dict[str, Memory] | None = None,
        breaker: Breaks | None = None,
        fleet: Fleet | None = None,
    ) -> None:
        """Score for `product`; `filled` is the fallback chain, `memories` the earlier answers by their line."""
        self._breaker, self.calling = breaker, Calling(product, breaker)
        self._fleet = fleet or (Fleet(product) if product.fleet else None)
        self._product = product
        self._filled = filled
        self._memories = {} if memories is None else memories
        self.problem = ""

    def scored(
        self, seen: Situation, keys: Sequence[str], rows: Rows, digest: str, *, memory: str, at: datetime
    ) -> Scored:
        """What `digest` says of `rows` (one a key), else its stand-ins.

        Args:
            seen: what the process knows.
            keys: of the rows, in order.
            rows: the features.
            digest: the release that is asked.
            memory: which line of earlier answers to go on from.
            at: the moment asked about.
        """
        facts = seen.rows
        if facts is None:
            return Scored({}, NOBODY, ())
        needed, applied = self._product.output, list[str]()
        past = self.memory(memory)
        stale = at - facts.as_of > self._product.stale_after
        self.problem = f"facts are stale: known up to {facts.as_of}, asked for {at}" if stale else ""

        def asked(release: str) -> Outputs | None:
            """What a release says, guarded; None where it fails or has nothing new to go by."""
            outputs = None if stale else self._tried(seen, release, rows, applied)
            if outputs is None:
                return None
            bounded = self._guarded(outputs, lambda name: past.last(keys, facts.tick, name), applied)
            return self._held(release, bounded, applied)

        spare = seen.control.last_good
        primary = asked(digest)
        if primary is not None:
            past.remember(keys, facts.tick, digest, primary, needed)
        chain: tuple[Source, ...] = (
            (LAST_GOOD, lambda: asked(spare) if spare and spare != digest else None),
            (CACHED, lambda: None if stale else past.cached(keys, facts.tick)),
            (STATIC, lambda: self._tabled(seen, digest, keys, at)),
            (BASELINE, lambda: {needed: self.baseline(rows)} if at - facts.as_of <= REACH else None),
        )
        outputs, used = self._filled(primary, needed, chain)
        givers = {"": digest, LAST_GOOD: spare, CACHED: past.giver(keys[0]), STATIC: digest, BASELINE: BASELINE}
        release = givers[used[-1].partition(":")[2] if used and len(keys) == 1 else ""]
        return Scored(outputs, release, (*dict.fromkeys(applied), *used))

    def together(
        self, seen: Situation, keys: Sequence[str], rows: Rows, digest: str, *, memory: str
    ) -> tuple[Outputs, list[tuple[str, ...]]] | None:
        """What `digest` says of `rows` about fresh facts, and the guards that acted on each row.

        None where any row needs more than that: whoever asks then scores them one by one.
        """
        facts = seen.rows
        if facts is None or (self._fleet is not None and self._fleet.exceeded.get(digest)):
            return None
        try:
            outputs = self.calling.asked(seen, digest, rows)
        except InferenceError:
            return None
        past = self.memory(memory)
        given, acted = guarded(
            self._product.guards, outputs, lambda name: past.last(keys, facts.tick, name), rows.count
        )
        if not all(map(all_finite, given.values())):
            return None
        past.remember(keys, facts.tick, digest, given, self._product.output)
        self.problem = ""
        return given, acted

    def observed(self, seen: Situation, rows: Rows, digest: str, began: float) -> Scored:
        """What `digest` says of rows that a request brought, else its stand-ins; nothing is remembered of them.

        The call of the release was admitted at `began`, with which the rows were found.
        """
        self.problem = ""
        needed, applied = self._product.output, list[str]()

        def asked(release: str, began: float | None = None) -> Outputs | None:
            outputs = self._tried(seen, release, rows, applied, began)
            return None if outputs is None else self._guarded(outputs, lambda _: np.full(rows.count, np.nan), applied)

        spare = seen.control.last_good
        chain: tuple[Source, ...] = (
            (LAST_GOOD, lambda: asked(spare) if spare and spare != digest else None),
            (BASELINE, lambda: {needed: self.baseline(rows)}),
        )
        outputs, used = self._filled(asked(digest, began), needed, chain)
        givers = {"": digest, LAST_GOOD: spare, BASELINE: BASELINE}
        release = givers[used[-1].partition(":")[2] if used else ""]
        return self.completed(Scored(outputs, release, (*dict.fromkeys(applied), *used)), rows.count)

    def look(self, seen: Situation) -> None:
        """Judge what the releases of `seen` say of every row together, where the product bounds that."""
        if self._fleet is not None:
            self._fleet.look(seen, self.calling.asked)

    def baseline(self, rows: Rows) -> NDArray[np.float64]:
        """The baseline column of `rows`; NaN where there is no such column."""
        name = self._product.baseline
        return rows[name] if name in rows else np.full(rows.count, np.nan)

    def completed(self, scored: Scored, count: int) -> Scored:
        """`scored`, of `count` rows, with the neutral answer's value in rows that nobody knew."""
        needed = self._product.output
        values = scored.outputs.get(needed, np.full(count, np.nan))
        missing = ~np.isfinite(values)
        if not missing.any():
            return scored
        neutral = self._product.neutral.get(needed, 0.0)
        outputs = {**scored.outputs, needed: np.where(missing, neutral, values)}
        return Scored(outputs, scored.release, (*scored.applied, fallback(NEUTRAL)))

    def twin(self) -> "Scoring":
        """Another that shares the earlier answers, and has problems of its own."""
        return Scoring(self._product, self._filled, self._memories, self._breaker, self._fleet)

    def memory(self, name: str) -> Memory:
        """One line of earlier answers."""
        memory = self._memories.get(name)
        if memory is None:
            memory = self._memories[name] = Memory(self._product.stale_after + self._product.step)
        return memory

    def _tabled(self, seen: Situation, digest: str, keys: Sequence[str], at: datetime) -> Outputs | None:
        """What was compiled of a release for when there are no facts; None where nothing was."""
        release = seen.releases.get(digest)
        if release is None or release.table is None:
            return None
        try:
            return release.table(tuple(keys), at)
        except ReleaseError as error:
            self._note(str(error))
            return None

    def _tried(
        self, seen: Situation, digest: str, rows: Rows, applied: list[str], began: float | None = None
    ) -> Outputs | None:
        """What the release says; None where it fails or is left alone."""
        try:
            outputs = self.calling.asked(seen, digest, rows, began)
        except InferenceError as error:
            self._note(str(error))
            if self.calling.troubled(digest):
                applied.append(OPEN)
            return None
        if not all_finite(outputs[self._product.output]):
            self._note(f"release {digest[:12]} gives values that are not finite")
        return outputs

    def _note(self, problem: str) -> None:
        """Keep what went wrong first; what a stand-in lacks matters less."""
        self.problem = self.problem or problem

    def _guarded(self, outputs: Outputs, last: Last, applied: list[str]) -> Outputs:
        for guard, _, after in steps(self._product.guards, outputs, last):
            applied.append(guard.name)
            if not all_finite(after[self._product.output]):
                self._note(f"{guard.name} does not believe the model")
            outputs = after
        return outputs

    def _held(self, digest: str, outputs: Outputs, applied: list[str]) -> Outputs:
        """The outputs without those about which the whole fleet moved too far."""
        if self._fleet is None:
            return outputs
        for guard in self._fleet.exceeded.get(digest, ()):
            applied.append(guard.name)
            self._note(f"{guard.name} does not believe the model: all units moved at once")
            outputs = {**outputs, guard.output: np.full_like(outputs[guard.output], np.nan)}
        return outputs


def first(outputs: Outputs) -> dict[str, float]:
    """The first row of the outputs that are known."""
    values = {name: float(column[0]) for name, column in outputs.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}
