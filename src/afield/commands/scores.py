"""Scores of a release and its rivals as a table for a person."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from afield.commands.output import table
from afield.evaluation.metrics import Metrics
from afield.records.words import Words
from afield.wording import NONE, SHARES, metric_name


def scores(words: Words, metrics: Sequence[str], named: Mapping[str, Metrics], title: str) -> Table:
    """Who × the metrics of these names, as the application calls them; a bias and other shares in percent."""
    made = table(
        ("", *(metric_name(name, words) for name in metrics)),
        ([who, *(_score(name, found.numbers((name,)).get(name)) for name in metrics)] for who, found in named.items()),
        title=title,
    )
    made.columns[0].no_wrap = True
    return made


def _score(metric: str, value: float | None) -> float | str:
    if value is None:
        return NONE
    return f"{value:+.2%}" if metric == "bias" else f"{value:.1%}" if metric in SHARES else value
