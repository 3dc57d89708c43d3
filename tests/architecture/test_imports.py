"""The dependency rule, and what starting up brings in."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HEAVY = ("polars", "numpy", "lightgbm", "onnxruntime", "scipy", "sqlalchemy", "sklearn", "deltalake", "altair")
LEARNERS_AND_STORES = (
    "polars",
    "lightgbm",
    "sklearn",
    "scipy",
    "deltalake",
    "sqlalchemy",
    "onnx",
    "skl2onnx",
    "altair",
)


def brought_in(program: str, names: tuple[str, ...]) -> set[str]:
    """Which of these libraries a fresh interpreter holds after running the program."""
    report = (
        f"import sys\ntry:\n  {program}\nexcept SystemExit: pass\nprint('loaded', *(set({names!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_the_import_contracts_are_kept(root: Path) -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_layers_are_exhaustive_and_excuse_nothing(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")
    assert layers["exhaustive"] is True
    assert not [contract["name"] for contract in contracts if "ignore_imports" in contract]
    assert not [layer for layer in layers["layers"] if "(" in layer], "a layer lists what exists"


@pytest.mark.parametrize(
    "program",
    [
        "import afield",
        "import afield.commands.output",
        "from afield.cli import main; main(['--help'])",
        "from afield.cli import main; main(['release'])",
    ],
)
def test_starting_up_brings_in_nothing_heavy(program: str) -> None:
    assert brought_in(program, HEAVY) == set()


def test_the_data_plane_holds_no_learner_and_no_store(root: Path) -> None:
    if not (root / "src" / "afield" / "worker.py").exists():
        pytest.skip("there is no worker yet")
    assert brought_in("import afield.worker", LEARNERS_AND_STORES) == set()
