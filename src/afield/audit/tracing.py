"""From a recorded answer back to the release, its code and data, and the rows of history that it rested on."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast

import msgspec
import numpy as np
import polars as pl

from afield.control.office import Office
from afield.errors import FeatureError, ReleaseError, UsageError
from afield.features.compute import compute, known
from afield.serving.inference import Rows
from afield.telemetry.delivery import EVENTS, OUTPUT
from afield.workshop.golden import as_columns

SHOWN = 5
TOLERANCE = 1e-4
_LISTED = ("id", "unit", "arm", "tick", "at", "kind", "mode", "applied", "policy")

Cell = object


class Grounds(msgspec.Struct, frozen=True):
    """What of a table the features of an answer could see.

    Attributes:
        table: its name.
        seen: rows in the lookback that were known before the tick.
        about: of these, rows about the key; None where the table does not name it.
        rows: the newest of those about the key, or of those seen.
    """

    table: str
    seen: int
    about: int | None
    rows: tuple[dict[str, Cell], ...]


class Trace(msgspec.Struct, frozen=True):
    """Where an answer came from.

    Attributes:
        event: what was recorded of it.
        output: the numbers that were answered.
        release: digest of the release that answered.
        recipe: of its model.
        code, feature_set: digests of the source that made it, and of the features' definition.
        data: what it was built from: table → version.
        windows: what it was fitted, chosen and tested on.
        seed: of everything random in its build.
        rows: version of the feature rows that were looked up, or "".
        features: the key's features, computed again from what was known before the tick.
        again: the release's output for them.
        agrees: whether that is what was recorded; None where it cannot be told.
        history: the rows that the features could see.
        remarks: what could not be followed, and why.
    """

    event: dict[str, Cell]
    output: dict[str, float]
    release: str
    recipe: str
    code: str
    feature_set: str
    data: dict[str, str]
    windows: dict[str, tuple[datetime, datetime]]
    seed: int
    rows: str
    features: dict[str, float | None]
    again: dict[str, float]
    agrees: bool | None
    history: tuple[Grounds, ...]
    remarks: tuple[str, ...]


def trace(office: Office, event: str, arm: str = "", shown: int = SHOWN) -> Trace:
    """Follow a recorded answer back.

    Args:
        office: the application.
        event: id of the answer, as it was given; or of a tick forecast.
        arm: champion, challenger, …: where several answered under one id.
        shown: how many rows of each table.

    Raises:
        UsageError: nothing of that id was recorded.
        ReleaseError: the bundle that answered is gone or changed.
    """
    row = _recorded(office, event, arm)
    outputs = {
        name.removeprefix(OUTPUT): value
        for name, value in row.items()
        if name.startswith(OUTPUT) and isinstance(value, float)
    }
    digest = str(row["release"])
    manifest = office.shelf.bundle(digest).manifest
    tick, unit, plan = cast(datetime, row["tick"]), str(row["unit"]), office.plan
    remarks: list[str] = []
    history = _history(office, tick, cast(datetime, row["at"]) + plan.slot)
    features: dict[str, float | None] = {}
    again: dict[str, float] = {}
    if _is_key(office, known(history, before=tick), tick, unit):
        history = known(history, before=tick)
        features, again = _again(office, history, tick, unit, digest, remarks)
    else:
        remarks.append(f"{unit} is no key of the feature rows at {tick}: the features came with the request")
    main = office.operate.output
    agrees = None
    if main in outputs and main in again:
        agrees = bool(np.isclose(outputs[main], again[main], rtol=TOLERANCE, atol=TOLERANCE))
        if not agrees:
            applied = ", ".join(_texts(row["applied"])) or "nothing"
            remarks.append(
                f"computed again it is {again[main]:.6g} and {outputs[main]:.6g} was recorded; applied was {applied}. "
                "Facts that came later than they say they were known, guards and fallbacks make such differences"
            )
    recipes = [part.recipe for part in manifest.parts if part.name == plan.part]
    return Trace(
        event={name: row[name] for name in _LISTED},
        output=outputs,
        release=digest,
        recipe=recipes[0] if recipes else "",
        code=manifest.code,
        feature_set=manifest.feature_set,
        data=manifest.data,
        windows=manifest.windows,
        seed=manifest.seed,
        rows=str(row["rows"]),
        features=features,
        again=again,
        agrees=agrees,
        history=tuple(_grounds(office, history, unit, f"{event}/", shown)),
        remarks=tuple(remarks),
    )


def _recorded(office: Office, event: str, arm: str) -> dict[str, Cell]:
    """The row of the answer; of several arms the champion's."""
    if not office.tables.exists(EVENTS):
        raise UsageError("no answer has been recorded here yet; serve first, and let telemetry be delivered")
    found = office.tables.scan(EVENTS).filter(pl.col("id") == event).collect()
    if arm:
        found = found.filter(pl.col("arm") == arm)
    if found.is_empty():
        newest = office.tables.scan(EVENTS).top_k(1, by="at").select("id").collect()["id"].to_list()
        raise UsageError(f"no answer {event!r} was recorded{f' of {arm}' if arm else ''}; the newest is {newest[0]!r}")
    return found.sort((pl.col("arm") != "champion"), maintain_order=True).row(0, named=True)


