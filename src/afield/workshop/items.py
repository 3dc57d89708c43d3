"""How the examples of an application are labelled, and what an item is called where it declares nothing."""

import polars as pl

from afield.labelling.items import Labelling
from afield.workshop.plan import Build


def declared(plan: Build) -> Labelling:
    """How the application's examples are labelled, as it declares or as it follows from its build."""
    if plan.assessment.labelling is not None:
        return plan.assessment.labelling
    return Labelling(item=named(plan), question=f"What is right: {plan.target}?")


def named(plan: Build) -> pl.Expr:
    """The usual name of an item: keys and origin of its row, `132@2024-01-01T08:00`."""
    keys = [pl.col(key).cast(pl.String) for key in plan.features.keys]
    return pl.concat_str([*keys, pl.col(plan.features.origin).dt.strftime("%Y-%m-%dT%H:%M")], separator="@")
