from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.files import files_drift
from afield.monitoring.grid import ERROR


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    generator = np.random.default_rng(0)
    for name, shift in (("reference", 0.0), ("chunk", 0.5)):
        pl.DataFrame(
            {
                "number": generator.normal(shift, 1.0, 9000),
                "count": generator.poisson(3 + shift, 9000),
                "kind": generator.choice(["a", "b"], 9000, p=[0.5 - shift / 2, 0.5 + shift / 2]),
                "nothing": [None] * 9000,
            }
        ).write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path / "reference.parquet", tmp_path / "chunk.parquet"


def test_each_column_of_two_files_has_its_effects(files: tuple[Path, Path]) -> None:
    found, exact = files_drift(*files), files_drift(*files, exact=True)
    assert list(found) == ["number", "count", "kind"]
    assert list(found["kind"]) == ["psi"]
    assert min(effects["psi"][1].low for effects in found.values()) > 0.02
    assert all(abs(found[name]["ks"][0] - exact[name]["ks"][0]) <= ERROR for name in ("number", "count"))


def test_the_columns_that_are_named_are_compared(files: tuple[Path, Path]) -> None:
    assert list(files_drift(*files, ("ks",), columns=["count"])) == ["count"]


def test_files_that_cannot_be_compared_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    text, empty = tmp_path / "text", tmp_path / "empty.parquet"
    text.write_text("no file of columns")
    pl.read_parquet(files[0]).clear().write_parquet(empty)
    for first, second, columns, message in (
        (text, files[1], None, "cannot be read"),
        (tmp_path / "absent", files[1], None, "cannot be read"),
        (files[0], files[1], ["other"], "no column other"),
        (files[0], empty, None, "no row"),
    ):
        with pytest.raises(MonitoringError, match=message):
            files_drift(first, second, columns=columns)
