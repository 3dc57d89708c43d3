"""Capacity: how many orders a zone can serve in a slot, by hour of week, as a part of the release.

The generated city declares it. Taxi files hold no supply: there the 95th percentile of the training orders of
the hour of week stands in, and is called a proxy (at least three orders, so that one ride in a quiet zone is no
surge).
"""

import numpy as np
import onnx
import polars as pl
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from surge.pricing import HOURS, UNKNOWN

QUANTILE = 0.95
FLOOR = 3.0


def proxy(examples: pl.LazyFrame) -> pl.DataFrame:
    """The 95th percentile of `truth` by zone and hour of week, at least 3 orders.

    Args:
        examples: columns `zone`, `slot` and `truth`: one row per zone and slot of the training window.
    """
    hour = (pl.col("slot").dt.weekday() - 1).cast(pl.Int32) * 24 + pl.col("slot").dt.hour()
    return (
        examples.group_by("zone", hour.alias("hour_of_week"))
        .agg(pl.col("truth").quantile(QUANTILE, interpolation="higher").clip(lower_bound=FLOOR).alias("capacity"))
        .sort("zone", "hour_of_week")
        .collect()
    )


def as_model(capacity: pl.DataFrame) -> bytes:
    """An ONNX graph from `(zone_id, hour_of_week)`, float32 of shape (n, 2), to `capacity` of shape (n, 1).

    The hour of week may carry a fraction, which is cut off. A zone without a capacity has one that nothing reaches.
    """
    zones = int(capacity["zone"].cast(pl.Int64).max() or 0) + 1  # type: ignore[arg-type]
    table: NDArray[np.float32] = np.full((zones, HOURS), UNKNOWN, np.float32)
    table[capacity["zone"].to_numpy(), capacity["hour_of_week"].to_numpy()] = capacity["capacity"].to_numpy()
    nodes = [
        helper.make_node("Floor", ["rows"], ["floored"]),
        helper.make_node("Cast", ["floored"], ["places"], to=TensorProto.INT64),
        helper.make_node("GatherND", ["table", "places"], ["flat"]),
        helper.make_node("Unsqueeze", ["flat", "axis"], ["capacity"]),
    ]
    graph = helper.make_graph(
        nodes,
        "capacity",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("capacity", TensorProto.FLOAT, [None, 1])],
        [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([1], np.int64), "axis")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised
