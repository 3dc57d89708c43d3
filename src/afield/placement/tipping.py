"""Tipping points: how far a consideration must move until another option wins, found by moving it in the simulation."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from afield.placement.considering import changed
from afield.placement.options import Option
from afield.placement.planner import Row, Trials, best, clearly
from afield.records.considerations import Considerations

STEPS = 6
FACTORS = (3.0, 10.0, 100.0)
SHARES = (0.0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)

VARIED = (
    "requests", "devices", "latency_s", "facts_every_s", "sync_s", "model_every_s", "input_bytes", "wrong_cost",
    "late_cost", "absent_cost", "server_hour",
)  # fmt: skip
"""Considerations that are moved by factors."""
VARIED_AT_DEVICES = ("round_trip_s", "price_gb", "speed", "energy_day", "memory")
"""Of the devices and their ways, moved by factors, all devices alike."""
VARIED_SHARES = ("offline_share", "telemetry_least", "unsure", "cacheable")


@dataclass(frozen=True, slots=True)
class Tip:
    """Where the recommendation turns.

    Attributes:
        consideration: its name.
        now: its value; of the place where people ask, where each device has its own.
        above: whether the other option wins above the value, else below.
        value: median over the seeds of where it turns.
        low, high: the least and the greatest of them.
        winner: the option that wins beyond, by its name.
        loser: the one that wins now.
        reason: what turns it.
    """

    consideration: str
    now: float
    above: bool
    value: float
    low: float
    high: float
    winner: str
    loser: str
    reason: str


Move = Callable[[float], Considerations]


def tips(
    considered: Considerations, trials: Trials, options: Sequence[Option], tell: Callable[[str], None]
) -> tuple[Tip, ...]:
    """Each consideration moved alone, down and up, until the recommendation turns; those that never do are left out.

    A coarse walk outwards finds the first step beyond which another option wins; then bisection, seed by seed and on
    the two options alone, finds where. The least and the greatest of `n` seeds hold the median with a chance of
    `1 - 2 / 2 ** n` (sign test).
    """
    loser = best([trials.row(considered, option) for option in options]).option
    found = []
    for name, now, move, values in _moves(considered):
        tell(f"moving {name}")
        for above in (True, False):
            walk = [value for value in values if (value > now if above else value < now)]
            tip = _first(name, now, move, walk if above else walk[::-1], trials, options, loser)
            if tip is not None:
                found.append(tip)
    return tuple(found)


def _moves(considered: Considerations) -> Iterator[tuple[str, float, Move, list[float]]]:
    """Each consideration: its name, its value now, how it is set, and the values to walk through."""
    for name in VARIED:
        now = float(getattr(considered, name))
        if now > 0:
            yield name, now, _setting(considered, name), _factors(now)
    for name in VARIED_AT_DEVICES:
        held = {place.name: _at_device(considered, place.name, name) for place in considered.places[:-1]}
        now = held[considered.asked_at] or max(held.values())
        if now > 0:
            yield name, now, _scaling(considered, name, now, held), _factors(now)
    for name in VARIED_SHARES:
        now = float(getattr(considered, name) if hasattr(considered, name) else _at_device(considered, "", name))
        yield name, now, _setting(considered, name), list(SHARES)


def _factors(now: float) -> list[float]:
    return [now / factor for factor in reversed(FACTORS)] + [now * factor for factor in FACTORS]


def _setting(considered: Considerations, name: str) -> Move:
    return lambda value: changed(considered, {name: value})


def _scaling(considered: Considerations, name: str, now: float, held: dict[str, float]) -> Move:
    def move(value: float) -> Considerations:
        return changed(considered, {f"{place}.{name}": own * value / now for place, own in held.items() if own})

    return move


def _at_device(considered: Considerations, place: str, name: str) -> float:
    device = next(each for each in considered.places if each.name == (place or considered.asked_at))
    return float(getattr(device, name) if hasattr(device, name) else getattr(device.cloud, name))


def _first(
    name: str, now: float, move: Move, walk: Sequence[float], trials: Trials, options: Sequence[Option], loser: Option
) -> Tip | None:
    """The first turn on a walk outwards, narrowed down seed by seed."""
    inside = now
    for value in walk:
        rows = [trials.row(move(value), option) for option in options]
        winner = best(rows).option
        if clearly(best(rows), _of(rows, loser)):
            break
        inside = value
    else:
        return None
    pair = (loser, winner)
    turns = [_turn(move, inside, value, trials, pair, seed) for seed in range(trials.effort.seeds)]
    beyond = [trials.row(move(max(turns) if value > now else min(turns)), option) for option in pair]
    return Tip(name, now, value > now, median(turns), min(turns), max(turns), winner.name, loser.name, _reason(*beyond))


def _of(rows: Sequence[Row], option: Option) -> Row:
    return next(each for each in rows if each.option == option)


def _turn(move: Move, inside: float, outside: float, trials: Trials, pair: tuple[Option, Option], seed: int) -> float:
    """Where the second of a pair begins to win, by bisection; on a scale of factors where no end is 0."""
    logs = inside > 0 and outside > 0
    for _ in range(STEPS):
        middle = math.sqrt(inside * outside) if logs else (inside + outside) / 2
        rows = [trials.row(move(middle), option, (seed,)) for option in pair]
        if best(rows).option == pair[1]:
            outside = middle
        else:
            inside = middle
    return math.sqrt(inside * outside) if logs else (inside + outside) / 2


def _reason(loser: Row, winner: Row) -> str:
    """What makes the difference beyond the turn."""
    if len(loser.misses) > len(winner.misses):
        return f"{loser.option.name}: {'; '.join(loser.misses)}"
    gaps = {kind: loser.accounts[kind].value - winner.accounts[kind].value for kind in loser.accounts}
    kind = max(gaps, key=gaps.__getitem__)
    return (
        f"{KIND_WORDS[kind]} cost {loser.option.name} {loser.accounts[kind].value:,.0f} a month there, "
        f"{winner.option.name} {winner.accounts[kind].value:,.0f}"
    )


KIND_WORDS = {
    "workers": "workers",
    "traffic": "bytes",
    "wrong": "wrong answers",
    "late": "late answers",
    "absent": "absent answers",
}
