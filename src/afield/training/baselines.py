"""Baselines: a forecast that needs no training, read off a feature column."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Baseline:
    """A column taken as the forecast.

    Attributes:
        name: what reports call it.
        column: the feature column.
        otherwise: the forecast where the column is null.
    """

    name: str
    column: str
    otherwise: float = 0.0

    def forecast(self, rows: pl.DataFrame) -> NDArray[np.float64]:
        """The baseline's forecast of each row, shape `(len(rows),)`.

        Raises:
            TrainingError: the rows lack the column.
        """
        if self.column not in rows.columns:
            raise TrainingError(
                f"baseline {self.name}: the rows lack the column {self.column}; compute it as a feature"
            )
        return rows[self.column].cast(pl.Float64).fill_nan(None).fill_null(self.otherwise).to_numpy()
