"""A build that has everything to do and one that has nothing to do, against a script that reads and writes as much.

The plain script reads the same source and writes the same tables of facts and examples; it fits nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl

from afield.application import load
from afield.build import build
from afield.control.office import Office, open_office
from afield.records.facts import Window
from afield.workshop.examples import write_examples
from benchmarks.measure import Result, show
from surge.generated import GeneratedCity

ROUNDS, WARM_ROUNDS = 2, 5
WARM = 0.5
PLAIN = "plain script, same tables"
CITY = GeneratedCity(seed=3, density=1.0, days=91, change=0, slot=timedelta(hours=1))


def main() -> None:
    """Measure and print."""
    cold: list[float] = []
    warm: list[float] = []
    plain: list[float] = []
    for _ in range(ROUNDS):
        with TemporaryDirectory() as folder:
            root = Path(folder)
            cold.append(_seconds(lambda root=root: _build(root)))  # type: ignore[misc]
            plain.append(_seconds(lambda root=root: _plain(root / "plain")))  # type: ignore[misc]
            warm += [_seconds(lambda root=root: _build(root)) for _ in range(WARM_ROUNDS)]  # type: ignore[misc]
    beside = median(plain)
    show(
        [
            Result("build, everything to do", median(cold), "s", PLAIN, median(cold) / beside),
            Result(
                "build, nothing changed",
                median(warm),
                "s",
                PLAIN,
                median(warm) / beside,
                f"<= {WARM} s",
                median(warm) <= WARM,
            ),
        ]
    )


def _build(root: Path) -> None:
    office = _office(root)
    office.register(build(office.plan, office.bench(source=CITY, name="generated"), None), promote=True)


def _plain(folder: Path) -> None:
    """Read the source, write its tables, and write the examples made of them."""
    folder.mkdir()
    tables = CITY.read().tables
    for name, rows in tables.items():
        rows.collect().write_ipc(folder / f"{name}.arrow")
    plan = _office(folder).plan
    read = {name: pl.scan_ipc(folder / f"{name}.arrow") for name in tables}
    window = Window(datetime(2024, 1, 1), CITY.until)
    write_examples(folder, plan.features, plan.spine, plan.labels, read, window)


def _office(root: Path) -> Office:
    return open_office(load("surge", {"effort": "quick"}), root, lambda _: None)


def _seconds(run: Callable[[], None]) -> float:
    started = perf_counter()
    run()
    return perf_counter() - started


if __name__ == "__main__":
    main()
