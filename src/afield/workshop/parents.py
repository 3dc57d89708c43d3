"""Parents: the model that an incremental recipe goes on from, read from the release that it belongs to."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from afield.errors import ReleaseError
from afield.records.release import Manifest
from afield.release.layout import model_name, read_listed, sha256
from afield.training.prepared import IncrementalRegression
from afield.training.recipes import AnyRecipe, Tuned

ADVICE = "restore it from another copy"


def goes_on(recipes: Sequence[AnyRecipe]) -> bool:
    """Whether one of the recipes goes on from a parent."""
    plain = (each.recipe if isinstance(each, Tuned) else each for each in recipes)
    return any(isinstance(each, IncrementalRegression) for each in plain)


def parent_model(bundles: Path, release: str, part: str) -> bytes | None:
    """The ONNX graph of a part of a release; None where there is no such release or part.

    The release's name is the digest of its manifest, and that lists the digest of the graph: both are checked.

    Raises:
        ReleaseError: the release has been changed.
    """
    folder = bundles / release
    if not release or not folder.is_dir():
        return None
    raw = (folder / "manifest.json").read_bytes()
    if sha256(raw) != release:
        raise ReleaseError(f"{folder}/manifest.json has been changed; {ADVICE}")
    files = msgspec.json.decode(raw, type=Manifest).files
    listed = next((file for file in files if file.name == model_name(part)), None)
    return read_listed(folder, listed, ADVICE) if listed else None
