"""Override, infer, guards and decision for one row; and the neutral answer where no model speaks."""

import math
from collections.abc import Mapping

import numpy as np

from afield.records.applied import NEUTRAL, fallback
from afield.records.traffic import Decision, Query
from afield.serving.inference import Outputs
from afield.serving.product import Beside, Product
from afield.serving.scoring import NOBODY, Scored, Scoring, first, unfed
from afield.serving.situation import Situation


class Deciding:
    """Decides about one row that was looked up; the `Predictor` hands it over."""

    def __init__(self, product: Product, beside: Beside, scoring: Scoring, answers: str, decisions: str) -> None:
        """Decide for `product`; `answers` and `decisions` name the lines of memory of single answers."""
        self._product, self._beside, self._scoring = product, beside, scoring
        self._answers, self._decisions = answers, decisions

    def decided(self, seen: Situation, query: Query, place: int, arm: str) -> tuple[Decision, Scored]:
        """Override → features → infer → guards → decision for one row."""
        control, needed = seen.control, self._product.output
        digest = control.challenger if arm == "challenger" else control.champion
        rows = seen.columns.take(place).joined(query.fields)
        scored = self._scoring.scored(seen, (query.key,), rows, digest, memory=self._answers, at=query.at)
        held = self._beside.in_force(control.overrides, query.unit, query.at) if control.overrides else ()
        values, set_before = self._beside.overridden({needed: math.nan, **first(scored.outputs)}, held)
        decision = self._decision(values, rows.first())
        applied, release = scored.applied, scored.release
        if decision is None:
            applied, release, decision = (*applied, fallback(NEUTRAL)), NOBODY, self._neutral()
        else:
            decision, bounded = self._bounded(seen, query.key, decision, scored.outputs)
            decision = Decision({needed: values[needed], **decision.output}, decision.reason)
            applied = (*applied, *bounded)
        output, set_after = self._beside.overridden(decision.output, held)
        applied = tuple(dict.fromkeys((*applied, *set_before, *set_after)))
        told = (*applied, *self._unfed(seen, query))
        reason = f"{decision.reason} ({', '.join(told)})" if told else decision.reason
        return Decision(output, reason), Scored(scored.outputs, release, applied)

    def unsaid(self, seen: Situation, query: Query, why: str) -> tuple[Decision, Scored]:
        """The neutral answer where no model speaks, with what people set by hand."""
        decision, control = self._neutral(), seen.control
        held = self._beside.in_force(control.overrides, query.unit, query.at) if control.overrides else ()
        output, acted = self._beside.overridden(decision.output, held)
        return Decision(output, decision.reason), Scored({}, NOBODY, (why, *acted))

    def interval(self, scored: Scored) -> tuple[float, float] | None:
        """The predictive interval of a release that spoke and gave both of its bounds; else None."""
        names = self._product.interval
        if names is None or scored.release == NOBODY:
            return None
        known = first({name: scored.outputs[name] for name in names if name in scored.outputs})
        return (known[names[0]], known[names[1]]) if len(known) == 2 else None

    def _unfed(self, seen: Situation, query: Query) -> tuple[str, ...]:
        """That facts are missing, where the model is not asked for that."""
        stale = seen.rows is not None and query.at - seen.rows.as_of > self._product.stale_after
        return (unfed(seen.rows.as_of),) if seen.rows is not None and stale else ()

    def _decision(self, values: Mapping[str, float], row: Mapping[str, float]) -> Decision | None:
        """The application's decision; None where there is nothing to decide on, or it fails."""
        if not math.isfinite(values[self._product.output]):
            return None
        try:
            decision = self._product.decide(values, row)
        except Exception as error:  # the application's own code: whatever it raises, the neutral answer stands in
            self._scoring.problem = f"the decision failed: {type(error).__name__}: {error}"
            return None
        if not all(math.isfinite(value) for value in decision.output.values()):
            self._scoring.problem = f"the decision gave {decision.output}"
            return None
        return decision

    def _neutral(self) -> Decision:
        return Decision(dict(self._product.neutral), "the model has no say in this answer")

    def _bounded(
        self, seen: Situation, key: str, decision: Decision, outputs: Outputs
    ) -> tuple[Decision, tuple[str, ...]]:
        """The decision within the guards that are about it, and the names of those that acted."""
        guards = [one for one in self._product.guards if one.output in decision.output and one.output not in outputs]
        if not guards or seen.rows is None:
            return decision, ()
        past, tick = self._scoring.memory(self._decisions), seen.rows.tick
        values: Outputs = {name: np.array([value]) for name, value in decision.output.items()}
        acted = []
        for guard in guards:
            bounded = guard(values, lambda name: past.last((key,), tick, name))
            if bounded is not values:
                acted.append(guard.name)
                values = bounded
        past.remember((key,), tick, "", values, guards[0].output)
        return Decision(first(values), decision.reason), tuple(acted)
