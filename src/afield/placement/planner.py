"""The planner: every option simulated over seeds, side by side, and a recommendation."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from afield.placement.accounts import KINDS, month
from afield.placement.device import bundle_bytes
from afield.placement.fleet import simulate
from afield.placement.measured import Measured
from afield.placement.options import Option, place_of
from afield.placement.seen import Seen, mean, quantile, ratio
from afield.placement.spreading import spread
from afield.records.considerations import Considerations
from afield.records.evidence import Estimate, Interval

LEVEL = 0.95
CLOSE = 0.01
"""Options whose costs differ by less are told to be alike."""
FIGURES = (
    "latency_p50", "latency_p95", "latency_p99", "answered", "offline_answered", "late", "wrong", "facts_age",
    "model_age", "update", "rollback", "bytes", "joules", "telemetry", "out_answered", "out_stood_in",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated: devices that are followed, days, and seeds."""

    devices: int = 60
    days: float = 1.0
    seeds: int = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One option as it was simulated.

    Attributes:
        option: a design at a place.
        figures: name (`FIGURES`) → mean over the seeds with its interval; those without a value are left out.
        accounts: name (`accounts.KINDS`) → money a month.
        cost: their sum.
        energy: name of a place → joules of a device a day.
        memory: bytes that the model takes where it lives.
        misses: what must be and is not, in words; empty where the option can be taken.
        costs: the sum, seed by seed, so that options can be compared in pairs.
    """

    option: Option
    figures: Mapping[str, Estimate]
    accounts: Mapping[str, Estimate]
    cost: Estimate
    energy: Mapping[str, float]
    memory: float
    misses: tuple[str, ...] = ()
    costs: tuple[float, ...] = field(default=())


class Trials:
    """Simulations, each done once: money and what must be met only judge what was seen."""

    def __init__(self, measured: Measured, effort: Effort) -> None:
        """Simulate with what was `measured`, so much of it."""
        self.measured = measured
        self.effort = effort
        self._seen: dict[tuple[Hashable, Option, int], tuple[Seen, dict[str, float]]] = {}

    def row(self, considered: Considerations, option: Option, seeds: Sequence[int] = ()) -> Row:
        """One option, simulated with every seed."""
        used = seeds or range(self.effort.seeds)
        runs = [self._run(considered, option, seed) for seed in used]
        found = [each for _, each in runs]
        bills = [month(considered, self.measured, option, seen) for seen, _ in runs]
        sums = tuple(math.fsum(bill.values()) for bill in bills)
        energy = {
            name: mean([seen.each_day(seen.joules.get(name, 0.0)) for seen, _ in runs])
            for name in dict.fromkeys(name for seen, _ in runs for name in seen.joules)
        }
        made = Row(
            option,
            {name: estimate([each[name] for each in found]) for name in FIGURES},
            {name: estimate([bill[name] for bill in bills]) for name in KINDS},
            estimate(sums),
            energy,
            memory(considered, self.measured, option),
            costs=sums,
        )
        return replace(made, misses=misses(considered, made))

    def _run(self, considered: Considerations, option: Option, seed: int) -> tuple[Seen, dict[str, float]]:
        """What was seen, without its long lists, and the numbers that were made of them."""
        key = (relevant(considered, option), option, seed)
        if key not in self._seen:
            effort = self.effort
            seen = simulate(considered, self.measured, option, seed=seed, devices=effort.devices, days=effort.days)
            times = spread(considered, self.measured, option, seed=seed, devices=effort.devices)
            made = figures(seen) | dict(zip(("update", "rollback"), times, strict=True))
            self._seen[key] = replace(seen, latencies=[], facts_ages=[], model_ages=[]), made
        return self._seen[key]


def relevant(considered: Considerations, option: Option) -> tuple[Hashable, ...]:
    """What of the considerations changes what is seen of the option; the rest judges it, or is about other designs."""
    told, service, answers = considered, considered.service, considered.answers
    kept: list[Hashable] = [replace(place, memory=0.0, energy_day=0.0) for place in told.places]
    kept += [told.asked_at, told.devices, told.requests, service.outage_s, told.telemetry.share]
    kept += [told.telemetry.event_bytes, answers.wrong_static, answers.wrong_device]
    if option.remote:
        kept += [service, answers.wrong_cloud]
    if option.design == "cached":
        kept.append(told.cache)
    if option.design == "hybrid":
        kept.append(answers.unsure)
    kept += [told.product] if option.design == "static" else [told.facts, told.model]
    return tuple(kept)


def figures(seen: Seen) -> dict[str, float]:
    """The numbers of one simulation."""
    answered = len(seen.latencies)
    return {
        "latency_p50": quantile(seen.latencies, 0.5),
        "latency_p95": quantile(seen.latencies, 0.95),
        "latency_p99": quantile(seen.latencies, 0.99),
        "answered": ratio(answered, seen.asked),
        "offline_answered": ratio(seen.offline_answered, seen.offline_asked),
        "late": ratio(seen.late, answered),
        "wrong": ratio(seen.wrong, answered),
        "facts_age": quantile(seen.facts_ages, 0.5),
        "model_age": quantile(seen.model_ages, 0.5),
        "bytes": seen.each_day(seen.up + seen.down),
        "joules": seen.each_day(math.fsum(seen.joules.values())),
        "telemetry": ratio(seen.told, seen.wanted),
        "out_answered": ratio(seen.out_answered, seen.out_asked),
        "out_stood_in": ratio(seen.out_stood_in, seen.out_asked),
    }


def memory(considered: Considerations, measured: Measured, option: Option) -> float:
    """Bytes that the model takes where it lives; one of another size than was measured takes as much more or less."""
    size = considered.product.bytes if option.design == "static" else 0.0
    return measured.memory * (size or bundle_bytes(considered, measured)) / measured.bundle_bytes


def misses(considered: Considerations, made: Row) -> tuple[str, ...]:
    """What must be and is not, in words."""
    found = []
    place = place_of(considered, made.option)
    if place.memory and made.memory > place.memory:
        found.append(f"needs {made.memory / 1e6:,.0f} MB of the {place.memory / 1e6:,.0f} MB on the {place.name}")
    for name, drawn in made.energy.items():
        budget = next(each.energy_day for each in considered.places if each.name == name)
        if budget and drawn > budget:
            found.append(f"draws {drawn:,.0f} J a day on the {name}, which has {budget:,.0f} J for it")
    latency = made.figures["latency_p95"].value
    if made.figures["answered"].value == 0:
        found.append("no answer reaches anybody")
    elif latency > considered.requests.latency_s:
        found.append(f"5 of 100 answers take {latency:.2g} s or more, {considered.requests.latency_s:.2g} s are wanted")
    told = made.figures["telemetry"].value
    if considered.telemetry.least and not told >= considered.telemetry.least:
        found.append(
            f"only {100 * told:.0f} % of the telemetry arrives, {100 * considered.telemetry.least:.0f} % are wanted"
        )
    return tuple(found)


def best(rows: Sequence[Row]) -> Row:
    """The cheapest option that misses nothing; where all miss something, the cheapest of those that miss least."""
    least = min(len(each.misses) for each in rows)
    return min((each for each in rows if len(each.misses) == least), key=lambda each: each.cost.value)


def clearly(first: Row, second: Row) -> bool:
    """Whether the first is better beyond doubt: it misses less, or costs less with every seed and by a hundredth."""
    if len(first.misses) != len(second.misses):
        return len(first.misses) < len(second.misses)
    cheaper = all(one < other for one, other in zip(first.costs, second.costs, strict=True))
    return cheaper and first.cost.value < (1 - CLOSE) * second.cost.value


def estimate(values: list[float] | tuple[float, ...]) -> Estimate:
    """The mean over seeds with its interval by Student's t; NaN and infinite values stay what they are."""
    found = np.asarray([value for value in values if not math.isnan(value)])
    count = len(found)
    if count == 0:
        return Estimate(math.nan, Interval(math.nan, math.nan), 0, 0.0)
    middle = float(found.mean())
    if count < 2 or not np.isfinite(found).all():
        return Estimate(middle, Interval(middle, middle, 0.0), count, float(count))
    half = float(stats.t.ppf(0.5 + LEVEL / 2, count - 1) * found.std(ddof=1) / math.sqrt(count))
    return Estimate(middle, Interval(middle - half, middle + half, LEVEL), count, float(count))
