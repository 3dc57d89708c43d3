"""One label an item from what several said: the last word, the majority, a rank of sources, or a judge's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from afield.errors import LabellingError

Rule = Literal["last", "majority", "priority", "adjudication"]

_BY_TIME = ("known_at", "id")


@dataclass(frozen=True, slots=True)
class Policy:
    """Which label of an item stands.

    Attributes:
        rule: `last`: what was said last; `majority`: what more people said than anything else, each vote weighed by
            its confidence; `priority`: the last of the highest rank; `adjudication`: what all say, or else what a
            judge says.
        ranks: for `priority`: sources or people, the highest first, whoever is not named last; for `adjudication`: the
            judges.
        left_out: people whose labels do not count.
    """

    rule: Rule = "last"
    ranks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a rule that does not exist or lacks its ranks."""
        if self.rule not in get_args(Rule):
            raise LabellingError(f"there is no policy {self.rule!r}; use one of {', '.join(get_args(Rule))}")
        if self.rule in ("priority", "adjudication") and not self.ranks:
            raise LabellingError(f"policy {self.rule} needs ranks: name sources or people, the highest first")


LAST = Policy()


def resolve(labels: pl.LazyFrame, policy: Policy = LAST) -> pl.LazyFrame:
    """One row an item: `item`, `label` (null: unresolved), `known_at`, `said` (people), `share` that say the same.

    Args:
        labels: in force, a row per item and person, as `labels.in_force` gives them.
        policy: which stands. An item that it leaves unresolved belongs into the queue.
    """
    counted = labels.filter(~pl.col("who").is_in(list(policy.left_out))) if policy.left_out else labels
    votes = counted.with_columns(
        _said=pl.col("who").n_unique().over("item"),
        _same=pl.col("who").n_unique().over("item", "label"),
        _weight=pl.col("confidence").sum().over("item", "label"),
    )
    stands = {"last": _last, "majority": _majority, "priority": _priority, "adjudication": _adjudicated}[policy.rule]
    chosen = stands(votes, policy.ranks)
    share = (pl.col("_same") / pl.col("_said")).alias("share")
    summary = votes.group_by("item", maintain_order=True).agg(
        said=pl.col("_said").first(),
        share=(pl.col("_same").max() / pl.col("_said").first()),
        known_at=pl.col("known_at").max(),
    )
    named = chosen.select("item", "label", "known_at", share)
    joined = summary.join(named, on="item", how="left", maintain_order="left", suffix="_stands")
    return joined.select(
        "item",
        "label",
        pl.coalesce("known_at_stands", "known_at").alias("known_at"),
        "said",
        pl.coalesce("share_stands", "share").alias("share"),
    )


def conflicts(resolved: pl.LazyFrame) -> pl.LazyFrame:
    """The items that a policy left unresolved."""
    return resolved.filter(pl.col("label").is_null())


def unknown(names: Collection[str], labels: pl.DataFrame) -> tuple[str, ...]:
    """Which of the names neither a person nor a source of the labels bears."""
    there = {*labels["who"].unique().to_list(), *labels["source"].unique().to_list()}
    return tuple(name for name in names if name not in there)


def _last(votes: pl.LazyFrame, _ranks: Sequence[str]) -> pl.LazyFrame:
    return votes.sort(_BY_TIME).unique("item", keep="last", maintain_order=True)


def _majority(votes: pl.LazyFrame, _ranks: Sequence[str]) -> pl.LazyFrame:
    """The label of most weight, where no other weighs as much."""
    best = votes.sort(_BY_TIME).unique(["item", "label"], keep="last", maintain_order=True)
    top = best.filter(pl.col("_weight") >= pl.col("_weight").max().over("item") - 1e-9)
    return top.filter(pl.len().over("item") == 1)


def _priority(votes: pl.LazyFrame, ranks: Sequence[str]) -> pl.LazyFrame:
    """The last label of the highest rank that said anything."""
    places = {name: place for place, name in enumerate(ranks)}
    rank = pl.min_horizontal(
        pl.col(column).replace_strict(places, default=len(ranks), return_dtype=pl.Int64) for column in ("source", "who")
    )
    ranked = votes.with_columns(_rank=rank)
    return _last(ranked.filter(pl.col("_rank") == pl.col("_rank").min().over("item")), ranks)


def _adjudicated(votes: pl.LazyFrame, judges: Sequence[str]) -> pl.LazyFrame:
    """What a judge says; without one, what all say."""
    judged = pl.col("who").is_in(list(judges))
    theirs = votes.filter(judged.any().over("item") & judged)
    agreed = votes.filter(~judged.any().over("item") & (pl.col("_same") == pl.col("_said")))
    return _last(pl.concat([theirs, agreed]), judges)
