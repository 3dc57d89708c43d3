"""Faults that a drill puts into a service that it started itself; no other service knows them."""

import time
from pathlib import Path

import numpy as np

from afield.errors import InferenceError
from afield.serving.inference import Columns, Infer, Outputs, Parts


def model_outage(infer: Infer, switch: str) -> Infer:
    """`infer`, but failing while the file `switch` exists.

    What the file holds says how: "nan" or "wild" outputs, "slow 0.4" with that many seconds a call; anything else, or
    nothing, raises.

    Raises:
        InferenceError: the file exists.
    """
    file = Path(switch)

    def faulty(rows: Columns, parts: Parts) -> Outputs:
        try:
            how = file.read_text(encoding="utf-8").strip()
        except OSError:
            return infer(rows, parts)
        kind, _, seconds = how.partition(" ")
        if kind == "slow":
            time.sleep(float(seconds))
            return infer(rows, parts)
        if how not in ("nan", "wild"):
            raise InferenceError(f"a drill has broken the model; remove {file} to mend it")
        value = np.nan if how == "nan" else -1e12
        return {name: np.full_like(values, value) for name, values in infer(rows, parts).items()}

    return faulty
