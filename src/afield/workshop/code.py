"""Digest of the code that a build runs: Afield, the application, and the libraries that decide numbers."""

import hashlib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = ("lightgbm", "numpy", "onnxmltools", "onnxruntime", "polars", "scikit-learn", "scipy", "skl2onnx")


def code_digest(application: str) -> str:
    """SHA-256 (hex) over the sources of Afield and of the package `application`, and the libraries' versions.

    Any changed line invalidates every step: a conservative rule that nobody has to think about.
    """
    total = hashlib.sha256(repr(sorted(environment().items())).encode())
    for package in ("afield", application):
        spec = find_spec(package)
        for location in spec.submodule_search_locations or () if spec else ():
            root = Path(location)
            for file in sorted(root.rglob("*.py")):
                total.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def environment() -> dict[str, str]:
    """Version of each library that decides numbers; "absent" where it is not installed."""
    return {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
