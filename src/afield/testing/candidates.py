"""Candidates that are bad on purpose, properly signed: what only production evidence can catch."""

import msgspec
import numpy as np
import onnx
from onnx import helper, numpy_helper

from afield.control.office import Office
from afield.records.release import Golden, Manifest
from afield.release.bundle import write
from afield.release.canonical import canonical
from afield.release.golden import record
from afield.release.layout import model_name
from afield.release.signing import Signer
from afield.serving.model import Model
from afield.workshop.golden import computing

FACTOR = 2.0


def bad_candidate(office: Office, release: str, factor: float = FACTOR) -> str:
    """A signed copy of a release whose forecasts are `factor` times as high; its digest.

    Nothing about the bundle is wrong: signature, digests and golden rows fit. It only forecasts badly.
    """
    bundle, part = office.shelf.bundle(release), office.plan.part
    files = {file.name: bundle.read(file.name) for file in bundle.manifest.files}
    files[model_name(part)] = inflated(files[model_name(part)], factor)
    manifest: Manifest = msgspec.structs.replace(
        bundle.manifest,
        created=office.clock.recorded(),
        sequence=bundle.manifest.sequence + 1,
        parent=release,
        parts=tuple(
            msgspec.structs.replace(each, recipe=f"{each.recipe} × {factor}") if each.name == part else each
            for each in bundle.manifest.parts
        ),
    )
    files["golden.json"] = canonical(_golden(office, manifest, files, bundle.golden))
    return write(office.home.bundles, manifest, files, Signer(office.home.key))


def inflated(model: bytes, factor: float) -> bytes:
    """The graph with its first output multiplied by `factor`."""
    graph = onnx.load_from_string(model)
    output = graph.graph.output[0].name
    for node in graph.graph.node:
        node.output[:] = [f"{name}_plain" if name == output else name for name in node.output]
    graph.graph.initializer.append(numpy_helper.from_array(np.array(factor, np.float32), "inflation"))
    graph.graph.node.append(helper.make_node("Mul", [f"{output}_plain", "inflation"], [output]))
    serialised: bytes = graph.SerializeToString()
    return serialised


def _golden(office: Office, manifest: Manifest, files: dict[str, bytes], golden: Golden) -> Golden:
    """The golden rows as this model answers them."""
    parts = {part.name: Model(part, files[model_name(part.name)]) for part in manifest.parts}
    compute = computing(office.plan.features, office.plan.tables, office.plan.key_type)
    return record(
        golden.tick, golden.keys, golden.history, compute, lambda columns: dict(office.operate.infer(columns, parts))
    )
