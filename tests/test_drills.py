"""Which drills run; the drills themselves run in `tests/lifecycle`."""

from dataclasses import replace
from pathlib import Path

import pytest

from afield.application import Application, load
from afield.drills.drill import drill
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
