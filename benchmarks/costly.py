"""A model that costs what it is told to: a seam for the measurement of overload."""

import time

from afield.serving.inference import Columns, Infer, Outputs, Parts


def costly(infer: Infer, milliseconds: str) -> Infer:
    """The inference, so much slower for each row."""
    cost = float(milliseconds) / 1e3

    def slower(rows: Columns, parts: Parts) -> Outputs:
        outputs = infer(rows, parts)
        end = time.perf_counter() + cost * len(next(iter(outputs.values())))
        while time.perf_counter() < end:
            pass
        return outputs

    return slower
