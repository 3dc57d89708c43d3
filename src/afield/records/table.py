"""Table: a release compiled into numbers that a product carries with it, one cell for each key, moment and regime."""

from datetime import datetime

import msgspec

TABLE_SCHEMA = 1


class Column(msgspec.Struct, frozen=True):
    """Numbers of a table, each as the place of its value among few.

    Attributes:
        levels: the values that occur, ascending.
        codes: 16-bit little-endian places in `levels`, by regime, cell and key, the key fastest; one past the last
            level where nothing is known. In JSON: Base64.
    """

    levels: tuple[float, ...]
    codes: bytes


class Table(msgspec.Struct, frozen=True):
    """What a release says of every key in every cell of a cycle and every regime; its JSON is `table.json`.

    The cell of a moment is `(moment - start) // cell % cells`, in the clock of the place.

    Attributes:
        application: name of the application.
        release: digest of the release that was compiled.
        as_of: every fact known before this moment is in.
        lasts: seconds after `as_of` from which the table says nothing any more.
        step: seconds of what one number speaks about.
        start: a moment at which a cycle begins.
        cell: seconds of one cell.
        cells: how many cells a cycle has.
        regimes: what may be told apart by a product that sees no facts; the first is the usual one.
        keys: what is asked about.
        outputs: what the release says, by name.
        decision: what the product answers, by name: its output, within the guards, and what it does with it.
        interval: names of the outputs that bound the predictive interval, or null.
        level: nominal coverage of the interval.
        neutral: what is answered where the table says nothing.
        measured: name → number: what the table costs against the release on rows that neither was made from.
        schema: version of this schema; a newer one is refused.
    """

    application: str
    release: str
    as_of: datetime
    lasts: float
    step: float
    start: datetime
    cell: float
    cells: int
    regimes: tuple[str, ...]
    keys: tuple[str, ...]
    outputs: dict[str, Column]
    decision: dict[str, Column] = {}
    interval: tuple[str, str] | None = None
    level: float = 0.9
    neutral: dict[str, float] = {}
    measured: dict[str, float] = {}
    schema: int = TABLE_SCHEMA
