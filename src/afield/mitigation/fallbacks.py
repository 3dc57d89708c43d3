"""The chain that answers when the model does not: each source fills what is still missing."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from afield.records.applied import fallback

Outputs = Mapping[str, NDArray[np.float64]]
Source = tuple[str, Callable[[], Outputs | None]]


def answered(outputs: Outputs | None, needed: str, chain: Iterable[Source]) -> tuple[Outputs, tuple[str, ...]]:
    """The outputs with every gap filled by the first source of `chain` that knows, and the sources used.

    Args:
        outputs: name → `(n,)`; a row is missing where `needed` is not finite; None: all are.
        needed: the output that an answer cannot do without.
        chain: name and function of each source, best first; a source gives None, or NaN in the
            rows, where it does not know. It is asked only while rows are missing.

    Returns:
        The outputs (rows that nobody knew stay NaN; outputs that a source does not give are NaN in
        its rows) and `fallback:NAME` of each source that filled a row, in order.
    """
    used: list[str] = []
    result = outputs
    for name, source in chain:
        missing = _missing(result, needed)
        if missing is not None and not missing.any():
            break
        offered = source()
        if offered is None or needed not in offered:
            continue
        known = np.isfinite(offered[needed])
        taken = known if missing is None else known & missing
        if not taken.any():
            continue
        result = offered if missing is None else _merged(result or {}, offered, taken)
        used.append(fallback(name))
    return result or {}, tuple(used)


def _missing(outputs: Outputs | None, needed: str) -> NDArray[np.bool_] | None:
    if outputs is None or needed not in outputs:
        return None
    return ~np.isfinite(outputs[needed])


def _merged(outputs: Outputs, offered: Outputs, taken: NDArray[np.bool_]) -> Outputs:
    nothing = np.full(taken.shape, np.nan)
    names = [*outputs, *(name for name in offered if name not in outputs)]
    return {name: np.where(taken, offered.get(name, nothing), outputs.get(name, nothing)) for name in names}
