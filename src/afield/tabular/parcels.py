"""A generated table to begin with, where nobody gave one: parcels, and whether they came late."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

TARGET, TIME = "late", "sent"
ROWS, DAYS, SEED = 4000, 60, 11


def parcels(
    rows: int = ROWS, days: int = DAYS, seed: int = SEED, start: datetime = datetime(2026, 1, 5)
) -> pl.DataFrame:
    """Parcels with `sent`, `weight_kg`, `distance_km`, `carrier` and `late`; every row is made up.

    Args:
        rows: how many.
        days: over which they are sent.
        seed: of every draw.
        start: of the first day.
    """
    draws = np.random.default_rng(seed)
    minutes = np.sort(draws.integers(0, days * 24 * 60, rows))
    sent = [start + timedelta(minutes=int(each)) for each in minutes]
    carrier = draws.choice(["van", "bicycle", "post"], rows, p=[0.5, 0.2, 0.3])
    weight, distance = draws.gamma(2.0, 2.0, rows).round(1), draws.gamma(2.0, 90.0, rows).round()
    evening = np.array([each.hour >= 16 for each in sent])
    heavy_bicycle = (carrier == "bicycle") & (weight > 5)
    odds = -2.6 + 0.005 * distance + 1.1 * evening + 0.9 * (carrier == "post") + 2.0 * heavy_bicycle
    late = draws.random(rows) < 1 / (1 + np.exp(-odds))
    return pl.DataFrame(
        {
            TIME: [f"{each:%Y-%m-%d %H:%M}" for each in sent],
            "weight_kg": weight,
            "distance_km": distance,
            "carrier": carrier,
            TARGET: np.where(late, "yes", "no"),
        }
    )
