"""Drift of 1,000,000 × 20 against as many, from two Parquet files: `python -m benchmarks.drift [--peers FOLDER]`.

On the grid, against reading both files with Polars: whole processes, in turn. Exactly, against SciPy: in one process,
columns in memory, the same two distances, which must be equal. Evidently and NannyML are measured as whole processes
by interpreters of their own in the folder that is named (`python -m scripts.drift_peers FOLDER` makes them).
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import polars as pl
from scipy import stats

from afield.monitoring.distances import Statistic, distances
from benchmarks.measure import Result, in_turn, show

ROWS, ROUNDS = 1_000_000, 5
GRID, EXACT = 1.5, 0.2
BOTH: tuple[Statistic, ...] = ("ks", "wasserstein")
COUNT = """
import sys
from pathlib import Path
from afield.monitoring.files import files_drift
files_drift(*(Path(path) for path in sys.argv[1:]))
"""
READ = "import sys, polars as pl; [pl.read_parquet(path) for path in sys.argv[1:]]"
PEERS = {
    "evidently": """
import sys, pandas as pd
from evidently import Dataset, DataDefinition, Report
from evidently.presets import DataDriftPreset
first, second = (pd.read_parquet(path) for path in sys.argv[1:])
definition = DataDefinition(numerical_columns=list(first.columns))
report = Report([DataDriftPreset(num_method="wasserstein")])
report.run(Dataset.from_pandas(second, definition), Dataset.from_pandas(first, definition)).dict()
""",
    "nannyml": """
import sys, nannyml as nml, pandas as pd
first, second = (pd.read_parquet(path) for path in sys.argv[1:])
calculator = nml.UnivariateDriftCalculator(
    column_names=list(first.columns), continuous_methods=["kolmogorov_smirnov", "wasserstein"], chunk_number=1
)
calculator.fit(first).calculate(second).to_df()
""",
}


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("reference.parquet", "chunk.parquet")]
        for seed, path in enumerate(files):
            table(seed, ROWS).write_parquet(path)
        show(_results(files))


def table(seed: int, rows: int) -> pl.DataFrame:
    """Twenty columns: bell-shaped, skewed, heavy-tailed, counts, with missing values; those of a second seed moved."""
    generator, move = np.random.default_rng(seed), 0.05 * seed
    columns = {f"normal {n}": generator.normal(10.0 * n + move, 1.0 + n, rows) for n in range(6)}
    columns |= {f"gamma {n}": generator.gamma(1.0 + n, 1.0 + move, rows) for n in range(5)}
    columns |= {f"lognormal {n}": generator.lognormal(move, 0.5 + n, rows) for n in range(3)}
    columns |= {f"count {n}": generator.poisson(2.0 + 4 * n + move, rows).astype(float) for n in range(4)}
    for n in range(2):
        holes = generator.normal(move, 1.0, rows)
        holes[generator.random(rows) < 0.1 * (n + 1)] = np.nan
        columns[f"missing {n}"] = holes
    return pl.DataFrame(columns)


def _results(files: list[Path]) -> Iterator[Result]:
    paths = [str(path) for path in files]
    python = sys.executable
    grid, read = in_turn(
        lambda: _process([python, "-c", COUNT, *paths]),
        lambda: _process([python, "-c", READ, *paths]),
        ROUNDS,
    )
    name = f"psi, ks, wasserstein on the grid, {ROWS:,} x 20 twice"
    yield Result(name, grid, "s", "Polars reads both", grid / read, f"<= {GRID}", grid / read <= GRID)
    yield _exact(files)
    for peer, script in PEERS.items():
        found = _peer(peer)
        if found is None:
            yield Result(name, grid, "s", f"{peer} (not installed)", None)
            continue
        seconds = [_seconds([str(found), "-c", script, *paths]) for _ in range(2)]
        yield Result(name, grid, "s", f"{peer} ({median(seconds):.1f} s)", grid / median(seconds))


def _exact(files: list[Path]) -> Result:
    """The columns that hold no missing values, for SciPy takes none."""
    pairs = [
        (first.to_numpy(), second.to_numpy())
        for first, second in zip(*(pl.read_parquet(path).get_columns() for path in files), strict=True)
        if not np.isnan(first.to_numpy()).any()
    ]

    def ours() -> list[tuple[float, float]]:
        every = (distances(first, second, BOTH, 0.99) for first, second in pairs)
        return [(found["ks"][0], found["wasserstein"][0]) for found in every]

    def theirs() -> list[tuple[float, float]]:
        return [
            (
                float(stats.ks_2samp(first, second, method="asymp").statistic),
                float(stats.wasserstein_distance(first, second) / first.std()),
            )
            for first, second in pairs
        ]

    if not np.allclose(ours(), theirs(), rtol=1e-9, atol=1e-12):
        raise SystemExit("the exact distances differ from SciPy's")
    mine, scipy = in_turn(ours, theirs, 3)
    name = f"exact ks, wasserstein, {ROWS:,} x {len(pairs)} twice, equal to SciPy's"
    return Result(name, mine, "s", "SciPy", mine / scipy, f"<= {EXACT}", mine / scipy <= EXACT)


def _peer(name: str) -> Path | None:
    """The interpreter of a peer in the folder after `--peers`."""
    if "--peers" not in sys.argv:
        return None
    found = Path(sys.argv[sys.argv.index("--peers") + 1]) / name / "bin" / "python"
    return found if found.exists() else None


def _seconds(command: list[str]) -> float:
    started = perf_counter()
    _process(command)
    return perf_counter() - started


def _process(command: list[str]) -> None:
    quiet = {**os.environ, "DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1"}
    subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL)  # noqa: S603 - a process to measure


if __name__ == "__main__":
    main()
