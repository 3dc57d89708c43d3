"""Outputs within their guards: step by step, or at once with the guards that acted on each row."""

from collections.abc import Iterable, Iterator

import numpy as np

from afield.serving.inference import Outputs
from afield.serving.product import Guard, Last


def steps(guards: Iterable[Guard], outputs: Outputs, last: Last) -> Iterator[tuple[Guard, Outputs, Outputs]]:
    """The guards about these outputs that act, in order, each with the outputs before and after it."""
    for guard in guards:
        if guard.output in outputs:
            after = guard(outputs, last)
            if after is not outputs:
                yield guard, outputs, after
            outputs = after


def guarded(guards: Iterable[Guard], outputs: Outputs, last: Last, count: int) -> tuple[Outputs, list[tuple[str, ...]]]:
    """The outputs of `count` rows within the guards, and the names of those that acted on each row."""
    acted: list[tuple[str, ...]] = [()] * count
    for guard, before, after in steps(guards, outputs, last):
        for place in np.flatnonzero(after[guard.output] != before[guard.output]).tolist():
            acted[place] = (*acted[place], guard.name)
        outputs = after
    return outputs, acted
