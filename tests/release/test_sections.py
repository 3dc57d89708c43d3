"""What a card says beside its scores: read by Hugging Face's own library, and by a person."""

from dataclasses import replace
from datetime import datetime

import msgspec
import pytest
from huggingface_hub import ModelCard

from afield.records.evidence import Comparison, Estimate, Interval
from afield.records.examination import Degradation, Disparity, Examination, GroupValue, Promise
from afield.records.requirements import Goal, Hazard, Requirements
from afield.release.card import Evidence, card


def estimate(value, weight=100.0):
    return Estimate(value, Interval(value - 0.01, value + 0.01), 100, weight)


def worse(ratio):
    return Comparison("rmse", "with", "without", estimate(0.1), estimate(ratio))


GOAL = Goal(
    "riders get a car",
    children=(Goal("the forecast is close", measure="rmse"), Goal("nobody pays too much", measure="wrongly_surged")),
)
HAZARDS = (
    Hazard("small", "a rounding error", "nobody", 1, 1, "by nobody", ("none",), "", "", "all of it"),
    Hazard("large", "a wild price", "riders", 5, 2, "guard rate", ("a cap", "a guard"), "", "", "one slot", "wild"),
)
GROUPS = tuple(GroupValue(f"place {number}", 100, estimate(0.1 * (8 - number)), number != 7) for number in range(8))
EXAMINED = Examination(
    sample="500 rows of 20 ticks",
    promises=(
        Promise("a", "invariance", "order does not matter", 500, estimate(1.0), 0.0, "", 1.0),
        Promise("b", "direction", "more makes more", 400, estimate(0.9), 0.2, "74 at 2024-03-01 18:00: 9 became 8"),
    ),
    degradations=(
        Degradation("w", "nothing is known of weather", 500, 0.0, worse(1.02), 0.05),
        Degradation("o", "nothing is known of orders", 500, 0.0, worse(2.5)),
        Degradation("c", "nothing is known of curves", 500, 1.0, None),
    ),
    disparities=(Disparity("missed", "shortages not seen", "borough", GROUPS, estimate(0.7), None, 0.9),),
    notes=("behaviour 'silent' was not tried: no row", "bias by sex: no row has a group"),
)
EVIDENCE = Evidence(
    purpose="Forecast orders.",
    target="orders per zone",
    source="trips",
    generated=False,
    rows=500,
    scores={"model": {"rmse": 1.4, "bias": -0.004, "wape": None}, "last_week": {"rmse": 2.1}},
    metrics={"rmse": ("RMSE", "large misses weigh most")},
    estimates={"rmse": estimate(1.4)},
    measured={"rmse": "1.4"},
    requirements=Requirements("A model.", GOAL, HAZARDS),
    examination=EXAMINED,
    discovered=("hour 7: 1.3 times as much comes true",),
    further=("90 % in range",),
    people="riders",
)


@pytest.fixture
def manifest(store):
    windows = {
        "test": (datetime(2024, 3, 1), datetime(2024, 4, 1)),
        "whole": (datetime(2024, 1, 1), datetime(2024, 4, 1)),
    }
    return msgspec.structs.replace(store.manifest(), windows=windows)


@pytest.fixture
def text(manifest):
    return card(manifest, EVIDENCE)


def test_hugging_faces_library_reads_the_head_and_its_results(text):
    data = ModelCard(text, ignore_metadata_errors=False).data
    assert (data.library_name, data.pipeline_tag, data.model_name) == ("onnx", "tabular-regression", "surge")
    results = {each.metric_type: each for each in data.eval_results}
    assert set(results) == {"rmse", "bias"}
    assert (results["rmse"].metric_value, results["rmse"].metric_name) == (1.4, "RMSE")
    assert results["rmse"].dataset_name == "trips"
    assert results["rmse"].dataset_split == "2024-03-01 to 2024-04-01"
    assert results["rmse"].metric_args == {"level": 0.95, "low": pytest.approx(1.39), "high": pytest.approx(1.41)}


def test_the_goal_tree_shows_what_was_measured_and_what_only_production_tells(text):
    assert "- riders get a car\n  - the forecast is close (RMSE: 1.4)\n" in text
    assert "  - nobody pays too much (wrongly surged: told by production, not by this test)" in text


def test_the_gravest_hazard_comes_first_with_what_is_done_and_what_remains(text):
    rows = [line for line in text.splitlines() if line.startswith(("| a wild", "| a rounding"))]
    assert rows[0] == (
        "| a wild price | riders | 5 × 2 | guard rate | a cap; a guard. Rehearsed by the drill wild. | one slot |"
    )
    assert "Not rehearsed yet" in rows[1]


