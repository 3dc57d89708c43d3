"""What must not cross a split is found where it was planted, and nothing else."""

import numpy as np
import polars as pl
import pytest

from afield.data.leakage import Apart, leakage
from afield.errors import DataError


def rows(count: int, seed: int, prefix: str) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": [f"{prefix}{n}" for n in range(count)],
            "device": [f"{prefix}d{n % 7}" for n in range(count)],
            "a": generator.normal(0, 5, count),
            "b": generator.normal(10, 1, count),
            "text": [f"{prefix} says number {n * 7919} of {count}" for n in range(count)],
        }
    )


APART = Apart(entity=("device",), same=("id",), numbers=("a", "b"), tolerance=1e-4)


def sides(**changes: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {"training": rows(400, 1, "t"), "validation": rows(80, 2, "v"), "test": rows(100, 3, "e")} | changes


def test_a_split_of_strangers_does_not_leak() -> None:
    assert leakage(sides(), APART) == ()


def test_an_entity_on_two_sides_is_found_and_named() -> None:
    test = rows(100, 3, "e").with_columns(device=pl.lit("td3"))
    (found,) = leakage(sides(test=test), APART)
    assert (found.kind, found.sides, found.count) == ("entity", ("training", "test"), 1)
    assert "device td3" in found.message
    assert "split by group" in found.message


def test_a_copied_row_is_a_duplicate_and_a_near_duplicate() -> None:
    copied = pl.concat([rows(100, 3, "e"), rows(400, 1, "t").head(2).with_columns(device=pl.lit("new"))])
    assert {(found.kind, found.count) for found in leakage(sides(test=copied), APART)} == {
        ("duplicate", 2),
        ("near-duplicate", 2),
    }


def test_a_row_that_was_touched_up_is_a_near_duplicate() -> None:
    touched = (
        rows(400, 1, "t").head(5).with_columns(pl.col("a") + 3e-4, id=pl.lit("x") + pl.col("id"), device=pl.lit("new"))
    )
    (found,) = leakage(sides(validation=touched), APART)
    assert (found.kind, found.count, found.rows) == ("near-duplicate", 5, 5)


def test_a_text_that_was_touched_up_is_found() -> None:
    test = rows(2, 3, "e").with_columns(text=pl.Series(["The quick brown  fox jumps over the lazy dog!", "quite else"]))
    training = rows(1, 1, "t").with_columns(text=pl.lit("the quick brown fox jumps over the lazy dog"))
    (found,) = leakage({"training": training, "test": test}, Apart(text="text"))
    assert (found.kind, found.count) == ("near-duplicate text", 1)


def test_rows_that_hold_too_little_to_be_told_apart_do_not_count() -> None:
    quiet = {name: rows(50, seed, name).with_columns(a=pl.lit(0.0), b=pl.lit(0.0)) for seed, name in enumerate("te")}
    assert leakage(quiet, APART)
    assert leakage(quiet, Apart(numbers=("a", "b"), told_apart=pl.col("a") > 0)) == ()


def test_an_entity_may_be_made_of_a_column() -> None:
    apart = Apart(entity=("first",), derived={"first": pl.col("id").str.head(1)})
    assert leakage(sides(), apart) == ()
    (found, *_) = leakage(sides(test=rows(5, 3, "t")), apart)
    assert found.examples == ("first t",)


def test_missing_values_are_compared_as_such() -> None:
    alone = rows(3, 1, "t").with_columns(a=pl.lit(None, pl.Float64))
    copy = alone.with_columns(id=pl.lit("x"), device=pl.lit("new"))
    (found,) = leakage({"training": alone, "test": copy}, APART)
    assert found.kind == "near-duplicate"


def test_an_empty_side_is_refused() -> None:
    with pytest.raises(DataError, match="side test holds no rows"):
        leakage(sides(test=rows(0, 1, "e")), APART)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="lacks the columns shoe"):
        leakage(sides(), Apart(entity=("shoe",)))
