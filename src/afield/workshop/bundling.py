"""A fitted model, its companions and its evidence as a signed bundle."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl

from afield.records.release import Golden, Manifest, Part
from afield.release.bundle import write
from afield.release.canonical import canonical
from afield.release.card import Evidence, card
from afield.release.golden import record
from afield.release.layout import model_name
from afield.release.signing import Signer
from afield.serving.inference import Infer
from afield.serving.model import Model
from afield.workshop.golden import computing, to_plain
from afield.workshop.plan import Build


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What goes into a bundle.

    Attributes:
        parts: the manifest's parts with their ONNX graphs, by name.
        tables: fitted tables, by name.
        files: further files, by name under `tables/`.
        evidence: what the card says.
        manifest: all but parts and files.
        history: the facts, for golden rows.
    """

    parts: Mapping[str, tuple[Part, bytes]]
    tables: Mapping[str, pl.DataFrame]
    evidence: Evidence
    manifest: Callable[[tuple[Part, ...]], Manifest]
    history: Mapping[str, pl.LazyFrame]
    files: Mapping[str, bytes] = field(default_factory=dict)


def make_bundle(root: Path, plan: Build, infer: Infer, made: Ingredients, at: datetime, signer: Signer) -> str:
    """Write and sign the bundle; its digest. Golden rows are taken from the facts known at the tick `at`.

    Raises:
        ReleaseError: the parts do not fit together, or the folder cannot be written.
    """
    manifest = made.manifest(tuple(part for part, _ in made.parts.values()))
    files = {model_name(name): onnx for name, (_, onnx) in made.parts.items()}
    files |= {f"tables/{name}.arrow": _arrow(table) for name, table in made.tables.items()}
    files |= {f"tables/{name}": content for name, content in made.files.items()}
    golden = golden_rows(plan, infer, {name: Model(part, onnx) for name, (part, onnx) in made.parts.items()}, made, at)
    files["golden.json"] = canonical(golden)
    files["card.md"] = card(manifest, made.evidence).encode()
    return write(root, manifest, files, signer)


def place(made: Path, root: Path, signer: Signer) -> str:
    """Put the one bundle that lies in the folder `made` under `root` too, unless it is there; its digest.

    Raises:
        ReleaseError: what is there has been changed, or the folder cannot be written.
    """
    (bundle,) = made.iterdir()
    manifest = msgspec.json.decode((bundle / "manifest.json").read_bytes(), type=Manifest)
    return write(root, manifest, {file.name: (bundle / file.name).read_bytes() for file in manifest.files}, signer)


def golden_rows(plan: Build, infer: Infer, parts: Mapping[str, Model], made: Ingredients, at: datetime) -> Golden:
    """The golden rows of the parts, in a small world drawn from the facts."""
    keys, world = plan.sample(made.history, at)
    compute = computing(plan.features, plan.tables, plan.key_type)
    return record(at, keys, to_plain(world), compute, lambda columns: dict(infer(columns, parts)))


def _arrow(table: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.write_ipc(stream)
    return stream.getvalue()
