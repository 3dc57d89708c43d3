"""The map in `afield/__init__.py`, the import contract and the disk say the same."""

import re
import tomllib
from pathlib import Path

import afield
from afield import serving

ORDER = [
    "records", "errors", "clock", "statistics", "store", "engine",
    "data", "labelling", "features", "training", "evaluation", "release",
    "placement", "serving", "telemetry", "monitoring", "selection", "retraining", "rollout", "mitigation",
]  # fmt: skip


def mapped() -> list[str]:
    """The names on the map, in reading order."""
    return re.findall(r"^ {8}(\w+)  ", afield.__doc__ or "", flags=re.MULTILINE)


def on_disk(root: Path) -> set[str]:
    """Modules and packages of Afield."""
    folder = root / "src" / "afield"
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return packages | {path.stem for path in folder.glob("*.py")} - {"__init__"}


def test_the_map_lists_what_is_on_disk(root: Path) -> None:
    assert sorted(mapped()) == sorted(on_disk(root))


def test_the_map_tells_the_loops_in_order() -> None:
    names = mapped()
    stages = [name for name in names if name in ORDER]
    assert stages == [name for name in ORDER if name in names]
    assert names[: len(stages)] == stages, "the whole comes after the stages"


def test_the_import_contract_lists_what_is_on_disk(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert {name.strip() for layer in layers for name in re.split(r"[|:]", layer)} == on_disk(root)


def test_the_reading_order_of_serving_lists_its_modules(root: Path) -> None:
    listed = re.findall(r"\w+", serving.__doc__.partition("Read in this order.")[2].rpartition("\n\n")[0])
    modules = {path.stem for path in (root / "src" / "afield" / "serving").glob("*.py")} - {"__init__"}
    assert modules <= set(listed), f"not in the reading order: {sorted(modules - set(listed))}"
