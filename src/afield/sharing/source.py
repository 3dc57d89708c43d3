"""What a service published in an object store, asked for as a device asks the service itself.

The store holds the same paths: `/v1/bundles/DIGEST` is the object `bundles/DIGEST.object`.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from afield.client.upstream import Coming, Told, whole
from afield.errors import AbsentError, StoreError, UnreachableError
from afield.store.objects import Objects, Stretch

FOUND, PART, SAME, ABSENT, BEYOND = 200, 206, 304, 404, 416

_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})")


def object_of(path: str) -> str:
    """The key of what the service answers at a path.

    >>> object_of("/v1/snapshots/rows")
    'snapshots/rows.object'
    """
    return f"{path.removeprefix('/v1/')}.object"


class Published:
    """Answers GET as the service would: in ranges, with entity tags."""

    def __init__(self, objects: Objects) -> None:
        """Answer from what lies in `objects`."""
        self._objects = objects

    @property
    def url(self) -> str:
        """Where they lie."""
        return self._objects.url

    def get(self, path: str, *, largest: int, headers: Mapping[str, str] | None = None) -> Told:
        """The reply to GET, whole.

        Raises:
            UnreachableError: the store did not answer, or it is larger than `largest` bytes.
        """
        with self.coming("GET", path, headers={"Range": f"bytes=0-{largest}", **(headers or {})}) as reply:
            told = whole(reply, largest)
        return Told(FOUND, told.headers, told.body) if told.status == PART else told

    @contextmanager
    def coming(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[Coming]:
        """The reply to GET of a range; nothing is taken (status 405 for other methods).

        Raises:
            UnreachableError: the store did not answer.
        """
        try:
            yield self._reply(path, headers or {}) if method == "GET" and body is None else Coming(405, {}, iter(()))
        except StoreError as error:
            raise UnreachableError(str(error)) from error

    def _reply(self, path: str, headers: Mapping[str, str]) -> Coming:
        key = object_of(path)
        asked = _RANGE.fullmatch(headers.get("Range", ""))
        if asked is None:
            raise UnreachableError(f"{self.url}/{key}: objects are fetched in ranges")
        start, end = int(asked[1]), int(asked[2]) + 1
        try:
            if start:
                found = self._objects.look(key)
                if found.version != headers.get("If-Range", found.version):
                    start, end = 0, end - start
                elif start >= found.total:
                    return Coming(BEYOND, {}, iter(()))
            stretch = self._objects.fetch(key, start=start, count=end - start, known=headers.get("If-None-Match", ""))
        except AbsentError:
            return Coming(ABSENT, {}, iter(()))
        return Coming(SAME, {}, iter(())) if stretch is None else _part(stretch)


def _part(stretch: Stretch) -> Coming:
    last = stretch.start + len(stretch.content) - 1
    headers = {"etag": stretch.version, "content-range": f"bytes {stretch.start}-{last}/{stretch.total}"}
    return Coming(PART, headers, iter((stretch.content,)))
