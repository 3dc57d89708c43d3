"""Whether the model decides (automate), advises a person (prompt), or is left out (off)."""

from afield.records.decision import ControlState
from afield.records.traffic import Mode


def mode_of(control: ControlState, unit: str) -> Mode:
    """The mode for `unit`: its own exception, else the general one."""
    return control.mode_by_unit.get(unit, control.mode)
