"""What a verb is given and how it speaks: results on stdout, progress on stderr."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cyclopts import Parameter
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table

RESULTS = Console(soft_wrap=True, highlight=False, markup=False)
PROGRESS = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


@Parameter(parse=False)
@dataclass(frozen=True, slots=True)
class Context:
    """What the command line hands to every verb that names a parameter of this type.

    Attributes:
        home: the folder under which all state lives.
        json: whether results are wanted as JSON, one object a line.
        command: what was typed, for the provenance of numbers.
    """

    home: Path
    json: bool = False
    command: str = ""


def progress(message: str) -> None:
    """Say on stderr what is happening now; stdout is left to results."""
    PROGRESS.print(message)


def result(context: Context, value: object, text: RenderableType) -> None:
    """Give a verb's result on stdout: `value` as a line of JSON where that was asked for, else `text`.

    Args:
        context: what the verb was given.
        value: a record, or a mapping or sequence of records; a number that is not finite becomes null.
        text: the same for a person: words, a table, or a group of them.
    """
    if context.json:
        RESULTS.out(msgspec.json.encode(value, enc_hook=_plain).decode(), highlight=False)
    else:
        RESULTS.print(text)


def table(header: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> Table:
    """Rows for a person: text on the left, numbers on the right, a float to four significant digits."""
    body = [tuple(row) for row in rows]
    made = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD)
    for column, name in enumerate(header):
        numbers = bool(body) and all(isinstance(row[column], int | float) for row in body)
        made.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in body:
        made.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row))
    return made


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise TypeError(f"a {type(value).__name__} has no form in JSON; give the verb's result as a record")
