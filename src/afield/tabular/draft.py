"""A draft of a tabular application: what a file's columns are, what is left out and why, and a rule to beat."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import DataError, UsageError
from afield.tabular.columns import Kind, Times, identifier
from afield.tabular.source import NO, YES, moment, number, read_text, written

SPAN = timedelta(days=21)
STEPS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
ROWS_A_STEP = 5
LEAST_ROWS = 200
READABLE = 0.95
FEW, SHARE = 20, 0.005
"""At most so many values of a text column are told apart, each on at least this share of the rows."""
PERFECT = 0.98
EARLY = 0.6
"""The share of the rows, from the start, that the rule is made of: the model is tested on later ones."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What somebody would say without a model: a number for each group of one column.

    Attributes:
        column: by which the rows are told apart, or "".
        edges: where it is a number, the borders between groups.
        values: where it is text, its values.
        says: the mean of the target in each group.
        otherwise: the mean of all.
    """

    column: str
    edges: tuple[float, ...]
    values: tuple[str, ...]
    says: tuple[float, ...]
    otherwise: float


@dataclass(frozen=True, slots=True)
class Draft:
    """What a file's columns are.

    Attributes:
        target, kind, positive, time: as in `Columns`.
        numbers, categories: as in `Columns`.
        left_out: column → why it is not asked with.
        rule: to beat.
        times: how the application turns in time.
        example: a row to try the service with.
        rows, start, end: of the file.
    """

    target: str
    kind: Kind
    positive: str
    time: str
    numbers: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    left_out: dict[str, str]
    rule: Rule
    times: Times
    example: dict[str, str | float]
    rows: int
    start: datetime
    end: datetime


def draft(path: Path, target: str, time: str, delay: timedelta, positive: str = "") -> Draft:
    """The draft of an application that predicts the column `target` of a file.

    Args:
        path: a CSV or Parquet file.
        target: the column to predict.
        time: the column that says when a row happened.
        delay: an outcome is known so long after its row.
        positive: the text that means yes, where the target is one of two texts.

    Raises:
        UsageError: a column is not there, or the target is nothing that can be drafted.
        DataError: the file cannot be read, or holds too little.
    """
    text = read_text(path)
    target, time = (_named(path, text, name) for name in (target, time))
    at = text.select(moment(time).alias("at"))["at"]
    if at.null_count() > (1 - READABLE) * text.height:
        first = text[time].filter(at.is_null())[0]
        raise DataError(f"{path}: {time} cannot be read as a time, e.g. {first!r}; write 2024-05-31 18:23")
    kind, positive = _kind(path, text[target], positive)
    truth = _truth(text[target], kind, positive)
    told = text.with_columns(at=at, truth=truth).filter(pl.col("at").is_not_null()).sort("at")
    known = told.filter(pl.col("truth").is_not_null())
    start, end = known["at"][0] if known.height else None, known["at"][-1] if known.height else None
    if start is None or end is None or known.height < LEAST_ROWS or end - start < SPAN + delay:
        days = (end - start).days if start and end else 0
        raise DataError(
            f"{path}: {known.height} rows with a time and a {target}, over {days} days; "
            f"{LEAST_ROWS} rows over {(SPAN + delay) / DAY:g} days are the least to train, choose and test on"
        )
    numbers, categories, left_out = _columns(known, target, time)
    if not numbers and not categories:
        raise DataError(f"{path}: no column is left to predict {target} from: {_listed(left_out)}")
    return Draft(
        target=target,
        kind=kind,
        positive=positive,
        time=time,
        numbers=numbers,
        categories=categories,
        left_out=left_out,
        rule=_rule(known.head(int(EARLY * known.height)), numbers, categories),
        times=_times(start, end, known.height, delay),
        example=_example(known, numbers, categories),
        rows=text.height,
        start=start,
        end=end,
    )


def _named(path: Path, text: pl.DataFrame, name: str) -> str:
    found = identifier(name)
    if found not in text.columns:
        raise UsageError(f"{path} has no column {name!r}; it has {', '.join(text.columns)}")
    return found


def _kind(path: Path, said: pl.Series, positive: str) -> tuple[Kind, str]:
    """What the target is, and the text that means yes."""
    values = said.drop_nulls().str.strip_chars()
    few = values.str.to_lowercase().unique()
    if len(few) < 2:
        raise DataError(f"{path}: {said.name} is {few[0] if len(few) else 'nothing'!r} in every row: nothing to learn")
    if not positive and set(few) <= {*YES, *NO}:
        return "yes_or_no", ""
    if len(few) == 2:
        counts = values.value_counts().sort("count", said.name)
        chosen = positive or str(counts[said.name][0])
        if chosen.lower() not in few:
            raise UsageError(f"{path}: {said.name} is never {chosen!r}; it is {' or '.join(sorted(few))}")
        return "yes_or_no", chosen
    numbers = values.to_frame().select(number(said.name))[said.name]
    if numbers.null_count() > (1 - READABLE) * len(numbers):
        raise UsageError(
            f"{path}: {said.name} holds {len(few)} different texts; yes or no, counts and numbers can be drafted. "
            "For several classes write the build yourself, as apps/signs does for languages"
        )
    known = numbers.drop_nulls()
    return ("count" if bool(((known % 1 == 0) & (known >= 0)).all()) else "number"), ""


def _truth(said: pl.Series, kind: Kind, positive: str) -> pl.Series:
    plain = said.str.strip_chars().str.to_lowercase()
    if kind != "yes_or_no":
        return said.to_frame().select(number(said.name))[said.name]
    if positive:
        return (plain == positive.lower()).cast(pl.Float64)
    return pl.select(pl.when(plain.is_in(YES)).then(1.0).when(plain.is_in(NO)).then(0.0)).to_series()


def _columns(
    known: pl.DataFrame, target: str, time: str
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], dict[str, str]]:
    """Numbers, categories with their values, and what is left out with the reason."""
    numbers, categories, left_out = [], {}, {}
    for name in known.columns:
        if name in (target, time, "at", "truth"):
            continue
        said = known.filter(written(name))[name]
        read = said.to_frame().select(number(name), at=moment(name))
        numeric = bool(len(said)) and read[name].null_count() <= (1 - READABLE) * len(said)
        values = tuple(sorted(_frequent(said)))
        if said.n_unique() < 2:
            left_out[name] = "it is the same in every row"
        elif numeric and _told_by(known.select(number(name))[name], known["truth"]) > PERFECT:
            left_out[name] = f"it tells {target} almost perfectly, as what is known only afterwards would"
        elif numeric and _counts_rows(read[name]):
            left_out[name] = "it counts the rows: what is new always lies beyond what was learned"
        elif numeric:
            numbers.append(name)
        elif read["at"].null_count() <= (1 - READABLE) * len(said):
            left_out[name] = "it is a time; say what it means for a row as a number"
        elif said.n_unique() > len(said) / 2 or not values:
            left_out[name] = "nearly every row has its own text: a name or a number of the row says nothing of the next"
        elif _told_by_text(known[name], known["truth"]) > PERFECT:
            left_out[name] = f"it tells {target} almost perfectly, as what is known only afterwards would"
        else:
            categories[name] = values
    return tuple(numbers), categories, left_out


def _counts_rows(values: pl.Series) -> bool:
    """Whether a number grows from row to row, in order of time."""
    known = values.drop_nulls()
    return known.n_unique() == len(known) and known.is_sorted()


def _frequent(said: pl.Series) -> list[str]:
    counts = said.value_counts().sort(["count", said.name], descending=[True, False])
    return counts.filter(pl.col("count") >= max(2.0, SHARE * len(said)))[said.name].head(FEW).to_list()


def _told_by(column: pl.Series, truth: pl.Series) -> float:
    """How far a number alone orders the target: |rank correlation|, or for two values 2·|area − ½|."""
    both = pl.DataFrame({"x": column, "y": truth}).drop_nulls()
    if both.n_unique(["x"]) < 2 or both.n_unique(["y"]) < 2:
        return 0.0
    if both["y"].n_unique() == 2:
        yes = (both["y"] == both["y"].max()).to_numpy()
        ranks = both["x"].rank().to_numpy()
        area = (ranks[yes].mean() - (yes.sum() + 1) / 2) / (~yes).sum()
        return float(2 * abs(area - 0.5))
    return abs(float(both.select(pl.corr("x", "y", method="spearman")).item()))


def _told_by_text(column: pl.Series, truth: pl.Series) -> float:
    """The share of the target's variance that lies between the texts."""
    both = pl.DataFrame({"x": column, "y": truth}).drop_nulls()
    total = float(both["y"].to_numpy().var())
    fitted = both.select(pl.col("y").mean().over("x"))["y"].to_numpy()
    return float(fitted.var() / total) if total else 0.0


