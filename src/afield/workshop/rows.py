"""The rows that a table is made of: examples of the newest cycles, as a build or an export has them."""

from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from afield.application import Operate
from afield.errors import ReleaseError
from afield.features.feature import FeatureSet
from afield.records.facts import Window
from afield.serving.inference import Parts
from afield.workshop.examples import open_examples
from afield.workshop.plan import Build
from afield.workshop.tabulating import Seen, Subject, tabulate


def seen(features: FeatureSet, examples: pl.DataFrame, as_of: datetime) -> Seen:
    """Examples as a table is made of them; facts are known up to `as_of`."""
    block = examples.select(pl.col(features.names).cast(pl.Float64).fill_null(np.nan))
    return Seen(
        examples[features.origin].to_numpy().astype("datetime64[us]"),
        examples[features.keys[0]].cast(pl.String).to_numpy().astype(str),
        {name: block[name].to_numpy() for name in features.names},
        as_of,
    )


def compiled_at_once(
    application: str, operate: Operate, plan: Build, examples: Path, whole: Window, parts: Parts
) -> bytes | None:
    """The table that a release carries for when there are no facts: without the decision, and without its own digest.

    None where the application finds its features in the request, or where the examples give no number for some key.
    """
    if operate.from_input is not None:
        return None
    edition = operate.designs.static
    newest = Window(max(whole.start, whole.end - edition.rounds * edition.cycle), whole.end)
    rows = open_examples(examples, plan.features.origin, newest).filter("has_history").collect()
    try:
        made = tabulate(Subject(application, "", parts, operate), seen(plan.features, rows, whole.end), decide=False)
    except ReleaseError:
        return None
    return msgspec.json.encode(made)
