"""A predictor of the toy application over hand-made rows."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.application import Operate
from afield.mitigation.fallbacks import answered
from afield.mitigation.modes import mode_of
from afield.mitigation.overrides import in_force, overridden
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.records.release import Part
from afield.records.traffic import Event
from afield.serving.inference import Outputs
from afield.serving.model import Model
from afield.serving.predictor import Predictor
from afield.serving.product import Beside
from afield.serving.releases import Release
from afield.serving.situation import Situation
from afield.store.snapshots import feature_rows
from afield.testing.stand import FEATURE_SET, SPREAD, TICK, linear
from afield.testing.toy import FEATURES, SHOPS

COLUMNS = {"last_hour": np.array([4.0, 8.0, 12.0, 16.0]), "usual": np.array([6.0, 6.0, 10.0, 10.0])}


@dataclass
class Broken:
    """A part that raises."""

    features: tuple[str, ...] = FEATURES
    constants: Mapping[str, float] = field(default_factory=lambda: {"spread": SPREAD})

    def run(self, matrix: NDArray[np.float32]) -> Outputs:
        raise ZeroDivisionError("the model is broken")

    def predict(self, rows: Outputs) -> NDArray[np.float64]:
        raise ZeroDivisionError("the model is broken")


def release(digest: str, weights: tuple[float, float] = (0.5, 0.5), *, faulty: bool = False) -> Release:
    part = Part("loaves", FEATURES, ("forecast",), "by hand", {"spread": SPREAD})
    model = Model(part, linear(weights, faulty=faulty))
    return Release(digest, {"loaves": model}, FEATURE_SET, ("forecast", "low", "high"))


def broken(digest: str) -> Release:
    return Release(digest, {"loaves": Broken()}, FEATURE_SET)


def rows_at(tick: datetime = TICK, columns: Mapping[str, NDArray[np.float64]] = COLUMNS) -> FeatureRows:
    return feature_rows(FEATURE_SET, tick, tick, SHOPS, columns)


@dataclass
class Bakery:
    """A predictor with what it recorded."""

    predictor: Predictor
    events: list[Event]

    def see(
        self, *releases: Release, rows: FeatureRows | None = None, problem: str = "", **control: object
    ) -> Predictor:
        """Let it see these releases; the first is the champion unless `control` names another."""
        fields = {"version": 1, "champion": releases[0].digest if releases else "", "now": TICK, **control}
        state = msgspec.convert(fields, ControlState)
        found = {each.digest: each for each in releases}
        self.predictor.see(Situation(rows_at() if rows is None else rows, state, found, problem))
        return self.predictor


def bakery_of(product: Operate, now: datetime = TICK) -> Bakery:
    events: list[Event] = []
    numbers = itertools.count(1)

    def assign(unit: str, at: datetime, *, share: float, block: int, salt: str) -> tuple[bool, float]:
        treated = unit in ("east", "north")
        return treated, share if treated else 1 - share

    beside = Beside(
        assign=assign,
        in_force=in_force,
        overridden=overridden,
        mode_of=mode_of,
        filled=answered,
        record=events.append,
        clock=lambda: now,
        identify=lambda: f"e{next(numbers)}",
        policy="all",
    )
    return Bakery(Predictor(product, beside), events)
