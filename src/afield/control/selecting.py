"""Selecting: the rows of a chunk that people are asked to label, drawn and put into their queue, once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from afield.control.office import Office
from afield.features.compute import compute
from afield.labelling.contests import CONTESTS, SCHEMA
from afield.labelling.contests import found as contested
from afield.labelling.items import Labelling
from afield.labelling.queue import QUEUE, requests
from afield.records.applied import BASELINE
from afield.records.facts import Window
from afield.selection.drawing import Drawn, draw
from afield.selection.reasons import Floats, disagreeing, drifted, rare, reported, uncertain, wide
from afield.selection.strategies import Reason, Selection
from afield.store.tables import Tables
from afield.telemetry.outcomes import joined
from afield.workshop.items import declared
from afield.workshop.plan import Build

WRITER = "selection"
WHO = "afield"
"""Who asks for what was drawn."""
EPOCH = datetime(1970, 1, 1)
History = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """What a draw needs to know of an application.

    Attributes:
        selection: how many rows, and why.
        plan: how it is built.
        labelling: what an item is called, and its classes.
        output: name of the output that outcomes are compared with.
        interval: outputs that are the ends of its interval, or None.
        tables: of the store.
        history: a moment → the facts known then.
        reference: digest of a release → its reference rows.
    """

    selection: Selection
    plan: Build
    labelling: Labelling
    output: str
    interval: tuple[str, str] | None
    tables: Tables
    history: Callable[[datetime], History]
    reference: Callable[[str], pl.DataFrame]

    def select(self, chunk: Window, champion: str, at: datetime) -> pl.DataFrame:
        """Put rows of the chunk into the queue, once; what was put there, in the columns of `queue.SCHEMA`.

        Drawn are rows whose outcome is not known: what comes true by itself needs nobody. A row's probability is that
        of the draw times that with which telemetry kept it.

        Raises:
            StoreError: a table cannot be read or written.
        """
        rows = self.rows(chunk, champion, at)
        count = self.selection.count(chunk.end - chunk.start)
        drawn = draw(self.selection, self._scores(rows, champion, chunk), rows.height, count, chunk.start.isoformat())
        asked = _asked(rows, drawn, at)
        if asked.height:
            number = int((chunk.start - EPOCH).total_seconds())
            self.tables.append(QUEUE, asked, writer=WRITER, transaction=number)
        return asked

    def rows(self, chunk: Window, champion: str, at: datetime) -> pl.DataFrame:
        """The champion's forecasts of the chunk whose outcome was not known at a moment, and another's beside them.

        Args:
            chunk: of ticks.
            champion: its release; "": whoever was champion.
            at: outcomes that became known later do not count.
        """
        made = joined(self.tables, chunk, at, pending=True).filter(pl.col("kind") == "tick")
        output = f"output_{self.output}"
        if made.is_empty() or output not in made.columns:
            return pl.DataFrame()
        features = self.plan.features
        own = (pl.col("arm") == "champion") & ((pl.col("release") == champion) | pl.lit(champion == ""))
        others = made.filter(pl.col("arm").is_in(["challenger", BASELINE])).sort(pl.col("arm") == BASELINE)
        beside = others.unique(["unit", "tick"], keep="first", maintain_order=True)
        mine = made.filter(own & pl.col("truth").is_null() & pl.col(output).is_finite()).join(
            beside.select("unit", "tick", other=output), on=["unit", "tick"], how="left", maintain_order="left"
        )
        key = pl.col("unit").cast(self.plan.key_type).alias(features.keys[0])
        named = mine.with_columns(key, pl.col("tick").alias(features.origin))
        return named.with_columns(_item=self.labelling.item)

    def _scores(self, rows: pl.DataFrame, champion: str, chunk: Window) -> dict[Reason, Floats]:
        """Reason → score of each row, of those that have a share."""
        if rows.is_empty():
            return {}
        makers: Mapping[Reason, Callable[[], Floats]] = {
            "uncertain": lambda: self._uncertain(rows),
            "disagreeing": lambda: _disagreeing(rows, f"output_{self.output}"),
            "drifted": lambda: self._drifted(rows, champion, chunk),
            "rare": lambda: self._rare(rows, chunk),
        }
        found = {name: make() for name, make in makers.items() if name in self.selection.shares}
        return {**found, "reported": reported(rows["_item"].to_list(), self._contested(rows, chunk))}

    def _contested(self, rows: pl.DataFrame, chunk: Window) -> frozenset[str]:
        """The items of these rows that somebody contested: by their own name, or with all that they stand together."""
        if not self.tables.exists(CONTESTS):
            return frozenset()
        items = rows.lazy().select(item="_item")
        if self.labelling.items is not None and self.labelling.together:
            wider = self.labelling.items(self.history(chunk.end)).select("item", *self.labelling.together)
            items = items.join(wider.unique("item"), on="item", how="left")
        contests = self.tables.scan(CONTESTS).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
        together = [name for name in self.labelling.together if name in items.collect_schema()]
        answers = pl.LazyFrame(schema={"id": pl.String, "item": pl.String})
        return frozenset(contested(contests, items, answers, together).known["item"].to_list())

    def _uncertain(self, rows: pl.DataFrame) -> Floats:
        if self.labelling.classes:
            return uncertain(rows[f"output_{self.output}"].clip(0.0, 1.0))
        ends = [f"output_{name}" for name in self.interval or ()]
        if len(ends) < 2 or not {*ends} <= {*rows.columns}:
            return rare(list(range(rows.height)))
        one, other = (rows[name].fill_nan(None).fill_null(rows[f"output_{self.output}"]).to_numpy() for name in ends)
        # Ends that cross, or are missing, must not stop the loop.
        return wide(np.minimum(one, other), np.maximum(one, other))

    def _drifted(self, rows: pl.DataFrame, champion: str, chunk: Window) -> Floats:
        features, known = self.plan.features, self.reference(champion)
        on = [*features.keys, features.origin]
        columns = [name for name in self.plan.watched if name in known.columns]
        if not columns:
            return np.zeros(rows.height)
        made = compute(features, rows.select(on), self.history(chunk.end)).select(*on, *columns)
        found = rows.select(on).join(made, on=on, how="left", maintain_order="left")
        return drifted({name: found[name].to_numpy() for name in columns}, {n: known[n].to_numpy() for n in columns})

    def _rare(self, rows: pl.DataFrame, chunk: Window) -> Floats:
        if self.labelling.items is None:
            groups = rows.select(self.selection.groups)
        else:
            items = self.labelling.items(self.history(chunk.end)).select("item", *self.selection.groups)
            own = rows.lazy().select(item="_item")
            named = own.join(items.unique("item"), on="item", how="left", maintain_order="left")
            groups = named.select(self.selection.groups).collect()
        return rare(groups.rows())


def _disagreeing(rows: pl.DataFrame, output: str) -> Floats:
    """How far another release lies from the champion; nobody disagrees who said nothing."""
    return disagreeing(rows[output], rows["other"].fill_nan(None).fill_null(rows[output]))


def _asked(rows: pl.DataFrame, drawn: Drawn, at: datetime) -> pl.DataFrame:
    """Rows of the queue: what somebody reported first, then by chance in no order of their own."""
    if not drawn.places.size:
        return requests([], [], [], at, WHO, [])
    chosen = rows[drawn.places.tolist()]
    kept = chosen["inclusion"].to_numpy() * drawn.inclusion
    urgent = [0.5 if reason == "random" else 0.75 for reason in drawn.reasons]
    return requests(chosen["_item"].to_list(), urgent, drawn.reasons, at, WHO, kept.tolist())


def draws_of(
    office: Office, history: Callable[[datetime], History], reference: Callable[[str], pl.DataFrame]
) -> Draws | None:
    """What chooses the rows that people are asked to label; None where the application declares no selection."""
    operate = office.operate
    if operate.selection is None:
        return None
    return Draws(
        selection=operate.selection,
        plan=office.plan,
        labelling=declared(office.plan),
        output=operate.output,
        interval=operate.interval,
        tables=office.tables,
        history=history,
        reference=reference,
    )


def labelled(draws: Draws, labels: pl.DataFrame, chunk: timedelta) -> tuple[pl.DataFrame, pl.Series]:
    """What was drawn and then labelled, and what the champions said of all rows among which it was drawn.

    Args:
        draws: what drew them.
        labels: `item` and `label`, one an item.
        chunk: the stretch of one draw.

    Returns:
        `item`, `label`, `said` (the champion's output when it was drawn), `inclusion`, `at`, one row an item that was
        labelled; and `said` of every row of the same draws.
    """
    asked = draws.tables.scan(QUEUE).filter(pl.col("inclusion").is_not_null(), pl.col("who") == WHO).collect()
    frames = []
    for end in asked["at"].unique().sort():
        rows = draws.rows(Window(end - chunk, end), "", end)
        if rows.height:
            frames.append(rows.select(item="_item", said=f"output_{draws.output}", at=pl.lit(end)))
    if not frames:
        empty = pl.DataFrame(
            schema={"item": pl.String, "label": pl.Float64, "said": pl.Float64, "inclusion": pl.Float64}
        )
        return empty, pl.Series("said", [], pl.Float64)
    every = pl.concat(frames)
    drawn = asked.select("item", "inclusion", "at").join(every, on=["item", "at"], how="inner", maintain_order="left")
    return drawn.join(labels, on="item", how="inner", maintain_order="left"), every["said"]
