"""Objects by key in an object store: put whole, fetched in stretches, listed and removed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotModifiedError

from afield.errors import AbsentError, StoreError
from afield.store.addresses import FILE, SCHEMES, open_store, parsed
from afield.store.durable import sync_file, sync_folder

_DASH = re.compile(r" +- ")


@dataclass(frozen=True, slots=True)
class Listed:
    """An object that is there.

    Attributes:
        key: its name.
        size: bytes.
    """

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some bytes of an object.

    Attributes:
        version: entity tag of the whole: another one for other content.
        start: the first byte.
        total: bytes of the whole.
        content: the bytes.
    """

    version: str
    start: int
    total: int
    content: bytes


class Objects:
    """The objects under one URL.

    Attributes:
        url: where they lie, without options.
    """

    def __init__(self, url: str, below: str = "") -> None:
        """Use the objects under `url`, e.g. `s3://bucket/folder` or `file:///folder`, or `below` that.

        Nothing is asked of the store yet.

        Raises:
            StoreError: the URL names no object store.
        """
        address, given = parsed(url, (*SCHEMES, FILE))
        self.url = f"{address}/{below}".rstrip("/")
        self._store = open_store(self.url, given)
        # A file system forgets what was not synced; an object store has it once it says so.
        self._folder = Path(urlsplit(self.url).path) if self.url.startswith(f"{FILE}:") else None

    def put(self, key: str, content: bytes) -> str:
        """Put an object in place of what was there, of which nobody ever sees half; its version.

        Raises:
            StoreError: the store does not take it.
        """
        with self._explained(key):
            done = obstore.put(self._store, key, content)
            if self._folder is not None:
                sync_file(self._folder / key)
                sync_folder((self._folder / key).parent)
            return done["e_tag"] or ""

    def fetch(self, key: str, *, start: int = 0, count: int, known: str = "") -> Stretch | None:
        """Up to `count` bytes from byte `start` on; None where the object is the one whose version is `known`.

        Raises:
            AbsentError: there is no such object.
            StoreError: it cannot be read, or has no byte `start`.
        """
        with self._explained(key):
            try:
                if known:
                    got = obstore.get(
                        self._store, key, options={"range": (start, start + count), "if_none_match": known}
                    )
                else:
                    got = obstore.get(self._store, key, options={"range": (start, start + count)})
                return Stretch(got.meta["e_tag"] or "", got.range[0], got.meta["size"], bytes(got.bytes()))
            except NotModifiedError:
                return None

    def look(self, key: str) -> Stretch:
        """What `fetch` says of an object, without its bytes.

        Raises:
            AbsentError: there is no such object.
            StoreError: the store does not answer.
        """
        with self._explained(key):
            found = obstore.head(self._store, key)
            return Stretch(found["e_tag"] or "", 0, found["size"], b"")

    def listed(self, prefix: str) -> tuple[Listed, ...]:
        """The objects whose keys begin with `prefix` and a slash, in order.

        Raises:
            StoreError: the store does not answer.
        """
        with self._explained(prefix):
            found = [
                Listed(each["path"], each["size"]) for batch in obstore.list(self._store, prefix) for each in batch
            ]
        return tuple(sorted(found, key=lambda each: each.key))

    def move(self, key: str, to: str) -> None:
        """Give an object another key.

        Raises:
            StoreError: it is not there, or the store does not answer.
        """
        with self._explained(key):
            obstore.rename(self._store, key, to)

    def remove(self, key: str) -> None:
        """Remove an object, if it is there.

        Raises:
            StoreError: the store does not answer.
        """
        with self._explained(key):
            try:
                obstore.delete(self._store, key)
            except FileNotFoundError:
                return

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Turn what the library raises into the tree of errors."""
        try:
            yield
        except FileNotFoundError as error:
            raise AbsentError(f"{self.url}/{key} is not there") from error
        except (BaseError, OSError, ValueError) as error:
            # What follows the dash is the reason; before it stand a duration and an address, new with each attempt.
            said = _DASH.split(str(error).strip().partition("\n")[0], maxsplit=1)[-1]
            raise StoreError(f"{self.url} does not answer or refuses: {said}; mend its address, or its keys") from error
