"""The tables of history of signs: lines that were read, and what people said of them."""

import polars as pl

MOMENT = pl.Datetime("us")
SCHEMAS: dict[str, dict[str, pl.DataType | type[pl.DataType]]] = {
    "lines": {
        "line": pl.String,
        "at": MOMENT,
        "known_at": MOMENT,
        "device": pl.String,
        "script": pl.String,
        "language": pl.String,
        "place": pl.String,
        "shown": pl.String,
        "features": pl.String,
    },
    "verdicts": {
        "verdict": pl.String,
        "at": MOMENT,
        "known_at": MOMENT,
        "line": pl.String,
        "right": pl.Int64,
        "how": pl.String,
        "asked": pl.Boolean,
        "text": pl.String,
        "english": pl.String,
    },
}
