"""Digest of what a build runs: Afield, the application with its data files, and the libraries that decide numbers."""

import hashlib
import re
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path

from afield.application import GROUP

LIBRARIES = ("lightgbm", "numpy", "onnxmltools", "onnxruntime", "polars", "scikit-learn", "scipy", "skl2onnx")
LEFT_OUT = {"__pycache__", "pages"}
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def code_digest(application: str) -> str:
    """SHA-256 (hex) over the files of Afield and of the package `application`, and the versions of their libraries.

    Any changed line, of code or of a phrasebook, invalidates every step: a conservative rule that nobody has to think
    about. Pages are left out: no build reads them.
    """
    total = hashlib.sha256(repr(sorted(environment(application).items())).encode())
    for package in ("afield", application):
        spec = find_spec(package)
        for location in spec.submodule_search_locations or () if spec else ():
            root = Path(location)
            for file in sorted(path for path in root.rglob("*") if path.is_file()):
                if LEFT_OUT & set(file.relative_to(root).parts):
                    continue
                total.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def environment(application: str = "") -> dict[str, str]:
    """Version of each library that decides numbers, and of each that the application asks for; or "absent"."""
    points = (point for point in entry_points(group=GROUP) if re.split("[.:]", point.value)[0] == application)
    asked = {_NAME.match(each) for point in points if point.dist for each in point.dist.requires or ()}
    return {name: _version(name) for name in sorted({*LIBRARIES, *(each[0] for each in asked if each)} - {"afield"})}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