def _rule(early: pl.DataFrame, numbers: tuple[str, ...], categories: dict[str, tuple[str, ...]]) -> Rule:
    """The best of all rules that tell the rows apart by one column, on early rows."""
    otherwise = float(early["truth"].to_numpy().mean())
    rules = [Rule("", (), (), (), otherwise), *_rules(early, numbers, categories, otherwise)]
    return min(rules, key=lambda rule: (_missed(rule, early), rule.column))


def _rules(
    early: pl.DataFrame, numbers: tuple[str, ...], categories: dict[str, tuple[str, ...]], otherwise: float
) -> Iterator[Rule]:
    for name in numbers:
        values = early.select(number(name))[name]
        known = values.drop_nulls().to_numpy()
        edges = (
            tuple(sorted({float(f"{edge:.4g}") for edge in np.quantile(known, (1 / 3, 2 / 3))})) if len(known) else ()
        )
        places = np.digitize(values.fill_null(np.nan).to_numpy(), edges)
        groups = [
            early["truth"].to_numpy()[(places == group) & values.is_not_null().to_numpy()]
            for group in range(len(edges) + 1)
        ]
        yield Rule(name, edges, (), tuple(_mean(group, otherwise) for group in groups), otherwise)
    for name, texts in categories.items():
        said = early[name].to_numpy()
        groups = [early["truth"].to_numpy()[said == text] for text in texts]
        yield Rule(name, (), texts, tuple(_mean(group, otherwise) for group in groups), otherwise)


