"""A model that was trained elsewhere as a release: examined, judged and signed as one that was trained here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.data.split import enough
from afield.errors import EvaluationError, InferenceError, ReleaseError
from afield.exchange.foreign import Foreign
from afield.records.release import Part
from afield.serving.inference import Rows
from afield.serving.model import Model
from afield.workshop.bench import Bench
from afield.workshop.examples import open_examples
from afield.workshop.fitting import Fitted
from afield.workshop.plan import Build
from afield.workshop.results import Built

CAVEAT = (
    "It was trained elsewhere, and what it has seen is not known here: if that includes the test window, its figures "
    "flatter it."
)


def adopt(plan: Build, bench: Bench, foreign: Foreign, data: Path | None, until: datetime | None = None) -> Built:
    """One turn of the build loop, with the model from elsewhere in place of the one that would be chosen.

    Everything else is fitted as ever: companions, the rival, the simplest recipe. The same gates judge it on the same
    test window; the simplest recipe has to be beaten in any case, and the recipe that would be chosen stands beside
    it. Constants (a spread) are fitted on the validation window.

    Raises:
        ReleaseError: it reads features that there are not, or does not give one number a row.
        AfieldError: as of a build.
    """
    unknown = [name for name in foreign.features if name not in plan.features.names]
    if unknown:
        raise ReleaseError(
            f"{foreign.name}: it reads {', '.join(unknown[:5])}, which the application does not have; its features: "
            f"{', '.join(plan.features.names)}"
        )
    facts = bench.read(plan, data)
    windows = bench.windows(plan, facts, until)
    enough(windows.training, plan.features.lookback)
    examples = bench.examples(plan, facts, windows)
    fitted = bench.fit(plan, facts, examples, windows)
    held = open_examples(examples, plan.features.origin, windows.validation).filter("has_history")
    changed = in_place(plan, foreign, fitted, held.select("truth", *foreign.features).collect())
    own = replace(bench, model=foreign.digest)
    told = replace(plan, limits=(*plan.limits, CAVEAT))
    scored = own.score(told, facts, changed, examples, windows)
    return own.release(told, facts, windows, changed, scored)


def in_place(plan: Build, foreign: Foreign, fitted: Fitted, held: pl.DataFrame) -> Fitted:
    """What was fitted, with the model from elsewhere as the model and the chosen recipe beside it."""
    chosen, _ = fitted.final[plan.part]
    part = Part(plan.part, foreign.features, (foreign.output,), f"trained elsewhere: {foreign.name}")
    forecast = answers(Model(part, foreign.onnx), {name: held[name].to_numpy() for name in foreign.features})
    truth = held["truth"].cast(pl.Float64).to_numpy()
    try:
        part = Part(part.name, part.features, part.outputs, part.recipe, dict(plan.constants(forecast, truth)))
    except EvaluationError as error:
        raise ReleaseError(
            f"{foreign.name}: what it gives on the validation window does not fit {plan.target} ({error}); let its "
            "graph end in what fits (counts: a ReLU), and export it again"
        ) from error
    return replace(
        fitted,
        tested={**fitted.tested, plan.part: Model(part, foreign.onnx)},
        final={**fitted.final, plan.part: (part, foreign.onnx)},
        beside={**fitted.beside, chosen.recipe: _model(fitted, plan.part)},
        simplest=fitted.simplest or chosen.recipe,
        notes=(*fitted.notes, f"the model is {foreign.name}, trained elsewhere ({foreign.digest[:12]})"),
    )


def _model(fitted: Fitted, part: str) -> Model:
    """The recipe that was chosen, fitted without the test window."""
    model = fitted.tested[part]
    if not isinstance(model, Model):
        raise ReleaseError(f"part {part} of the build is no graph; a model from elsewhere cannot stand in its place")
    return model


def answers(model: Model, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """What the model gives for the rows, one finite number each.

    Raises:
        ReleaseError: it fails, or gives something else.
    """
    lacking = np.any([np.isnan(values) for values in columns.values()], axis=0)
    rows = Rows.of({name: values.astype(np.float64) for name, values in columns.items()})
    try:
        (found,) = model.run(rows.matrix(model.features)).values()
    except InferenceError as error:
        raise ReleaseError(f"the model cannot be asked: {error}") from error
    if found.shape != (rows.count,):
        raise ReleaseError(f"the model gives {found.size} numbers for {rows.count} rows; one for each is expected")
    wrong = ~np.isfinite(found)
    if wrong.any():
        raise ReleaseError(
            f"the model gives no number for {wrong.sum():,} of {rows.count:,} rows of the validation window, "
            f"{(wrong & lacking).sum():,} of which lack a feature (it is NaN there); fill it in within the graph "
            "(an imputer in what is exported) or name fewer features"
        )
    return found
