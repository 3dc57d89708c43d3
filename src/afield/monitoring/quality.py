"""Data quality: rates of missing, impossible, unknown, repeated and frozen values, held against the reference's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from afield.errors import MonitoringError
from afield.monitoring.frames import Frame, categories, named, numbers
from afield.monitoring.rates import rate
from afield.records.evidence import Estimate, Interval, Measurement
from afield.records.facts import Window


@dataclass(frozen=True, slots=True)
class Quality:
    """Watch for data that went bad: rates that have risen above those of the reference.

    Checked for each column: `missing`; `out of range` where a range is declared; `unknown`, categories that the
    reference does not hold, in columns of text; `constant`, where a column that varied in the reference stands still.
    And `duplicates` where keys are declared: rows whose keys another row has, beyond the first.

    The alarm is on while, for any check, the lower end of the rate's interval lies more than `threshold` above the
    upper end of the reference's. The intervals take rows as independent.

    Attributes:
        columns: names of numeric and text columns.
        ranges: column → least and largest value that are possible.
        keys: columns that together name a row; none looks for no duplicates.
        threshold: rise of a rate that is worth an alarm.
        level: of all checks' intervals together (Bonferroni).
        name: of the monitor.
    """

    columns: tuple[str, ...]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    threshold: float = 0.01
    level: float = 0.99
    name: str = "quality"

    def fit(self, reference: Frame) -> "FittedQuality":
        """The monitor, knowing the reference's rates and categories.

        Raises:
            MonitoringError: nothing is declared, a range is none, or a column is missing, empty or of another kind.
        """
        if not self.columns and not self.keys:
            raise MonitoringError(f"{self.name}: nothing to check; declare columns or keys")
        for column, (least, most) in self.ranges.items():
            if column not in self.columns or not least <= most:
                raise MonitoringError(
                    f"{self.name}: the range {least} to {most} of {column!r} is none; give a column that is watched "
                    "and the least value first"
                )
        known = {c: frozenset(categories(reference, c)) - {""} for c in self.columns if named(reference, c)}
        return FittedQuality(self, known, self.hits(reference, known))

    def hits(self, frame: Frame, known: Mapping[str, frozenset[str]]) -> "dict[str, tuple[int, int]]":
        """Rows with each fault and rows that were checked for it, by `fault of column`.

        Args:
            frame: the rows.
            known: the categories of each column of text.

        Raises:
            MonitoringError: a column is missing, empty or of another kind.
        """
        found: dict[str, tuple[int, int]] = {}
        for column in self.columns:
            found |= self._text(frame, column, known[column]) if column in known else self._numbers(frame, column)
        if self.keys:
            rows = list(zip(*(categories(frame, key).tolist() for key in self.keys), strict=True))
            found[f"duplicates of {', '.join(self.keys)}"] = len(rows) - len(set(rows)), len(rows)
        if empty := [
            name for name, (_, rows) in found.items() if name.startswith(("missing", "duplicates")) and not rows
        ]:
            raise MonitoringError(f"{self.name}: no row to check for {empty[0]}; give rows")
        return found

    def _text(self, frame: Frame, column: str, known: frozenset[str]) -> "dict[str, tuple[int, int]]":
        values = categories(frame, column).tolist()
        there = [value for value in values if value]
        return {
            f"missing in {column}": (len(values) - len(there), len(values)),
            f"unknown in {column}": (sum(value not in known for value in there), len(there)),
            f"constant {column}": (int(len(there) > 1 and len(set(there)) == 1), 1),
        }

    def _numbers(self, frame: Frame, column: str) -> "dict[str, tuple[int, int]]":
        values = numbers(frame, column)
        there = values[~np.isnan(values)]
        found = {
            f"missing in {column}": (values.size - there.size, values.size),
            f"constant {column}": (int(there.size > 1 and bool((there == there[0]).all())), 1),
        }
        if column in self.ranges:
            least, most = self.ranges[column]
            found[f"out of range in {column}"] = int(((there < least) | (there > most)).sum()), there.size
        return found


class FittedQuality:
    """A quality monitor with its reference; chunks are measured each on its own."""

    def __init__(
        self, monitor: Quality, known: Mapping[str, frozenset[str]], reference: Mapping[str, tuple[int, int]]
    ) -> None:
        """Keep the reference's categories and rates; `Quality.fit` makes it."""
        self._monitor, self._known, self._reference = monitor, known, reference

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """The rate that has risen most above the reference's; all rates are in `detail`, the most risen first.

        Whether a column is constant is told by 1 or 0, without an interval.

        Raises:
            MonitoringError: a column is missing, empty or of another kind.
        """
        monitor = self._monitor
        found = monitor.hits(chunk, self._known)
        level = 1.0 - (1.0 - monitor.level) / len(found)
        risen: dict[str, tuple[float, float, Interval, int]] = {}
        for check, (hits, rows) in found.items():
            before = self._reference[check]
            if check.startswith("constant "):
                here, ceiling = Interval(float(hits), float(hits), level), float(before[0])
            else:
                here, ceiling = rate(hits, rows, level), rate(*before, level).high
            risen[check] = here.low - ceiling, hits / max(rows, 1), here, rows
        ranked = sorted(risen, key=lambda check: risen[check][:2], reverse=True)
        rise, value, interval, rows = risen[ranked[0]]
        return Measurement(
            monitor=monitor.name,
            metric=ranked[0],
            window=window,
            estimate=Estimate(value, interval, rows, float(rows)),
            reference=self._reference[ranked[0]][0] / max(self._reference[ranked[0]][1], 1),
            alarm=rise > monitor.threshold,
            detail={check: risen[check][1] for check in ranked},
        )
