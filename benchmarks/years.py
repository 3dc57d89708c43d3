"""Surge on the real trips of three winters, one after the other: does keeping the model up to date pay?

Twelve weeks each of January to March 2021, 2022 and 2023, moved together by whole weeks so that no silence lies between
them: the files hold no other months of the first two years, and a service that is told of none would learn that nobody
rides. Their holidays move with them; hours of the day and days of the week stay what they were; the days of the year of
the first two winters do not. The first release is built from 2021; the service then lives through 2022 and 2023 with
its monitors, trainings and ladder. Weather and events are known for 2023 alone.

    python -m benchmarks.years --out report-years

Prints the demonstration's summary and writes its report. `--calm` plays 24 April to 17 July 2023 behind the twelve
weeks before instead, where little changes: there, keeping must do no harm.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import polars as pl

from afield.application import load
from afield.commands.output import RESULTS, progress
from afield.data.sources import Extract, Source
from afield.demo import demonstrate
from afield.records.facts import Window
from afield.replay import Scenario
from afield.reporting.summary import summary
from surge.demonstration import demonstration
from surge.sources import open_source
from surge.traffic import Recorded

DATA = Path("../shared/data/surge")
WEEKS = timedelta(weeks=12)
SLOT = timedelta(hours=1)
WINTERS = (datetime(2021, 1, 4), datetime(2022, 1, 3), datetime(2023, 1, 2))
CALM = (datetime(2023, 1, 30), datetime(2023, 4, 24))
NEVER = datetime(2100, 1, 1)
MOVED = {
    "orders": ("at", ("order_time", "pickup_time", "known_at", "target_known_at")),
    "weather": ("at", ("known_at",)),
    "events": ("starts_at", ("known_at",)),
    "holidays": ("date", ()),
}


@dataclass(frozen=True, slots=True)
class Together:
    """Stretches of a source, moved together so that the last stays where it is; a `Source`.

    Attributes:
        whole: what is cut.
        starts: of the stretches, each `WEEKS` long, in order.
    """

    whole: Source
    starts: tuple[datetime, ...]

    def read(self) -> Extract:
        """The stretches, one after the other."""
        extract = self.whole.read()
        tables = {name: self._moved(name, table) for name, table in extract.tables.items()}
        tables["coverage"] = pl.LazyFrame({"start": [self.window.start], "end": [self.window.end]}).cast(
            pl.Datetime("us")
        )
        kept = tables["orders"].select(pl.len()).collect().item()
        return replace(extract, tables=tables, positions={}, rows_read=kept + extract.quarantined.height)

    def fingerprint(self) -> str:
        """Digest of the files and of what is taken of them."""
        return sha256(repr((self.whole.fingerprint(), self.starts, WEEKS)).encode()).hexdigest()

    @property
    def window(self) -> Window:
        """All of it, where it lies after the move."""
        return Window(self.starts[-1] - (len(self.starts) - 1) * WEEKS, self.starts[-1] + WEEKS)

    def _moved(self, name: str, table: pl.LazyFrame) -> pl.LazyFrame:
        if name not in MOVED:
            return table
        at, others = MOVED[name]
        parts = []
        for back, start in enumerate(reversed(self.starts)):
            by = self.starts[-1] - back * WEEKS - start
            moment = pl.col(at).cast(pl.Datetime("us"))
            part = table.filter((moment >= start) & (moment < start + WEEKS))
            parts.append(part.with_columns((pl.col(column) + by) for column in (at, *others)))
        return pl.concat(parts[::-1])


def scenario(data: Path, starts: tuple[datetime, ...], options: Mapping[str, str]) -> Scenario:
    """The stretches after the first, played to a release of the first; no bad release, and no outage."""
    source = Together(open_source(data, {**options, "earlier_years": "yes"}), starts)
    window = Window(source.window.start + WEEKS, source.window.end)
    return replace(
        demonstration(options, data),
        name=f"real trips, {', '.join(f'{start:%B %Y}' for start in starts)} and eleven weeks after each",
        source=source,
        window=window,
        traffic=Recorded(source.read().tables, window, SLOT, quotes=3),
        bad_candidate=NEVER,
        outage=NEVER,
        expected=partial(_each_zone, slots=(window.end - window.start) // SLOT),
    )


def main() -> int:
    """Play it and print the summary; exits 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=Path("report-years"))
    parser.add_argument("--home", type=Path, default=Path(".afield-years"))
    parser.add_argument("--calm", action="store_true", help="twelve weeks of 2023 behind twelve others")
    asked = parser.parse_args()
    if not asked.data.is_dir():
        progress(f"{asked.data}: the real trips are not there; name their folder with --data")
        return 0
    played = "calm" if asked.calm else "winters"
    command = "python -m benchmarks.years" + " --calm" * asked.calm
    application = load("surge", load("surge").demonstration_options)
    application = replace(application, demonstration=f"benchmarks.years:{played}")
    RESULTS.print(summary(demonstrate(application, asked.home, asked.data, asked.out, command, progress)))
    return 0


def winters(options: Mapping[str, str], data: Path) -> Scenario:
    """January to March of three years."""
    return scenario(data, WINTERS, options)


def calm(options: Mapping[str, str], data: Path) -> Scenario:
    """Half of one year."""
    return scenario(data, CALM, options)


def _each_zone(rows: pl.DataFrame, slots: int) -> int:
    return slots * rows["key"].n_unique()


if __name__ == "__main__":
    sys.exit(main())
