"""The ten stages by Kedro and by DVC, each as its documentation says: `python -m benchmarks.peers kedro FOLDER`.

Run by the Python of an environment that holds them, which is not Afield's: scripts/peers.py makes one. It prints the
seconds of a build with everything to do, and of one after it with nothing to do.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter

from benchmarks.ten_stages import STAGES

ROOT = Path(__file__).parent.parent
STAGE = """
import sys
from pathlib import Path
import polars as pl
from benchmarks.ten_stages import STAGES
function, reads = STAGES[sys.argv[1]]
function(*(pl.read_parquet(f"{name}.parquet") for name in reads)).write_parquet(f"{sys.argv[1]}.parquet")
"""


def compared() -> None:
    """Build twice by the tool that is named; the folder holds source.parquet."""
    logging.disable(logging.INFO)
    tool, folder = sys.argv[1], Path(sys.argv[2])
    cold, warm = {"kedro": _kedro, "dvc": _dvc}[tool](folder)
    sys.stdout.write(json.dumps({"cold": cold, "warm": warm}))


def _kedro(folder: Path) -> tuple[float, float]:
    """In this process, after its imports; it makes everything each time."""
    pipeline, runner = import_module("kedro.pipeline"), import_module("kedro.runner").SequentialRunner
    catalog, dataset = import_module("kedro.io").DataCatalog, import_module("kedro_datasets.polars").EagerPolarsDataset

    def run() -> None:
        nodes = [pipeline.node(function, list(reads), name, name=name) for name, (function, reads) in STAGES.items()]
        tables = {
            name: dataset(filepath=str(folder / f"{name}.parquet"), file_format="parquet")
            for name in ("source", *STAGES)
        }
        runner().run(pipeline.Pipeline(nodes), catalog(tables))

    return _seconds(run), _seconds(run)


def _dvc(folder: Path) -> tuple[float, float]:
    """By its command line, a process a stage; what did not change is not made again."""
    (folder / "stage.py").write_text(STAGE)
    dvc = [str(Path(sys.executable).parent / "dvc")]
    _run(folder, [*dvc, "init", "--no-scm", "-q"])
    _run(folder, [*dvc, "config", "core.analytics", "false"])
    for name, (_, reads) in STAGES.items():
        depends = [part for each in reads for part in ("-d", f"{each}.parquet")]
        added = ["stage", "add", "-q", "-n", name, *depends, "-o", f"{name}.parquet"]
        _run(folder, [*dvc, *added, f"{sys.executable} stage.py {name}"])
    repeat = [*dvc, "repro", "-q"]
    return _seconds(lambda: _run(folder, repeat)), _seconds(lambda: _run(folder, repeat))


def _run(folder: Path, command: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DVC_NO_ANALYTICS": "1"}
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - a peer


def _seconds(run: Callable[[], None]) -> float:
    started = perf_counter()
    run()
    return perf_counter() - started


if __name__ == "__main__":
    compared()
