"""Outputs without decision and record: of keys that are looked up, and of features that a caller brings."""

from collections.abc import Sequence
from itertools import chain

from afield.errors import InferenceError, RequestError, ServingError
from afield.serving.inference import Outputs, Rows, all_finite, parted
from afield.serving.product import Product
from afield.serving.scoring import Scored, Scoring
from afield.serving.situation import Situation


class Lookups:
    """The part of the path that ends before the decision, for whoever asks for outputs alone."""

    def __init__(self, product: Product, scoring: Scoring, memory: str) -> None:
        """Look up with `scoring`; `memory` names its line of single answers."""
        self._product, self._scoring, self._memory = product, scoring, memory

    def keys(self, seen: Situation, keys: Sequence[str]) -> Scored:
        """The champion's outputs for `keys`, guarded and with fallbacks.

        Raises:
            RequestError: a key has no feature row, or none is given.
            ServingError: there are no feature rows yet.
        """
        if seen.rows is None:
            raise ServingError("no feature rows have been published yet")
        unknown = [key for key in keys if key not in seen.places]
        if unknown or not keys:
            raise RequestError(f"nothing is known of {unknown[:1]}; ask for keys of the feature rows", "keys")
        rows = seen.columns.pick([seen.places[key] for key in keys])
        champion = seen.control.champion
        scored = self._scoring.scored(seen, keys, rows, champion, memory=self._memory, at=seen.rows.tick)
        return self._scoring.completed(scored, len(keys))

    def keys_together(self, seen: Situation, asked: Sequence[Sequence[str]]) -> list[Scored] | None:
        """What `keys` gives for each of `asked`, by one pass of the model.

        None where a key is unknown or any of them needs a fallback: whoever asks then takes them one by one.
        """
        facts, keys = seen.rows, list(chain.from_iterable(asked))
        if facts is None or facts.tick - facts.as_of > self._product.stale_after:
            return None
        if not all(map(len, asked)) or not seen.places.keys() >= set(keys):
            return None
        rows = seen.columns.pick([seen.places[key] for key in keys])
        champion = seen.control.champion
        found = self._scoring.together(seen, keys, rows, champion, memory=self._memory)
        if found is None:
            return None
        outputs, acted = iter(parted(found[0], list(map(len, asked)))), iter(found[1])
        names = [guard.name for guard in self._product.guards]
        scored = []
        for each in asked:
            moved = {name for _ in each for name in next(acted)}
            scored.append(Scored(next(outputs), champion, tuple(name for name in names if name in moved)))
        return scored

    def features(self, seen: Situation, digest: str, rows: Rows) -> Outputs:
        """What the release `digest` says of features that the caller brings: no guards, no fallback.

        The breaker is not told: what fails here may be the caller's numbers, and must not close the release to others.

        Raises:
            InferenceError: the release is not loaded, fails, or gives something that is not finite.
        """
        outputs = self._scoring.calling.inferred(seen, digest, rows)
        if not all(map(all_finite, outputs.values())):
            raise InferenceError(f"release {digest[:12]} gives values that are not finite for these inputs")
        return outputs
