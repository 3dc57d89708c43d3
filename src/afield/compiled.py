"""A release compiled into a product, opened as a host: the folder that `afield release export --to static` wrote.

Either it holds `table.json`, or a whole bundle under `bundles/` with the keys that it is verified by under `trusted/`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from afield.answering import loader, predictor
from afield.application import Operate
from afield.errors import ReleaseError
from afield.records.traffic import Event, Fact
from afield.serving.predictor import Predictor
from afield.serving.releases import Release
from afield.serving.static import LARGEST_TABLE, Lookup, Static

TABLE, BUNDLES, TRUSTED = "table.json", "bundles", "trusted"


def open_static(
    folder: Path,
    operate: Operate,
    application: str,
    *,
    clock: Callable[[], datetime],
    record: Callable[[Event], None],
    keep: Callable[[tuple[Fact, ...]], None] = lambda _: None,
) -> Static:
    """The host of a compiled release.

    Args:
        folder: what was exported.
        operate: how the application operates.
        application: its name.
        clock: domain time of the place.
        record: keeps an event of every answer.
        keep: keeps facts that an answer brought to light.

    Raises:
        ReleaseError: the folder holds nothing of the kind, something of another application, or it does not verify.
    """
    if (folder / TABLE).is_file():
        lookup = open_table(folder / TABLE, application)
        spoken = Release(lookup.table.release, {})
        path = over_table(operate, lookup, clock=clock, record=record, keep=keep)
        return Static(operate.asked.query, path, spoken, lookup)
    digests = [each.name for each in (folder / BUNDLES).iterdir()] if (folder / BUNDLES).is_dir() else []
    if len(digests) != 1:
        raise ReleaseError(f"{folder}: no {TABLE} and no bundle in it; afield release export {application} --to static")
    release = loader(folder / BUNDLES, folder / TRUSTED, operate, application)(digests[0])
    path = predictor(operate, clock=clock, record=record, keep=keep)
    return Static(operate.asked.query, path, release)


def over_table(
    operate: Operate,
    lookup: Lookup,
    *,
    clock: Callable[[], datetime],
    record: Callable[[Event], None],
    keep: Callable[[tuple[Fact, ...]], None] = lambda _: None,
) -> Predictor:
    """The one inference path of an application over a table instead of models: the same guards, the same decision."""
    lasts = timedelta(seconds=lookup.table.lasts)
    return predictor(replace(operate, infer=lookup.infer, stale_after=lasts), clock=clock, record=record, keep=keep)


def open_table(file: Path, application: str) -> Lookup:
    """The table in a file.

    Raises:
        ReleaseError: it cannot be read, or is of another application.
    """
    try:
        with file.open("rb") as stream:
            lookup = Lookup.opened(stream.read(LARGEST_TABLE + 1))
    except OSError as error:
        raise ReleaseError(f"{file}: {error.strerror}; export the release again") from error
    if lookup.table.application != application:
        raise ReleaseError(f"{file}: compiled for {lookup.table.application}; a table of {application} is needed")
    return lookup
