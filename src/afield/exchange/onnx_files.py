"""A release as plain ONNX files, with an example that runs them on its golden rows."""

import msgspec
import numpy as np

from afield.control.office import Office
from afield.errors import ReleaseError
from afield.exchange.wording import TEMPLATES, filled
from afield.records.release import Golden, Part
from afield.release.bundle import Bundle
from afield.release.layout import model_name

MODEL = "model.onnx"


class Example(msgspec.Struct, frozen=True):
    """What the example runs: the model's input by column, and what it must give.

    Attributes:
        features: names of the columns, in the model's order.
        rows: the golden rows, one list for each, null where a value is not known.
        outputs: name → expected value of each row, float32.
    """

    features: tuple[str, ...]
    rows: tuple[tuple[float | None, ...], ...]
    outputs: dict[str, tuple[float, ...]]


def onnx_files(office: Office, digest: str) -> dict[str, bytes]:
    """The files, by name: the model, the other parts, and an example that runs.

    Raises:
        ReleaseError: the release does not verify.
    """
    bundle = office.shelf.bundle(digest)
    model = model_part(office, bundle)
    others = [part for part in bundle.manifest.parts if part.name != model.name]
    listed = "".join(f"- `{model_name(part.name)}`: {part.recipe}; {_interface(part)}\n" for part in others)
    return {
        MODEL: bundle.model(model.name),
        **{model_name(part.name): bundle.model(part.name) for part in others},
        "example.json": msgspec.json.encode(example(office, bundle)),
        "example.py": (TEMPLATES / "example.py.txt").read_bytes(),
        "README.md": filled(
            "onnx.md.txt",
            application=office.application.name,
            release=digest,
            target=office.plan.target,
            recipe=model.recipe,
            features="\n".join(f"{number}. `{name}`" for number, name in enumerate(model.features)),
            outputs=", ".join(f"`{name}`" for name in model.outputs),
            constants=", ".join(f"`{name}` {value:g}" for name, value in model.constants.items()) or "none",
            others=listed or "none\n",
        ).encode(),
    }


def model_part(office: Office, bundle: Bundle) -> Part:
    """The part of a release that is its model.

    Raises:
        ReleaseError: there is none, or it reads no columns.
    """
    for part in bundle.manifest.parts:
        if part.name == office.plan.part and part.features:
            return part
    raise ReleaseError(f"release {bundle.digest[:12]} has no part {office.plan.part} that reads columns of features")


def example(office: Office, bundle: Bundle) -> Example:
    """The golden rows as the model reads them, and what this release gives for them."""
    part, golden = model_part(office, bundle), bundle.golden
    columns = [_column(golden, name) for name in part.features]
    run = office.shelf.release(bundle.digest).parts[part.name]
    inputs = np.array(columns, np.float64).T.astype(np.float32)  # None becomes NaN
    outputs = run.run(np.ascontiguousarray(inputs))
    return Example(
        part.features,
        tuple(zip(*columns, strict=True)),
        {name: tuple(values.tolist()) for name, values in outputs.items()},
    )


def _column(golden: Golden, name: str) -> tuple[float | None, ...]:
    if name not in golden.features:
        raise ReleaseError(f"the golden rows have no feature {name}; build the release again")
    return golden.features[name]


def _interface(part: Part) -> str:
    """What a part reads and gives, in words."""
    reads = ", ".join(part.features) if 0 < len(part.features) <= 8 else f"{len(part.features)} columns"
    return f"reads {reads if part.features else 'pictures'}, gives {', '.join(part.outputs)}"
