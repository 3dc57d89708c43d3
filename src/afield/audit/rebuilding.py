"""A release built again from what its manifest names, and how far the two answer alike."""

import io
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import AfieldError
from afield.features.feature import digest as contract_digest
from afield.records.facts import Window
from afield.records.provenance import Provenance
from afield.records.release import Golden, Part
from afield.release.bundle import Bundle
from afield.serving.inference import Infer
from afield.serving.model import Model
from afield.training.scoring import probabilities
from afield.training.tuning import Remember, remember_nothing
from afield.workshop.code import code_digest, environment
from afield.workshop.examples import open_examples, write_examples
from afield.workshop.facts import Facts
from afield.workshop.fitting import Fitted, fit, open_fitted
from afield.workshop.parents import parent_model
from afield.workshop.plan import Build
from afield.workshop.results import Windows
from afield.workshop.searching import replaying

ROWS = 5000
"""Most rows of the test window on which the two are compared."""


class Difference(msgspec.Struct, frozen=True):
    """How far a part differs from the one in the release.

    Attributes:
        part: its name.
        identical: whether the two graphs are the same bytes.
        outputs: largest relative difference of an output on the same rows; None where a part reads no features.
        constants: largest relative difference of a constant.
    """

    part: str
    identical: bool
    outputs: float | None
    constants: float


class Rebuilt(msgspec.Struct, frozen=True):
    """What building again came to.

    Attributes:
        release: digest of the release.
        problem: why it cannot be built again, or "".
        agrees: whether it was built again and every difference is within the tolerance.
        tolerance: relative, that of the release's golden outputs.
        rows: rows of the test window that both were asked about.
        parts: what differs, part by part.
        golden: largest relative difference of a golden output.
        libraries: library → version then and now, of those that differ.
        same_code, same_features: whether the code, and the contract of the features, are those of the release.
        seconds: that building took.
        provenance: of these numbers.
    """

    release: str
    problem: str
    agrees: bool
    tolerance: float
    rows: int
    parts: tuple[Difference, ...]
    golden: float | None
    libraries: dict[str, tuple[str, str]]
    same_code: bool
    same_features: bool
    seconds: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Ground:
    """What a release is built again on.

    Attributes:
        plan: how the application is built, with the options of the release.
        infer: its inference.
        bundles: folder of releases, for the parent of an incremental model.
        facts: gives the facts of the versions that a manifest names.
        package: that the application lies in.
        command: what was typed.
        tell: is told what happens.
    """

    plan: Build
    infer: Infer
    bundles: Path
    facts: Callable[[Mapping[str, str]], Facts]
    package: str
    command: str
    tell: Callable[[str], None]


def rebuild(bundle: Bundle, ground: Ground) -> Rebuilt:
    """The release built again in a temporary folder, held against the one that was signed.

    Data, windows and seed are those that the manifest names. Code and libraries are those at hand: where they are not
    those of the release, the result says so. The signed release is not touched.
    """
    started, manifest = time.perf_counter(), bundle.manifest
    now, code = environment(ground.package), code_digest(ground.package)
    libraries = {
        name: (manifest.environment.get(name, "absent"), now.get(name, "absent"))
        for name in sorted({*manifest.environment, *now})
        if manifest.environment.get(name, "absent") != now.get(name, "absent")
    }
    found, problem = _compared(bundle, ground)
    parts, golden, rows = found or ((), None, 0)
    tolerance = bundle.golden.output_tolerance
    sizes = [size for each in parts for size in (each.outputs or 0.0, each.constants)]
    unread = [each.part for each in parts if each.outputs is None and not each.identical]
    return Rebuilt(
        release=bundle.digest,
        problem=problem,
        agrees=golden is not None and max([golden, *sizes]) <= tolerance and not unread,
        tolerance=tolerance,
        rows=rows,
        parts=parts,
        golden=golden,
        libraries=libraries,
        same_code=manifest.code == code,
        same_features=manifest.feature_set == contract_digest(ground.plan.features),
        seconds=time.perf_counter() - started,
        provenance=Provenance(ground.command, manifest.data, code, bundle.digest, manifest.seed),
    )


