"""Tipping points: how far a consideration must move until another option wins, found by moving it in the simulation."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from afield.placement.considering import changed
from afield.placement.moves import Move, moves
from afield.placement.options import Option
from afield.placement.planner import Row, Trials, best, clearly
from afield.records.considerations import Considerations

STEPS = 6
SURE_STEPS = 4
"""So often a turn is looked for with many simulations where few are wrong about it."""
HOPELESS = 2.0
"""An option so many times as dear as the best, that misses no less, is not simulated at length."""


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
    for move in moves(considered):
        tell(f"moving {move.name}")
        tips_of = (walks.tip(move, above=above) for above in (True, False))
        found += [tip for tip in tips_of if tip is not None]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Walks:
    """Walks outwards from what is now, among these options, until the one that is recommended now is no more."""

    considered: Considerations
    few: Trials
    many: Trials
    options: tuple[Option, ...]
    loser: Option

    def tip(self, move: Move, *, above: bool) -> Tip | None:
        """The first turn on a walk outwards, narrowed down, and confirmed by the recommendation itself."""
        inside = move.now
        for outside in move.outwards(above=above):
            if self._turned(move.changes(outside), self.options):
                told = self._confirmed(move, inside, outside, above=above)
                if told is not None:
                    return self._tip(move, inside, outside, *told, above=above)
            inside = outside
        return None

    def _tip(self, move: Move, inside: float, outside: float, value: float, rows: list[Row], *, above: bool) -> Tip:
        winner = best(rows)
        pair = (self.loser, winner.option)
        turns = [self._narrowed(move, inside, outside, pair, (seed,)) for seed in range(self.few.effort.seeds)]
        return Tip(
            move.name,
            move.now,
            above,
            value,
            min(value, *turns),
            max(value, *turns),
            winner.option.name,
            not winner.misses,
            self.loser.name,
            _reason(_of(rows, self.loser), winner),
            move.changes(move.beyond(value, above=above)),
        )

    def _confirmed(self, move: Move, inside: float, outside: float, *, above: bool) -> tuple[float, list[Row]] | None:
        """Where many simulations turn too, and their rows just beyond; None where they do not before `outside`."""

        def tried(value: float) -> tuple[float, list[Row]]:
            value = digits(value, up=above)
            return value, self._recommended(changed(self.considered, move.changes(move.beyond(value, above=above))))

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
        if len(options) > 2:
            first = [self.few.row(considered, option, (0,)) for option in options]
            options = self._hopeful(first)
        rows = [self.few.row(considered, option, seeds) for option in options]
        return clearly(best(rows), _of(rows, self.loser))

    def _narrowed(
        self, move: Move, inside: float, outside: float, options: Sequence[Option], seeds: Sequence[int] = ()
    ) -> float:
        """The least known value at which it has turned, by bisection; by factors where no end is 0."""
        logs = inside > 0 and outside > 0
        for _ in range(STEPS):
            middle = math.sqrt(inside * outside) if logs else (inside + outside) / 2
            if self._turned(move.changes(middle), options, seeds):
                outside = middle
            else:
                inside = middle
        return outside

    def _recommended(self, considered: Considerations) -> list[Row]:
        """The rows of the recommendation, but for options that have no hope."""
        rows = [self.few.row(considered, option) for option in self.options]
        return [self.many.row(considered, option) for option in self._hopeful(rows)]

    def _hopeful(self, rows: Sequence[Row]) -> list[Option]:
        """The options that may be the best, and the one that is recommended now."""
        first = best(rows)
        dear, missed = HOPELESS * first.cost.value, len(first.misses) + 1
        return [
            row.option
            for row in rows
            if row.option == self.loser or (row.cost.value <= dear and len(row.misses) <= missed)
        ]


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
