"""A candidate examined on rows of its test window: a model that says 2 × the last count, of shops in two towns."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation.behaviour import Invariance, MinimumFunctionality
from afield.evaluation.fairness import FairWithin, GroupMetric
from afield.evaluation.robustness import Stress, stale
from afield.features.feature import FeatureSet
from afield.records.facts import Window
from afield.workshop.examining import Candidate, examine, groups_of
from afield.workshop.plan import Assessment
from afield.workshop.scoring import forecasts
from surge.building import build

HOUR = timedelta(hours=1)
START, SHOPS, HOURS = datetime(2024, 3, 1), 20, 24 * 6
TEST = Window(START + timedelta(days=1), START + timedelta(days=6))


def compute(spine, history):
    """`last`: the count of the hour before; `half`: half of it."""
    before = history["sales"].select("zone", slot=pl.col("at") + HOUR, last=pl.col("count"))
    rows = spine.join(before, on=["zone", "slot"], how="left", maintain_order="left")
    return rows.with_columns(pl.lit(value=True).alias("has_history"), (pl.col("last") / 2).alias("half"))


class Doubled:
    """A part that says twice the last count; the fallback has to answer where nothing is known."""

    features, constants = ("last", "half"), {}

    def run(self, matrix):
        return {"forecast": 2.0 * matrix[:, 0].astype(float)}

    def predict(self, rows):
        return self.run(np.column_stack([rows[name] for name in self.features]))["forecast"]

    def tensor(self, inputs):
        return inputs


PARTS = {"forecast": Doubled()}


def infer(rows, parts):
    return {"forecast": parts["forecast"].predict(rows)}


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    random = np.random.default_rng(2)
    at = [START + HOUR * hour for hour in range(HOURS) for _ in range(SHOPS)]
    zones = list(range(SHOPS)) * HOURS
    sales = pl.DataFrame({"zone": zones, "at": at, "known_at": at, "count": random.poisson(3.0, len(at)).astype(float)})
    history = {"sales": sales.lazy()}
    spine = pl.DataFrame({"zone": zones, "slot": at}).filter(pl.col("slot") > START)
    rows = compute(spine.lazy(), history).collect()
    truth = pl.Series("truth", random.poisson(2.0 * rows["last"].to_numpy()).astype(float))
    folder = tmp_path_factory.mktemp("examples")
    rows.with_columns(truth).write_ipc(folder / "examples-0000.arrow")
    return folder, history


def candidate(world, **assessment):
    folder, history = world
    features = FeatureSet(compute, names=("last", "half"), lookback=timedelta(days=1), keys=("zone",), origin="slot")
    plan = replace(
        build({"slot": "60m"}), features=features, baselines={}, assessment=Assessment(**assessment), block=12 * HOUR
    )
    return Candidate(plan=plan, examples=folder, test=TEST, infer=infer, parts=PARTS, history=history, seed=1)


def scored(made):
    examples = pl.scan_ipc(made.examples / "*.arrow").filter(
        pl.col("slot").is_between(TEST.start, TEST.end, closed="left")
    )
    return forecasts(made.plan, examples, infer, {"forecast": PARTS}, None)


def said(made):
    return examine(made, scored(made))


def test_where_nothing_is_declared_nothing_is_found(world):
    found, verdicts = said(candidate(world))
    assert (found.sample, found.promises, found.degradations, found.disparities, verdicts) == ("", (), (), (), ())


def test_the_sample_is_of_whole_ticks_of_the_test_window(world, monkeypatch):
    monkeypatch.setattr("afield.workshop.examining.ROWS", 500)
    made = candidate(world)
    assert made.rows.height == 500
    assert made.rows["tick"].n_unique() == 25
    assert made.rows["tick"].min() >= TEST.start
    assert made.sampled == "500 rows of 25 ticks of the test window, drawn by lot"
    assert made.rows.equals(candidate(world).rows)


def test_facts_are_changed_and_the_features_of_the_same_rows_made_again(world):
    def one_more(spine, history):
        return spine.reverse(), {"sales": history["sales"].with_columns(pl.col("count") + 1)}

    before, after = candidate(world).recomputed(one_more)
    assert before.select("tick", "key").equals(after.select("tick", "key"))
    assert (after["last"] - before["last"]).unique().to_list() == [1.0]


def test_facts_that_lose_rows_are_told(world):
    lost = Invariance(name="a", says="b", facts=lambda spine, history: (spine.head(3), history))
    with pytest.raises(EvaluationError, match="behaviour 'a': its change of facts gives 3 rows for 20"):
        said(candidate(world, behaviours=(lost,)))


def test_stale_rows_are_those_of_the_same_key_an_age_before(world):
    rows, old = candidate(world).earlier(2 * HOUR)
    assert rows.select("tick", "key", "truth").equals(old.select("tick", "key", "truth"))
    folder, _ = world
    known = pl.read_ipc(folder / "examples-0000.arrow")
    first = old.row(0, named=True)
    there = known.filter(pl.col("zone") == first["key"], pl.col("slot") == first["tick"] - 2 * HOUR)
    assert there["last"].item() == first["last"]


def test_gates_of_behaviour_and_robustness_are_among_the_verdicts_and_each_group_missing_is_tried(world):
    made = candidate(
        world,
        groups={"counts": ("last",), "halves": ("half",), "unread": ("other",)},
        behaviours=(
            MinimumFunctionality(name="positive", says="", low=0.0, least=1.0),
            MinimumFunctionality(name="huge", says="", where=pl.col("last") > 999),
        ),
        stresses=(stale(HOUR, most=0.01), Stress(name="halves missing", says="declared", most=0.1)),
    )
    found, verdicts = said(made)
    assert [each.name for each in found.degradations] == ["facts 1 h old", "halves missing", "counts missing"]
    assert {each.gate: each.passed for each in verdicts} == {
        "behaviour: positive": True,
        "robustness: facts 1 h old": False,
        "robustness: halves missing": True,
    }
    assert found.degradations[2].unanswered == 1.0
    assert found.notes == ("behaviour 'huge' was not tried: no row of the sample is one that it speaks of",)


ERROR = GroupMetric(name="error", says="", amount=(pl.col("forecast") - pl.col("truth")).abs(), of=pl.col("truth"))


def towns(history):
    zones = history["sales"].select("zone").unique().collect()["zone"]
    return pl.DataFrame({"key": zones, "group": ["north" if zone < 10 else "south" for zone in zones]})


def test_groups_come_from_a_table_of_keys_or_from_a_column(world):
    made = candidate(
        world,
        attributes={"town": towns, "shop": "zone"},
        fair=(FairWithin(attribute="town", metric=ERROR, difference=0.5), FairWithin(attribute="shop", metric=ERROR)),
    )
    found, verdicts = said(made)
    assert {each.group for each in found.disparities[0].groups} == {"north", "south"}
    assert len(found.disparities[1].groups) == SHOPS
    assert [each.passed for each in verdicts] == [True]


def test_one_group_only_refuses_a_gate_and_is_a_note_without_one(world):
    def alike(history):
        return towns(history).with_columns(pl.lit("all").alias("group"))

    for difference, refused in ((0.5, ["fairness: error by town"]), (None, [])):
        fair = (FairWithin(attribute="town", metric=ERROR, difference=difference),)
        found, verdicts = said(candidate(world, attributes={"town": alike}, fair=fair))
        assert [each.gate for each in verdicts if not each.passed] == refused
        assert "1 of the groups can be judged" in found.notes[0]


def test_an_attribute_that_is_not_declared_is_told(world):
    with pytest.raises(EvaluationError, match="'age', which is no declared attribute; there is: town"):
        said(candidate(world, attributes={"town": towns}, fair=(FairWithin(attribute="age", metric=ERROR),)))


@pytest.mark.parametrize(
    ("membership", "message"),
    [
        ("beauty", "the examples have no column 'beauty'"),
        (lambda _: pl.DataFrame({"key": [1, 1], "group": ["a", "b"]}), "holds each key once"),
        (lambda _: pl.DataFrame({"zone": [1]}), "give a table of `key` and `group`"),
    ],
)
def test_groups_that_cannot_be_known_are_told(world, membership, message):
    made = candidate(world)
    with pytest.raises(EvaluationError, match=message):
        groups_of(membership, "town", scored(made), pl.scan_ipc(made.examples / "*.arrow"), made.history)


def test_what_people_contested_is_a_gate_wherever_in_the_examples_it_lies(world):
    made = candidate(world)
    every = pl.scan_ipc(made.examples / "*.arrow").select("zone", "slot", "last").head(2).collect()
    held = every.select(
        key=pl.col("zone").cast(pl.String), tick="slot", low=pl.col("last") * 2, high=pl.col("last") * 2
    )
    lost = held.head(1).with_columns(pl.col("tick") - timedelta(days=900))
    right = replace(made, cases=pl.concat([held, lost]), output="forecast")
    found, verdicts = said(right)
    assert [(each.gate, each.passed) for each in verdicts] == [("behaviour: contested answers", True)]
    assert found.notes == ("1 of 3 contested answers lie outside the examples",)
    (wrong,) = said(replace(right, cases=held.with_columns(pl.col("low", "high") + 1.0)))[1]
    assert not wrong.passed
