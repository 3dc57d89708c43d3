"""Answers to requests that bring their own input: features are found in it, not looked up."""

import math
from dataclasses import replace
from datetime import datetime

import msgspec
import numpy as np

from afield.errors import ContradictionError, InferenceError, RequestError
from afield.records.applied import LAST_GOOD, NEUTRAL, OFF, OPEN, fallback
from afield.records.decision import Override
from afield.records.traffic import Answer, Event, Mode, Query
from afield.serving.draft import Observed
from afield.serving.ingestion import FARTHEST
from afield.serving.product import Beside, Conclusion, FromInput, Observation, Product
from afield.serving.releases import Release
from afield.serving.scoring import NOBODY, Scored, Scoring
from afield.serving.situation import Situation


class Observing:
    """Observe → infer → guards, then conclusion → record, for one request; the `Predictor` hands it over."""

    def __init__(self, product: Product, beside: Beside, scoring: Scoring, from_input: FromInput) -> None:
        """Answer for `product`, which decides so."""
        self._product = product
        self._beside = beside
        self._scoring = scoring
        self._observe, self._conclude = from_input.observe, from_input.conclude

    def admit(self, seen: Situation, query: Query, now: datetime) -> None:
        """Refuse what would be kept as history of a moment far away: no training would come back from there.

        Raises:
            RequestError: the request is of a moment far from the service's.
        """
        here = seen.rows.tick if seen.rows and seen.control.now else now
        if not here - 10 * FARTHEST <= query.at <= here + FARTHEST:
            raise ContradictionError(f"{query.at} is far from {here}, where the service stands", "at")

    def draft(self, seen: Situation, query: Query, now: datetime, arm: str, assignment: float, mode: Mode) -> Observed:
        """What is found in the request and what is said of it; nothing is concluded and nothing recorded.

        Raises:
            RequestError: the request holds nothing that can be looked at, or is of a moment far from the service's.
        """
        self.admit(seen, query, now)
        digest = seen.control.challenger if arm == "challenger" else seen.control.champion
        held = self._beside.in_force(seen.control.overrides, query.unit, query.at)
        found, scored = self._found(seen, query, digest, held)
        return Observed(arm, assignment, mode, scored.release, scored.applied, found, scored.outputs, held)

    def give(self, query: Query, draft: Observed, now: datetime) -> Answer:
        """The answer; recorded before it is given."""
        identity = self._beside.identify()
        concluded, release, applied = self._concluded(identity, query, draft)
        self._beside.record(
            Event(
                id=identity,
                unit=query.unit,
                arm=draft.arm,
                release=release,
                tick=query.at - (query.at - datetime.min) % self._product.step,
                inclusion=1.0,
                assignment=draft.assignment,
                policy=self._beside.policy,
                rows="",
                output=concluded.output,
                at=now,
                applied=applied,
                mode=draft.mode,
                took=draft.took,
            )
        )
        # A fact is known when it was answered, whatever moment the client speaks of.
        self._beside.keep(tuple(msgspec.structs.replace(fact, known_at=max(now, fact.at)) for fact in concluded.facts))
        return Answer(
            id=identity,
            forecast="",
            release=release,
            mode=draft.mode,
            applied=applied,
            output=concluded.output,
            interval=None,
            level=self._product.level,
            facts_age=None,
            reason=concluded.reason,
            content=concluded.content,
        )

    def _concluded(self, identity: str, query: Query, draft: Observed) -> tuple[Conclusion, str, tuple[str, ...]]:
        """What is answered, who gave it and what acted; the neutral answer where there is nothing to conclude about."""
        if draft.found is not None:
            try:
                concluded = self._conclude(identity, query, draft.found, draft.outputs, draft.mode)
                output, acted = self._beside.overridden(concluded.output, draft.held)
            except Exception as error:  # the application's own code: whatever it raises, the neutral answer stands in
                self._scoring.problem = f"the conclusion failed: {type(error).__name__}: {error}"
            else:
                concluded, worded = self._worded(concluded)
                off = draft.mode == "off"
                applied = (OFF,) if off else tuple(dict.fromkeys((*draft.applied, *worded, *acted)))
                return replace(concluded, output=output), draft.release, applied
        neutral = Conclusion((), dict(self._product.neutral), "nothing can be said at the moment")
        skipped = (OPEN,) if OPEN in draft.applied else ()
        return neutral, NOBODY, (*skipped, fallback(NEUTRAL))

    def _worded(self, concluded: Conclusion) -> tuple[Conclusion, tuple[str, ...]]:
        """The conclusion with its lines as they may be told, and the names of the guards that acted on any."""
        worded: list[str] = []
        content = concluded.content
        for guard in self._product.texts:
            bounded = tuple(map(guard, content))
            if any(new is not old for new, old in zip(bounded, content, strict=True)):
                worded.append(guard.name)
                content = tuple(map(dict, bounded))
        return (replace(concluded, content=content) if worded else concluded), tuple(worded)

    def _found(
        self, seen: Situation, query: Query, digest: str, held: tuple[Override, ...]
    ) -> tuple[Observation | None, Scored]:
        """What is found in the request and said of it, by the release or by the last good one; None by nobody."""
        calling, skipped = self._scoring.calling, tuple[str, ...]()
        for name in dict.fromkeys((digest, seen.control.last_good)):
            release = seen.releases.get(name)
            if release is None:
                continue
            try:
                began = calling.admitted(name)
            except InferenceError as error:
                self._scoring.problem, skipped = str(error), (OPEN,)
                continue
            observed = self._observed(seen, query, release)
            if observed is None:
                continue
            scored = self._set(self._scored(seen, observed, name, began), held)
            if name != digest:
                scored = Scored(scored.outputs, scored.release, (*skipped, fallback(LAST_GOOD), *scored.applied))
            return observed, scored
        return None, Scored({}, NOBODY, skipped)

    def _set(self, scored: Scored, held: tuple[Override, ...]) -> Scored:
        """The outputs with what people set by hand, the same for everything found."""
        values, acted = self._beside.overridden(dict.fromkeys(scored.outputs, math.nan), held)
        outputs = {
            name: column if math.isnan(values[name]) else np.full_like(column, values[name])
            for name, column in scored.outputs.items()
        }
        return Scored(outputs, scored.release, (*scored.applied, *acted))

    def _scored(self, seen: Situation, observed: Observation, digest: str, began: float) -> Scored:
        """What is said of everything found, by a call that `began` with finding it; where nothing is, it is over."""
        if not observed.found:
            self._scoring.calling.answered(digest, began)
            return Scored({self._product.output: np.empty(0)}, digest, ())
        return self._scoring.observed(seen, observed.rows, digest, began)

    def _observed(self, seen: Situation, query: Query, release: Release) -> Observation | None:
        """What is found in the request with the parts of a release, within its slices' modes; None where they fail."""
        try:
            observed = self._observe(query.request, release)
            return replace(observed, found=self._beside.bound(seen.control, observed.found))
        except RequestError:
            raise
        except Exception as error:  # a model or the application's own code: whatever it raises is its failure
            self._scoring.problem = f"release {release.digest[:12]} failed: {type(error).__name__}: {error}"
            self._scoring.calling.failed(release.digest)
            return None


def observing(product: Product, beside: Beside, scoring: Scoring) -> Observing | None:
    """The path of requests that bring their own input; None where the product looks its features up."""
    found = product.from_input
    return None if found is None else Observing(product, beside, scoring, found)
