"""Steps: the outputs of a build step by the content of its inputs; an unchanged step is not done again."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from afield.errors import StoreError
from afield.store.durable import sync_folder

KEPT = 4


class Steps:
    """A folder of step outputs, `NAME-KEY/`, each there whole or not at all.

    Attributes:
        done: names of the steps that were run, in order.
        found: names of the steps whose outputs were there, in order.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None] = lambda _: None) -> None:
        """Keep outputs under `folder`; `tell` hears what is done and what was there."""
        self._folder = folder
        self._tell = tell
        self.done: list[str] = []
        self.found: list[str] = []

    def run(self, name: str, inputs: Mapping[str, str], make: Callable[[Path], None]) -> Path:
        """The folder of outputs of the step `name` for these inputs; `make` writes them unless they are there.

        What `make` leaves unfinished is never seen. Of each name the newest few outputs are kept.

        Raises:
            StoreError: the folder cannot be written.
        """
        key = hashlib.sha256(json.dumps([name, sorted(inputs.items())]).encode()).hexdigest()[:32]
        place = self._folder / f"{name}-{key}"
        if place.is_dir():
            self.found.append(name)
            self._tell(f"{name}: unchanged")
            return place
        draft = self._folder / f".{place.name}.{secrets.token_hex(4)}"
        try:
            draft.mkdir(parents=True)
            make(draft)
            if not place.is_dir():
                draft.rename(place)
                sync_folder(self._folder)
        except OSError as error:
            raise StoreError(f"step {name}: {self._folder} cannot be written ({error}); nothing was kept") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self.done.append(name)
        self._prune(name, place)
        return place

    def _prune(self, name: str, newest: Path) -> None:
        """Let the oldest outputs of a step go; `newest` stays whatever its time says."""
        there = [entry for entry in self._folder.glob(f"{name}-*") if entry != newest]
        there.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
        for old in there[KEPT - 1 :]:
            shutil.rmtree(old, ignore_errors=True)
