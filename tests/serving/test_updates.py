from datetime import timedelta

import numpy as np
import pytest

from afield.answering import loader
from afield.errors import ReleaseError
from afield.records.traffic import Query
from afield.serving.releases import Release
from afield.serving.updates import Updates
from afield.store.snapshots import Follower
from afield.testing.stand import TICK, Stand, linear
from afield.testing.toy import operate
from tests.serving.bakery import Bakery

EAST = Query(key="east", unit="east", at=TICK)


@pytest.fixture
def updates(bakery: Bakery, stand: Stand) -> Updates:
    load = loader(stand.bundles, stand.trusted, operate({}))
    return Updates(Follower(stand.snapshots), load, bakery.predictor)


def test_what_is_published_is_served_at_the_next_step(updates: Updates, bakery: Bakery, stand: Stand) -> None:
    first = stand.release((0.5, 0.5))
    stand.rows()
    stand.control(first)
    assert updates.step() is True
    assert bakery.predictor.answer(EAST).release == first
    second = stand.release((0.0, 1.0))
    stand.control(second, last_good=first)
    updates.step()
    answer = bakery.predictor.answer(EAST)
    assert (answer.release, answer.output["forecast"]) == (second, 6.0)


def test_nothing_new_changes_nothing(updates: Updates, bakery: Bakery, stand: Stand) -> None:
    stand.rows()
    stand.control(stand.release())
    updates.step()
    seen = bakery.predictor.situation
    assert updates.step() is False
    assert bakery.predictor.situation is seen


def test_a_loaded_release_is_not_loaded_again(bakery: Bakery, stand: Stand) -> None:
    loaded: list[str] = []

    def load(digest: str) -> Release:
        loaded.append(digest)
        return Release(digest, {})

    updates = Updates(Follower(stand.snapshots), load, bakery.predictor)
    stand.rows()
    stand.control("a" * 64, challenger="b" * 64)
    updates.step()
    stand.rows(TICK + timedelta(hours=1))
    updates.step()
    stand.control("b" * 64, last_good="a" * 64)
    updates.step()
    assert loaded == ["a" * 64, "b" * 64]


@pytest.mark.parametrize("wrong", ["golden", "graph", "missing", "changed", "unsigned"])
def test_a_release_that_proves_wrong_is_refused_and_the_old_one_stays(
    updates: Updates, bakery: Bakery, stand: Stand, wrong: str
) -> None:
    good = stand.release()
    stand.rows()
    stand.control(good)
    updates.step()
    bad = "f" * 64
    if wrong == "golden":
        bad = stand.release((0.3, 0.3), expected=99.0)
    elif wrong == "graph":
        bad = stand.release((0.4, 0.4), model=b"no graph at all")
    elif wrong in ("changed", "unsigned"):
        bad = stand.release((0.2, 0.8))
        name = "parts/loaves/model.onnx" if wrong == "changed" else "signature.json"
        file = stand.bundles / bad / name
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    stand.control(bad, mode="prompt")
    updates.step()
    seen = bakery.predictor.situation
    assert seen.control.champion == good
    assert seen.control.mode == "prompt"
    assert f"release {bad[:12]} is refused" in seen.problem
    assert bakery.predictor.answer(EAST).release == good


def test_a_challenger_that_is_refused_does_not_take_part(updates: Updates, bakery: Bakery, stand: Stand) -> None:
    good, bad = stand.release(), stand.release((0.3, 0.3), expected=99.0)
    stand.rows()
    stand.control(good, challenger=bad, stage="canary", canary_share=1.0)
    updates.step()
    assert bakery.predictor.answer(EAST).release == good


def test_a_first_release_that_is_refused_leaves_the_baseline(updates: Updates, bakery: Bakery, stand: Stand) -> None:
    stand.rows()
    stand.control(stand.release(expected=99.0))
    updates.step()
    assert bakery.predictor.answer(EAST).applied == ("fallback:baseline",)


def test_a_damaged_snapshot_leaves_the_one_before_and_is_told(updates: Updates, bakery: Bakery, stand: Stand) -> None:
    stand.rows()
    stand.control(stand.release())
    updates.step()
    stand.rows(TICK + timedelta(hours=1))
    file = stand.snapshots / "rows.snapshot"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:-8])
    assert updates.step() is True
    assert bakery.predictor.situation.tick == TICK.isoformat()
    assert "damaged" in bakery.predictor.situation.problem
    stand.rows(TICK + timedelta(hours=2))
    updates.step()
    assert bakery.predictor.situation.problem == ""


def test_rows_of_another_feature_contract_are_told(updates: Updates, bakery: Bakery, stand: Stand) -> None:
    stand.rows(columns={"last_hour": np.ones(4)})
    stand.control(stand.release())
    updates.step()
    assert bakery.predictor.answer(EAST).applied == ("fallback:neutral",)
    assert "no column usual" in bakery.predictor.problem


def test_a_graph_of_another_width_is_refused(stand: Stand) -> None:
    digest = stand.release(model=linear((1.0, 2.0, 3.0)))
    with pytest.raises(ReleaseError, match="columns is expected"):
        loader(stand.bundles, stand.trusted, operate({}))(digest)


def test_the_golden_rows_run_through_the_application_s_inference(stand: Stand) -> None:
    release = loader(stand.bundles, stand.trusted, operate({}))(stand.release())
    assert release.outputs == ("forecast", "low", "high")
    assert release.features == ("last_hour", "usual")
