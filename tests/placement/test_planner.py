"""Options side by side: their figures, their money, what they miss, and which is best."""

import math

import pytest

from afield.placement.considering import changed, checked, numbers
from afield.placement.fleet import simulate
from afield.placement.options import Option, options
from afield.placement.planner import FIGURES, Effort, Row, Trials, best, clearly, estimate, relevant
from afield.placement.tipping import tips
from afield.records.considerations import DESIGNS, Considerations
from tests.placement.rig import COSTS, FLEET

EFFORT = Effort(devices=8, days=1.0, seeds=3)
CLIENT, SERVER, STATIC = Option("client", "phone"), Option("server", "cloud"), Option("static", "phone")


def row(considered: Considerations, option: Option) -> Row:
    return Trials(COSTS, EFFORT).row(considered, option)


def test_every_number_carries_its_interval_across_seeds() -> None:
    found = row(FLEET, SERVER)
    assert set(found.figures) == set(FIGURES)
    for name in ("latency_p50", "latency_p95", "bytes", "answered"):
        told = found.figures[name]
        assert told.interval.low < told.value < told.interval.high
        assert (told.interval.level, told.count) == (0.95, 3)


def test_an_interval_over_seeds_is_students() -> None:
    told = estimate([1.0, 2.0, 3.0])
    assert told.value == 2.0
    assert told.interval.high - 2.0 == pytest.approx(4.302653 / math.sqrt(3))
    assert estimate([math.inf, 1.0]).value == math.inf
    assert math.isnan(estimate([math.nan]).value)


def test_money_goes_to_workers_bytes_and_answers_and_adds_up() -> None:
    found = row(FLEET, SERVER)
    assert found.cost.value == pytest.approx(sum(each.value for each in found.accounts.values()))
    assert found.accounts["workers"].value == pytest.approx(0.05 * 24 * 30)
    assert row(FLEET, STATIC).accounts["workers"].value == 0.0
    twice = row(changed(FLEET, {"costs.absent": 0.02}), SERVER)
    assert twice.accounts["absent"].value == pytest.approx(2 * found.accounts["absent"].value)


def test_an_option_says_what_it_misses() -> None:
    strict = changed(
        FLEET, {"requests.latency_s": 0.01, "telemetry.least": 1.0, "phone.memory": 1e6, "phone.energy_day": 0.001}
    )
    assert "of the 1 MB on the phone" in row(strict, CLIENT).misses[0]
    assert "has 0 J for it" in row(strict, CLIENT).misses[1]
    assert [text.partition(" ")[0] for text in row(strict, SERVER).misses] == ["draws", "5", "90"] or len(
        row(strict, SERVER).misses
    ) == 3
    assert row(changed(FLEET, {"device.offline_share": 1.0}), SERVER).misses == ("no answer reaches anybody",)


def test_the_best_misses_least_and_then_costs_least() -> None:
    rows = [row(FLEET, option) for option in options(FLEET, DESIGNS)]
    winner = best(rows)
    assert not winner.misses
    assert winner.cost.value == min(each.cost.value for each in rows if not each.misses)
    assert clearly(winner, row(changed(FLEET, {"costs.absent": 1.0}), SERVER))
    assert not clearly(winner, winner)


def test_a_simulation_is_done_once_where_only_prices_change() -> None:
    cheap, dear = FLEET, changed(FLEET, {"costs.server_hour": 1.0, "costs.wrong": 1.0})
    assert relevant(cheap, SERVER) == relevant(dear, SERVER)
    assert relevant(changed(FLEET, {"cache.share": 0.1}), SERVER) == relevant(FLEET, SERVER)
    assert relevant(changed(FLEET, {"requests.rate": 9.0}), SERVER) != relevant(FLEET, SERVER)


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_what_is_taken_to_be_of_no_matter_to_an_option_is(design: str) -> None:
    """Simulations are kept by `relevant`: whatever it leaves out must change nothing that is seen."""
    option = next(each for each in options(FLEET, DESIGNS) if each.design == design)
    known = relevant(FLEET, option)
    plain = simulate(FLEET, COSTS, option, seed=1, devices=6, days=1.0)
    for name, number in numbers(FLEET).items():
        other = changed(FLEET, {name: min(number.range.most, number.value * 0.7 + 0.01)})
        if relevant(other, option) == known:
            assert simulate(other, COSTS, option, seed=1, devices=6, days=1.0) == plain, name


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [{"telemetry.least": 0.8, "costs.wrong": 0.0001}, {"requests.latency_s": 0.01, "telemetry.least": 1.0}],
    ids=["one option meets everything", "none does"],
)
def test_beyond_every_tipping_point_the_recommendation_names_its_winner(changes: dict[str, float]) -> None:
    told = changed(FLEET, changes)
    every = (CLIENT, SERVER, STATIC, Option("hybrid", "phone"))
    many = Trials(COSTS, Effort(devices=4, days=0.5, seeds=3))
    found = tips(told, Trials(COSTS, Effort(devices=3, days=0.5, seeds=2)), many, every)
    assert found
    recommended = best([many.row(told, option) for option in every]).option.name
    for tip in found:
        assert tip.loser == recommended
        assert tip.low <= tip.value <= tip.high
        assert (tip.value > tip.now) == tip.above
        assert tip.reason
        moved = checked(changed(told, tip.changes), DESIGNS)
        there = best([many.row(moved, option) for option in every])
        assert (there.option.name, not there.misses) == (tip.winner, tip.meets), tip


@pytest.mark.slow
def test_a_tip_says_what_turns_the_recommendation() -> None:
    told = changed(FLEET, {"costs.absent": 0.0001})
    few = Trials(COSTS, Effort(devices=4, days=0.5, seeds=2))
    found = tips(told, few, few, (CLIENT, SERVER))
    (cost,) = [tip for tip in found if tip.consideration == "costs.absent"]
    assert (cost.above, cost.winner, cost.loser) == (True, "client on the phone", "server")
    assert "absent answers cost server" in cost.reason
    moved = changed(told, {"costs.absent": cost.value * 0.7})
    assert best([few.row(moved, option) for option in (CLIENT, SERVER)]).option == SERVER