def _compared(bundle: Bundle, ground: Ground) -> tuple[tuple[tuple[Difference, ...], float, int] | None, str]:
    """What differs, or why the release cannot be built again."""
    try:
        facts = ground.facts(bundle.manifest.data)
    except AfieldError as error:
        return None, f"its data are not there any more: {error}"
    with tempfile.TemporaryDirectory(prefix="afield-rebuild-") as folder:
        try:
            fitted, rows = _built(bundle, ground, facts, Path(folder))
            return _held_against(bundle, ground, fitted, rows), ""
        except AfieldError as error:
            return None, f"this code does not build it: {error}"


def _built(bundle: Bundle, ground: Ground, facts: Facts, folder: Path) -> tuple[Fitted, pl.DataFrame]:
    """The parts, fitted again, and rows of the test window."""
    plan, manifest = ground.plan, bundle.manifest
    windows = Windows(**{name: Window(*span) for name, span in manifest.windows.items()})
    examples, fits = folder / "examples", folder / "fit"
    examples.mkdir()
    fits.mkdir()
    ground.tell(f"making examples from {windows.whole.start} to {windows.whole.end}")
    write_examples(examples, plan.features, plan.spine, plan.labels, facts.tables, windows.whole)
    fit(
        fits,
        plan,
        examples,
        windows,
        facts.tables,
        manifest.seed,
        ground.tell,
        plan.standing().parts,
        parent_model(ground.bundles, manifest.parent, plan.part),
        _recorded(bundle),
    )
    tested = open_examples(examples, plan.features.origin, windows.test).filter("has_history").collect()
    return open_fitted(fits), tested.sample(min(ROWS, tested.height), seed=manifest.seed)


def _recorded(bundle: Bundle) -> Remember:
    """The trials that went into the release, where there was a search."""
    name = "tables/trials.arrow"
    if not any(file.name == name for file in bundle.manifest.files):
        return remember_nothing
    return replaying(pl.read_ipc(io.BytesIO(bundle.read(name))))


def _held_against(
    bundle: Bundle, ground: Ground, fitted: Fitted, rows: pl.DataFrame
) -> tuple[tuple[Difference, ...], float, int]:
    """Difference of each part and of the golden outputs, and on how many rows."""
    ground.tell(f"comparing {len(fitted.final)} parts on {rows.height:,} rows of the test window")
    differences = []
    for part in bundle.manifest.parts:
        if part.name not in fitted.final:
            raise AfieldError(f"part {part.name} is not made any more; there is: {', '.join(fitted.final)}")
        differences.append(_difference(part, bundle.model(part.name), *fitted.final[part.name], rows))
    models = {name: Model(part, onnx) for name, (part, onnx) in fitted.final.items()}
    return tuple(differences), _golden(bundle.golden, ground.infer, models), rows.height


def _difference(part: Part, signed: bytes, again: Part, rebuilt: bytes, rows: pl.DataFrame) -> Difference:
    if (part.features, part.outputs) != (again.features, again.outputs):
        raise AfieldError(f"part {part.name} reads or gives other columns than in the release")
    outputs = None
    if part.features and set(part.features) <= set(rows.columns):
        before, after = (probabilities(each, part.features, part.outputs, rows) for each in (signed, rebuilt))
        outputs = _apart(before, after)
    names = sorted({*part.constants, *again.constants})
    then, now = (np.array([each.constants.get(name, np.nan) for name in names]) for each in (part, again))
    return Difference(part.name, signed == rebuilt, outputs, _apart(then, now))


def _golden(golden: Golden, infer: Infer, models: Mapping[str, Model]) -> float:
    """Largest relative difference of a golden output."""
    features = {name: np.array(values, np.float64) for name, values in golden.features.items()}
    found = infer(features, models)
    return max(_apart(np.array(golden.outputs[name]), np.asarray(found[name])) for name in golden.outputs)


def _apart(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """The largest difference relative to the size of the first; infinite where only one of two is a number."""
    known = np.isfinite(before)
    if (known != np.isfinite(after)).any():
        return float("inf")
    if not known.any():
        return 0.0
    size = max(float(np.abs(before[known]).mean()), float(np.finfo(np.float32).tiny))
    scale = np.maximum(np.abs(before[known]), size)
    return float((np.abs(before[known] - after[known]) / scale).max())
