"""The decision: a price multiplier by the shortfall that is forecast, capped by the city."""

from collections.abc import Mapping

from afield.records.traffic import Decision

CAP = 2.5
RISE = 0.5
"""How much the price may rise from one slot to the next; it falls at once."""
SLOPE = 0.75
STEP = 0.1
# Capacities are by hour of the week; that of a zone that has none is reached by nothing.
HOURS = 168
UNKNOWN = 1e9


def multiplier(output: Mapping[str, float], row: Mapping[str, float]) -> Decision:
    """The price multiplier for one zone and slot, in steps of 0.1 between 1 and 2.5.

    Below the zone's capacity the price is the ordinary one; above it, it grows by 0.75 for each capacity's
    worth of orders that no driver is there for. `output` holds `forecast` and `capacity` in orders a slot;
    an answer without a capacity (a neutral one, a baseline) takes it from the feature row, and surges nobody
    where there is none.
    """
    forecast = output.get("forecast", 0.0)
    capacity = output.get("capacity", row.get("capacity", float("inf")))
    drivers = f"drivers for {capacity:.0f}" if capacity < UNKNOWN else "how many drivers there are is not known"
    if not forecast > capacity:
        return Decision({"multiplier": 1.0}, f"{forecast:.1f} orders expected, {drivers}: no surge")
    price = min(CAP, 1.0 + SLOPE * (forecast / capacity - 1.0))
    price = max(1.0, round(round(price / STEP) * STEP, 1))
    return Decision({"multiplier": price}, f"{forecast:.1f} orders expected, {drivers}: {price:.1f} times")
