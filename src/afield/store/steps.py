"""Build steps by content key: a step whose inputs did not change is not made again."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from afield.errors import StoreError
from afield.store.durable import sync_file, sync_folder

Report = Callable[[str, bool], None]

# Outputs of one step that are kept: those last used.
KEEP = 8


class Steps:
    """The outputs of build steps, one folder each, whole or absent."""

    def __init__(self, folder: Path, report: Report = lambda _name, _fresh: None, keep: int = KEEP) -> None:
        """Keep outputs under `folder`.

        Args:
            folder: made where it is absent.
            report: is told each step's name, once, and whether it was made afresh.
            keep: how many outputs of a step stay, those last used; what this object gave stays in any case.
        """
        self._folder = folder
        self._report = report
        self._keep = keep
        self._given: set[Path] = set()

    def run(self, name: str, inputs: Mapping[str, str], make: Callable[[Path], None]) -> Path:
        """The folder of the step's outputs, made by `make` unless these inputs were met before.

        Args:
            name: the step's name; part of the key.
            inputs: everything that the outputs depend on: name → digest, version or setting as text.
            make: writes the outputs into the empty folder that it is given.

        Raises:
            StoreError: the folder cannot be written, or the disk is full. What else `make` raises goes through. Nothing
                is kept then.
        """
        key = hashlib.sha256(msgspec.json.encode([name, sorted(inputs.items())])).hexdigest()
        done = self._folder / name / key
        fresh, again = not _found(done), done in self._given
        self._given.add(done)
        if fresh:
            self._make(done, make)
            with suppress(FileNotFoundError):  # another process prunes too
                self._prune(done.parent)
        if not again:
            self._report(name, fresh)
        return done

    def _make(self, done: Path, make: Callable[[Path], None]) -> None:
        partial = done.with_name(f".{done.name}.{os.getpid()}.partial")
        try:
            done.parent.mkdir(parents=True, exist_ok=True)
            _remove_orphans(done.parent)
            partial.mkdir()
        except OSError as error:
            raise StoreError(f"cannot make {partial}: {error.strerror}; free space or mend its folder") from error
        try:
            make(partial)
            _publish(partial, done)
        except OSError as error:
            if not _full(error):
                raise
            raise StoreError(
                f"no space left for {done.parent}: nothing of this step is kept; free space and run again, finished "
                "steps are not made again"
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _prune(self, folder: Path) -> None:
        """Remove the outputs of a step that were used longest ago; one goes at once or not at all."""
        found = [path for path in folder.iterdir() if not path.name.startswith(".")]
        oldest = sorted(found, key=lambda path: path.stat().st_mtime_ns)[: max(0, len(found) - self._keep)]
        for path in oldest:
            if path not in self._given:
                aside = path.with_name(f".{path.name}.{os.getpid()}.partial")
                path.rename(aside)
                shutil.rmtree(aside)


def _found(done: Path) -> bool:
    """Whether there are such outputs; they count as used now."""
    try:
        os.utime(done)
    except OSError:
        return done.is_dir()
    return True


def _full(error: OSError) -> bool:
    """Whether there was no room; libraries written in Rust give no number, but the system's words."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT} or "os error 28" in str(error)


def _publish(partial: Path, done: Path) -> None:
    """Give whole outputs their name; where another process was faster, its equal outputs stay."""
    try:
        for path in sorted(partial.rglob("*"), reverse=True):
            if path.is_dir():
                sync_folder(path)
            else:
                sync_file(path)
        sync_folder(partial)
        partial.rename(done)
        sync_folder(done.parent)
    except OSError as error:
        if not done.is_dir():
            raise StoreError(f"cannot keep {done}: {error.strerror}; free space or mend its folder") from error


def _remove_orphans(folder: Path) -> None:
    """Remove what processes left half-made that no longer live."""
    for path in folder.glob(".*.partial"):
        process = int(path.name.split(".")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except PermissionError:
            continue
