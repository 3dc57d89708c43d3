"""The one inference path: validate, override, features, infer, guards, mode, decision, record."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import perf_counter

from afield.errors import RequestError, ServingError
from afield.records.applied import BASELINE, NEUTRAL, OFF, UNTOUCHED, fallback
from afield.records.decision import ControlState
from afield.records.traffic import Answer, Event, EventBatch, Query
from afield.serving.basis import basis, speaker
from afield.serving.deciding import Deciding
from afield.serving.draft import Decided, Draft, decided, timed
from afield.serving.inference import all_finite
from afield.serving.joint import CANARY, Joint
from afield.serving.lookups import Lookups
from afield.serving.naming import Naming
from afield.serving.observing import observing
from afield.serving.product import Beside, Product
from afield.serving.scoring import Scored, Scoring, first
from afield.serving.situation import Situation

ANSWERS, DECISIONS = "answers", "decisions"


class Predictor:
    """Answers single queries, and forecasts every key at once; the same path for both.

    Attributes:
        lookups: outputs without decision and record.
    """

    def __init__(self, product: Product, beside: Beside, scoring: Scoring | None = None) -> None:
        """Answer for `product`; `see` gives it rows and releases. `scoring` goes on from another's earlier answers."""
        self._product = product
        self._beside = beside
        self._scoring = scoring or Scoring(product, beside.filled, breaker=beside.breaker)
        self._observing = observing(product, beside, self._scoring)
        self.lookups = Lookups(product, self._scoring, ANSWERS)
        self._joint = Joint(product, beside, self._scoring, ANSWERS, DECISIONS)
        self._deciding = Deciding(product, beside, self._scoring, ANSWERS, DECISIONS)
        self._naming = Naming(beside, product.level)
        self._situation = Situation(None, ControlState(version=0, champion=""))

    @property
    def situation(self) -> Situation:
        """What the next answer rests on."""
        return self._situation

    @property
    def problem(self) -> str:
        """Why the last answer needed a fallback; "" when it needed none."""
        return self._scoring.problem

    @property
    def breakers(self) -> Mapping[str, str]:
        """The state of the circuit breaker of each release that failed when it was last asked."""
        return self._beside.breaker.states() if self._beside.breaker is not None else {}

    def twin(self) -> "Predictor":
        """One that drafts ahead in another thread: the same path and earlier answers, a situation of its own."""
        return Predictor(self._product, self._beside, self._scoring.twin())

    def see(self, situation: Situation) -> None:
        """Answer from `situation` from now on; a request under way keeps the one that it began with."""
        self._scoring.look(situation)
        self._situation = situation

    def answer(self, query: Query) -> Answer:
        """The answer to one query; recorded before it is given.

        Raises:
            RequestError: the query names an unknown key or a moment far outside the rows.
        """
        seen = self._situation
        now = self._now(seen, query)
        return self._given(query, self._timed(seen, query, now), now)

    def answers(self, queries: Sequence[Query]) -> list[Answer | Exception]:
        """What `answer` gives or raises for each query; decided in one pass and recorded in one write where it can be.

        The queries count as asked at the same time: which of them comes first is left open.
        """
        seen = self._situation
        now = self._now(seen, queries[0]) if queries else datetime.min
        moments = [query.at for query in queries] if seen.control.now is not None else [now] * len(queries)
        drafts = self._joint.drafts(seen, queries, moments, self._arm, self._timed)
        given: list[Answer | Exception] = []
        events: list[Event] = []
        for query, draft, moment in zip(queries, drafts, moments, strict=True):
            if isinstance(draft, Decided):
                try:
                    event, answer = self._naming.named(query, draft, moment)
                except RequestError as error:
                    given.append(error)
                    continue
                events.append(event)
                given.append(answer)
            else:
                given.append(draft if isinstance(draft, Exception) else self._given(query, draft, moment))
        if self._beside.record_all is not None:
            self._beside.record_all(events)
        else:
            for event in events:
                self._beside.record(event)
        return given

    def basis(self, query: Query) -> str:
        """Names what the draft of a query rests on: queries of the same basis have the same draft; "" for none.

        Where requests bring their own input, the input itself is not in it.

        Raises:
            RequestError: the query names an unknown key or a moment far outside the rows.
        """
        seen, product = self._situation, self._product
        control = seen.control
        arm, _ = self._arm(seen, query)
        digest = control.challenger if arm == "challenger" else control.champion
        mode = self._beside.mode_of(control, query.unit)
        held = self._beside.in_force(control.overrides, query.unit, query.at) if control.overrides else ()
        if self._observing is not None:
            self._observing.admit(seen, query, self._now(seen, query))
            return speaker(seen, digest, mode, held)
        seen.place(query, control.now or self._now(seen, query), product.step)
        found = basis(seen, query, digest, mode, held, step=product.step, stale_after=product.stale_after)
        return f"{found}:{UNTOUCHED}" if found and self._untouched(query) else found

    def draft(self, query: Query) -> Draft:
        """Everything of the answer but its name and its age; nothing is recorded.

        Raises:
            RequestError: the query names an unknown key or a moment far outside the rows.
        """
        seen = self._situation
        return self._drafted(seen, query, self._now(seen, query))

    def give(self, query: Query, draft: Draft) -> Answer:
        """The answer that a draft, made for this query or for one that asks the same, comes to; recorded first."""
        return self._given(query, draft, self._now(self._situation, query))

    def forecast(self, arm: str, digest: str) -> EventBatch:
        """What `digest` says of every key at the tick of the rows; arm "baseline": the baseline column.

        Overrides and modes are not applied: a forecast is evidence about the release itself.

        Raises:
            ServingError: there are no feature rows yet.
        """
        seen, scoring = self._situation, self._scoring
        rows = seen.rows
        if rows is None:
            raise ServingError("no feature rows have been published yet; tick first")
        if arm == BASELINE:
            scored = Scored({self._product.output: scoring.baseline(seen.columns)}, BASELINE, ())
        else:
            scored = scoring.scored(seen, rows.keys, seen.columns, digest, memory=arm, at=rows.tick)
        scored = scoring.completed(scored, len(rows.keys))
        whole = {name: values for name, values in scored.outputs.items() if all_finite(values)}
        return EventBatch(
            id=f"{seen.tick}:{arm}:{scored.release}",
            units=rows.keys,
            arm=arm,
            release=scored.release,
            tick=rows.tick,
            inclusion=1.0,
            assignment=1.0,
            policy=self._beside.policy,
            rows=rows.version,
            output={name: tuple(values.tolist()) for name, values in whole.items()},
            at=rows.tick,
            applied=scored.applied,
            mode=seen.control.mode,
        )

    def _now(self, seen: Situation, query: Query) -> datetime:
        """Domain time; a service whose clock follows its events stands where its clients are."""
        return self._beside.clock() if seen.control.now is None else query.at

    def _timed(self, seen: Situation, query: Query, now: datetime) -> Draft:
        """The draft; in a canary with how long it took, by which the two arms are compared."""
        if seen.control.stage != CANARY:
            return self._drafted(seen, query, now)
        began = perf_counter()
        draft = self._drafted(seen, query, now)
        return timed(draft, perf_counter() - began)

    def _drafted(self, seen: Situation, query: Query, now: datetime) -> Draft:
        arm, assignment = self._arm(seen, query)
        mode = self._beside.mode_of(seen.control, query.unit)
        if self._observing is not None:
            return self._observing.draft(seen, query, now, arm, assignment, mode)
        place = seen.place(query, seen.control.now or now, self._product.step)
        if mode == "off":
            decision, scored = self._deciding.unsaid(seen, query, OFF)
        elif self._untouched(query):
            mode = "off"
            decision, scored = self._deciding.unsaid(seen, query, UNTOUCHED)
        elif place is None:
            decision, scored = self._deciding.unsaid(seen, query, fallback(NEUTRAL))
        else:
            decision, scored = self._deciding.decided(seen, query, place, arm)
            if self._product.grading is not None:
                mode = self._product.grading({**first(scored.outputs), **decision.output}, mode)
                if mode == "off":
                    decision, scored = self._deciding.unsaid(seen, query, OFF)
        interval = self._deciding.interval(scored)
        return decided(seen, query.key, (arm, assignment, mode), decision, scored.release, scored.applied, interval)

    def _given(self, query: Query, draft: Draft, now: datetime) -> Answer:
        if isinstance(draft, Decided):
            return self._recorded(query, draft, now)
        if self._observing is None:
            raise ServingError("this application looks its features up; the draft is of one that observes")
        return self._observing.give(query, draft, now)

    def _untouched(self, query: Query) -> bool:
        left_alone = self._beside.untouched
        return left_alone is not None and left_alone(query.unit, query.at)

    def _arm(self, seen: Situation, query: Query) -> tuple[str, float]:
        control = seen.control
        if control.stage != CANARY or control.challenger not in seen.releases:
            return "champion", 1.0
        treated, probability = self._beside.assign(
            query.unit, query.at, share=control.canary_share, block=control.canary_block, salt=control.salt
        )
        return "challenger" if treated else "champion", probability

    def _recorded(self, query: Query, draft: Decided, now: datetime) -> Answer:
        event, answer = self._naming.named(query, draft, now)
        self._beside.record(event)
        return answer
