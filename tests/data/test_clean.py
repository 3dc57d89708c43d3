import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from afield.data.clean import Rule, clean
from afield.data.sources import QUARANTINE

RULES = (
    Rule("negative", "value", "a count cannot be negative", pl.col("value") < 0),
    Rule("small", "value", "below the least", pl.col("value") < 10),
)


def frame(values: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {"source": ["file"] * len(values), "row": list(range(1, len(values) + 1)), "value": values},
        schema={"source": pl.String, "row": pl.Int64, "value": pl.Int64},
    )


@given(st.lists(st.none() | st.integers(-20, 40), max_size=50))
def test_every_row_is_either_kept_or_quarantined(values: list[int | None]) -> None:
    cleaned = clean(frame(values), RULES, ("value",))
    rows = sorted([*cleaned.kept["row"], *cleaned.quarantined["row"]])
    assert rows == list(range(1, len(values) + 1))


def test_a_row_is_set_aside_once_by_the_first_rule_that_it_breaks() -> None:
    cleaned = clean(frame([-1, 5, 12]), RULES, ("value",))
    assert cleaned.quarantined.select("row", "rule").rows() == [(1, "negative"), (2, "small")]


def test_a_quarantined_row_tells_its_reason_and_raw_values() -> None:
    row = clean(frame([-1]), RULES, ("value",)).quarantined.row(0, named=True)
    assert (row["field"], row["reason"], row["raw"]) == ("value", "a count cannot be negative", '{"value":-1}')


def test_a_rule_that_cannot_tell_keeps_the_row() -> None:
    assert clean(frame([None]), RULES, ("value",)).kept.height == 1


def test_the_quarantine_has_its_schema_even_when_it_is_empty() -> None:
    assert clean(frame([20]), RULES, ("value",)).quarantined.schema == QUARANTINE
