"""The sources as syntax trees, parsed once."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def sources() -> dict[Path, ast.Module]:
    """Every module of Afield and its applications, by path relative to the root."""
    folders = [ROOT / "src" / "afield", *(path.parent for path in ROOT.glob("apps/*/*/__init__.py"))]
    paths = sorted(path for folder in folders if folder.name != "tests" for path in folder.rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in paths}
