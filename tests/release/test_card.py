import json
from dataclasses import replace
from datetime import datetime

import msgspec
import pytest

from afield.records.evidence import Comparison, Estimate, Interval, Verdict
from afield.release.card import Evidence, card


def estimate(value):
    return Estimate(value, Interval(value - 0.01, value + 0.01), 30, 30.0)


EVIDENCE = Evidence(
    purpose="Forecast where riders will outnumber drivers.",
    target="orders per zone and hour",
    source="green trips",
    generated=False,
    rows=1234567,
    scores={
        "model": {"rmse": 1.4, "bias": -0.004, "wape": None},
        "last_week": {"rmse": 2.1, "bias": 0.01, "wape": 0.9},
    },
    comparisons=(
        Comparison("rmse", "model", "last_week", estimate(-0.7), estimate(0.667)),
        Comparison("rmse", "model", "lags", estimate(-0.1), estimate(0.93)),
    ),
    slices={"top10": {"model": {"rmse": 3.0}, "last_week": {"rmse": 4.0}}},
    months={"2023-07": {"model": {"rmse": 1.44, "bias": 0.02}, "last_week": {"rmse": 2.2}}},
    verdicts=(Verdict("beats lags", True, "ratio 0.93"), Verdict("bias", True, "-0.4 %")),
    limits=("no price claim is made",),
)


@pytest.fixture
def manifest(store):
    windows = {
        "training": (datetime(2023, 1, 1), datetime(2023, 7, 1)),
        "test": (datetime(2023, 7, 1), datetime(2023, 8, 1)),
    }
    return msgspec.structs.replace(store.manifest(), windows=windows, thresholds={"cap": 2.5}, guards=("clamp",))


def test_the_card_says_first_what_it_is_for_and_how_it_did(manifest):
    body = card(manifest, EVIDENCE).split("---\n", 2)[2]
    opening = body.split("## ")[0]
    assert "# surge: orders per zone and hour" in opening
    assert EVIDENCE.purpose in opening
    assert "1,234,567 rows from 2023-07-01 to 2023-08-01" in opening
    assert "7.0% smaller than that of lags, its nearest rival (95% interval: 6.0% to 8.0% smaller)." in opening
    assert "passed every gate" in opening
    assert "generated" not in opening


def test_a_lead_that_chance_may_explain_is_told_so(manifest):
    close = Comparison("rmse", "model", "lags", estimate(-0.01), estimate(0.995))
    opening = card(manifest, replace(EVIDENCE, comparisons=(close,))).split("## ")[0]
    assert "(95% interval: 0.5% larger to 1.5% smaller: chance may explain it)" in opening


def test_a_failed_gate_and_generated_data_are_said_at_the_top(manifest):
    evidence = replace(EVIDENCE, generated=True, verdicts=(Verdict("bias", False, "+4 %"),))
    opening = card(manifest, evidence).split("## ")[0]
    assert "**Gates failed: bias.**" in opening
    assert "data is generated" in opening


def test_every_number_of_the_evidence_stands_in_the_card(manifest):
    text = card(manifest, EVIDENCE)
    for expected in (
        "1.4000",
        "-0.40%",
        "–",
        "0.6670",
        "3.0000",
        "2023-07",
        "no price claim",
        "cap: 2.5",
        "guard clamp",
    ):
        assert expected in text


def test_the_metric_that_matters_most_leads(manifest):
    scores = {"model": {"squared_error": 0.09, "mae": 0.2}, "mean_score": {"squared_error": 0.2, "mae": 0.4}}
    compared = Comparison("mae", "model", "mean_score", estimate(-0.2), estimate(0.5))
    evidence = replace(EVIDENCE, scores=scores, comparisons=(compared,), slices={}, months={"2023-07": scores})
    text = card(manifest, evidence)
    assert "Its error (MAE) is 50.0% smaller than that of mean_score" in text
    assert "| month | squared error of model | squared error of mean_score |" in text
    assert "bias of model" not in text


def test_the_head_is_a_model_index(manifest):
    _, head, _ = card(manifest, EVIDENCE).split("---\n", 2)
    lines = head.splitlines()
    assert "library_name: onnx" in lines
    assert '- name: "surge"' in lines
    at = lines.index('    - type: "rmse"')
    assert lines[at + 1] == "      value: 1.4"
    assert not any("wape" in line for line in lines)


def test_the_head_says_twice_what_kind_of_task_it_is(manifest):
    for evidence, task in (
        (EVIDENCE, "tabular-regression"),
        (replace(EVIDENCE, task="image-to-text"), "image-to-text"),
    ):
        lines = card(manifest, evidence).split("---\n", 2)[1].splitlines()
        assert f"pipeline_tag: {task}" in lines
        assert lines[lines.index("  - task:") + 1] == f"      type: {task}"


def test_text_from_outside_can_neither_leave_the_head_nor_open_a_tag(manifest):
    evil = 'x"\n---\n# taken over <script>alert(1)</script>'
    text = card(manifest, replace(EVIDENCE, source=evil, purpose=evil, target=evil, limits=(evil,)))
    _, head, body = text.split("\n---\n", 1)[0], *text.split("\n---\n", 1)
    assert json.dumps(evil) in head
    assert "Zürich 🚕" in card(manifest, replace(EVIDENCE, source="Zürich 🚕")).split("\n---\n")[0]
    assert "<script>" not in body
    assert "\n# taken over" not in text


def test_a_card_without_evidence_has_no_empty_sections(manifest):
    text = card(manifest, Evidence("p", "t", "s", False, 0, {}))
    assert "## Gates" not in text
    assert "## How good" not in text
