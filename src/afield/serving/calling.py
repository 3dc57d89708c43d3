"""A release called for its outputs: left alone while its breaker is open, which is told how each call went."""

from time import perf_counter

import numpy as np

from afield.errors import InferenceError
from afield.serving.inference import Outputs, Rows, all_finite
from afield.serving.product import Breaks, Product
from afield.serving.situation import Situation


class Calling:
    """Every call of a model on behalf of the service goes through here."""

    def __init__(self, product: Product, breaker: Breaks | None) -> None:
        """Call for `product`; without a `breaker` a release is asked each time."""
        self._product, self._breaker = product, breaker

    def admitted(self, digest: str) -> float:
        """The moment at which a call begins, for whoever may call the release now and says `answered` or `failed`.

        Raises:
            InferenceError: it keeps failing, or somebody else tries it.
        """
        if self._breaker is not None and not self._breaker.admits(digest):
            raise InferenceError(f"release {digest[:12]} keeps failing and is not asked for a while")
        return perf_counter()

    def answered(self, digest: str, began: float) -> None:
        """A call that began then is over, and the release has answered."""
        if self._breaker is not None:
            self._breaker.answered(digest, perf_counter() - began)

    def failed(self, digest: str) -> None:
        """A call is over, and the release has failed."""
        if self._breaker is not None:
            self._breaker.failed(digest)

    def troubled(self, digest: str) -> bool:
        """Whether the release is left alone, or tried again, for its failures."""
        return self._breaker is not None and self._breaker.states().get(digest, "closed") != "closed"

    def asked(self, seen: Situation, digest: str, rows: Rows, began: float | None = None) -> Outputs:
        """What the release says of `rows`, as `inferred`; `began` is of a call that was admitted before.

        Raises:
            InferenceError: as `inferred` and `admitted`.
        """
        if began is None:
            began = self.admitted(digest)
        try:
            outputs = self.inferred(seen, digest, rows)
        except InferenceError:
            if digest in seen.releases:
                self.failed(digest)
            raise
        self.answered(digest, began)
        return outputs

    def inferred(self, seen: Situation, digest: str, rows: Rows) -> Outputs:
        """What the release `digest` itself says of `rows`; infinities become NaN. The breaker has no part in it.

        Raises:
            InferenceError: it is not loaded, it failed, or its outputs do not fit the rows.
        """
        release = seen.releases.get(digest)
        if release is None:
            raise InferenceError(f"release {digest[:12] or '(none)'} is not loaded")
        try:
            given = self._product.infer(rows, release.parts)
        except Exception as error:  # a model or the application's own code: whatever it raises is its failure
            raise InferenceError(f"release {digest[:12]} failed: {type(error).__name__}: {error}") from error
        wrong = [name for name, values in given.items() if values.shape != (rows.count,)]
        if wrong or self._product.output not in given:
            raise InferenceError(f"release {digest[:12]} gives {sorted(given)} of the wrong names or shapes")
        if all(map(all_finite, given.values())):
            return given
        return {name: np.where(np.isfinite(values), values, np.nan) for name, values in given.items()}
