"""The monitors of one application, fitted on the champion's reference and asked chunk by chunk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import polars as pl

from afield.control.standing import Standing
from afield.errors import MonitoringError
from afield.monitoring.alarms import Alarms, Budget
from afield.monitoring.freshness import Freshness
from afield.monitoring.monitor import FittedMonitor, Monitor
from afield.monitoring.skew import AGAIN, FittedSkew, Skew
from afield.records.evidence import Alert, Measurement
from afield.records.facts import FeatureRows, Window

AS_OF = "as_of"
"""The column of chunks that says up to when facts were in, where a row was served."""
Again = Callable[[pl.DataFrame, Sequence[str]], pl.DataFrame]
"""Rows of `tick` and `key`, names of features → those rows with the features as they are computed now."""
Past = Callable[[str, datetime], Iterable[tuple[pl.DataFrame, Window]]]
"""Release, moment → the chunks of its rows before it, as they are kept, in order of time."""
_SERVED = {"tick": pl.Datetime("us"), "key": pl.String(), AS_OF: pl.Datetime("us")}


def nothing(_: str, __: datetime) -> tuple[()]:
    """No chunk."""
    return ()


class Watch:
    """Measures each chunk with every monitor; starts anew when another release becomes champion."""

    def __init__(
        self,
        monitors: Sequence[Monitor],
        features: Sequence[str],
        output: str,
        reference: Callable[[str], pl.DataFrame],
        tell: Callable[[str], None],
        budget: Budget | None = None,
        standing: Callable[[], Standing] = Standing,
        again: Again | None = None,
        past: Past = nothing,
    ) -> None:
        """Watch with `monitors`.

        Args:
            monitors: as the application declares them.
            features: feature columns that monitors look at.
            output: the output that outcomes are compared with.
            reference: digest of a release → its reference rows.
            tell: is told what could not be measured.
            budget: of false alarms; the usual one where it is None.
            standing: the alerts raised so far, and what people said of them.
            again: computes features of rows again, for monitors of skew; None: nothing can.
            past: the chunks of a release before a moment, by which the evidence of a service that comes back goes on.
        """
        self._again = again if any(isinstance(each, Skew) for each in monitors) else None
        self._monitors = monitors
        self._features = tuple(features)
        self._output = output
        self._reference = reference
        self._tell = tell
        self._release = ""
        self._fitted: list[FittedMonitor] = []
        self._budget = budget
        self._standing = standing
        self._past = past
        self._alarms = Alarms([monitor.name for monitor in monitors], budget)
        self._rows: list[pl.DataFrame] = []

    def see(self, rows: FeatureRows) -> None:
        """Keep what the monitors need of the feature rows that were served."""
        kept = {name: rows.columns[name] for name in self._features if name in rows.columns}
        ticks = pl.Series([rows.tick], dtype=pl.Datetime("us")).new_from_index(0, len(rows.keys))
        known = pl.Series([rows.as_of], dtype=pl.Datetime("us")).new_from_index(0, len(rows.keys))
        keys = pl.Series(rows.keys, dtype=pl.String)
        self._rows.append(pl.DataFrame({"tick": ticks, "key": keys, AS_OF: known, **kept}))

    def measure(self, joined: pl.DataFrame, window: Window, champion: str) -> Sequence[Alert]:
        """Alerts that are new after this chunk.

        Args:
            joined: tick events of the chunk with their outcomes.
            window: the chunk.
            champion: the release that is live.
        """
        if champion != self._release:
            self._begin(champion, window.start)
        chunk = self._chunk(joined, window, champion)
        return self._alarms.judge(self._measured(chunk, window), window.end, self._standing().acknowledged)

    def _measured(self, chunk: pl.DataFrame, window: Window) -> Iterator[Measurement]:
        for monitor in self._fitted:
            try:
                yield monitor.measure(chunk, window)
            except MonitoringError as error:
                self._tell(f"not measured: {error}")

    def _begin(self, champion: str, at: datetime) -> None:
        reference = self._reference(champion)
        self._fitted = []
        for monitor in self._monitors:
            if isinstance(monitor, Skew) and self._again is None:
                continue
            try:
                self._fitted.append(monitor.fit(reference))
            except MonitoringError as error:
                self._tell(f"not watched: {error}")
        # A service that comes back goes on with the episodes of this champion; another one has none yet.
        comes_back = not self._release
        raised = self._standing().alerts if comes_back else ()
        self._alarms = Alarms([monitor.name for monitor in self._monitors], self._budget, raised=raised)
        self._release = champion
        if comes_back:
            self._go_on(champion, at)

    def _go_on(self, champion: str, at: datetime) -> None:
        """Bring the evidence to where it stood at a moment: what was found on the way was told in its time."""
        fitted = self._fitted
        self._fitted = [each for each in fitted if not isinstance(each, Freshness | FittedSkew)]
        for chunk, window in self._past(champion, at):
            self._alarms.judge(self._measured(chunk, window), window.end)
        self._fitted = fitted

    def _chunk(self, joined: pl.DataFrame, window: Window, champion: str) -> pl.DataFrame:
        """The champion's forecasts in the chunk, with truth, the features that were served and those computed again.

        Rows that this process did not see served, since it began later, count as fresh and as they should be.
        """
        inside = pl.col("tick").is_between(window.start, window.end, closed="left")
        served = pl.concat(self._rows) if self._rows else pl.DataFrame(schema=_SERVED)
        self._rows = [served.filter(pl.col("tick") >= window.end)]
        chunk = (
            joined.filter(inside & (pl.col("arm") == "champion") & (pl.col("release") == champion))
            .rename({f"output_{self._output}": self._output, "unit": "key"})
            .join(served, on=["tick", "key"], how="left")
            .sort("tick")
        )
        names = [name for name in self._features if name in chunk.columns]
        if self._again is not None and names and chunk.height:
            made = self._again(chunk.select("tick", "key"), names).rename({name: AGAIN + name for name in names})
            chunk = chunk.join(made, on=["tick", "key"], how="left")
            seen = pl.col(AS_OF).is_not_null()
            chunk = chunk.with_columns(
                pl.when(seen).then(AGAIN + name).otherwise(name).alias(AGAIN + name) for name in names
            )
        return chunk.with_columns(pl.col(AS_OF).fill_null(pl.col("tick")))
