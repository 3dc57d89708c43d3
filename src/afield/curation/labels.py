"""The labels of an application: what its history holds and what people added, as one table, and what waits for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from afield.errors import LabellingError
from afield.labelling.conflicts import Policy, conflicts, resolve, unknown
from afield.labelling.contests import CONTESTS, Found, confirmed
from afield.labelling.contests import SCHEMA as CONTEST_SCHEMA
from afield.labelling.contests import found as found_contests
from afield.labelling.items import Labelling
from afield.labelling.labels import LABELS, NATURAL, SCHEMA, Label, check_labels, in_force, label_rows
from afield.labelling.queue import QUEUE, waiting
from afield.labelling.queue import SCHEMA as QUEUE_SCHEMA
from afield.records.facts import Window
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS
from afield.workshop.items import declared
from afield.workshop.plan import Build

History = Mapping[str, pl.LazyFrame]

TRUE_LATER = "outcome"
"""Who says a natural label."""


@dataclass(frozen=True, slots=True)
class LabelBook:
    """The labels of one application.

    Attributes:
        labelling: how its examples are labelled.
        items: every item: `item`, `at`, and what a person should see of it.
        found: the labels that the history holds.
        tables: of the store; people's labels and the queue are appended there.
        spine: columns of the items that a recorded answer names by its unit and tick; none: no answer names an item.
    """

    labelling: Labelling
    items: pl.LazyFrame
    found: pl.LazyFrame
    tables: Tables
    spine: tuple[str, ...] = ()

    def labels(self) -> pl.LazyFrame:
        """Every label, natural and human, in the columns of `labels.SCHEMA`, by time."""
        rows = pl.concat([self.found, self._stored(LABELS, SCHEMA)]).unique("id", keep="first", maintain_order=True)
        return rows.sort("known_at", maintain_order=True)

    def in_force(self, as_of: datetime | None = None) -> pl.LazyFrame:
        """What each says of each item now."""
        return in_force(self.labels(), as_of)

    def resolved(self, policy: Policy) -> pl.LazyFrame:
        """The label of each item.

        Raises:
            LabellingError: the policy names somebody who never said anything.
        """
        standing = self.in_force().collect()
        strangers = unknown((*policy.left_out, *(policy.ranks if policy.rule == "adjudication" else ())), standing)
        if strangers:
            known = ", ".join(standing["who"].unique().sort().to_list()[:10]) or "nobody"
            raise LabellingError(f"{', '.join(strangers)} labelled nothing here; who did: {known}")
        return resolve(standing.lazy(), policy)

    def queue(self, policy: Policy) -> pl.DataFrame:
        """What a person should label next: `item`, `reason`, `priority`, and what is to be seen of it."""
        unresolved = conflicts(self.resolved(policy))
        found = waiting(self.items, self.in_force(), unresolved, self.asked(), self.reported().lazy()).collect()
        shown = self.items.drop("priority", strict=False).unique("item", keep="first")
        return found.lazy().join(shown, on="item", how="left", maintain_order="left").collect()

    def contests(self) -> Found:
        """What people contested, by the items that it is about."""
        if not self.tables.exists(CONTESTS):
            nothing = pl.DataFrame(schema=CONTEST_SCHEMA)
            return Found(nothing.with_columns(item=pl.lit(None, pl.String)).select("item", *CONTEST_SCHEMA), nothing)
        contests = self._stored(CONTESTS, CONTEST_SCHEMA)
        return found_contests(contests, self.items, self._answers(contests), self.labelling.together)

    def reported(self) -> pl.DataFrame:
        """The contested items that no person has labelled since: `item`, `about`, `value`, `reason`, `at`."""
        known = self.contests().known
        return known.join(self.confirmed(known), on="item", how="anti", maintain_order="left")

    def confirmed(self, known: pl.DataFrame | None = None) -> pl.DataFrame:
        """The contested items that a person has labelled since, as `afield.labelling.contests.confirmed` gives them."""
        known = self.contests().known if known is None else known
        if known.is_empty():
            return confirmed(known, pl.DataFrame(schema=SCHEMA))
        items = known["item"].implode()
        return confirmed(known, self.in_force().filter(pl.col("item").is_in(items)).collect())

    def add(self, labels: Sequence[Label]) -> int:
        """Append labels of people; how many were new. Labels that are there already are left out.

        Raises:
            LabellingError: one of them means nothing; none was stored.
        """
        there = self.labels().select("id", "item").collect()
        rows = label_rows(labels).unique("id", keep="first", maintain_order=True)
        check_labels(rows, self.items.select("item").collect()["item"], tuple(self.labelling.classes.values()), there)
        new = rows.join(there, on="id", how="anti", maintain_order="left")
        if new.height:
            self.tables.append(LABELS, new)
        return new.height

    def ask(self, rows: pl.DataFrame) -> int:
        """Put items into the queue; how many were not there for that reason yet."""
        open_ = waiting(
            self.items, self.in_force(), pl.LazyFrame(schema={"item": pl.String, "share": pl.Float64}), self.asked()
        )
        asked = open_.join(self.asked().select("item", "reason").unique(), on=["item", "reason"], how="semi")
        new = rows.join(asked.collect(), on=["item", "reason"], how="anti", maintain_order="left")
        if new.height:
            self.tables.append(QUEUE, new)
        return new.height

    def asked(self) -> pl.LazyFrame:
        """What was put into the queue, in the columns of `queue.SCHEMA`."""
        return self._stored(QUEUE, QUEUE_SCHEMA)

    def _answers(self, contests: pl.LazyFrame) -> pl.LazyFrame:
        """`id` of the recorded answers that were contested, and the `item` that each was about."""
        if not (self.spine and self.tables.exists(EVENTS)):
            return pl.LazyFrame(schema={"id": pl.String, "item": pl.String})
        key, origin = self.spine[0], self.spine[-1]
        answers = self.tables.scan(EVENTS).join(contests.select(id="about"), on="id", how="semi")
        named = answers.select("id", pl.col("unit").alias(key), pl.col("tick").alias(origin))
        return named.unique("id").select("id", item=self.labelling.item)

    def _stored(self, name: str, schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
        if not self.tables.exists(name):
            return pl.LazyFrame(schema=dict(schema))
        rows = self.tables.scan(name)
        there = rows.collect_schema()
        # Tables of before a column was there lack it.
        columns = {column: pl.col(column) if column in there else pl.lit(None).alias(column) for column in schema}
        return rows.select(columns[column].cast(kind) for column, kind in schema.items())


def open_labels(plan: Build, history: History, tables: Tables) -> LabelBook:
    """The labels of an application whose history is given.

    Where the application does not say otherwise, its items are the rows of its spine in the last `plan.test` of the
    history, and what came true of them is their natural label, known a slot after their origin.
    """
    labelling = declared(plan)
    derived = _came_true(plan, labelling, history) if not (labelling.items and labelling.said) else pl.LazyFrame()
    items = (
        labelling.items(history)
        if labelling.items
        else derived.select("item", *_spine(plan), at=pl.col(plan.features.origin))
    )
    said = labelling.said(history) if labelling.said else derived.select(*SCHEMA)
    return LabelBook(labelling, items, said, tables, _spine(plan))


def _spine(plan: Build) -> tuple[str, ...]:
    return (*plan.features.keys, plan.features.origin)


def _came_true(plan: Build, labelling: Labelling, history: History) -> pl.LazyFrame:
    """Rows of the spine with the natural label of each that has come true."""
    start, end = plan.period(history)
    window = Window(max(start, end - plan.test), end)
    rows = plan.labels(plan.spine(history, window), history).lazy()
    return rows.filter(pl.col("truth").is_not_null()).with_columns(
        id=pl.lit(f"{NATURAL}/") + labelling.item,
        item=labelling.item,
        label=pl.col("truth").cast(pl.Float64),
        who=pl.lit(TRUE_LATER),
        known_at=(pl.col(plan.features.origin) + plan.slot).cast(pl.Datetime("us")),
        source=pl.lit(NATURAL),
        confidence=pl.lit(1.0),
        supersedes=pl.lit(None, pl.String),
    )
