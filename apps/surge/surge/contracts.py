"""What the tables of surge promise to features, training and evaluation."""

from afield.data.contract import Column, Contract, Reference
from surge.tables import SCHEMAS

_NULLABLE = {
    "orders": ("user_id", "target_location", "order_time", "pickup_time", "target_known_at"),
    "zones": ("lon", "lat"),
    "weather": ("temperature", "precipitation", "snowfall"),
}
_BOUNDS = {
    ("weather", "temperature"): (-60.0, 60.0),
    ("weather", "precipitation"): (0.0, 500.0),
    ("weather", "snowfall"): (0.0, 200.0),
    ("zones", "lon"): (-180.0, 180.0),
    ("zones", "lat"): (-90.0, 90.0),
}
_KEYS = {
    "orders": ("order_id",),
    "weather": ("at",),
    "events": ("event_id",),
    "holidays": ("date",),
    "zones": ("location_id",),
    "adjacency": ("zone_a", "zone_b"),
}
_REFERENCES = {
    "orders": (Reference("pickup_location", "zones", "location_id"),),
    "adjacency": (Reference("zone_a", "zones", "location_id"), Reference("zone_b", "zones", "location_id")),
}


def _contract(table: str) -> Contract:
    columns = []
    for name, kind in SCHEMAS[table].items():
        low, high = _BOUNDS.get((table, name), (None, None))
        columns.append(Column(name, kind, nullable=name in _NULLABLE.get(table, ()), low=low, high=high))
    return Contract(
        table=table,
        columns=tuple(columns),
        key=_KEYS[table],
        references=_REFERENCES.get(table, ()),
        filled=table in ("orders", "zones"),
    )


CONTRACTS = tuple(_contract(table) for table in _KEYS)
"""One for each table that features read; a context table may be empty, the orders and the map may not."""
