"""Games and holidays of the generated city."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from surge.city.draws import Stream, generator
from surge.city.layout import Layout

HOLIDAYS = {
    (1, 1): "New Year",
    (2, 12): "Founders' Day",
    (5, 1): "Labour Day",
    (6, 19): "Midsummer",
    (7, 4): "City Day",
    (9, 2): "Harvest",
    (11, 11): "Remembrance",
    (12, 25): "Winter Holiday",
    (12, 26): "Second Winter Holiday",
}
"""Month and day → name; fixed dates."""

NOTICE = timedelta(days=30)
"""Games are scheduled this long before."""


@dataclass(frozen=True, slots=True)
class Game:
    """A game: `place` is the index of its zone in the layout."""

    name: str
    starts_at: datetime
    place: int


def holiday(day: date) -> str | None:
    """Name of the holiday, if `day` is one."""
    return HOLIDAYS.get((day.month, day.day))


def games(seed: int, layout: Layout, day: date) -> tuple[Game, ...]:
    """Games that start on `day`: about one evening in three at each stadium, more on weekends."""
    draw = generator(seed, Stream.EVENTS, day.toordinal()).random((layout.stadiums.size, 2))
    weekend = day.weekday() >= 5
    found = []
    for stadium, (chance, late) in enumerate(draw):
        if chance < (0.45 if weekend else 0.3):
            start = time(13, 0) if weekend and late < 0.5 else time(19, 30 if late < 0.5 else 0)
            moment = datetime.combine(day, start)
            found.append(Game(f"stadium-{stadium}-{day.isoformat()}", moment, int(layout.stadiums[stadium])))
    return tuple(found)
