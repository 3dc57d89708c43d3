"""What a comparison of options found, as records that are their own JSON."""

from datetime import datetime

import msgspec

from afield.evaluation.tradeoffs import Needed, Point
from afield.records.evidence import Comparison, Estimate
from afield.records.examination import Degradation
from afield.records.provenance import Provenance


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option and everything that was measured of it.

    Attributes:
        name: of the option.
        kind: recipe, features, baseline or release.
        says: what it is, in words.
        accuracy: metric → value on the test rows, with its interval over blocks of time.
        against: metric → this option against the reference, paired on the same rows; empty for the reference itself.
        curve: the first metric on ever less training data; empty where nothing is fitted here.
        needed: how much of it is needed.
        single: seconds to answer one row.
        batch: seconds to answer `Compared.batch` rows at once.
        training: seconds to fit on all rows.
        memory: bytes beyond the rows at the peak of that.
        size: of the ONNX graph, bytes.
        incremental: whether it learns from new rows without the old ones.
        explainable: how an answer is explained.
        robust: what hard inputs cost.
        dominated_by: options that are better beyond noise by something and worse by nothing; none: on the front.
        notes: what the learner had to say.
        problem: why it could not be compared, or "".
    """

    name: str
    kind: str
    says: str
    accuracy: dict[str, Estimate] = {}
    against: dict[str, Comparison] = {}
    curve: tuple[Point, ...] = ()
    needed: Needed | None = None
    single: Estimate | None = None
    batch: Estimate | None = None
    training: Estimate | None = None
    memory: float | None = None
    size: int = 0
    incremental: bool = False
    explainable: str = ""
    robust: tuple[Degradation, ...] = ()
    dominated_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Options side by side.

    Attributes:
        application: its name.
        settings: the application's options.
        data: what was read, as the person named it.
        generated: whether the data were made up.
        metric: what the options are judged by first; less is better.
        metrics: all that are told.
        reference: the option that the others are held against.
        axes: what the Pareto front is made by.
        training: first and last moment of the rows that recipes were fitted on; None for releases.
        training_rows: rows that recipes were fitted on at most.
        test: first moment of the test rows, and the moment after the last.
        test_rows: rows that everything was judged on.
        unanswered_rows: rows of the test window that are left out, because an option has no answer to them.
        blocks: stretches of time behind the intervals.
        slice: the test rows that were looked at.
        batch: rows of a batch whose latency is told.
        calls: how often one row was answered for its latency.
        hard_rows: rows that hard inputs were tried on.
        within: how close to the best the data needed have to bring an option.
        options: in the order in which they were named.
        recommendation: what to take, in a sentence.
        warnings: what a reader has to know.
        provenance: how to make the numbers again.
    """

    application: str
    settings: dict[str, str]
    data: str
    generated: bool
    metric: str
    metrics: tuple[str, ...]
    reference: str
    axes: tuple[str, ...]
    training: tuple[datetime, datetime] | None
    training_rows: int
    test: tuple[datetime, datetime]
    test_rows: int
    unanswered_rows: int
    blocks: int
    slice: str
    batch: int
    calls: int
    hard_rows: int
    within: float
    options: tuple[Option, ...]
    recommendation: str
    warnings: tuple[str, ...]
    provenance: Provenance

    def option(self, name: str) -> Option:
        """The option of that name."""
        return next(each for each in self.options if each.name == name)
