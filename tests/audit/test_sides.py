"""The split of a build, with a leak planted for it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.audit.sides import apart, split
from afield.control.office import Office
from afield.data.leakage import Apart
from tests.workshop import village


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return village.office(tmp_path_factory.mktemp("home"))


def test_the_village_keeps_its_sides_apart(opened: Office) -> None:
    found = split(opened.plan, opened.bench(), None)
    assert found.passed, found.findings
    assert "near-duplicates in all" in found.looked


def test_a_test_row_that_was_copied_into_training_is_found(opened: Office, tmp_path: Path) -> None:
    bench, plan = opened.bench(), opened.plan
    facts = bench.read(plan, None)
    windows = bench.windows(plan, facts, None)
    rows = pl.concat(
        pl.read_ipc(file) for file in sorted(bench.examples(plan, facts, windows).glob("examples-*.arrow"))
    )
    late = rows.filter(pl.col("slot") == windows.test.start, pl.col("mean_24h") > 1.0).head(3)
    early = late.with_columns(slot=pl.lit(windows.training.end - timedelta(hours=5)).cast(late.schema["slot"]))
    pl.concat([rows, early]).write_ipc(tmp_path / "examples-0000.arrow")
    found = apart(plan, tmp_path, windows)
    assert not found.passed
    assert "3 of" in found.findings[0]
    assert "near-duplicates" in found.findings[0]


def test_without_a_declaration_no_row_may_be_there_twice(opened: Office) -> None:
    plan = replace(opened.plan, assessment=replace(opened.plan.assessment, apart=None))
    found = split(plan, opened.bench(), None)
    assert found.passed
    assert "near-duplicates" not in found.looked


def test_an_entity_that_crosses_fails_the_check(opened: Office) -> None:
    plan = replace(opened.plan, assessment=replace(opened.plan.assessment, apart=Apart(entity=("zone",))))
    found = split(plan, opened.bench(), None)
    assert not found.passed
    assert "split by group" in found.findings[0]


def test_data_that_are_too_short_to_be_split_prove_nothing(opened: Office) -> None:
    plan = replace(opened.plan, test=timedelta(days=400))
    found = split(plan, opened.bench(), None)
    assert found.passed
    assert "leave nothing to train on" in found.warnings[0]
