"""What the tables of signs promise to features, training and evaluation."""

from datetime import timedelta

import dataframely as dy
import polars as pl

from afield.data.contract import Contract, Reference


class ReadLine(dy.Schema):
    """A line as it was read: its features, and what was made of it."""

    line = dy.String(primary_key=True)
    at = dy.Datetime()
    known_at = dy.Datetime()
    features = dy.String(regex=r"^\[.*\]$")

    @dy.rule()
    def known_once_it_happened(cls) -> pl.Expr:
        """Nobody knows of a line before it is read."""
        return pl.col("known_at") >= pl.col("at")


class Verdict(dy.Schema):
    """What somebody said of a line."""

    verdict = dy.String(primary_key=True)
    at = dy.Datetime()
    known_at = dy.Datetime()
    line = dy.String()
    right = dy.Int64(min=0, max=1)


CONTRACTS = (
    Contract(
        "lines",
        ReadLine,
        owner="reading",
        time="known_at",
        monotone=True,
        fresh_within=timedelta(days=1),
        filled=True,
    ),
    Contract(
        "verdicts",
        Verdict,
        owner="travellers",
        references=(Reference("line", "lines", "line"),),
        time="known_at",
        fresh_within=timedelta(days=7),
    ),
)
"""One for each table of history."""
