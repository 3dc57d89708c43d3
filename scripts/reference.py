"""Write docs/reference from the docstrings: one page a stage, in the order of the map."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "afield"

Definition = ast.FunctionDef | ast.ClassDef


def main() -> None:
    """Write the pages anew into docs/reference."""
    folder = ROOT / "docs" / "reference"
    shutil.rmtree(folder, ignore_errors=True)
    pages = write(folder)
    sys.stdout.write(f"{folder.relative_to(ROOT)}: {len(pages)} pages\n")


def write(folder: Path) -> list[Path]:
    """Write one page for each name on the map, and an index; gives the pages."""
    folder.mkdir(parents=True)
    whole = ast.get_docstring(ast.parse((SOURCE / "__init__.py").read_text("utf-8"))) or ""
    names = re.findall(r"^ {4,}(\w+) {2,}(.+)$", whole, flags=re.MULTILINE)
    pages = [folder / f"{name}.md" for name, _ in names]
    for page in pages:
        page.write_text("\n".join(page_lines(page.stem)) + "\n", "utf-8")
    index = ["# Reference", "", *(f"- [`afield.{name}`]({name}.md): {gives}" for name, gives in names), ""]
    (folder / "README.md").write_text("\n".join(index), "utf-8")
    return pages


def page_lines(name: str) -> Iterator[str]:
    """The lines of one page: each module of the stage with its public classes and functions."""
    yield f"# afield.{name}"
    package = SOURCE / name
    paths = sorted(package.rglob("*.py")) if package.is_dir() else [SOURCE / f"{name}.py"]
    for path in paths:
        tree = ast.parse(path.read_text("utf-8"))
        if path.stem not in (name, "__init__"):
            yield f"\n## afield.{'.'.join(path.relative_to(SOURCE).with_suffix('').parts)}"
        yield from ("", ast.get_docstring(tree) or "")
        for node in tree.body:
            if isinstance(node, Definition) and not node.name.startswith("_"):
                yield from definition_lines(node, "")


def definition_lines(node: Definition, prefix: str) -> Iterator[str]:
    """The lines of one public class or function, and of a class's public methods."""
    yield f"\n### `{prefix}{node.name}`\n"
    yield from ("```python", signature(node), "```", "", ast.get_docstring(node) or "")
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            if isinstance(member, Definition) and not member.name.startswith("_"):
                yield from definition_lines(member, f"{prefix}{node.name}.")


def signature(node: Definition) -> str:
    """How it is written: a function's head, or a class's with its fields."""
    if isinstance(node, ast.FunctionDef):
        gives = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"def {node.name}({ast.unparse(node.args)}){gives}"
    fields = [f"    {ast.unparse(member)}" for member in node.body if isinstance(member, ast.AnnAssign)]
    bases = f"({', '.join(ast.unparse(base) for base in node.bases)})" if node.bases else ""
    return "\n".join([f"class {node.name}{bases}:", *(fields or ["    ..."])])


if __name__ == "__main__":
    main()
