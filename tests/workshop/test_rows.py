"""The table that a release carries: who answers with it, and when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from afield.answering import loader
from afield.errors import ReleaseError
from afield.records.facts import Window
from afield.records.table import Table
from afield.records.traffic import Answer, Query
from afield.release.bundle import load, write
from afield.release.signing import Signer, Trusted
from afield.serving.inference import Outputs
from afield.serving.product import Conclusion, FromInput, Observation
from afield.serving.releases import Release
from afield.serving.static import Lookup
from afield.testing.stand import Stand
from afield.testing.toy import operate
from afield.workshop.rows import compiled_at_once
from tests.serving.bakery import bakery_of, broken, release, rows_at
from tests.workshop.tables import END, table
from tests.workshop.village import plan

Spoken = Callable[[tuple[str, ...], datetime], Outputs | None]
FRESH, STALE = END + timedelta(hours=10), END + timedelta(hours=15)


@pytest.fixture(scope="module")
def made() -> Table:
    return table()


def answered(spoken: Spoken, at: datetime, *, failing: bool = False) -> Answer:
    """The answer of a release that carries a table, over facts of ten hours after the table's."""
    bakery = bakery_of(operate({}))
    opened = broken("r1") if failing else release("r1")
    predictor = bakery.see(replace(opened, table=spoken), rows=rows_at(FRESH))
    return predictor.answer(Query(key="north", unit="north", at=at))


def test_the_table_is_not_asked_while_the_facts_are_fresh(made: Table) -> None:
    def never(_: tuple[str, ...], __: datetime) -> Outputs | None:
        raise AssertionError("asked")

    assert answered(never, FRESH).applied == ()


def test_facts_that_are_too_old_leave_the_answer_to_the_table(made: Table) -> None:
    answer = answered(Lookup(made).spoken, STALE)
    assert answer.applied == ("fallback:static",)
    assert answer.release == "r1"
    assert answer.output["forecast"] == Lookup(made).outputs(("north",), STALE)["forecast"][0]
    assert answer.interval is not None


def test_a_model_that_fails_leaves_the_answer_to_the_table(made: Table) -> None:
    assert answered(Lookup(made).spoken, FRESH, failing=True).applied == ("fallback:static",)


def test_a_table_that_does_not_know_the_key_leaves_it_to_the_baseline() -> None:
    assert answered(lambda keys, _: {"forecast": np.full(len(keys), np.nan)}, STALE).applied == ("fallback:baseline",)


def test_a_table_that_has_outlived_its_time_says_nothing(made: Table) -> None:
    assert Lookup(made).spoken(("north",), END + timedelta(days=182)) is not None
    assert Lookup(made).spoken(("north",), END + timedelta(days=182, seconds=1)) is None


def test_a_table_that_cannot_be_read_leaves_it_to_the_baseline() -> None:
    def gone(_: tuple[str, ...], __: datetime) -> Outputs | None:
        raise ReleaseError("it is gone")

    assert answered(gone, STALE).applied == ("fallback:baseline",)


def test_an_application_that_finds_its_features_in_the_request_carries_none(tmp_path: Path) -> None:
    observing = replace(operate({}), decision=FromInput(looked_at, said))
    assert compiled_at_once("toy", observing, plan({"slot": "60m"}), tmp_path, Window(END, END), {}) is None


def looked_at(_: object, __: Release) -> Observation:
    raise AssertionError("looked at")


def said(*_: object) -> Conclusion:
    raise AssertionError("concluded")


def test_a_bundle_that_carries_a_table_is_opened_with_it_and_one_without_is_opened_too(
    tmp_path: Path, made: Table
) -> None:
    stand = Stand(tmp_path)
    plain = stand.release()
    bundle = load(stand.bundles, plain, Trusted(stand.trusted))
    files = {file.name: bundle.read(file.name) for file in bundle.manifest.files}
    files["tables/static.json"] = msgspec.json.encode(made)
    carrying = write(stand.bundles, bundle.manifest, files, Signer(tmp_path / "keys" / "signing.key"))
    opened = loader(stand.bundles, stand.trusted, operate({}), "toy")
    assert opened(plain).table is None
    spoken = opened(carrying).table
    assert spoken is not None
    found = spoken(("north",), STALE)
    assert found is not None
    assert found["forecast"].tolist() == Lookup(made).outputs(("north",), STALE)["forecast"].tolist()
