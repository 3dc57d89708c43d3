"""The forms of a table: Arrow, and modules of Python and JavaScript that need nothing else."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
import polars as pl

from afield.exchange.wording import filled
from afield.records.table import Column, Table
from afield.serving.levels import numbers


def as_arrow(table: Table) -> bytes:
    """The table as an Arrow file: a row for each regime, cell and key, with what is known there; null: nothing is."""
    regimes, cells, keys = len(table.regimes), table.cells, len(table.keys)
    columns: dict[str, pl.Series] = {
        "regime": pl.Series(np.repeat(np.arange(regimes, dtype=np.uint32), cells * keys)),
        "cell": pl.Series(np.tile(np.repeat(np.arange(cells, dtype=np.uint16), keys), regimes)),
        "key": pl.Series(np.tile(np.arange(keys, dtype=np.uint32), regimes * cells)),
    }
    named = {"regime": table.regimes, "key": table.keys}
    frame = pl.DataFrame(columns | {name: _numbers(column) for name, column in told(table).items()})
    frame = frame.with_columns(
        pl.Series(name, names, dtype=pl.Enum(names)).gather(frame[name]) for name, names in named.items()
    )
    stream = io.BytesIO()
    frame.write_ipc(stream, compression="zstd")
    return stream.getvalue()


def as_python(table: Table) -> str:
    """The table as the source of a Python module that imports the standard library only."""
    shown = busiest(table)
    return _filled("table.py.txt", table, _quoted(shown.key), _called(shown.moment), repr(_json(table)))


def as_javascript(table: Table) -> str:
    """The table as the source of a JavaScript module (ECMAScript 2020) without imports."""
    shown = busiest(table)
    key = _quoted(shown.key).replace("*/", "*\\/")  # it stands in a comment, which a key must not end
    return _filled("table.mjs.txt", table, key, _quoted(shown.moment.isoformat()), _quoted(_json(table)))


def described(table: Table, module: str) -> str:
    """What the files are and how they are used, in Markdown."""
    shown = busiest(table)
    return filled(
        "table.md.txt",
        application=table.application,
        release=table.release,
        module=module,
        as_of=table.as_of.isoformat(),
        until=_until(table),
        keys=str(len(table.keys)),
        key=_quoted(shown.key),
        moment=_called(shown.moment),
        iso=shown.moment.isoformat(),
        regime=_quoted(table.regimes[-1]),
        answer=", ".join(f"{name} {value:g}" for name, value in shown.decision.items()),
        cells=str(table.cells),
        regimes=", ".join(table.regimes),
        lost=_lost(table.measured),
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """An example of what a table answers: a key, a moment, and what is decided then."""

    key: str
    moment: datetime
    decision: Mapping[str, float]


def busiest(table: Table) -> Shown:
    """The key and the first moment after its facts at which the most is expected, in the usual regime."""
    first = next(iter(table.outputs.values()))
    expected = numbers(first)[: table.cells * len(table.keys)]
    place = int(np.nanargmax(expected)) if np.isfinite(expected).any() else 0
    cell, key = divmod(place, len(table.keys))
    step = timedelta(seconds=table.cell)
    known = -((table.start - table.as_of) // step)  # cells that begin before the facts end
    moment = table.start + (known + (cell - known) % table.cells) * step
    decided = {name: float(numbers(column)[place]) for name, column in table.decision.items()}
    return Shown(table.keys[key], moment, decided)


def told(table: Table) -> dict[str, Column]:
    """Every column by name: what is answered, and what the release says beside it."""
    return {**table.outputs, **table.decision}


def _lost(measured: Mapping[str, float]) -> str:
    """What the table costs, in words."""
    if "table" not in measured:
        return "What the table costs could not be measured: no rows with truths lie around the test window."
    others = [f"the {name}'s {measured[name]:.3g}" for name in ("release", "baseline") if name in measured]
    said = f"On the test window the table's loss is {measured['table']:.3g}, {', '.join(others)}"
    if "coverage" in measured:
        said += f"; the truth lay in its interval {measured['coverage']:.1%} of the time"
    return f"{said} (of a table of the weeks before that window, in the usual regime)."


def _filled(template: str, table: Table, key: str, moment: str, data: str) -> str:
    return filled(
        template,
        application=table.application,
        release=table.release,
        key=key,
        moment=moment,
        regime=_quoted(table.regimes[-1]),
        data=data,
    )


def _called(moment: datetime) -> str:
    """A moment as the call that makes it in Python."""
    return repr(moment).removeprefix("datetime.")


def _quoted(text: str) -> str:
    """Text as a literal that Python and JavaScript read alike."""
    return msgspec.json.encode(text).decode()


def _json(table: Table) -> str:
    return msgspec.json.encode(table).decode()


def _until(table: Table) -> str:
    return (np.datetime64(table.as_of, "s") + np.timedelta64(int(table.lasts), "s")).item().isoformat()


def _numbers(column: Column) -> pl.Series:
    return pl.Series(numbers(column), nan_to_null=True)
