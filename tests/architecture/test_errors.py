"""The tree drawn at the head of `errors.py` is the tree of classes."""

import ast
import re
from pathlib import Path

from afield import errors

ELSEWHERE = {"src/afield/serving/http.py"}
"""Only transports know HTTP."""


def test_the_drawn_tree_equals_the_classes() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^([\s│├└─]*)(\w+Error)\b", line)
        if match:
            depth = (len(match[1]) - 4) // 4
            path = [*path[:depth], match[2]]
            drawn[match[2]] = path[-2] if depth else "Exception"
    classes = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert drawn == classes


def test_every_error_stands_in_the_tree(sources: dict[Path, ast.Module]) -> None:
    found = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in sources.items()
        if path.parts[0] == "src" and path.name != "errors.py" and str(path) not in ELSEWHERE
        if "testing" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    ]
    assert not found, f"it belongs into errors.py: {found}"
