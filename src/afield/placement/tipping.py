"""Tipping points: how far a consideration must move until another option wins, found by moving it in the simulation."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from afield.placement.considering import SHARES as SHARED
from afield.placement.considering import changed
from afield.placement.options import Option
from afield.placement.planner import Row, Trials, best, clearly
from afield.records.considerations import Considerations

STEPS = 6
BEYOND = 1.02
"""A tip is checked so far beyond its value, and holds from there."""
SURE_STEPS = 4
"""So often a turn is looked for with many simulations where few are wrong about it."""
HOPELESS = 2.0
"""An option so many times as dear as the best, that misses no less, is not simulated at length."""
FACTORS = (3.0, 10.0, 30.0)
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
        value: where it turns; a fiftieth beyond, the recommendation names the winner.
        low, high: the least and the greatest value at which single seeds turn, or the value itself.
        winner: the option that is recommended beyond, by its name.
        meets: whether it meets everything there; else none does, and it is the nearest.
        loser: the one that is recommended now.
        reason: what turns it.
        changes: considerations, as they are changed by name, a fiftieth beyond the value: with them the winner is
            recommended.
    """

    consideration: str
    now: float
    above: bool
    value: float
    low: float
    high: float
    winner: str
    meets: bool
    loser: str
    reason: str
    changes: Mapping[str, float]


Changes = Callable[[float], Mapping[str, float]]
"""A value → what is changed, by name."""


def beyond(name: str, value: float, *, above: bool) -> float:
    """A value just beyond another."""
    if not above:
        return value / BEYOND
    return min(1.0, value * BEYOND) if name in SHARED else value * BEYOND


def tips(
    considered: Considerations,
    few: Trials,
    many: Trials,
    options: Sequence[Option],
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Tip, ...]:
    """Each consideration moved alone, down and up, until the recommendation turns; those that never do are left out.

    A coarse walk outwards finds the first step beyond which another option is clearly better; then bisection finds
    where, and for each seed alone where on those two. That is done with `few` simulations; just beyond what they say,
    the recommendation itself is run again, with as `many` as it was made with, and its word is what a tip tells.
    """
    loser = best([many.row(considered, option) for option in options]).option
    walks = _Walks(considered, few, many, tuple(options), loser)
    found = []
    for name, now, move, values in _moves(considered):
        tell(f"moving {name}")
        for above in (True, False):
            walk = [value for value in values if (value > now if above else value < now)]
            tip = walks.tip(name, now, move, walk if above else walk[::-1], above=above)
            if tip is not None:
                found.append(tip)
    return tuple(found)


def _moves(considered: Considerations) -> Iterator[tuple[str, float, Changes, list[float]]]:
    """Each consideration: its name, its value now, how it is set, and the values to walk through."""
    for name in VARIED:
        now = float(getattr(considered, name))
        if now > 0:
            yield name, now, _setting(name), _factors(now)
    for name in VARIED_AT_DEVICES:
        held = {place.name: _at_device(considered, place.name, name) for place in considered.places[:-1]}
        now = held[considered.asked_at] or max(held.values())
        if now > 0:
            yield name, now, _scaling(name, now, held), _factors(now)
    for name in VARIED_SHARES:
        now = float(getattr(considered, name) if hasattr(considered, name) else _at_device(considered, "", name))
        yield name, now, _setting(name), list(SHARES)


def _factors(now: float) -> list[float]:
    return [now / factor for factor in reversed(FACTORS)] + [now * factor for factor in FACTORS]


def _setting(name: str) -> Changes:
    return lambda value: {name: value}


def _scaling(name: str, now: float, held: Mapping[str, float]) -> Changes:
    return lambda value: {f"{place}.{name}": own * value / now for place, own in held.items() if own}


def _at_device(considered: Considerations, place: str, name: str) -> float:
    device = next(each for each in considered.places if each.name == (place or considered.asked_at))
    return float(getattr(device, name) if hasattr(device, name) else getattr(device.cloud, name))


