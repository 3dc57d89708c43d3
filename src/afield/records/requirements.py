"""Requirements: what a feature is for, what may go wrong, and what decides where its model lives."""

from dataclasses import dataclass

from afield.records.considerations import Considerations


@dataclass(frozen=True, slots=True)
class Goal:
    """A node of the goal tree: the organisation's goal down to the measures of a model.

    Attributes:
        statement: the goal in words.
        measure: name of the metric or monitor that a leaf is bound to; "" on inner nodes.
        children: what it is made of.
    """

    statement: str
    measure: str = ""
    children: tuple["Goal", ...] = ()

    def leaves(self) -> tuple["Goal", ...]:
        """The leaves under this node, left to right; itself where it has no children."""
        if not self.children:
            return (self,)
        return tuple(leaf for child in self.children for leaf in child.leaves())


@dataclass(frozen=True, slots=True)
class Hazard:
    """A row of the hazard register.

    Attributes:
        name: short, unique.
        happens: the worst that can happen.
        whom: to whom.
        severity, likelihood: 1 (small) to 5 (large).
        noticed: how it is noticed.
        mitigations: what is in force against it.
        undo: how it is undone.
        compensation: what makes good what cannot be undone.
        residual: what remains.
        drill: name of the drill that proves the mitigation, or "" where there is none yet.
    """

    name: str
    happens: str
    whom: str
    severity: int
    likelihood: int
    noticed: str
    mitigations: tuple[str, ...]
    undo: str
    compensation: str
    residual: str
    drill: str = ""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the feature is for, what may go wrong, and what decides where the model lives.

    Attributes:
        question: the answer to "is this a look-up or a model?".
        goal: root of the goal tree.
        hazards: the hazard register.
        considerations: what decides where the model lives; None where nobody has asked yet.
    """

    question: str
    goal: Goal
    hazards: tuple[Hazard, ...]
    considerations: Considerations | None = None
