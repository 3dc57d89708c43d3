"""Considerations are changed by name; what cannot be true is refused, with every reason."""

from dataclasses import replace

import pytest

from afield.errors import UsageError
from afield.placement.considering import changed, checked, number_of, numbers, read
from afield.records.considerations import DESIGNS
from afield.records.places import Link
from signs.application import signs
from surge.application import surge
from tests.placement.rig import FLEET, PHONE


def test_a_name_changes_the_fleet_and_a_name_of_a_place_that_place_alone() -> None:
    told = changed(FLEET, {"requests.rate": 7.0, "devices": 9.0, "phone.speed": 0.9, "glasses.offline_share": 0.5})
    assert (told.requests.rate, told.devices) == (7.0, 9.0)
    assert [place.speed for place in told.places] == [0.1, 0.9, 1.0]
    assert [place.cloud.offline_share for place in told.places if place.cloud] == [0.5, 0.1]


def test_a_name_of_devices_changes_every_one() -> None:
    told = changed(FLEET, {"device.offline_share": 0.25, "device.speed": 0.7})
    assert [place.cloud.offline_share for place in told.places if place.cloud] == [0.25, 0.25]
    assert [place.speed for place in told.places] == [0.7, 0.7, 1.0]


def test_the_tail_of_a_round_trip_moves_with_its_middle() -> None:
    (link,) = [place.cloud for place in changed(FLEET, {"phone.round_trip_s": 0.16}).places if place.name == "phone"]
    assert link is not None
    assert link.round_trip_s == 0.16
    assert link.round_trip_p95_s == pytest.approx(0.4)


def test_the_number_of_devices_is_no_number_of_a_device() -> None:
    assert number_of(FLEET, "devices").value == 1000
    assert number_of(FLEET, "device.speed").value == PHONE.speed
    assert number_of(FLEET, "glasses.speed").value == 0.1


def test_the_way_to_a_device_has_names_of_its_own() -> None:
    hop = Link(round_trip_s=0.02, round_trip_p95_s=0.06, up=1e6, down=1e6)
    reached = replace(FLEET, places=(FLEET.places[0], replace(PHONE, reach=hop), FLEET.cloud))
    (told,) = [place.reach for place in changed(reached, {"phone.reach.up": 5.0}).places if place.reach]
    assert (told.up, told.down) == (5.0, 1e6)


def test_every_number_can_be_changed_by_its_name_and_nothing_else_changes() -> None:
    known = numbers(FLEET)
    assert len(known) > 50
    for name, number in known.items():
        other = number.value * 0.75 + 0.001
        told = {each: found.value for each, found in numbers(changed(FLEET, {name: other})).items()}
        assert told.pop(name) == other, name
        moved = {each for each, value in told.items() if value != known[each].value}
        assert moved == ({f"{name.removesuffix('_s')}_p95_s"} if name.endswith(".round_trip_s") else set()), name


@pytest.mark.parametrize("name", ["hurry", "moon.speed", "phone.rate", "cloud.offline_share", "device.rate", "why", ""])
def test_a_name_that_there_is_not_is_said_with_those_that_are_near(name: str) -> None:
    for ask in (lambda: changed(FLEET, {name: 1.0}), lambda: read(FLEET, (f"{name}=1",))):
        with pytest.raises(
            UsageError, match=r"no such consideration; (nearest are|names begin with) .*What was weighed"
        ):
            ask()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("phone.speed=abc", "phone.speed is abc, which is no number; it may be .* e.g. phone.speed=0.5"),
        ("device.offline_share", "device.offline_share is nothing, which is no number; it may be 0 to 1, e.g. device"),
        ("devices=", "devices is nothing"),
        ("x=abc", "x: no such consideration"),
        ("=3", "no such consideration"),
    ],
)
def test_what_is_typed_and_is_no_number_is_told_what_it_may_be(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(FLEET, (text,))


def test_a_name_that_is_typed_twice_is_refused() -> None:
    assert read(FLEET, ("devices=5", " phone.speed = 2e-1 ")) == {"devices": 5.0, "phone.speed": 0.2}
    with pytest.raises(UsageError, match="devices is given twice"):
        read(FLEET, ("devices=5", "devices=6"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("requests.rate", 0.0, "requests.rate is 0; it may be .* requests a second, e.g. requests.rate=5"),
        ("requests.rate", -3.0, "requests.rate is -3; it may be "),
        ("requests.rate", 200.0, "each asks 17,280 times a day, at most 10,000 are simulated; name more devices"),
        ("devices", float("inf"), "devices is inf; it may be 1 to "),
        ("requests.latency_s", float("nan"), "requests.latency_s is nan; it may be 1e-06 to 1e"),
        ("answers.unsure", 1.5, "answers.unsure is 1.5; it may be 0 to 1, e.g. answers.unsure=0.1"),
        ("phone.up", 0.0, "phone.up is 0; it may be 1 to 1e.12 bytes a second"),
        ("phone.offline_s", 1e-6, "phone.offline_s is 1e-06; it may be 1 to "),
        ("phone.round_trip_p95_s", 0.01, "95 of 100 round trips take at most 0.01 s"),
        ("answers.wrong_static", 0.01, "then the table is the better model"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: float, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checked(changed(FLEET, {name: value}), DESIGNS)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError, match=r"requests.rate is 0.*model.sync_s is -1"):
        checked(changed(FLEET, {"requests.rate": 0.0, "model.sync_s": -1.0}), DESIGNS)
    with pytest.raises(UsageError, match=r"hurry: no such.*devices is many"):
        read(FLEET, ("hurry=1", "devices=many"))


def test_every_range_has_an_example_that_lies_in_it() -> None:
    assert all(number.range.example in number.range for number in numbers(FLEET).values())


def test_a_design_that_needs_a_network_where_there_is_none_is_a_contradiction() -> None:
    alone = changed(FLEET, {"device.offline_share": 1.0})
    with pytest.raises(UsageError, match=r"phone.offline_share is 1, and server need a network for every answer"):
        checked(alone, ("server",))
    assert checked(alone, DESIGNS) == alone


def test_telemetry_that_must_arrive_and_is_not_wanted_is_a_contradiction() -> None:
    with pytest.raises(UsageError, match="nothing is asked for"):
        checked(changed(FLEET, {"telemetry.share": 0.0, "telemetry.least": 0.5}), DESIGNS)


def test_places_are_devices_and_at_last_the_cloud() -> None:
    with pytest.raises(UsageError, match="at least one device and the cloud"):
        checked(replace(FLEET, places=(FLEET.cloud,)), DESIGNS)
    with pytest.raises(UsageError, match="it has no way to itself"):
        checked(replace(FLEET, places=(*FLEET.places[:-1], replace(FLEET.cloud, cloud=PHONE.cloud))), DESIGNS)
    with pytest.raises(UsageError, match="give it one that is offline all the time"):
        checked(replace(FLEET, places=(replace(PHONE, cloud=None), FLEET.cloud)), DESIGNS)
    with pytest.raises(UsageError, match="a place is named facts"):
        checked(replace(FLEET, places=(*FLEET.places[:-1], replace(FLEET.cloud, name="facts"))), DESIGNS)
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
