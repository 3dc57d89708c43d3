import msgspec
import pytest

from afield.errors import EvaluationError
from afield.evaluation.evaluate import evaluate
from afield.evaluation.gates import (
    AtLeast,
    AtMost,
    BeatsBaseline,
    BeatsSimplest,
    BiasWithin,
    NoWorseThan,
    decide,
    judge,
)
from afield.evaluation.slices import of_keys
from afield.records.evidence import Verdict


@pytest.fixture(scope="module")
def good(frame):
    slices = [of_keys("busy", (9, 10, 11))]
    return evaluate(frame, baselines=("last_week", "mean"), slices=slices, measured={"bytes": 2e6})


@pytest.fixture(scope="module")
def bad(frame):
    worse = frame.rename({"forecast": "mean", "mean": "forecast"})
    return evaluate(worse, baselines=("last_week", "mean"), slices=[of_keys("busy", (9, 10, 11))])


@pytest.mark.parametrize("metric", ["rmse", "mae", "poisson_deviance"])
def test_a_better_model_beats_the_baseline_and_a_worse_one_does_not(good, bad, metric):
    gate = BeatsBaseline("mean", metric)
    assert gate.judge(good).passed
    assert not gate.judge(bad).passed


def test_the_whole_interval_must_lie_below_the_ratio(good):
    evidence = BeatsBaseline("last_week").judge(good).evidence
    between = (evidence["ratio"] + evidence["high"]) / 2
    assert not BeatsBaseline("last_week", ratio=between).judge(good).passed
    assert BeatsBaseline("last_week", ratio=evidence["high"]).judge(good).passed


def test_a_slice_is_judged_by_its_own_rows(good):
    whole, busy = (BeatsBaseline("mean", slice=name).judge(good) for name in ("all", "busy"))
    assert whole.evidence["ratio"] != busy.evidence["ratio"]
    assert "busy" in busy.gate


def test_no_worse_than_allows_a_margin(good, frame):
    twin = evaluate(frame.with_columns(champion="forecast"), baselines=["champion"])
    assert NoWorseThan().judge(twin).passed
    assert not NoWorseThan(margin=-0.01).judge(twin).passed
    assert not BeatsBaseline("champion", ratio=0.999).judge(twin).passed
    assert NoWorseThan("mean", margin=0.0).judge(good).passed


def test_without_a_champion_yet_the_first_release_passes(good):
    verdict = NoWorseThan().judge(good)
    assert verdict.passed
    assert "no champion yet" in verdict.reason


def test_bias_is_judged_in_both_directions(good):
    model = msgspec.structs.replace(good.model, bias=-0.02)
    biased = msgspec.structs.replace(good, model=model)
    assert not BiasWithin(0.01).judge(biased).passed
    assert BiasWithin(0.02).judge(biased).passed
    assert "-2.00%" in BiasWithin(0.01).judge(biased).reason


def test_a_window_in_which_nothing_happened_fails_the_bias_gate(good):
    empty = msgspec.structs.replace(good, model=msgspec.structs.replace(good.model, bias=None))
    assert not BiasWithin(0.01).judge(empty).passed


def test_what_was_measured_stays_within_its_limit(good):
    assert AtMost("bytes", 2e6).judge(good).passed
    assert not AtMost("bytes", 1e6).judge(good).passed
    assert "not measured" in AtMost("latency", 1.0).judge(good).reason


def test_a_single_day_convinces_nobody(frame):
    day = evaluate(frame.head(24), baselines=["mean"])
    verdict = BeatsBaseline("mean").judge(day)
    assert not verdict.passed
    assert "two days" in verdict.reason


def test_a_rival_without_any_error_is_not_beaten(frame):
    perfect = evaluate(frame.with_columns(perfect=frame["truth"].cast(float)), baselines=["perfect"])
    verdict = BeatsBaseline("perfect").judge(perfect)
    assert not verdict.passed
    assert "without any error" in verdict.reason


@pytest.mark.parametrize(
    "gate",
    [BeatsBaseline("lags"), BeatsBaseline("mean", "wape"), BeatsBaseline("mean", slice="rain"), BiasWithin(1, "x")],
)
def test_a_gate_on_what_was_not_evaluated_is_an_error(good, gate):
    with pytest.raises(EvaluationError):
        judge([gate], good)


def test_gates_are_judged_in_order_and_all_must_pass(good, bad):
    gates = (BeatsBaseline("mean"), BiasWithin(0.05), AtMost("bytes", 3e6))
    verdicts = judge(gates, good)
    assert [verdict.gate for verdict in verdicts] == ["rmse against mean on all", "bias on all", "bytes"]
    assert decide(verdicts)
    assert not decide(judge(gates, bad))


def test_a_candidate_that_nothing_judged_is_not_let_through():
    with pytest.raises(EvaluationError, match="no gate"):
        decide([])


def test_verdicts_are_plain_records(good):
    assert isinstance(BiasWithin(0.05).judge(good), Verdict)


@pytest.mark.parametrize(("limit", "passed"), [(1e6, True), (2e6, True), (2.1e6, False)])
def test_at_least_passes_from_its_limit_on(good, limit, passed):
    verdict = AtLeast("bytes", limit).judge(good)
    assert verdict.passed is passed
    assert verdict.evidence == {"value": 2e6, "limit": limit}
    assert "at least" in verdict.reason


def test_what_was_not_measured_does_not_reach_its_least(good):
    verdict = AtLeast("precision", 0.0).judge(good)
    assert not verdict.passed
    assert verdict.reason == "precision was not measured"


def test_what_is_not_a_number_reaches_nothing(good):
    unknown = msgspec.structs.replace(good, measured={"precision": float("nan")})
    assert not AtLeast("precision", 0.5).judge(unknown).passed
    assert not AtMost("precision", 0.5).judge(unknown).passed


def test_a_model_has_to_beat_the_simplest_recipe_beyond_chance(good, bad, frame):
    assert BeatsSimplest("mean").judge(good).passed
    assert not BeatsSimplest("mean").judge(bad).passed
    twin = evaluate(frame.with_columns(line="forecast"), baselines=["line"])
    verdict = BeatsSimplest("line").judge(twin)
    assert not verdict.passed
    assert "against line" in verdict.reason


def test_the_simplest_recipe_itself_has_nothing_simpler_to_beat(good):
    assert BeatsSimplest("").judge(good).passed
