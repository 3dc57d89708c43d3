"""How news reach the fleet."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.placement.considering import changed
from afield.placement.options import Option
from afield.placement.spreading import spread
from afield.records.considerations import Considerations
from tests.placement.rig import COSTS, DAY, FLEET

CLIENT, SERVER = Option("client", "phone"), Option("server", "cloud")
CACHED, STATIC = Option("cached", "cloud"), Option("static", "phone")


def times(considered: Considerations, option: Option, devices: int = 200) -> tuple[float, float]:
    return spread(considered, COSTS, option, seed=1, devices=devices)


def test_a_service_takes_news_over_at_once_and_loads_only_what_is_new() -> None:
    assert times(FLEET, SERVER) == (0.5 + 0.3, 0.5)
    assert times(FLEET, CACHED)[1] == pytest.approx(0.5 + 500 * 1e-5)


def test_devices_have_news_at_their_next_look() -> None:
    update, rollback = times(changed(FLEET, {"device.offline_share": 0.0}), CLIENT, 2_000)
    assert rollback == pytest.approx(0.95 * 900, rel=0.02)
    assert update == pytest.approx(rollback + 3e6 / 4e6 + 0.3 / 0.5, abs=30)


def test_a_product_is_taken_as_slowly_as_people_take_it() -> None:
    update, _ = times(FLEET, STATIC, 4_000)
    assert update == pytest.approx(-math.log(0.05) * 5 * DAY, rel=0.05)


def test_who_never_has_a_network_never_has_news() -> None:
    assert times(changed(FLEET, {"device.offline_share": 1.0}), CLIENT) == (math.inf, math.inf)


@settings(max_examples=20, deadline=None)
@given(share=st.floats(0.0, 0.9), size=st.floats(1e3, 1e8), more=st.floats(1.0, 10.0))
def test_a_rollback_is_never_slower_than_an_update_and_larger_releases_never_come_sooner(
    share: float, size: float, more: float
) -> None:
    told = changed(FLEET, {"device.offline_share": share, "model.bytes": size})
    update, rollback = times(told, CLIENT, 20)
    assert rollback <= update
    assert update <= times(changed(told, {"model.bytes": size * more}), CLIENT, 20)[0]
