"""Considerations are changed by name; what cannot be true is refused, with every reason."""

from dataclasses import replace

import pytest

from afield.errors import UsageError
from afield.placement.considering import changed, checked
from afield.records.considerations import DESIGNS
from signs.application import signs
from surge.application import surge
from tests.placement.rig import FLEET, PHONE


def test_a_name_changes_the_fleet_and_a_name_of_a_place_that_place_alone() -> None:
    told = changed(FLEET, {"requests": 7.0, "phone.speed": 0.9, "glasses.offline_share": 0.5})
    assert told.requests == 7.0
    assert [place.speed for place in told.places] == [0.1, 0.9, 1.0]
    assert [place.cloud.offline_share for place in told.places if place.cloud] == [0.5, 0.1]


def test_a_name_of_networks_changes_every_device() -> None:
    told = changed(FLEET, {"offline_share": 0.25})
    assert [place.cloud.offline_share for place in told.places if place.cloud] == [0.25, 0.25]


def test_the_tail_of_a_round_trip_moves_with_its_middle() -> None:
    (link,) = [place.cloud for place in changed(FLEET, {"phone.round_trip_s": 0.16}).places if place.name == "phone"]
    assert link is not None
    assert link.round_trip_s == 0.16
    assert link.round_trip_p95_s == pytest.approx(0.4)


@pytest.mark.parametrize("name", ["hurry", "moon.speed", "phone.requests", "cloud.offline_share", ""])
def test_a_name_that_there_is_not_is_said_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UsageError, match=r"no such consideration; nearest are .*What was weighed|no way to itself"):
        changed(FLEET, {name: 1.0})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("requests", 0.0, "requests is 0; it must be above 0"),
        ("requests", -3.0, "requests is -3; nothing here is below 0"),
        ("devices", float("inf"), "devices is inf; a finite number is expected"),
        ("latency_s", float("nan"), "latency_s is nan; a finite number is expected"),
        ("unsure", 1.5, "unsure is 1.5; a share lies between 0 and 1"),
        ("phone.round_trip_p95_s", 0.01, "95 of 100 round trips take at most 0.01 s"),
        ("wrong_static", 0.01, "then the table is the better model"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: float, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checked(changed(FLEET, {name: value}), DESIGNS)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError, match=r"sync_s.*requests|requests.*sync_s"):
        checked(changed(FLEET, {"requests": 0.0, "sync_s": -1.0}), DESIGNS)


def test_a_design_that_needs_a_network_where_there_is_none_is_a_contradiction() -> None:
    alone = changed(FLEET, {"offline_share": 1.0})
    with pytest.raises(UsageError, match=r"phone.offline_share is 1, and server need a network for every answer"):
        checked(alone, ("server",))
    assert checked(alone, DESIGNS) == alone


def test_telemetry_that_must_arrive_and_is_not_wanted_is_a_contradiction() -> None:
    with pytest.raises(UsageError, match="nothing is asked for"):
        checked(changed(FLEET, {"telemetry": 0.0, "telemetry_least": 0.5}), DESIGNS)


def test_places_are_devices_and_at_last_the_cloud() -> None:
    with pytest.raises(UsageError, match="at least one device and the cloud"):
        checked(replace(FLEET, places=(FLEET.cloud,)), DESIGNS)
    with pytest.raises(UsageError, match="it has no way to itself"):
        checked(replace(FLEET, places=(*FLEET.places[:-1], replace(FLEET.cloud, cloud=PHONE.cloud))), DESIGNS)
    with pytest.raises(UsageError, match="give it one that is offline all the time"):
        checked(replace(FLEET, places=(replace(PHONE, cloud=None), FLEET.cloud)), DESIGNS)
    with pytest.raises(UsageError, match="asked_at is cloud"):
        checked(replace(FLEET, asked_at="cloud"), DESIGNS)


def test_both_applications_state_what_can_be_weighed_in_three_places() -> None:
    for application, places in (
        (surge("60m"), "vehicle phone cloud"),
        (surge("15m"), ""),
        (signs(), "glasses phone cloud"),
    ):
        stated = application.requirements.considerations
        assert stated is not None
        assert checked(stated, DESIGNS) == stated
        assert not places or [place.name for place in stated.places] == places.split()
