"""The releases that the control plane may forecast with, each verified and reproduced before it is used."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from afield.answering import loader
from afield.application import Operate
from afield.release.bundle import Bundle, load
from afield.release.golden import Compute, reproduce_features
from afield.release.signing import Trusted
from afield.serving.releases import Release


class Shelf:
    """Opens releases once; both sides of the golden rows are checked, features and outputs."""

    def __init__(
        self, bundles: Path, trusted: Path, operate: Operate, compute: Compute, application: str = "APP"
    ) -> None:
        """Open releases of `application` under `bundles` for `operate`; `compute` makes features of golden history."""
        self._application = application
        self._bundles = bundles
        self._trusted = Trusted(trusted)
        self._load = loader(bundles, trusted, operate, application)
        self._compute = compute
        self._open: dict[str, Release] = {}
        self._slices: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def bundle(self, digest: str) -> Bundle:
        """The verified bundle.

        Raises:
            ReleaseError: it is incomplete, changed or unsigned.
        """
        return load(self._bundles, digest, self._trusted, application=self._application)

    def release(self, digest: str) -> Release:
        """The opened release.

        Raises:
            ReleaseError: it does not verify, or this code does not reproduce its golden rows.
        """
        if digest not in self._open:
            bundle = self.bundle(digest)
            reproduce_features(bundle.golden, self._compute)
            self._open[digest] = self._load(digest)
        return self._open[digest]

    def slices(self, digest: str) -> Mapping[str, tuple[str, ...]]:
        """Name of each of the release's slices → the units in it, as they were chosen on what it learned from.

        Raises:
            ReleaseError: it does not verify.
        """
        if digest not in self._slices:
            rows = pl.read_ipc(self.bundle(digest).read("tables/slices.arrow"))
            members = rows.group_by("slice", maintain_order=True).agg(pl.col("key").cast(pl.String))
            self._slices = {digest: {name: tuple(units) for name, units in members.iter_rows()}}
        return self._slices[digest]

    def keep_only(self, digests: set[str]) -> None:
        """Close the releases that are not among `digests`."""
        self._open = {digest: release for digest, release in self._open.items() if digest in digests}
