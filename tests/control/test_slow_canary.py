"""A candidate that answers too slowly, from its answers to the ladder's word."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from afield.control.evidence import exposed
from afield.records.traffic import Query
from afield.rollout.judging import judge
from afield.rollout.ladder import Ladder
from afield.serving.inference import Columns, Outputs, Runs
from afield.serving.releases import Release
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS, deliver
from afield.telemetry.policy import Policy
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool
from afield.testing.stand import TICK
from afield.testing.toy import HOUR, SHOPS, operate
from tests.serving.bakery import bakery_of, release, rows_at

TICKS = 16


class Slow:
    """A model that takes its time."""

    def __init__(self, model: Runs) -> None:
        self._model, self.features, self.constants = model, model.features, model.constants

    def run(self, matrix: NDArray[np.float32]) -> Outputs:
        time.sleep(0.02)
        return self._model.run(matrix)

    def predict(self, rows: Columns) -> NDArray[np.float64]:
        time.sleep(0.02)
        return self._model.predict(rows)

    def tensor(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        time.sleep(0.02)
        return self._model.tensor(inputs)


def slow(digest: str) -> Release:
    made = release(digest)
    return replace(made, parts={"loaves": Slow(made.parts["loaves"])})


def canary(folder: Path, candidate: Release) -> str:
    """What the ladder says after a canary whose answers went through spool and table, beside those of before."""
    spool = Spool(folder / "spool", writer="w")
    recorder, tables = Recorder(Policy("all"), spool), Tables(folder / "store")
    kitchen = bakery_of(operate({}))
    for stage, ticks in (("shadow", range(1)), ("canary", range(1, TICKS + 1))):
        for number in ticks:
            tick = TICK + number * HOUR
            predictor = kitchen.see(
                release("old"), candidate, rows=rows_at(tick), challenger="new", stage=stage, canary_share=0.5, now=tick
            )
            queries = [Query(key=shop, unit=shop, at=tick + timedelta(minutes=5)) for shop in SHOPS]
            predictor.answers(queries)
            predictor.answer(queries[0])
        recorder.record_all(kitchen.events)
        kitchen.events.clear()
        spool.seal()
        deliver(folder / "spool", tables)
    spool.close()
    answers = tables.scan(EVENTS).collect()
    assert answers["took"].null_count() == len(SHOPS) + 1
    step = judge(Ladder(canary_ticks=TICKS), "canary", exposed(answers, "no output that people feel", TICKS, ()))
    return f"{step.to}: {step.reason}"


def test_a_slow_candidate_goes_back_and_one_that_is_as_quick_stays(tmp_path: Path) -> None:
    found = canary(tmp_path / "slow", slow("new"))
    assert found.startswith("rolled_back: harm: answers are too slow: ")
    assert canary(tmp_path / "quick", release("new")).startswith("probation: ")
