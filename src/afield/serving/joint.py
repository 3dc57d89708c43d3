"""Several look-ups decided in one pass: what `Predictor.answers` does with queries that need nothing special."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import perf_counter

import numpy as np

from afield.errors import RequestError
from afield.records.traffic import Decision, Mode, Query
from afield.serving.draft import Draft, decided, timed
from afield.serving.guarding import guarded
from afield.serving.inference import Outputs, Row
from afield.serving.product import Beside, Product
from afield.serving.scoring import Scoring
from afield.serving.situation import Situation

CANARY = "canary"
"""The stage in which two arms answer, and each answer says how long it took."""
Placed = tuple[int, Query, int, tuple[str, float, Mode]]
"""A query: its place among those asked, itself, its feature row, and its arm, the arm's probability and the mode."""


class Joint:
    """Features → infer → guards → decision for rows of one release, with array operations over all of them.

    Each draft equals what the path of a single query gives. Where a row needs more (a fallback, an override, a
    decision that fails), the queries go that path one by one.
    """

    def __init__(self, product: Product, beside: Beside, scoring: Scoring, answers: str, decisions: str) -> None:
        """Decide for `product`; `answers` and `decisions` name the lines of memory of single answers."""
        self._product, self._beside, self._scoring = product, beside, scoring
        self._answers, self._decisions = answers, decisions

    def drafts(
        self,
        seen: Situation,
        queries: Sequence[Query],
        moments: Sequence[datetime],
        arm_of: Callable[[Situation, Query], tuple[str, float]],
        single: Callable[[Situation, Query, datetime], Draft],
    ) -> list[Draft | Exception]:
        """The draft of each query, or what `single` raises for it.

        Args:
            seen: what the process knows.
            queries: what is asked.
            moments: when, for each.
            arm_of: gives the arm of a query and its probability.
            single: drafts one query by itself.
        """
        found: dict[int, Draft] = {}
        if len(queries) > 1 and self._product.from_input is None:
            alike = self._alike(seen, queries, moments, arm_of)
            for (arm, _), group in alike.items():
                if len(group) > 1:
                    digest = seen.control.challenger if arm == "challenger" else seen.control.champion
                    began = perf_counter()
                    made = self._decided(seen, group, digest) or {}
                    took = perf_counter() - began
                    # Each of them waited for the whole pass.
                    measured = seen.control.stage == CANARY
                    found.update({place: timed(draft, took) for place, draft in made.items()} if measured else made)
        drafts: list[Draft | Exception] = []
        for number, query in enumerate(queries):
            draft: Draft | Exception | None = found.get(number)
            if draft is None:
                try:
                    draft = single(seen, query, moments[number])
                except Exception as error:  # one query's failure is no other's
                    draft = error
            drafts.append(draft)
        return drafts

    def _alike(
        self,
        seen: Situation,
        queries: Sequence[Query],
        moments: Sequence[datetime],
        arm_of: Callable[[Situation, Query], tuple[str, float]],
    ) -> dict[tuple[str, tuple[str, ...]], list[Placed]]:
        """The queries that need nothing special, by their arm and by the names of the fields that they bring."""
        alike: dict[tuple[str, tuple[str, ...]], list[Placed]] = {}
        control, facts, step = seen.control, seen.rows, self._product.step
        if facts is None:
            return alike
        mode_of, in_force, overrides = self._beside.mode_of, self._beside.in_force, control.overrides
        latest, left_alone = facts.as_of + self._product.stale_after, self._beside.untouched
        for number, query in enumerate(queries):
            mode = mode_of(control, query.unit)
            if mode == "off" or query.at > latest or (overrides and in_force(overrides, query.unit, query.at)):
                continue
            if left_alone is not None and left_alone(query.unit, query.at):
                continue
            try:
                place = seen.place(query, control.now or moments[number], step)
            except RequestError:
                continue
            if place is not None:
                arm, assignment = arm_of(seen, query)
                same = alike.setdefault((arm, tuple(query.fields)), [])
                same.append((number, query, place, (arm, assignment, mode)))
        return alike

    def _decided(self, seen: Situation, group: Sequence[Placed], digest: str) -> dict[int, Draft] | None:
        """The drafts, by their places, of queries that bring the same fields and get one arm; None: one by one."""
        queries = [query for _, query, _, _ in group]
        places = [place for _, _, place, _ in group]
        keys = [query.key for query in queries]
        rows = seen.columns.pick(places)
        fields = tuple(queries[0].fields)
        if fields:
            rows = rows.beside(fields, np.array([list(query.fields.values()) for query in queries], np.float64))
        scored = self._scoring.together(seen, keys, rows, digest, memory=self._answers)
        if scored is None:
            return None
        outputs, acted = scored
        names = list(outputs)
        values = [dict(zip(names, row, strict=True)) for row in zip(*map(_floats, outputs.values()), strict=True)]
        decisions = self._decide(values, rows.each())
        if decisions is None:
            return None
        bounded = self._bounded(seen, keys, decisions, outputs, acted)
        if bounded is None:
            return None
        needed, bounds, grading = self._product.output, self._product.interval, self._product.grading
        drafts: dict[int, Draft] = {}
        for (number, query, _, standing), decision, names_of, known in zip(group, bounded, acted, values, strict=True):
            applied = tuple(dict.fromkeys(names_of))
            reason = f"{decision.reason} ({', '.join(applied)})" if applied else decision.reason
            interval = (known[bounds[0]], known[bounds[1]]) if bounds and known.keys() >= {*bounds} else None
            whole = Decision({needed: known[needed], **decision.output}, reason)
            if grading is not None:
                arm, assignment, in_force = standing
                standing = arm, assignment, grading({**known, **whole.output}, in_force)
                if standing[2] == "off":
                    continue
            drafts[number] = decided(seen, query.key, standing, whole, digest, applied, interval)
        return drafts

    def _decide(self, values: Sequence[Mapping[str, float]], rows: Sequence[Row]) -> list[Decision] | None:
        decide, finite = self._product.decide, math.isfinite
        decisions = []
        try:
            for known, row in zip(values, rows, strict=True):
                decision = decide(known, row)
                if not all(map(finite, decision.output.values())):
                    return None
                decisions.append(decision)
        except Exception:  # the application's own code; alone, each query is told what it raised
            return None
        return decisions

    def _bounded(
        self,
        seen: Situation,
        keys: Sequence[str],
        decisions: list[Decision],
        outputs: Outputs,
        acted: list[tuple[str, ...]],
    ) -> list[Decision] | None:
        """The decisions within the guards that are about them; those that acted are added to `acted`."""
        names = list(decisions[0].output)
        guards = [one for one in self._product.guards if one.output in names and one.output not in outputs]
        if not guards or seen.rows is None:
            return decisions
        if any(list(decision.output) != names for decision in decisions):
            return None
        past, tick = self._scoring.memory(self._decisions), seen.rows.tick
        columns = zip(*[decision.output.values() for decision in decisions], strict=True)
        values: Outputs = {name: np.array(column) for name, column in zip(names, columns, strict=True)}
        given, moved = guarded(guards, values, lambda name: past.last(keys, tick, name), len(keys))
        if not all(np.isfinite(column).all() for column in given.values()):
            return None
        past.remember(keys, tick, "", given, guards[0].output)
        if given is values:
            return decisions
        for place, names_of in enumerate(moved):
            if names_of:
                acted[place] = (*acted[place], *names_of)
        rows = zip(*map(_floats, given.values()), strict=True)
        return [
            Decision(dict(zip(given, row, strict=True)), decision.reason)
            for row, decision in zip(rows, decisions, strict=True)
        ]


def _floats(column: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
    floats: list[float] = column.tolist()
    return floats
