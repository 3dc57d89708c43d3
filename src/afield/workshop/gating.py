"""The gates of a build: those that the application declares, and the one that every model has to pass."""

from collections.abc import Mapping
from dataclasses import replace

from afield.evaluation.compare import LOSSES
from afield.evaluation.gates import BeatsSimplest, Gate
from afield.statistics.losses import absolute_error, poisson_deviance, squared_error
from afield.workshop.plan import Build

MEASURED: Mapping[object, str] = {squared_error: "rmse", absolute_error: "mae", poisson_deviance: "poisson_deviance"}
"""Loss that recipes are chosen by → metric in which the chosen one has to beat the simplest."""


def gates_of(plan: Build, simplest: str) -> tuple[Gate, ...]:
    """The declared gates, and `BeatsSimplest` where none of them is one.

    Args:
        plan: declares gates, and the loss that recipes are chosen by.
        simplest: name of the simplest recipe, "" where it was chosen.
    """
    metric = next((name for name in plan.metrics if name in LOSSES), "rmse")
    always = BeatsSimplest(simplest, MEASURED.get(plan.loss, metric))
    declared = [replace(gate, simplest=simplest) if isinstance(gate, BeatsSimplest) else gate for gate in plan.gates]
    return tuple(declared if any(isinstance(gate, BeatsSimplest) for gate in declared) else [*declared, always])
