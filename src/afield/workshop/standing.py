"""Standing parts and files of a release, kept in a step's folder between builds."""

from pathlib import Path

import msgspec

from afield.workshop.plan import Companion, Standing

RECORD = "standing.json"


class Record(msgspec.Struct, frozen=True):
    """What lies in the folder beside it: `part-NAME.onnx` and `file-NAME`.

    Attributes:
        parts: name → features, outputs and recipe.
        files: names.
    """

    parts: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]]
    files: tuple[str, ...]


def write_standing(folder: Path, standing: Standing) -> None:
    """Write parts and files into the step's folder."""
    for name, part in standing.parts.items():
        (folder / f"part-{name}.onnx").write_bytes(part.onnx)
    for name, content in standing.files.items():
        (folder / f"file-{name}").write_bytes(content)
    parts = {name: (part.features, part.outputs, part.recipe) for name, part in standing.parts.items()}
    (folder / RECORD).write_bytes(msgspec.json.encode(Record(parts, tuple(standing.files))))


def open_standing(folder: Path) -> Standing:
    """What `write_standing` wrote."""
    record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Record)
    return Standing(
        {
            name: Companion(features, outputs, (folder / f"part-{name}.onnx").read_bytes(), recipe)
            for name, (features, outputs, recipe) in record.parts.items()
        },
        {name: (folder / f"file-{name}").read_bytes() for name in record.files},
    )
