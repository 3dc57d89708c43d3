"""Laws of the simulated fleet, whatever the considerations are."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.placement.cloud import asked_on
from afield.placement.considering import changed
from afield.placement.fleet import ASKS, EVENTS, FEWEST, followed, simulate
from afield.placement.options import Option, options
from afield.placement.seen import Seen, mean, quantile
from afield.records.considerations import DESIGNS, Considerations
from afield.records.places import Link
from tests.placement.rig import COSTS, DAY, FLEET, PHONE

ALL = options(FLEET, DESIGNS)
CLIENT, SERVER = Option("client", "phone"), Option("server", "cloud")
CACHED, HYBRID, STATIC = Option("cached", "cloud"), Option("hybrid", "phone"), Option("static", "phone")
some = settings(max_examples=12, deadline=None)


def seen(considered: Considerations, option: Option, seed: int = 1, devices: int = 8) -> Seen:
    return simulate(considered, COSTS, option, seed=seed, devices=devices, days=1.0)


def test_five_designs_stand_at_every_place_where_they_can() -> None:
    assert [option.name for option in ALL] == [
        "static on the glasses", "static on the phone", "client on the glasses", "client on the phone", "server",
        "cached", "hybrid on the glasses", "hybrid on the phone",
    ]  # fmt: skip


@pytest.mark.parametrize("option", ALL, ids=lambda option: option.name)
def test_the_same_seed_sees_the_same(option: Option) -> None:
    assert seen(FLEET, option) == seen(FLEET, option)
    assert seen(FLEET, option).latencies != seen(FLEET, option, seed=2).latencies


@pytest.mark.parametrize("option", ALL, ids=lambda option: option.name)
def test_every_request_is_answered_or_absent_and_counted_once(option: Option) -> None:
    told = seen(FLEET, option)
    assert len(told.latencies) + told.absent == told.asked > 0
    assert min(told.latencies) > 0
    assert told.told <= told.wanted + 1e-9
    assert 0 <= told.offline_answered <= told.offline_asked <= told.asked
    assert 0 <= told.wrong <= len(told.latencies)


@some
@given(delay=st.floats(0.0, 1.0), more=st.floats(1.0, 10.0), seed=st.integers(0, 20))
def test_more_delay_never_lowers_a_latency(delay: float, more: float, seed: int) -> None:
    for option in (SERVER, CACHED, HYBRID):
        near = seen(changed(FLEET, {"device.round_trip_s": delay}), option, seed)
        far = seen(changed(FLEET, {"device.round_trip_s": delay * more}), option, seed)
        assert all(slow >= fast - 1e-9 for slow, fast in zip(far.latencies, near.latencies, strict=True))


@some
@given(speed=st.floats(0.05, 5.0), faster=st.floats(1.0, 10.0), seed=st.integers(0, 20))
def test_a_faster_device_is_never_slower_and_never_draws_more(speed: float, faster: float, seed: int) -> None:
    for option in (CLIENT, STATIC):
        slow = seen(changed(FLEET, {"device.speed": speed}), option, seed)
        fast = seen(changed(FLEET, {"device.speed": speed * faster}), option, seed)
        assert all(less <= more + 1e-9 for less, more in zip(fast.latencies, slow.latencies, strict=True))
        assert fast.joules["phone"] <= slow.joules["phone"] + 1e-9


@some
@given(seed=st.integers(0, 50))
def test_who_is_never_offline_is_always_answered(seed: int) -> None:
    online = changed(FLEET, {"device.offline_share": 0.0})
    for option in ALL:
        told = seen(online, option, seed)
        assert told.absent == told.offline_asked == 0
        assert option.design == "static" or told.told == told.wanted


@some
@given(seed=st.integers(0, 50))
def test_who_is_always_offline_is_answered_by_devices_alone(seed: int) -> None:
    alone = changed(FLEET, {"device.offline_share": 1.0})
    for option in ALL:
        told = seen(alone, option, seed)
        assert told.absent == (0 if option.local else told.asked)
        assert told.told == told.up == told.down == 0.0


@some
@given(size=st.floats(100.0, 1e6), more=st.floats(1.0, 20.0), seed=st.integers(0, 20))
def test_larger_inputs_never_carry_fewer_bytes_nor_come_back_sooner(size: float, more: float, seed: int) -> None:
    small = seen(changed(FLEET, {"requests.input_bytes": size}), SERVER, seed)
    large = seen(changed(FLEET, {"requests.input_bytes": size * more}), SERVER, seed)
    assert large.up >= small.up
    assert mean(large.latencies) >= mean(small.latencies) - 1e-9


@some
@given(rhythm=st.floats(300.0, 7_200.0), seed=st.integers(0, 20))
def test_facts_on_a_device_are_never_younger_than_in_the_cloud(rhythm: float, seed: int) -> None:
    told = changed(FLEET, {"model.sync_s": rhythm})
    assert mean(seen(told, CLIENT, seed).facts_ages) >= mean(seen(told, SERVER, seed).facts_ages) - 1e-6


def test_the_bytes_of_a_service_are_those_of_its_requests() -> None:
    online = changed(FLEET, {"device.offline_share": 0.0})
    told = seen(online, SERVER)
    assert told.up == pytest.approx(told.asked * (2_000 + 180))
    assert told.down == pytest.approx(told.asked * (400 + 160))


def test_the_bytes_of_a_client_are_snapshots_releases_looks_and_records() -> None:
    online = changed(FLEET, {"device.offline_share": 0.0})
    told = seen(online, CLIENT, devices=20)
    looks, answers = DAY / 900.0, 0.2 / 1000 * DAY
    exchanges = looks * (3 - math.exp(-answers / looks))
    assert told.each_day(told.down) == pytest.approx(24 * 100e3 + 3e6 / 7 + exchanges * 160, rel=0.03)
    assert told.each_day(told.up) == pytest.approx(exchanges * 180 + 300 * answers, rel=0.05)


def test_when_the_cloud_fails_devices_go_on_and_services_do_not() -> None:
    for option in ALL:
        told = seen(FLEET, option, devices=40)
        assert told.out_asked > 0
        if option.design in ("client", "hybrid"):
            assert told.out_answered == told.out_asked
        else:
            assert told.out_answered == 0
        assert told.out_stood_in == (told.out_asked if option.design == "static" else 0)


def test_facts_that_are_too_old_let_the_table_stand_in() -> None:
    long = changed(FLEET, {"service.outage_s": DAY, "facts.stale_s": 3 * 3_600.0})
    told = seen(long, CLIENT, devices=20)
    assert told.out_answered > 0
    assert told.out_stood_in / told.out_asked == pytest.approx(1 - 3 / 24, abs=0.06)


def test_answers_ahead_are_as_fast_as_the_cache_and_the_way() -> None:
    slow = replace(COSTS, single=(0.4,))
    told = changed(FLEET, {"cache.share": 1.0, "device.round_trip_s": 0.0})
    ahead = simulate(told, slow, CACHED, seed=1, devices=8, days=1.0)
    asked = simulate(told, slow, SERVER, seed=1, devices=8, days=1.0)
    assert quantile(ahead.latencies, 0.95) < 0.01
    assert quantile(asked.latencies, 0.5) > 0.4


def test_answers_ahead_that_are_too_old_are_made_anew() -> None:
    slow = replace(COSTS, single=(0.4,))
    told = changed(FLEET, {"cache.share": 1.0, "cache.fresh_s": 900.0, "device.round_trip_s": 0.0})
    ahead = simulate(told, slow, CACHED, seed=1, devices=20, days=1.0)
    assert mean([float(took > 0.4) for took in ahead.latencies]) == pytest.approx(0.75, abs=0.08)


def test_asking_a_device_one_hop_away_takes_the_hop() -> None:
    hop = Link(round_trip_s=0.03, round_trip_p95_s=0.03, up=2e6, down=2e6)
    far = replace(FLEET, places=(replace(PHONE, reach=hop), FLEET.cloud))
    here = replace(FLEET, places=(PHONE, FLEET.cloud))
    gaps = [there - near for there, near in zip(seen(far, CLIENT).latencies, seen(here, CLIENT).latencies, strict=True)]
    assert min(gaps) == pytest.approx(0.03 + 2_400 / 2e6)


def test_where_each_device_asks_seldom_more_are_followed() -> None:
    assert followed(changed(FLEET, {"requests.rate": 0.02}), SERVER, 12, 1.0) == pytest.approx(12 * ASKS / 1.728, abs=1)


def test_where_each_device_has_much_to_do_fewer_are_followed() -> None:
    assert followed(FLEET, SERVER, 60, 1.0) == 60
    busy = changed(FLEET, {"requests.rate": 100.0})
    assert FEWEST <= followed(busy, SERVER, 60, 1.0) < 60
    assert followed(busy, SERVER, 60, 1.0) * 100.0 / 1000 * DAY < 6 * EVENTS
    assert followed(changed(FLEET, {"devices": 3.0}), SERVER, 60, 1.0) == 3


def test_the_hybrid_asks_about_facts_that_are_too_old_as_often_as_the_cloud_is_planned_for() -> None:
    told = changed(FLEET, {"device.offline_share": 0.0, "answers.unsure": 1e-6, "facts.oldest_s": 3_600.0})
    found = seen(told, HYBRID, devices=40)
    without = seen(changed(told, {"facts.oldest_s": 1e9}), HYBRID, devices=40)

    assert asked_on(told) == pytest.approx(0.125, abs=1e-5)
    assert (found.down - without.down) / (400 + 160) / found.asked == pytest.approx(0.125, abs=0.03)
