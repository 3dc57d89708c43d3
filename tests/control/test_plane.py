from pathlib import Path

import pytest

from afield.control import plane
from afield.control.plane import KEEPER, Plane
from afield.demo import free_port
from afield.errors import ServingError
from afield.telemetry.claims import claim
from afield.testing.stand import Stand


def test_workers_of_a_keeper_that_lives_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(plane, "running_with", lambda _: (4711,))
    monkeypatch.setattr(plane, "end", ended.append)
    living = claim(tmp_path, KEEPER)
    assert living is not None
    second = Plane(Stand(tmp_path / "stand").config(1), tmp_path, lambda _: None)
    with pytest.raises(ServingError, match=r"served already.*AFIELD_HOME"):
        second.start()
    second.stop()
    assert ended == []
    living.release()


@pytest.mark.slow
def test_a_keeper_that_stopped_lets_another_begin(tmp_path: Path) -> None:
    stand = Stand(tmp_path / "stand")
    stand.rows()
    stand.control(stand.release((0.5, 0.5)))
    for _ in range(2):
        keeper = Plane(stand.config(free_port()), tmp_path, lambda _: None)
        try:
            assert keeper.start().ready
        finally:
            keeper.stop()
