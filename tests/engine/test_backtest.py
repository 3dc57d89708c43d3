"""A backtest on two Ray nodes says what it says here."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from afield.engine.engine import open_engine
from afield.study.backtesting import Asked, backtested
from benchmarks.ray_nodes import Nodes
from tests.workshop import village

pytestmark = pytest.mark.slow


def test_a_backtest_on_a_cluster_equals_the_one_made_here(cluster: Nodes, tmp_path: Path) -> None:
    asked = Asked(origins=2, window=timedelta(days=2))
    found = []
    for name, engine in (("here", open_engine()), ("there", open_engine("ray", cluster.address))):
        office = village.office(tmp_path / name)
        quick = replace(office, plan=replace(office.plan, recipes=(office.plan.rival,)))
        found.append(backtested(quick, asked, engine))
    here, there = found
    for one, two in zip(here.folds, there.folds, strict=True):
        assert (one.origin, one.recipe, one.learned, one.rows) == (two.origin, two.recipe, two.learned, two.rows)
        for who, scores in one.scores.items():
            assert two.scores[who] == pytest.approx(scores, rel=1e-9)
    assert here.pooled.keys() == there.pooled.keys()