@dataclass(frozen=True, slots=True)
class _Walks:
    """Walks outwards from what is now, among these options, until the one that is recommended now is no more."""

    considered: Considerations
    few: Trials
    many: Trials
    options: tuple[Option, ...]
    loser: Option

    def tip(self, name: str, now: float, move: Changes, walk: Sequence[float], *, above: bool) -> Tip | None:
        """The first turn on a walk outwards, narrowed down, and confirmed by the recommendation itself."""
        inside = now
        for outside in walk:
            if self._turned(move(outside), self.options):
                told = self._confirmed(name, move, inside, outside, above=above)
                if told is not None:
                    value, rows = told
                    winner = best(rows)
                    pair = (self.loser, winner.option)
                    seeds = range(self.few.effort.seeds)
                    turns = [self._narrowed(move, inside, outside, pair, (seed,)) for seed in seeds]
                    return Tip(
                        name,
                        now,
                        above,
                        value,
                        min(value, *turns),
                        max(value, *turns),
                        winner.option.name,
                        not winner.misses,
                        self.loser.name,
                        _reason(_of(rows, self.loser), winner),
                        move(beyond(name, value, above=above)),
                    )
            inside = outside
        return None

    def _confirmed(
        self, name: str, move: Changes, inside: float, outside: float, *, above: bool
    ) -> tuple[float, list[Row]] | None:
        """Where many simulations turn too, and their rows just beyond; None where they do not before `outside`."""

        def tried(value: float) -> tuple[float, list[Row]]:
            value = digits(value, up=above)
            return value, self._recommended(changed(self.considered, move(beyond(name, value, above=above))))

        def turned(rows: list[Row]) -> bool:
            return best(rows).option != self.loser

        begin, end = self._narrowed(move, inside, outside, self.options), outside
        first = tried(begin)
        if turned(first[1]):
            return first
        last = tried(end)
        if not turned(last[1]):
            return None
        for _ in range(SURE_STEPS):
            middle = tried((begin + end) / 2)
            if turned(middle[1]):
                end, last = middle[0], middle
            else:
                begin = middle[0]
        return last

    def _turned(self, changes: Mapping[str, float], options: Sequence[Option], seeds: Sequence[int] = ()) -> bool:
        considered = changed(self.considered, changes)
        rows = [self.few.row(considered, option, seeds) for option in options]
        return clearly(best(rows), _of(rows, self.loser))

    def _narrowed(
        self, move: Changes, inside: float, outside: float, options: Sequence[Option], seeds: Sequence[int] = ()
    ) -> float:
        """The least known value at which it has turned, by bisection; by factors where no end is 0."""
        logs = inside > 0 and outside > 0
        for _ in range(STEPS):
            middle = math.sqrt(inside * outside) if logs else (inside + outside) / 2
            if self._turned(move(middle), options, seeds):
                outside = middle
            else:
                inside = middle
        return outside

    def _recommended(self, considered: Considerations) -> list[Row]:
        """The rows of the recommendation, but for options that have no hope."""
        rows = [self.few.row(considered, option) for option in self.options]
        first = best(rows)
        dear = HOPELESS * first.cost.value

        def hopes(row: Row) -> bool:
            more = len(row.misses) - len(first.misses)
            return row.option == self.loser or (row.cost.value <= dear and more <= 1)

        return [self.many.row(considered, row.option) for row in rows if hopes(row)]


def digits(value: float, *, up: bool) -> float:
    """The value to three digits, rounded up or down."""
    if value == 0:
        return 0.0
    scale = 10.0 ** (2 - math.floor(math.log10(abs(value))))
    rounded = (math.ceil if up else math.floor)(value * scale - (1e-9 if up else -1e-9)) / scale
    return float(f"{rounded:.3g}")


def _of(rows: Sequence[Row], option: Option) -> Row:
    return next(each for each in rows if each.option == option)


def _reason(loser: Row, winner: Row) -> str:
    """What makes the difference beyond the turn."""
    if len(loser.misses) > len(winner.misses):
        return f"{loser.option.name}: {'; '.join(loser.misses)}"
    if winner.misses:
        return f"{winner.option.name}: {'; '.join(winner.misses)}; but it is cheaper than all that miss as little"
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
