"""The layout of a bundle on disk: which files may lie in it, read without following links."""

import hashlib
import os
import re
import stat
from pathlib import Path

from afield.errors import ReleaseError
from afield.records.release import File, Manifest

LARGEST_FILE = 2 * 2**30

_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
_FILE = re.compile(rf"parts/{_NAME}/model\.onnx|tables/{_NAME}\.(?:arrow|json|bin)|golden\.json|card\.md")


def check_layout(manifest: Manifest) -> None:
    """Refuse file names outside the layout, and a bundle that lacks what every bundle has."""
    names = [file.name for file in manifest.files]
    parts = [part.name for part in manifest.parts]
    if len(set(names)) < len(names) or len(set(parts)) < len(parts):
        raise ReleaseError("a file or part is named twice in the manifest")
    for name in names:
        if not _FILE.fullmatch(name):
            raise ReleaseError(
                f"file name {name[:200]!r} is not allowed in a bundle; "
                "allowed: parts/NAME/model.onnx, tables/NAME.arrow (.json, .bin), golden.json, card.md"
            )
    models = {name for name in names if name.startswith("parts/")}
    if models != {model_name(part) for part in parts} or not parts:
        raise ReleaseError(f"parts {sorted(parts)} and models {sorted(models)} do not match; one model for each part")
    missing = {"golden.json", "card.md"} - set(names)
    if missing:
        raise ReleaseError(f"the bundle lacks {', '.join(sorted(missing))}")


def check_files(folder: Path, manifest: Manifest, advice: str) -> None:
    """Refuse a folder whose files are not exactly those of the manifest, byte for byte."""
    there = _entries(folder, advice)
    expected = {"manifest.json", "signature.json", *(file.name for file in manifest.files)}
    if there != expected:
        extra, missing = sorted(there - expected), sorted(expected - there)
        raise ReleaseError(
            f"{folder}: files missing: {missing or 'none'}; not in the manifest: {extra or 'none'}; {advice}"
        )
    for file in manifest.files:
        read_listed(folder, file, advice)


def read_listed(folder: Path, file: File, advice: str) -> bytes:
    """The content of one listed file, if its size and digest are as listed."""
    content = read_plain(folder / file.name, min(file.size, LARGEST_FILE), advice)
    if len(content) != file.size or sha256(content) != file.digest:
        raise ReleaseError(f"{folder / file.name} has been changed or cut short; {advice}")
    return content


def read_plain(path: Path, largest: int, advice: str) -> bytes:
    """The content of a plain file of at most `largest` bytes, never through a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            content = stream.read(largest + 1)
    except OSError as error:
        raise ReleaseError(f"{path}: cannot be read ({error}); {advice}") from error
    if len(content) > largest:
        raise ReleaseError(f"{path}: larger than the {largest} bytes that are allowed")
    return content


def write_file(path: Path, content: bytes) -> None:
    """Write a new file, durably; its folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def sync(folder: Path) -> None:
    """Make the entries of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def model_name(part: str) -> str:
    """Where the model of a part lies."""
    return f"parts/{part}/model.onnx"


def sha256(content: bytes) -> str:
    """The SHA-256 of `content`, hex."""
    return hashlib.sha256(content).hexdigest()


def _entries(folder: Path, advice: str) -> frozenset[str]:
    """Every file under `folder`, by relative name; links, devices and empty folders are refused."""
    found: set[str] = set()
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            mode = here.lstat().st_mode
            inside = list(here.iterdir()) if stat.S_ISDIR(mode) else []
        except OSError as error:
            raise ReleaseError(f"{here}: cannot be read ({error}); {advice}") from error
        if stat.S_ISREG(mode) and here != folder:
            found.add(here.relative_to(folder).as_posix())
        elif inside:
            waiting.extend(inside)
        elif stat.S_ISDIR(mode):
            raise ReleaseError(f"{here}: an empty folder does not belong in a bundle")
        else:
            raise ReleaseError(f"{here}: a bundle holds plain files and folders only, no links")
    return frozenset(found)
