"""Which drills run; the drills themselves run in `tests/lifecycle`."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from afield.application import Application, load
from afield.drills.drill import drill
from afield.drills.world import upset
from afield.errors import UsageError


def naming(name: str) -> Application:
    """Surge with one hazard, whose drill is called `name`."""
    surge = load("surge")
    hazard = replace(surge.requirements.hazards[0], drill=name)
    return replace(surge, requirements=replace(surge.requirements, hazards=(hazard,)))


@pytest.mark.parametrize(("named", "only"), [("earthquake", None), ("model-outage", "earthquake"), ("", None)])
def test_a_drill_that_does_not_exist_is_refused_before_anything_is_started(
    named: str, only: str | None, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="there is: model-outage"):
        drill(naming(named), tmp_path, only, print)
    assert list(tmp_path.iterdir()) == []


def test_a_world_that_changed_keeps_its_predictions_and_its_range_and_mirrors_the_rest() -> None:
    rows = pl.DataFrame({"truth": [0, 1, 9], "forecast": [0.5, 1.0, 8.0]})
    assert upset(rows, "forecast").to_dict(as_series=False) == {"truth": [9, 8, 0], "forecast": [0.5, 1.0, 8.0]}