def test_promises_stand_with_the_share_that_keeps_them_their_gate_and_the_worst_row(text):
    assert "| order does not matter | 500 | 100.0% (99.0% to 101.0%) | at least 100% asked for | – |" in text
    assert "| more makes more | 400 | 90.0% (89.0% to 91.0%) | – | 74 at 2024-03-01 18:00: 9 became 8 |" in text
    assert "- behaviour 'silent' was not tried" in text


def test_hard_inputs_are_listed_from_the_worst_on(text):
    at = [text.index(f"nothing is known of {what}") for what in ("curves", "orders", "weather")]
    assert at == sorted(at)
    assert "| it gives no answer: the fallback answers |" in text
    assert "| nothing is known of weather | +2.0% (+1.0% to +3.0%) | at most +5% |" in text


def test_of_many_groups_the_ends_are_shown_and_the_rest_is_counted(text):
    part = text.split("**missed** by borough")[1].split("## ")[0]
    assert [line.split(" |")[0] for line in part.splitlines() if line.startswith("| place")] == [
        f"| place {number}" for number in (0, 1, 2, 4, 5, 6)
    ]
    assert "Not shown between them: 1 group. Left out, with too little to judge: 1 group." in part
    assert "at most 90.0% is allowed" in part
    assert "- bias by sex: no row has a group" in part


def test_it_says_what_the_columns_mean_and_how_to_make_it_again(text):
    assert "- RMSE: large misses weigh most" in text
    assert "RMSE: 1.4000 (95% interval 1.3900 to 1.4100)" in text
    assert "made by: `afield build surge --slot 60m --data trips --until 2024-04-01T00:00`" in text


def test_what_made_it_names_the_application_as_it_is_loaded(manifest):
    assert "made by: `afield build city.app:make --slot" in card(manifest, replace(EVIDENCE, called="city.app:make"))


def test_no_heading_stands_over_nothing(text, manifest):
    for each in (text, card(manifest, replace(EVIDENCE, examination=Examination(), requirements=None, discovered=()))):
        lines = [line for line in each.splitlines() if line]
        headings = [place for place, line in enumerate(lines) if line.startswith("## ")]
        assert not [lines[place] for place in headings if place + 1 == len(lines) or lines[place + 1].startswith("## ")]
    assert "## How it behaves" not in each
    assert "## What may go wrong" not in each


def test_text_from_outside_cannot_open_a_tag_in_any_section(manifest):
    evil = "x | y\n# taken <script>"
    hazard = replace(HAZARDS[0], happens=evil, whom=evil)
    promise = msgspec.structs.replace(EXAMINED.promises[0], says=evil, worst=evil)
    group = msgspec.structs.replace(GROUPS[0], group=evil)
    told = msgspec.structs.replace(
        EXAMINED,
        promises=(promise,),
        disparities=(Disparity(evil, evil, evil, (group, GROUPS[1]), estimate(0.1), None),),
        notes=(evil,),
    )
    text = card(
        manifest,
        replace(EVIDENCE, requirements=Requirements(evil, Goal(evil), (hazard,)), examination=told, further=(evil,)),
    )
    assert "<script>" not in text.split("\n---\n", 1)[1]
    assert "\n# taken" not in text


def test_a_group_that_fares_far_worse_stands_under_where_it_is_weak(manifest):
    groups = (GroupValue("12", 50, estimate(0.99), True), GroupValue("4", 900, estimate(0.08, 900.0), True))
    found = Disparity("missed surges", "of the riders who met a shortage", "district", groups, estimate(0.91), None)
    told = card(manifest, replace(EVIDENCE, examination=Examination(disparities=(found,)), limits=("no price",)))
    weak = told.split("where it is weak")[1].split("## ")[0]
    assert "- missed surges, district 12: 99.0% (98.0% to 100.0%), against 8.0% elsewhere; of the riders" in weak


def test_groups_that_fare_alike_are_no_weakness(manifest):
    groups = (GroupValue("12", 50, estimate(0.09), True), GroupValue("4", 900, estimate(0.08, 900.0), True))
    found = Disparity("missed surges", "of the riders", "district", groups, estimate(0.01), None)
    told = card(manifest, replace(EVIDENCE, examination=Examination(disparities=(found,)), limits=()))
    assert "where it is weak" not in told
