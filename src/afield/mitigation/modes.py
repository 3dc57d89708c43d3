"""Whether the model decides (automate), advises a person (prompt), or is left out (off)."""

from afield.mitigation.slices import Slices, inside
from afield.records.decision import ControlState
from afield.records.traffic import Mode

CAUTIOUS: tuple[Mode, ...] = ("off", "prompt", "automate")
"""The modes, the most cautious first."""


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
