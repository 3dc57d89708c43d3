"""Builds that have everything to do, and nothing to do, against scripts that read and write as much.

Ten stages over tables of ten megabytes as build steps, against a plain Polars script of the same stages, and beside
Kedro and DVC where `--peers PYTHON` names the Python of an environment that holds them (scripts/peers.py makes one).
Then the whole build of surge; its plain script reads the same source and writes the same tables, and fits nothing.
"""

import hashlib
import inspect
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec
import polars as pl

from afield.application import load
from afield.build import build
from afield.control.office import Office, open_office
from afield.records.facts import Window
from afield.store.steps import Steps
from afield.workshop.examples import write_examples
from benchmarks import ten_stages
from benchmarks.measure import Result, show
from surge.generated import GeneratedCity

ROUNDS, WARM_ROUNDS = 2, 5
WARM = 0.5
STAGE_ROUNDS, PEER_ROUNDS = 7, 2
COLD, IDLE = 1.25, 0.05
ROOT = Path(__file__).parent.parent
PLAIN = "plain script, same tables"
CITY = GeneratedCity(seed=3, density=1.0, days=91, change=0, slot=timedelta(hours=1))


def main() -> None:
    """Measure and print."""
    show(_ten_stages())
    show(_surge())


def _ten_stages() -> list[Result]:
    """Afield's steps, the plain script and the peers, in turn."""
    cold: list[float] = []
    warm: list[float] = []
    plain: list[float] = []
    peers: dict[str, list[dict[str, float]]] = {}
    for _ in range(STAGE_ROUNDS):
        with TemporaryDirectory() as folder:
            root = Path(folder)
            ten_stages.source(root / "source.parquet")
            cold.append(_seconds(lambda root=root: _steps(root)))  # type: ignore[misc]
            warm += [_seconds(lambda root=root: _steps(root)) for _ in range(WARM_ROUNDS)]  # type: ignore[misc]
            plain.append(_seconds(lambda root=root: _script(root)))  # type: ignore[misc]
    for _ in range(PEER_ROUNDS if "--peers" in sys.argv else 0):
        for tool in ("kedro", "dvc"):
            peers.setdefault(tool, []).append(_peer(tool))
    ours, rested, beside = median(cold), median(warm), median(plain)
    name, script = "ten stages of 10 MB", f"plain script, same tables ({beside:.3g} s)"
    found = [
        Result(f"{name}, everything to do", ours, "s", script, ours / beside, f"<= {COLD}", ours / beside <= COLD),
        Result(f"{name}, nothing changed", rested, "s", script, rested / beside, f"<= {IDLE} s", rested <= IDLE),
    ]
    for tool in ("kedro", "dvc"):
        for kind, value in (("cold", ours), ("warm", rested)):
            done = "everything to do" if kind == "cold" else "nothing changed"
            theirs = median(run[kind] for run in peers[tool]) if tool in peers else None
            told = f"{tool} ({theirs:.3g} s)" if theirs else tool
            found.append(Result(f"{name}, {done}", value, "s", told, value / theirs if theirs else None))
    return found


def _steps(root: Path) -> None:
    """The stages as steps: each is kept by what it was made of."""
    steps = Steps(root / "steps")
    source = root / "source.parquet"
    made = {"source": (source, hashlib.sha256(source.read_bytes()).hexdigest())}
    code = hashlib.sha256(inspect.getsource(ten_stages).encode()).hexdigest()
    for name, (function, reads) in ten_stages.STAGES.items():

        def make(folder: Path, function: ten_stages.Stage = function, reads: tuple[str, ...] = reads) -> None:
            function(*(pl.read_parquet(made[each][0]) for each in reads)).write_parquet(folder / "table.parquet")

        folder = steps.run(name, {"code": code, **{each: made[each][1] for each in reads}}, make)
        made[name] = (folder / "table.parquet", folder.name)


def _script(root: Path) -> None:
    """The stages one after the other, each read and written as a table."""
    for name, (function, reads) in ten_stages.STAGES.items():
        made = function(*(pl.read_parquet(root / f"{each}.parquet") for each in reads))
        made.write_parquet(root / f"{name}.parquet")


def _peer(tool: str) -> dict[str, float]:
    """Seconds of the stages by another tool, cold and warm."""
    with TemporaryDirectory() as folder:
        ten_stages.source(Path(folder) / "source.parquet")
        command = [sys.argv[sys.argv.index("--peers") + 1], "-m", "benchmarks.peers", tool, folder]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - named by hand
        return msgspec.json.decode(done.stdout.splitlines()[-1], type=dict[str, float])


def _surge() -> list[Result]:
    """The build of surge."""
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
    rested = median(warm)
    return [
        Result("build of surge, everything to do", median(cold), "s", PLAIN, median(cold) / beside),
        Result("build of surge, nothing changed", rested, "s", PLAIN, rested / beside, f"<= {WARM} s", rested <= WARM),
    ]


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
