"""Columns: what a row brings to a prediction, and the numbers that a model sees of it."""

import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from afield.errors import UsageError

Cell: TypeAlias = str | float | None
Row: TypeAlias = Mapping[str, Cell]
Kind = Literal["yes_or_no", "count", "number"]

RULE, HOUR, WEEKDAY, OTHER = "rule", "hour_of_day", "day_of_week", "other"
RESERVED = {
    RULE,
    HOUR,
    WEEKDAY,
    "row",
    "at",
    "known_at",
    "unit",
    "value",
    "truth",
    "tick",
    "history",
    "forecast",
    "source",
}
"""Names that the tables and requests of a tabular application need for themselves."""


@dataclass(frozen=True, slots=True)
class Times:
    """How a tabular application turns in time.

    Attributes:
        step: length of a tick, over which losses are averaged.
        delay: an outcome is known so long after its row.
        validation, test: length of the two stretches at the end of the data, to choose on and to judge on.
    """

    step: timedelta
    delay: timedelta
    validation: timedelta
    test: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What a row is asked about with, and what is to be said of it.

    Names are those of `identifier`: a file's header is read by it, so that a column has one name everywhere.

    Attributes:
        target: what is predicted; a column of the data.
        kind: what it is: `yes_or_no` (the model says a probability), `count` (whole, never negative) or `number`.
        time: the column that says when a row happened, on the clock of the place.
        rule: row → what somebody would say without a model; the model has to beat it.
        numbers: columns of numbers.
        categories: columns of text → the values that are told apart; any other counts as `other`.
        positive: the text that means yes, where the target is `yes_or_no` and written in words; "" for 0 and 1.
        unit: the column that says whom or what a row is about, or "".
        example: a row to try the service with.
        false_alarm, missed: what it costs to say yes where it was no, and no where it was yes, in any one unit.
    """

    target: str
    kind: Kind
    time: str
    rule: Callable[[Row], float] = field(repr=False)
    numbers: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positive: str = ""
    unit: str = ""
    example: Mapping[str, str | float] = field(default_factory=dict)
    false_alarm: float = 1.0
    missed: float = 1.0

    def __post_init__(self) -> None:
        """Refuse names that tables, requests or the model could not tell apart."""
        names = (*self.numbers, *self.categories, self.target, self.time)
        odd = [name for name in names if name != identifier(name)]
        if odd:
            raise UsageError(f"column {odd[0]!r} cannot be a name here; write it as {identifier(odd[0])!r}")
        if len(set(names)) != len(names) or not self.asked:
            raise UsageError(f"columns must differ, and at least one must be asked with: {', '.join(names)}")

    @property
    def act_from(self) -> float:
        """The probability from which on it costs less to say yes.

        Source: Elkan, "The foundations of cost-sensitive learning", IJCAI (2001).
        """
        return self.false_alarm / (self.false_alarm + self.missed)

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns that a request brings."""
        return (*self.numbers, *self.categories)

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that a model sees."""
        told_apart = (f"{name}:{value}" for name, values in self.categories.items() for value in (*values, OTHER))
        return (*self.numbers, *told_apart, HOUR, WEEKDAY, RULE)

    def values(self, row: Row, at: datetime) -> tuple[float, ...]:
        """The features of a row that happened at `at`, in the order of `features`; NaN where a number is missing.

        This is the one definition: examples are made by it, and so is every request.
        """
        numbers = (_number(row.get(name)) for name in self.numbers)
        flags = (flag for name, values in self.categories.items() for flag in _flags(row.get(name), values))
        hour = at.hour + at.minute / 60
        return (*numbers, *flags, hour, float(at.weekday()), float(self.rule(row)))


def identifier(name: str) -> str:
    """A column's name as tables, requests and Python can all hold it.

    >>> identifier("Weight (kg)"), identifier("2nd"), identifier("class"), identifier("at")
    ('weight_kg', 'column_2nd', 'class_', 'at_')
    """
    letters = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).strip().lower())
    kept = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in letters)
    plain = re.sub("_+", "_", kept).strip("_") + ("_" if kept.endswith("_") and letters.endswith("_") else "")
    if not plain.isidentifier():
        plain = f"column_{plain}"
    return f"{plain}_" if plain in RESERVED or keyword.iskeyword(plain) else plain


def _number(cell: Cell) -> float:
    return math.nan if cell is None else float(cell)


def _flags(cell: Cell, values: tuple[str, ...]) -> tuple[float, ...]:
    """1 for the value that it is, or for `other`; all missing where there is none."""
    if cell is None:
        return (math.nan,) * (len(values) + 1)
    found = tuple(float(cell == value) for value in values)
    return (*found, float(not any(found)))
