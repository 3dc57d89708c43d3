"""Snapshots as devices fetch them: feature rows and control state, as the workers of this service follow them."""

from collections.abc import Mapping
from pathlib import Path

from afield.errors import StoreError
from afield.serving.http import NotFoundError, Reply, Request
from afield.serving.ranges import ranged
from afield.serving.routing import FILES, Route
from afield.store.snapshots import checksum, current

KINDS = ("rows", "control")
HEADERS = (("cache-control", "no-cache"),)


def routes(folder: Path) -> Mapping[str, Route]:
    """The current snapshots of `folder`: whole, in ranges, or 304 where the client has them.

    Their entity tag is the checksum that stands in them, so that every host of a service names the same content alike.
    """

    def snapshot(request: Request) -> Reply:
        kind = request.path.rpartition("/")[2]
        try:
            content = current(folder, kind).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"no {kind} have been published yet") from None
        except OSError as error:
            raise StoreError(f"{kind} cannot be read: {error.strerror}") from error
        return ranged(
            request,
            len(content),
            lambda start, count: content[start : start + count],
            tag=f'"{checksum(content)}"',
            kind="application/octet-stream",
            headers=HEADERS,
        )

    return {f"/v1/snapshots/{kind}": Route("snapshots", {"GET": snapshot}, lane=FILES) for kind in KINDS}
