"""Manners of the sources that no linter holds."""

import ast
from collections.abc import Iterator
from pathlib import Path

Sources = dict[Path, ast.Module]

NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "core", "manager", "misc"}
STAGES = {
    "data", "labelling", "features", "training", "evaluation", "release",
    "placement", "serving", "telemetry", "monitoring", "selection", "retraining", "rollout", "mitigation",
}  # fmt: skip


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Public functions, classes and methods, with their dotted names."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{prefix}{node.name}.")


def test_nothing_is_imported_inside_a_function_or_behind_type_checking(sources: Sources) -> None:
    found = []
    for path, tree in sources.items():
        optional = (node for outer in tree.body if isinstance(outer, ast.Try) for node in outer.body)
        top = {id(node) for node in (*tree.body, *optional)}
        found += [
            f"{path}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in top
        ]
        found += [
            f"{path}:{node.lineno} TYPE_CHECKING"
            for node in ast.walk(tree)
            if isinstance(node, ast.Name | ast.Attribute | ast.alias)
            and "TYPE_CHECKING" in (getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", ""))
        ]
    assert not found, f"imports belong at the top of the module: {found}"


def test_no_module_or_folder_has_a_name_that_says_nothing(sources: Sources) -> None:
    found = [str(path) for path in sources if NAMELESS & {*path.parent.parts, path.stem}]
    assert not found, f"name it by what it gives: {found}"


def test_every_module_says_in_its_first_line_what_it_gives(sources: Sources) -> None:
    found = [str(path) for path, tree in sources.items() if not ast.get_docstring(tree)]
    assert not found


def test_every_public_class_and_function_has_a_docstring(sources: Sources) -> None:
    found = [
        f"{path}: {name}"
        for path, tree in sources.items()
        for name, node in public(tree.body)
        if not ast.get_docstring(node)
    ]
    assert not found


def test_a_stage_package_is_a_docstring_and_nothing_else(sources: Sources) -> None:
    found = [
        str(path)
        for path, tree in sources.items()
        if path.name == "__init__.py" and path.parts[:2] == ("src", "afield") and path.parent.name in STAGES
        if len(tree.body) != 1 or not ast.get_docstring(tree)
    ]
    assert not found


def test_environment_variables_are_read_in_the_command_line_only(sources: Sources) -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources.items()
        if path != Path("src/afield/cli.py")
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"})
        or (isinstance(node, ast.ImportFrom) and {"environ", "getenv"} & {alias.name for alias in node.names})
    ]
    assert not found, f"take it as an argument, from cli.py: {found}"


def test_no_public_signature_says_any(sources: Sources) -> None:
    found = []
    for path, tree in sources.items():
        for name, node in public(tree.body):
            if isinstance(node, ast.FunctionDef):
                arguments = (
                    *node.args.posonlyargs,
                    *node.args.args,
                    *node.args.kwonlyargs,
                    node.args.vararg,
                    node.args.kwarg,
                )
                written = [*(argument.annotation for argument in arguments if argument), node.returns]
                found += [f"{path}: {name}" for annotation in written if annotation and says_any(annotation)]
    assert not found


def says_any(annotation: ast.expr) -> bool:
    """Whether `Any` stands in the annotation; what a callable of unknown arguments gives may be anything."""
    if ast.unparse(annotation) == "Callable[..., Any]":
        return False
    return any(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(annotation))
