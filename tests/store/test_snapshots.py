"""Snapshots: published whole, followed at the cost of a stat, damage left aside."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from afield.errors import StoreError
from afield.records.decision import ControlState, Override
from afield.records.facts import FeatureRows
from afield.store.snapshots import KEPT, Follower, control_from, feature_rows, publish_control, publish_rows, rows_from

TICK = datetime(2023, 7, 1, 18, 15)


def rows(value: float = 1.0, tick: datetime = TICK) -> FeatureRows:
    columns = {"lag_1": np.array([value, np.nan]), "hour": np.array([18.0, 18.0])}
    return feature_rows("contract", tick, tick, ("74", "75"), columns)


def test_what_is_published_is_what_a_follower_holds(tmp_path: Path) -> None:
    state = ControlState(version=3, champion="abc", overrides=(Override("o", "*", "multiplier", 1.0, "fair", TICK),))
    publish_rows(tmp_path, rows())
    publish_control(tmp_path, state)
    follower = Follower(tmp_path)
    assert follower.refresh()
    assert follower.problem == ""
    assert follower.control == state
    assert follower.rows is not None
    assert follower.rows.version == rows().version
    assert (follower.rows.tick, follower.rows.keys) == (TICK, ("74", "75"))
    np.testing.assert_array_equal(follower.rows.columns["lag_1"], [1.0, np.nan])


def test_a_follower_reads_again_only_after_a_publication(tmp_path: Path) -> None:
    publish_rows(tmp_path, rows())
    publish_control(tmp_path, ControlState(version=1, champion="a"))
    follower = Follower(tmp_path)
    assert [follower.refresh(), follower.refresh()] == [True, False]
    held = follower.rows
    publish_control(tmp_path, ControlState(version=2, champion="b"))
    assert [follower.refresh(), follower.refresh()] == [True, False]
    assert follower.control is not None
    assert follower.control.champion == "b"
    assert follower.rows is held


def test_publications_in_one_tick_of_the_disk_clock_are_all_seen(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    for version in range(50):
        publish_control(tmp_path, ControlState(version=version, champion="a"))
        assert follower.refresh()
        assert follower.control is not None
        assert follower.control.version == version


def test_a_missing_snapshot_is_a_problem_that_names_the_file(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    assert not follower.refresh()
    assert str(tmp_path / "rows.snapshot") in follower.problem
    assert follower.rows is None


def test_a_damaged_snapshot_leaves_the_previous_in_use_and_says_so(tmp_path: Path) -> None:
    publish_rows(tmp_path, rows(1.0))
    publish_control(tmp_path, ControlState(version=1, champion="a"))
    follower = Follower(tmp_path)
    follower.refresh()
    (tmp_path / "rows.snapshot").write_bytes(b"rubbish")
    assert not follower.refresh()
    assert follower.rows is not None
    assert follower.rows.version == rows(1.0).version
    assert "damaged" in follower.problem
    publish_rows(tmp_path, rows(2.0))
    assert follower.refresh()
    assert follower.problem == ""


def test_only_a_few_old_snapshots_stay_and_the_current_is_one_of_them(tmp_path: Path) -> None:
    for day in range(10, 0, -1):
        publish_rows(tmp_path, rows(tick=TICK.replace(day=day)))
    assert len(list((tmp_path / "rows").iterdir())) <= KEPT + 1
    assert rows_from((tmp_path / "rows.snapshot").read_bytes()).tick.day == 1
    assert not list(tmp_path.rglob("*.partial"))


def test_a_changed_bit_is_noticed_anywhere(tmp_path: Path) -> None:
    publish_rows(tmp_path, rows())
    content = (tmp_path / "rows.snapshot").read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        with pytest.raises(StoreError):
            rows_from(bytes(changed))


def test_a_snapshot_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    publish_rows(tmp_path, rows())
    publish_control(tmp_path, ControlState(version=1, champion="a"))
    for name, parse in (("rows", rows_from), ("control", control_from)):
        content = (tmp_path / f"{name}.snapshot").read_bytes()
        for length in range(len(content)):
            with pytest.raises(StoreError):
                parse(content[:length])


def test_the_version_follows_the_content_alone() -> None:
    assert rows(1.0).version == rows(1.0).version
    assert rows(1.0).version != rows(1.5).version
    assert rows().version != rows(tick=TICK.replace(day=2)).version


def test_feature_rows_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        rows().columns["hour"][0] = 3.0


@pytest.mark.parametrize(("keys", "words"), [(("74",), "one value per key"), (("74", "74"), "one row per key")])
def test_feature_rows_that_do_not_fit_their_keys_are_refused(keys: tuple[str, ...], words: str) -> None:
    with pytest.raises(StoreError, match=words):
        feature_rows("contract", TICK, TICK, keys, {"lag_1": np.array([1.0, 2.0])})


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=str(tmp_path)):
        publish_rows(tmp_path / "file", rows())