def _history(office: Office, tick: datetime, end: datetime) -> Mapping[str, pl.LazyFrame]:
    """What was collected and known before the end, from the lookback on; a fact that was sent twice once."""
    plan = office.plan
    tables = {
        name: table.once(table.cast(office.tables.scan(name), name))
        if office.tables.exists(name)
        else pl.LazyFrame(schema=dict(table.schema))
        for name, table in plan.tables.items()
    }
    cut = known(tables, since=tick - plan.features.lookback, before=end)
    return {name: table.collect().lazy() for name, table in cut.items()}


def _is_key(office: Office, history: Mapping[str, pl.LazyFrame], tick: datetime, unit: str) -> bool:
    return unit in office.plan.keys(history, tick).cast(pl.String).to_list()


def _again(
    office: Office, history: Mapping[str, pl.LazyFrame], tick: datetime, unit: str, digest: str, remarks: list[str]
) -> tuple[dict[str, float | None], dict[str, float]]:
    """Features and outputs of the key, computed again by the code that is installed."""
    plan = office.plan
    # The whole spine at the tick: a row may look at others of its group.
    keys = plan.keys(history, tick)
    name = plan.features.keys[0]
    spine = pl.DataFrame({name: keys.cast(plan.key_type), plan.features.origin: [tick] * len(keys)})
    place = keys.cast(pl.String).to_list().index(unit)
    try:
        columns = as_columns(compute(plan.features, spine, history), plan.features.names)
        features = {each: _finite(values[place]) for each, values in columns.items()}
    except FeatureError as error:
        remarks.append(f"the features cannot be computed again: {error}")
        return {}, {}
    try:
        parts = office.shelf.release(digest).parts
    except ReleaseError as error:
        remarks.append(f"the release does not answer again: {error}")
        return features, {}
    said = office.operate.infer(Rows.of({each: values[[place]] for each, values in columns.items()}), parts)
    return features, {each: float(values[0]) for each, values in said.items()}


def _grounds(
    office: Office, history: Mapping[str, pl.LazyFrame], unit: str, found: str, shown: int
) -> Iterator[Grounds]:
    """What features could see of each table; `found`: how the names of what was found in a request begin."""
    plan = office.plan
    for name, lazy in history.items():
        rows, spec = lazy.collect(), plan.tables[name]
        naming = [column for column in _naming(office, name) if column in rows.columns]
        about = None
        if naming:
            names = [pl.col(column).cast(pl.String) for column in naming]
            about = rows.filter(pl.any_horizontal((name == unit) | name.str.starts_with(found) for name in names))
        held = rows if about is None else about
        newest = held.sort(spec.time, maintain_order=True).tail(shown) if spec.time else held.head(shown)
        yield Grounds(name, rows.height, None if about is None else about.height, tuple(newest.to_dicts()))


def _naming(office: Office, table: str) -> list[str]:
    """Columns of a table that name a key: called like the spine's, or referring where keys are declared."""
    plan = office.plan
    key = plan.features.keys[0]
    references = {
        (contract.table, each.column): (each.table, each.to)
        for contract in plan.contracts
        for each in contract.references
    }
    targets = {column for place, column in references.values() if place == table}
    own = {column for place, column in references if place == table}
    kinds = pl.Schema(plan.tables[table].schema)
    return [name for name in kinds if (name == key or name in targets or name in own) and kinds[name] == plan.key_type]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _texts(value: Cell) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
