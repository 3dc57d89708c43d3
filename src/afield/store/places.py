"""Where Delta tables lie: a folder, or an object store by URL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

import msgspec
import obstore
import polars as pl
from deltalake import DeltaTable
from obstore.exceptions import BaseError

from afield.errors import StoreError
from afield.store.addresses import open_store, parsed
from afield.store.durable import sync_file, sync_folder


class Place(Protocol):
    """Where tables lie."""

    @property
    def options(self) -> dict[str, str]:
        """How the object store is reached, in the words of delta-rs and Polars; none for a folder."""
        ...

    def address(self, name: str) -> str:
        """Of a table."""
        ...

    def names(self) -> tuple[str, ...]:
        """What may be tables, in order."""
        ...

    def exists(self, name: str) -> bool:
        """Whether there is a table of this name."""
        ...

    def prepare(self, name: str) -> bool:
        """Make room for a table; whether there was none."""
        ...

    def check(self, name: str, table: DeltaTable) -> None:
        """Refuse a table whose files are not as long as its log says."""
        ...

    def sync(self, name: str, version: int) -> None:
        """Bring a commit onto the disk: its files first, then the log entry that names them."""
        ...


def open_place(root: Path | str) -> Place:
    """The place of this path or URL, e.g. `s3://bucket/folder?endpoint_url=http://127.0.0.1:9000&allow_http=true`.

    What follows the question mark are options of the object store; keys and other secrets do not belong there, they are
    taken from where the store's own tools look for them (for S3 the variables AWS_ACCESS_KEY_ID and so on).

    Raises:
        StoreError: the scheme of the URL is not known.
    """
    if isinstance(root, Path) or "://" not in root:
        return Folder(Path(root))
    return Bucket(*parsed(root))


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, or one that several share."""

    root: Path

    @property
    def options(self) -> dict[str, str]:
        """None."""
        return {}

    def address(self, name: str) -> str:
        """The table's folder."""
        return str(self.root / name)

    def names(self) -> tuple[str, ...]:
        """The folders in it."""
        return tuple(sorted(path.name for path in self.root.iterdir() if path.is_dir())) if self.root.is_dir() else ()

    def exists(self, name: str) -> bool:
        """Whether there is a table of this name."""
        return (self.root / name / "_delta_log").is_dir() and DeltaTable.is_deltatable(self.address(name))

    def prepare(self, name: str) -> bool:
        """Make the folder of a table; whether there was none, damaged or not."""
        (self.root / name).mkdir(parents=True, exist_ok=True)
        return not (self.root / name / "_delta_log").is_dir()

    def check(self, name: str, table: DeltaTable) -> None:
        """Refuse a table whose files are not as long as its log says: reading a cut file ends the process."""
        actions = pl.DataFrame(table.get_add_actions(flatten=True))
        for file, size in actions.select("path", "size_bytes").iter_rows():
            path = self.root / name / unquote(file)
            try:
                found = path.stat().st_size
            except FileNotFoundError:
                found = -1
            if found != size:
                state = "is missing" if found < 0 else f"has {found} bytes of {size}"
                raise StoreError(
                    f"{path} {state}: the table is damaged; restore that file from a backup, or read an older version "
                    f"that does without it ({table.version()} was asked for)"
                )

    def sync(self, name: str, version: int) -> None:
        """Bring a commit onto the disk: its files first, then the log entry that names them."""
        path = self.root / name
        entry = path / "_delta_log" / f"{version:020d}.json"
        for line in entry.read_bytes().splitlines():
            added = msgspec.json.decode(line, type=_Action).add
            if added is not None:
                sync_file(path / unquote(added.path))
        sync_folder(path)
        sync_file(entry)
        sync_folder(entry.parent)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A folder of an object store, which keeps objects whole and makes them durable itself."""

    url: str
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, str]:
        """What the URL says."""
        return dict(self.given)

    def address(self, name: str) -> str:
        """The table's URL."""
        return f"{self.url}/{name}"

    def names(self) -> tuple[str, ...]:
        """The folders in it.

        Raises:
            StoreError: the store does not answer or refuses.
        """
        return tuple(sorted(path.rstrip("/").rpartition("/")[2] for path in self._listed("")[0]))

    def exists(self, name: str) -> bool:
        """Whether there is a table of this name.

        Raises:
            StoreError: the store does not answer or refuses.
        """
        return self._listed(f"{name}/_delta_log")[1] > 0

    def _listed(self, prefix: str) -> tuple[list[str], int]:
        """The folders under a folder, and how many objects lie in it."""
        try:
            found = obstore.list_with_delimiter(open_store(self.url, self.given), prefix)
            return list(found["common_prefixes"]), len(found["objects"])
        except (BaseError, OSError) as error:
            said = str(error).strip().partition("\n")[0]
            raise StoreError(f"{self.url} does not answer or refuses: {said}; mend its address, or its keys") from error

    def prepare(self, name: str) -> bool:
        """Whether there is no such table; an object store needs no folders."""
        return not self.exists(name)

    def check(self, name: str, table: DeltaTable) -> None:
        """Nothing: an object is whole or absent."""

    def sync(self, name: str, version: int) -> None:
        """Nothing: what an object store has taken is durable."""


class _Add(msgspec.Struct):
    path: str


class _Action(msgspec.Struct):
    add: _Add | None = None
