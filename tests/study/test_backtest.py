"""Rolling origins: nothing from after an origin is learned, and what is pooled is what was scored."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.control.office import Office
from afield.errors import DataError, UsageError
from afield.records.facts import Window
from afield.study.backtest import ALL, Backtest, Terms, at_origin, origins
from afield.study.backtesting import Asked, backtested
from tests.workshop import village

DAY = timedelta(days=1)
WHOLE = Window(village.START, village.START + 70 * DAY)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The village, with the rival as its only recipe: what is learned does not matter here."""
    office = village.office(tmp_path_factory.mktemp("home"))
    return replace(office, plan=replace(office.plan, recipes=(office.plan.rival,)))


@pytest.fixture(scope="module")
def found(opened: Office) -> Backtest:
    return backtested(opened, Asked(origins=2, window=2 * DAY, command="afield backtest surge"))


def test_origins_follow_each_other_up_to_the_end(opened: Office) -> None:
    splits = origins(opened.plan, WHOLE, 3, 2 * DAY)
    assert [split.test.start for split in splits] == [WHOLE.end - n * 2 * DAY for n in (3, 2, 1)]
    assert all(split.validation.end + opened.plan.slot == split.test.start for split in splits)
    assert all(split.training.start == WHOLE.start for split in splits)


def test_every_origin_is_told_and_pooled(found: Backtest) -> None:
    assert len(found.folds) == 2
    assert found.pooled[ALL].rows == sum(fold.rows for fold in found.folds)
    spread = found.spread["forecast"]["rmse"]
    scores = [fold.scores["forecast"]["rmse"] for fold in found.folds]
    assert (spread.least, spread.most) == (min(scores), max(scores))


def test_pooled_numbers_carry_their_interval_and_where_they_come_from(found: Backtest) -> None:
    rmse = found.pooled[ALL].scores["forecast"]["rmse"]
    assert rmse.interval.low < rmse.value < rmse.interval.high
    squares = sum(fold.scores["forecast"]["rmse"] ** 2 * fold.rows for fold in found.folds)
    assert rmse.value == pytest.approx((squares / found.pooled[ALL].rows) ** 0.5)
    assert any(each.ratio for each in found.pooled[ALL].comparisons)
    assert found.provenance.command == "afield backtest surge"
    assert found.provenance.data["facts"]


def test_later_origins_learn_from_more(found: Backtest) -> None:
    learned = [fold.learned for fold in found.folds]
    assert learned == sorted(set(learned))


def test_the_same_backtest_is_not_computed_again(opened: Office, found: Backtest) -> None:
    again = backtested(opened, Asked(origins=2, window=2 * DAY, command="again"))
    assert again.folds == found.folds
    assert again.provenance.command == "again"


def test_what_happens_after_an_origin_changes_nothing_that_was_learned_before_it(
    opened: Office, tmp_path: Path
) -> None:
    bench, plan = opened.bench(), opened.plan
    facts = bench.read(plan, None)
    windows = bench.windows(plan, facts, None)
    examples = bench.examples(plan, facts, windows)
    split = origins(plan, windows.whole, 2, 2 * DAY)[0]
    moment = split.test.start

    def terms(examples: Path, history: dict[str, pl.LazyFrame]) -> Terms:
        return Terms(plan, tuple(plan.recipes), opened.operate.infer, examples, history, {}, ())

    rows = pl.concat(pl.read_ipc(file) for file in sorted(examples.glob("examples-*.arrow")))
    spoiled = rows.with_columns(
        truth=pl.when(pl.col("slot") < moment).then(99).otherwise(pl.col("truth")).cast(pl.Int32)
    )
    spoiled.write_ipc(tmp_path / "examples-0000.arrow")
    # Truths are told again from what was known at the origin, so those of the examples do not matter before it.
    later = facts.tables["orders"].filter(pl.col("known_at") < moment)
    plain, _ = at_origin(split, terms(examples, dict(facts.tables)))
    hidden, _ = at_origin(split, terms(tmp_path, {**facts.tables, "orders": later}))
    assert plain.scores == hidden.scores


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (Asked(origins=0), UsageError, "at least 1"),
        (Asked(origins=2, window=timedelta(minutes=7)), UsageError, "no whole number of slots"),
        (Asked(origins=2, recipe="magic"), UsageError, "no recipe 'magic'"),
        (Asked(origins=90, window=DAY), DataError, "origin 1 of 90"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    opened: Office, asked: Asked, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        backtested(opened, asked)
