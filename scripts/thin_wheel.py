"""Builds the thin wheel of the client: what `afield.client` imports, and what the applications named import beside it.

    .venv/bin/python -m scripts.thin_wheel dist                                         afield alone
    .venv/bin/python -m scripts.thin_wheel dist surge.application surge.operating       with an application

It holds no learner, no data frame and no database; it needs numpy, msgspec, onnxruntime and cryptography, and what the
application's own modules import beside them.
"""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
BEGINNING = ("afield.client.client", "afield.testing.toy")
OWN = ("afield", "surge", "signs")
NEEDS = {"cryptography", "msgspec", "numpy", "onnxruntime"}
NEVER = {"polars", "deltalake", "sqlalchemy", "lightgbm", "sklearn", "scipy", "onnx", "granian", "cyclopts", "rich"}
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "afield-client"
version = "{version}"
description = "Answers of a model on a device, with or without a network: signed releases, offline, telemetry."
requires-python = "{python}"
license = "Apache-2.0"
license-files = ["LICENSE"]
dependencies = {needs}

[tool.hatch.build.targets.wheel]
packages = {packages}
"""


def closure(modules: Iterable[str]) -> dict[str, Path]:
    """Every own module that these import, directly or not, with its file.

    Nothing is imported inside a function here, so what stands in the source is all of it.

    Raises:
        ModuleNotFoundError: one of them does not exist.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"there is no module {name}")
        found[name] = Path(spec.origin)
        parent = name.rpartition(".")[0]
        waiting += [each for each in (parent, *_imported(found[name])) if each]
    return found


def foreign(modules: dict[str, Path]) -> set[str]:
    """The packages from elsewhere that these modules import."""
    names = {name.partition(".")[0] for file in modules.values() for name in _named(file)}
    return names - set(OWN) - set(sys.stdlib_module_names)


def build(out: Path, modules: Iterable[str]) -> Path:
    """Build the wheel into `out`; where it lies.

    Raises:
        SystemExit: something in it needs more than it says.
    """
    found = closure((*BEGINNING, *modules))
    needed = foreign(found)
    heavy = (needed & NEVER) | (foreign(closure(BEGINNING)) - NEEDS)
    if heavy:
        sys.exit(f"thin_wheel: {', '.join(sorted(heavy))} would be needed on the device; import less")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    floors = {re.split(r"[^\w-]", need)[0]: need for need in project["dependencies"]}
    distributions = packages_distributions()
    names = sorted({distributions[name][0] for name in needed})
    needs = [floors.get(name, name) for name in names]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for module, file in found.items():
            target = folder.joinpath(*module.split("."))
            target = target / "__init__.py" if file.name == "__init__.py" else target.with_suffix(".py")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
            for beside in file.parent.glob("*.toml"):
                shutil.copy(beside, target.parent)
        packages = sorted({module.partition(".")[0] for module in found})
        (folder / "afield" / "py.typed").touch()
        shutil.copy(ROOT / "LICENSE", folder)
        (folder / "pyproject.toml").write_text(
            PROJECT.format(
                version=project["version"], python=project["requires-python"], needs=needs, packages=packages
            ),
            "utf-8",
        )
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out.absolute())]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own build
    return next(out.glob("afield_client-*.whl"))


def _imported(file: Path) -> set[str]:
    """The own modules that a file imports."""
    return {name for name in _named(file) if name.partition(".")[0] in OWN}


def _named(file: Path) -> set[str]:
    """Every module that a file's imports name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module}
            if node.module.partition(".")[0] in OWN:
                names |= {full for alias in node.names if _is_module(full := f"{node.module}.{alias.name}")}
    return names


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {__doc__}")
    sys.stdout.write(f"{build(Path(sys.argv[1]), sys.argv[2:])}\n")
