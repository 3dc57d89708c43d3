"""The worth of features, as records: cost, what they add, how steady they are and how fresh they must be."""

from datetime import datetime

import msgspec

from afield.evaluation.stability import Shift
from afield.records.evidence import Comparison, Estimate
from afield.records.provenance import Provenance
from afield.study.costs import FeatureCost
from afield.study.freshness import Freshness
from afield.workshop.results import Windows


class Stretch(msgspec.Struct, frozen=True):
    """What shuffling costs in one stretch of the test window; its interval holds for all stretches together."""

    start: datetime
    comparison: Comparison


class Importance(msgspec.Struct, frozen=True):
    """What a model owes to some columns.

    Attributes:
        shuffled: the loss once they are shuffled together, against the loss as it is.
        size: mean absolute Shapley value, in the unit of the forecast.
        share: of the mean absolute Shapley values of all columns (or groups) together.
        stretches: the first by stretch of the test window.
        steady: whether all stretches agree with the whole; None where there are too few blocks to say.
    """

    shuffled: Comparison
    size: Estimate
    share: Estimate
    stretches: tuple[Stretch, ...]
    steady: bool | None


class FeatureWorth(msgspec.Struct, frozen=True):
    """One feature.

    Attributes:
        name, group: the feature, and the group that it lies in ("" for none).
        used: whether the model reads it.
        missing: share of the test rows in which it is null.
        shift: how far it moved between training and test window.
        importance: of a feature that the model reads.
    """

    name: str
    group: str
    used: bool
    missing: float
    shift: Shift
    importance: Importance | None


class GroupWorth(msgspec.Struct, frozen=True):
    """One group of features.

    Attributes:
        name: as declared.
        columns: its features.
        used: whether the model reads any of them; if not, the ablation says what adding them would do.
        occurs: whether any of them takes more than one value on the test rows; of a window without, say, a holiday,
            the ablation tells only what learning from holidays did to other days.
        cost: time and memory.
        adds: the loss without it against the loss with it, refitted; above 0: it helps. None: nothing else is left.
        importance, freshness: of a group that the model reads.
    """

    name: str
    columns: tuple[str, ...]
    used: bool
    occurs: bool
    cost: FeatureCost
    adds: Comparison | None
    importance: Importance | None
    freshness: Freshness | None

    @property
    def verdict(self) -> str:
        """Whether the group pays, in a word or two: what its interval shows, and no more."""
        if self.adds is None:
            return "cannot be left out"
        interval = self.adds.difference.interval
        if interval.low > 0:
            return "pays" if self.used else "would pay"
        if interval.high < 0:
            return "harms" if self.used else "would harm"
        return "not shown to pay"


class Worth(msgspec.Struct, frozen=True):
    """What features are worth, to one recipe on one set of data.

    Attributes:
        application, options, part: what was looked at.
        recipe: the one that the build chose.
        metric: the loss by which everything is judged.
        generated: whether the data were made up.
        windows: fitted on, calibrated on, judged on.
        rows: of the test window.
        loss: mean of the build's model there.
        seeds: every ablation was fitted with each.
        spread: standard error that the draws of the fits add to an ablation's difference; its interval holds it.
        seconds: for all features on `rows_timed` rows.
        rows_timed, ticks: how many rows costs, and how many ticks freshness, were measured on.
        groups: the group that adds most first.
        features: the one with the largest share first.
        everything: how fresh all facts together must be.
        provenance: what was typed, on which data, with which code.
    """

    application: str
    options: dict[str, str]
    part: str
    recipe: str
    metric: str
    generated: bool
    windows: Windows
    rows: int
    loss: float
    seeds: tuple[int, ...]
    spread: float
    seconds: Estimate
    rows_timed: int
    ticks: int
    groups: tuple[GroupWorth, ...]
    features: tuple[FeatureWorth, ...]
    everything: Freshness
    provenance: Provenance