def _missed(rule: Rule, rows: pl.DataFrame) -> float:
    """Mean squared error of a rule."""
    said = np.full(rows.height, rule.otherwise)
    if rule.values:
        said = rows[rule.column].replace_strict(rule.values, rule.says, default=rule.otherwise).to_numpy()
    elif rule.column:
        values = rows.select(number(rule.column))[rule.column].fill_null(np.nan).to_numpy()
        said = np.where(np.isnan(values), rule.otherwise, np.array(rule.says)[np.digitize(values, rule.edges)])
    missed: float = ((said - rows["truth"].to_numpy()) ** 2).mean()
    return missed


def _mean(group: NDArray[np.float64], otherwise: float) -> float:
    return float(f"{group.mean() if len(group) else otherwise:.4g}")


def _times(start: datetime, end: datetime, rows: int, delay: timedelta) -> Times:
    """The shortest step on which enough rows fall, a tenth of the time to choose on and a fifth to judge on."""
    steps = max(1.0, (end - start) / STEPS[0])
    step = next((each for each in STEPS if rows / steps * (each / STEPS[0]) >= ROWS_A_STEP), STEPS[-1])
    days = (end - start) // DAY
    return Times(step, delay, max(2, days // 10) * DAY, max(4, days // 5) * DAY)


def _example(
    known: pl.DataFrame, numbers: tuple[str, ...], categories: dict[str, tuple[str, ...]]
) -> dict[str, str | float]:
    """The newest row that says something in every column, or else the newest."""
    full = known.filter(pl.all_horizontal(written(name) for name in (*numbers, *categories)))
    row = (full if full.height else known).row(-1, named=True)
    said: dict[str, str | float] = {}
    for name in (*numbers, *categories):
        if row[name] is not None:
            said[name] = float(row[name]) if name in numbers else str(row[name])
    return said


def _listed(left_out: dict[str, str]) -> str:
    return "; ".join(f"{name}: {why}" for name, why in left_out.items())
