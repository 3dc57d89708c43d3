"""The reference, written from the docstrings."""

import ast
import re
from pathlib import Path

import afield
from scripts.reference import write


def test_the_reference_holds_every_public_class_and_function(root: Path, tmp_path: Path) -> None:
    pages = write(tmp_path / "reference")
    headings = {page.stem: re.findall(r"^### `(\w+)", page.read_text(), flags=re.MULTILINE) for page in pages}
    for path in (root / "src" / "afield").rglob("*.py"):
        stage = path.relative_to(root / "src" / "afield").parts[0].removesuffix(".py")
        wanted = [
            node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef | ast.ClassDef)
        ]
        missing = [name for name in wanted if not name.startswith("_") and name not in headings[stage]]
        assert not missing, f"{path}: {missing}"


def test_the_index_names_each_page_in_the_order_of_the_map(tmp_path: Path) -> None:
    pages = write(tmp_path / "reference")
    index = (tmp_path / "reference" / "README.md").read_text()
    assert re.findall(r"\((\w+)\.md\)", index) == [page.stem for page in pages]
    assert pages[0].stem == "records"
    assert all(page.stem in (afield.__doc__ or "") for page in pages)
