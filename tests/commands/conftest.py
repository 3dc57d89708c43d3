import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from afield.cli import VERBS, run
from tests.commands.town import APP, START, WEEK, write_orders

BUILT = timedelta(weeks=8)


@dataclass(frozen=True)
class Spoken:
    code: int
    out: str
    err: str

    @property
    def value(self) -> "dict[str, object]":
        return json.loads(self.out)


@dataclass(frozen=True)
class Town:
    """A home with one release in it, and files of orders."""

    root: Path
    early: Path
    late: Path
    whole: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def folder(self) -> Path:
        return self.root / "town-60m"

    @property
    def release(self) -> str:
        return next(path.name for path in (self.folder / "bundles").iterdir() if len(path.name) == 64)

    def __call__(self, *arguments: object) -> Spoken:
        self.capsys.readouterr()
        code = run([str(each) for each in arguments], VERBS)
        spoken = self.capsys.readouterr()
        return Spoken(code, spoken.out, spoken.err)


@pytest.fixture(scope="session")
def town_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the town's orders: of the first eight weeks, of the ninth, and of all nine."""
    folder = tmp_path_factory.mktemp("orders")
    write_orders(folder / "early.csv", START, START + BUILT)
    write_orders(folder / "late.csv", START + BUILT, START + BUILT + WEEK)
    write_orders(folder / "whole.csv", START, START + BUILT + WEEK)
    return folder


@pytest.fixture(scope="session")
def built_town(tmp_path_factory: pytest.TempPathFactory, town_files: Path) -> Path:
    """A home in which a release was built from the first eight weeks; not to be changed."""
    root = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFIELD_HOME", str(root))
        assert run(["build", APP, "--data", str(town_files / "early.csv"), "--json"], VERBS) == 0
    return root


@pytest.fixture
def town(
    built_town: Path,
    town_files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Town:
    """A copy of that home, which verbs find."""
    root = tmp_path / "home"
    shutil.copytree(built_town, root, ignore=shutil.ignore_patterns("steps"))
    (root / "steps").symlink_to(built_town / "steps")
    monkeypatch.setenv("AFIELD_HOME", str(root))
    return Town(root, *(town_files / f"{name}.csv" for name in ("early", "late", "whole")), capsys=capsys)


@pytest.fixture
def empty_town(town: Town) -> Town:
    """A home in which nothing was built."""
    shutil.rmtree(town.folder)
    return town
