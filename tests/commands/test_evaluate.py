"""`afield evaluate`."""

import pytest

from tests.commands.conftest import Town
from tests.commands.town import APP

BASELINES = {"one_week_back", "same_slot_four_weeks", "lightgbm_on_lags"}
DAYS = ("--from", "2024-02-28", "--to", "2024-03-02")


def test_a_window_after_the_training_is_scored_with_a_row_per_zone_and_slot(town: Town) -> None:
    done = town("evaluate", APP, "--data", town.late, *DAYS, "--zones", "top10", "--json")
    assert done.code == 0
    found = done.value
    assert list(found)[:2] == ["rows", "rows_without_history"]
    assert (found["rows"], found["rows_without_history"]) == (10 * 24 * 3, 0)
    assert {"rmse", "mae", "wape", "poisson_deviance", "bias"} <= set(found["model"])
    assert set(found["baselines"]) == BASELINES
    assert (found["release"], found["zones"], found["data"]) == (town.release, "top10", str(town.late))


def test_lookback_from_the_store_scores_as_lookback_from_the_file_does(town: Town) -> None:
    asked = ("evaluate", APP, *DAYS, "--zones", "busy", "--json", "--data")
    late, whole = town(*asked, town.late), town(*asked, town.whole)
    assert "come from the store, for the lookback" in late.err
    for name in ("rows", "model", "baselines"):
        assert late.value[name] == whole.value[name]


def test_rows_without_lookback_are_scored_and_counted_apart(town: Town) -> None:
    asked = ("evaluate", APP, "--data", town.early, "--from", "2024-01-29", "--to", "2024-02-12", "--json")
    found = town(*asked).value
    assert 0 < found["rows_without_history"] < found["rows"]
    assert found["without_history"]["rmse"] > 0


def test_the_table_names_the_release_and_every_rival(town: Town) -> None:
    done = town("evaluate", APP, "--release", town.release[:5], "--data", town.late, *DAYS, "--zones", "top10")
    assert town.release[:12] in done.out
    assert all(name in done.out for name in {"model", *BASELINES})


def test_without_a_champion_it_says_how_to_make_one(empty_town: Town) -> None:
    done = empty_town("evaluate", APP, "--data", empty_town.late, *DAYS)
    assert done.code == 1
    assert "has no champion yet; make one: afield build" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--zones", "north"), "no such slice; there is: all, busy, top10"),
        (("--slice", "north"), "no such slice; there is: all, busy, top10"),
        (("--release", "zz"), "begins with 'zz'; see: afield release list tests.commands.town:town"),
        (("--from", "2024-03-02", "--to", "2024-03-01"), "does not lie after --from"),
        (("--from", "2024-03-01T00:00:00+01:00", "--to", "2024-03-02"), "without a zone"),
        (("--from", "2024-03-01T00:20:00", "--to", "2024-03-02"), "does not lie on the border of a slot"),
    ],
)
def test_a_question_that_does_not_fit_is_refused(town: Town, options: tuple[str, ...], message: str) -> None:
    moments = () if "--from" in options else DAYS
    done = town("evaluate", APP, "--data", town.late, *moments, *options)
    assert (done.code, message in done.err) == (2, True), done.err


def test_a_window_outside_the_data_names_what_they_cover(town: Town) -> None:
    done = town("evaluate", APP, "--data", town.late, "--from", "2024-05-01", "--to", "2024-05-02")
    assert done.code == 1
    assert "the data cover 2024-02-26 00:00:00 to 2024-03-04 00:00:00" in done.err


def test_slots_that_the_data_do_not_cover_are_left_out_and_counted(town: Town) -> None:
    moments = ("--from", "2024-03-03", "--to", "2024-03-05")
    done = town("evaluate", APP, "--data", town.late, *moments, "--zones", "top10", "--json")
    assert done.value["rows"] == 10 * 24
    assert "24 of the 48 slots of the window are not covered" in done.err
