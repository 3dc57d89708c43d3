"""Whether the model decides (automate), advises a person (prompt), or is left out (off)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from afield.mitigation.slices import Sliced, Slices, inside
from afield.records.decision import ControlState
from afield.records.traffic import Mode

CAUTIOUS: tuple[Mode, ...] = ("off", "prompt", "automate")
"""The modes, the most cautious first."""

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Grading:
    """Chooses the mode of each answer by how sure it is and by what it would do if it were wrong.

    Attributes:
        confidence: numbers of an answer → chance in [0, 1] that it is right; NaN where that is not known.
        automate: confidence from which the model decides, where a mistake does the ordinary harm.
        prompt: confidence from which it advises.
        harm: numbers of an answer → how many times the ordinary harm it does if it is wrong; at least 1 counts.
    """

    confidence: Callable[[Values], float]
    automate: float
    prompt: float
    harm: Callable[[Values], float] = lambda _: 1.0

    def __post_init__(self) -> None:
        """Refuse bars that make no sense."""
        if not 0 <= self.prompt <= self.automate <= 1:
            raise ValueError(f"Grading: 0 ≤ prompt ({self.prompt}) ≤ automate ({self.automate}) ≤ 1 must hold")

    def __call__(self, values: Values, in_force: Mode, /) -> Mode:
        """The mode of an answer with these numbers, never more than the one in force."""
        sure = graded(self.confidence(values), self.automate, self.prompt, self.harm(values))
        return min(sure, in_force, key=CAUTIOUS.index)


def graded(confidence: float, automate: float, prompt: float, harm: float = 1.0) -> Mode:
    """The mode that a confidence allows: the expected harm, `(1 − confidence) × harm`, stays what it is at the bars.

    What is not known (NaN) is for a person to decide.

    >>> graded(0.8, 0.75, 0.4), graded(0.8, 0.75, 0.4, harm=2.0), graded(0.3, 0.75, 0.4)
    ('automate', 'prompt', 'off')
    """
    if math.isnan(confidence):
        return "prompt"
    times = max(harm, 1.0)
    if confidence >= _raised(automate, times):
        return "automate"
    return "prompt" if confidence >= _raised(prompt, times) else "off"


def mode_of(control: ControlState, unit: str, slices: Slices | None = None) -> Mode:
    """The mode for `unit`: its own, else the most cautious of its slices, else the general one."""
    apart = control.mode_by_unit
    if not apart:
        return control.mode
    own = apart.get(unit)
    if own is not None or slices is None:
        return own or control.mode
    held = [mode for scope, mode in apart.items() if inside(scope, unit, slices)]
    return min(held, key=CAUTIOUS.index) if held else control.mode


def bound(control: ControlState, found: tuple[object, ...], sliced: Sliced) -> tuple[object, ...]:
    """Things found in a request, each within the most cautious mode of the slices that hold it."""
    known = [(sliced.holds[name], mode) for name, mode in control.mode_by_slice.items() if name in sliced.holds]
    if not known:
        return found
    modes = [[mode for holds, mode in known if holds(thing)] for thing in found]
    return tuple(
        sliced.bounded(thing, min(held, key=CAUTIOUS.index)) if held else thing
        for thing, held in zip(found, modes, strict=True)
    )


def _raised(bar: float, harm: float) -> float:
    """The bar for so many times the ordinary harm."""
    return bar if harm == 1.0 else 1.0 - (1.0 - bar) / harm
