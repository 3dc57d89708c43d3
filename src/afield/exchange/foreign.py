"""A model that was trained elsewhere, as it comes: an ONNX file, or an MLflow model directory with the ONNX flavour.

What it says of itself is not believed before it was looked at, and nothing but its graph is read: no pickle, no code.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import msgspec
import numpy as np
import yaml

from afield.errors import InferenceError, ReleaseError
from afield.exchange.inspecting import Interface, inspect
from afield.exchange.probability import YES, of_yes
from afield.records.release import Part
from afield.release.layout import read_plain, sha256
from afield.serving.model import Model

LARGEST = 2**29
LARGEST_MLMODEL = 2**18
DEEPEST = 64
MLMODEL = "MLmodel"
ADVICE = "give an ONNX file, or an MLflow model directory with the ONNX flavour"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A model that was trained elsewhere.

    Attributes:
        name: what it is called: that of its file or directory.
        onnx: the graph, checked; of a classifier of two classes, with the probability of the second as its output.
        features: its input columns, in order.
        output: the output that counts.
    """

    name: str
    onnx: bytes
    features: tuple[str, ...]
    output: str

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the graph."""
        return sha256(self.onnx)


class _Flavour(msgspec.Struct, frozen=True):
    data: str = ""
    loader_module: str = ""


class _Signature(msgspec.Struct, frozen=True):
    inputs: str | None = None


class _Described(msgspec.Struct, frozen=True):
    """What is read of an `MLmodel` file."""

    flavors: dict[str, _Flavour]
    signature: _Signature | None = None


class _Column(msgspec.Struct, frozen=True):
    type: str
    name: str = ""


NUMBERS = ("double", "float", "long", "integer", "boolean")


def read_foreign(path: Path, features: Sequence[str] = (), output: str = "") -> Foreign:
    """The model at `path`, looked at.

    Args:
        path: an ONNX file, an MLflow model directory, or its `MLmodel`.
        features: names of its input columns, where neither a signature nor the graph's metadata say them.
        output: the output that counts, where it has several.

    Raises:
        ReleaseError: it cannot be read, is too large, would need code or other files to run, does not fit, or cannot be
            run here.
    """
    folder = path.parent if path.name == MLMODEL else path
    signed: tuple[str, ...] = ()
    if folder.is_dir():
        described = _described(folder / MLMODEL)
        signed = _columns(folder, described.signature)
        file = _inside(folder, _graph_of(folder, described))
    else:
        file = path
    onnx = _read(file, LARGEST)
    found = inspect(file.name, onnx, output)
    graph, output = (of_yes(onnx, found.output), YES) if found.classes else (onnx, found.output)
    foreign = Foreign(folder.resolve().name, graph, _features(folder, features, signed, found), output)
    _check_runs(foreign)
    return foreign


def _check_runs(foreign: Foreign) -> None:
    """Ask it about two rows, so that a graph which cannot be run is refused before anything is made for it."""
    part = Part("model", foreign.features, (foreign.output,), foreign.name)
    try:
        (given,) = Model(part, foreign.onnx).run(np.zeros((2, len(foreign.features)), np.float32)).values()
    except (ReleaseError, InferenceError) as error:
        said = " ".join(str(error.__cause__ or error).split())
        raise ReleaseError(
            f"{foreign.name}: onnxruntime cannot run it here ({said}); see that it runs there, and save it again"
        ) from error
    if given.size != 2:
        raise ReleaseError(f"{foreign.name}: for two rows it gives {given.size} numbers; one for each row is expected")


def _features(path: Path, given: Sequence[str], signed: tuple[str, ...], found: Interface) -> tuple[str, ...]:
    """Names of the input columns: as given, else as the signature, else as the graph's metadata say."""
    if given and signed and tuple(given) != signed:
        raise ReleaseError(f"{path}: its signature names other columns than --features; leave --features out")
    names = tuple(given) or signed or found.features
    if not names:
        raise ReleaseError(
            f"{path}: it does not say which features its {found.width or 'unnamed'} columns are; give them in order: "
            "--features a,b,c (or export it with an MLflow signature)"
        )
    if len(set(names)) < len(names):
        raise ReleaseError(f"{path}: a feature is named twice among its columns")
    if found.width not in (None, len(names)):
        raise ReleaseError(
            f"{path}: {len(names)} features are named and the graph reads {found.width} columns; "
            "name one for each, in their order: --features a,b,c"
        )
    return names


def _described(file: Path) -> _Described:
    raw = _read(file, LARGEST_MLMODEL)
    if _depth(raw) > DEEPEST:
        raise ReleaseError(f"{file}: not the MLmodel of a model (it is nested too deep); {ADVICE}")
    try:
        # Not the loader in C, nor msgspec's, which takes it: what is nested deep ends the process there.
        return msgspec.convert(yaml.load(raw, Loader=yaml.SafeLoader), _Described)
    except (yaml.YAMLError, msgspec.ValidationError, ValueError, RecursionError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ReleaseError(f"{file}: not the MLmodel of a model ({said}); {ADVICE}") from error


def _depth(raw: bytes) -> int:
    """How deep brackets are nested: a reader of YAML takes the square of that time."""
    steps = (1 if found.group() in b"[{" else -1 for found in re.finditer(rb"[\[\]{}]", raw))
    return max(accumulate(steps), default=0)


def _graph_of(folder: Path, described: _Described) -> str:
    """Name of the file with the graph, as the ONNX flavour says it."""
    flavour = described.flavors.get("onnx")
    if flavour is None or not flavour.data:
        others = ", ".join(sorted(described.flavors)) or "none"
        raise ReleaseError(
            f"{folder}: its flavours ({others}) are read by running code or a pickle, which is never done here; "
            "log the model with mlflow.onnx instead"
        )
    return flavour.data


def _inside(folder: Path, name: str) -> Path:
    """The file that a description names; one that lies elsewhere is refused.

    Raises:
        ReleaseError: the name leads out of the folder.
    """
    parts = name.split("/")
    if "\0" in name or "\\" in name or Path(name).is_absolute() or {"..", ""} & {*parts}:
        raise ReleaseError(f"{folder}: its MLmodel names {name[:200]!r}, which lies outside the folder")
    file = folder / name
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ReleaseError(f"{folder}: {name[:200]!r} is a link that leads out of the folder")
    return file


def _columns(folder: Path, signature: _Signature | None) -> tuple[str, ...]:
    """Names of the input columns that a signature says; none where it is one of tensors."""
    if signature is None or signature.inputs is None:
        return ()
    try:
        columns = msgspec.json.decode(signature.inputs, type=tuple[_Column, ...])
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReleaseError(f"{folder}: its signature cannot be read ({error}); {ADVICE}") from error
    if any(column.type == "tensor" for column in columns):
        return ()
    wrong = [column.name for column in columns if column.type not in NUMBERS or not column.name]
    if wrong:
        raise ReleaseError(f"{folder}: input column {wrong[0]!r} of its signature is no number; features are numbers")
    return tuple(column.name for column in columns)


def _read(file: Path, largest: int) -> bytes:
    """The bytes of a plain file."""
    try:
        size = file.stat().st_size
    except OSError as error:
        raise ReleaseError(f"{file}: it cannot be read ({error.strerror}); {ADVICE}") from error
    except ValueError as error:  # a NUL in its name
        raise ReleaseError(f"{file}: it cannot be read ({error}); {ADVICE}") from error
    if size > largest:
        raise ReleaseError(f"{file}: {size:,} bytes; at most {largest:,} are read")
    return read_plain(file, largest, ADVICE)
