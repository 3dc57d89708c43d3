"""Where Delta tables lie: a folder, or an object store by URL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import obstore
import polars as pl
from deltalake import DeltaTable
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from afield.errors import StoreError
from afield.store.durable import sync_file, sync_folder

SCHEMES = ("s3", "gs", "az")
CONNECTION = ("allow_http", "allow_invalid_certificates")
# The libraries' own patience is three minutes: too long for a person who mistyped an address.
PATIENCE = {"max_retries": 4, "retry_timeout": timedelta(seconds=10)}


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
    parts = urlsplit(root)
    if parts.scheme not in SCHEMES or not parts.netloc:
        raise StoreError(f"{root!r} names no object store; use s3://bucket/folder, gs://… or az://…, or a folder")
    return Bucket(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", dict(parse_qsl(parts.query)))


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
            store = _STORES[urlsplit(self.url).scheme](self.url, self.given)
            found = obstore.list_with_delimiter(store, prefix)
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


def _store(kind: type[S3Store | GCSStore | AzureStore], prefix: str, url: str, given: Mapping[str, str]) -> ObjectStore:
    """The store of a URL; obstore wants its own options apart from the connection's, and with the store's prefix."""
    own = {name.removeprefix(prefix): value for name, value in given.items() if name not in CONNECTION}
    make = cast("Callable[..., ObjectStore]", kind.from_url)
    return make(
        url,
        config={f"{prefix}{name}": value for name, value in own.items()},
        client_options={name: value == "true" for name, value in given.items() if name in CONNECTION},
        retry_config=PATIENCE,
    )


_STORES = {
    "s3": partial(_store, S3Store, "aws_"),
    "gs": partial(_store, GCSStore, "google_"),
    "az": partial(_store, AzureStore, "azure_"),
}


class _Add(msgspec.Struct):
    path: str


class _Action(msgspec.Struct):
    add: _Add | None = None
