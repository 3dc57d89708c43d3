"""What speaks for a new model beside alerts: labels that people gave, and what changed since the champion was built."""

from datetime import datetime

import polars as pl

from afield.control.office import Office
from afield.features.feature import digest
from afield.labelling.labels import LABELS, NATURAL
from afield.workshop.code import code_digest


class News:
    """Asked once a chunk; what cannot change while this process lives is looked up once."""

    def __init__(self, office: Office) -> None:
        """Tell of the application of `office`."""
        self._office = office
        self._code = ""
        self._changed: dict[str, tuple[str, ...]] = {}

    def labels(self, since: datetime) -> int:
        """How many items people labelled after `since`."""
        tables = self._office.tables
        if not tables.exists(LABELS):
            return 0
        given = tables.scan(LABELS).filter((pl.col("source") != NATURAL) & (pl.col("known_at") > since))
        return int(given.select(pl.col("item").n_unique()).collect().item())

    def changed(self, champion: str) -> tuple[str, ...]:
        """What is not any more as it was when the champion was built, of "code" and "features".

        Raises:
            ReleaseError: the champion does not verify.
        """
        if champion not in self._changed:
            self._code = self._code or code_digest(self._office.application.package)
            built = self._office.shelf.bundle(champion).manifest
            now = {
                "code": (self._code, built.code),
                "features": (digest(self._office.plan.features), built.feature_set),
            }
            self._changed = {champion: tuple(name for name, (here, there) in now.items() if here != there)}
        return self._changed[champion]
