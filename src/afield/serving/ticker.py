"""Feature rows for a tick: the application's columns, frozen and versioned."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from afield.records.facts import FeatureRows
from afield.store.snapshots import feature_rows

Columns = Mapping[str, NDArray[np.float64]]


def tick(
    compute: Callable[[datetime], tuple[Sequence[str], Columns]], at: datetime, as_of: datetime, feature_set: str
) -> FeatureRows:
    """The feature rows of the tick `at`.

    Args:
        compute: the tick → the spine's keys, and the features as name → array of shape `(len(keys),)`.
        at: origin of the rows.
        as_of: every fact known before this moment is in.
        feature_set: digest of the feature contract.

    Raises:
        StoreError: a column has another length than the keys, or a key comes twice.
    """
    keys, columns = compute(at)
    return feature_rows(feature_set, at, as_of, keys, columns)
