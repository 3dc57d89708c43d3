"""Surge's recipes: a regression with trees on top, the regression alone, and plain trees on lags to beat."""

from dataclasses import replace
from datetime import timedelta

from afield.training.baselines import Baseline
from afield.training.prepared import IncrementalRegression, NeuralNetwork
from afield.training.recipes import BoostedTrees, PoissonRegression
from surge.features import GROUPS, NAMES

EXPOSURE = "expected"

CURVES = (
    "expected", "typical_week", "typical_day", "typical_kind", "holiday_curve", "same_slot_four_weeks",
    "lag_1", "lag_2", "lag_3", "one_day_back", "one_week_back",
    "mean_3h", "mean_6h", "mean_24h", "mean_7d", "mean_28d", "momentum_1h", "momentum_3h", "momentum_24h",
    "neighbours_1h", "neighbours_typical", "neighbours_momentum_3h", "heading_1h", "heading_3h", "heading_typical",
    "city_shape", "city_momentum_1h", "city_momentum_3h", "city_momentum_24h",
)  # fmt: skip
CONTEXT = ("holiday", "holiday_yesterday", "holiday_tomorrow", "precipitation", "precipitation_3h")

SEASONAL = ("temperature",)
"""Left out of the trees: within months of training it stands for the season. In backtests of four quarters the
largest bias falls from 1.2 % to 0.8 % without it, the errors alike."""

SURGES = GROUPS["past surges"]
"""Left out of the trees: counts and curves tell as much. `afield features surge` shows what they would add."""

REGRESSION = PoissonRegression(
    name="poisson_regression", columns=(*CURVES, *CONTEXT), logs=CURVES, exposure=EXPOSURE, thin=0.25
)
"""A power of each curve and mean: follows a trend wherever it leads, and explains itself."""

FORECAST = BoostedTrees(
    name="boosted_trees",
    columns=tuple(name for name in NAMES if name not in (*SEASONAL, *SURGES)),
    exposure=EXPOSURE,
    start=REGRESSION,
    trees=300,
    rate=0.05,
    leaves=127,
    leaf_rows=500,
    column_share=0.5,
    row_share=0.5,
    thin=0.25,
)
"""The regression, and trees for what it leaves: interactions of place, hour, weather and events."""

QUICK = replace(
    FORECAST, name="boosted_trees_quick", trees=100, rate=0.1, leaves=63, thin=1.0, half_life=timedelta(days=7)
)
"""For a retraining that somebody waits for: a third of the trees, half as large, and fewer of the quiet rows."""

LAGS = BoostedTrees(
    name="lightgbm_on_lags",
    columns=("lag_1", "lag_2", "lag_3", "one_day_back", "one_week_back", "zone_id", "hour_of_week"),
)
"""The baseline to beat: what a first attempt makes of recent counts, the zone and the hour of the week."""

NETWORK = NeuralNetwork(name="small_network", columns=(*CURVES, *CONTEXT), rounds=15)
INCREMENTAL = IncrementalRegression(name="incremental_linear", columns=(*CURVES, *CONTEXT))
COMPARED = (NETWORK, INCREMENTAL)
"""What no release is chosen from: `afield compare` shows what they would cost and bring."""

BASELINES = (
    Baseline("one_week_back", "one_week_back"),
    Baseline("same_slot_four_weeks", "same_slot_four_weeks"),
)
