"""A smaller edition of a release, as a signed bundle of its own: for a product that brings its own input."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from afield.application import Operate, resolve
from afield.compiled import BUNDLES, TRUSTED
from afield.control.office import Office
from afield.records.release import Part
from afield.release.bundle import Bundle, load, write
from afield.release.golden import reproduce
from afield.release.layout import model_name
from afield.release.signing import Signer, Trusted
from afield.serving.model import open_release
from afield.serving.static import Edition

FURTHER = ("golden.json", "card.md")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle holds, beside what every bundle holds.

    Attributes:
        parts: the parts with their ONNX graphs, by name.
        files: name under `tables/` → content.
        notes: what was changed, one line each; they go on the card.
    """

    parts: Mapping[str, tuple[Part, bytes]]
    files: Mapping[str, bytes]
    notes: tuple[str, ...] = field(default=())


Slim = Callable[[Contents], Contents]


def edition_files(office: Office, bundle: Bundle) -> dict[str, bytes]:
    """The files of a product that carries a release, whole or in its smaller edition: a bundle and the signer's key.

    The edition names the release that it came of as its parent, has its sequence, and must reproduce its golden rows.

    Raises:
        UsageError: the application's function cannot be found.
        ReleaseError: the edition does not fit together, or does not reproduce.
    """
    return edition_of(office.application.name, office.operate, Signer(office.home.key), bundle)


def edition_of(application: str, operate: Operate, signer: Signer, bundle: Bundle) -> dict[str, bytes]:
    """What `edition_files` gives, for an application of this name, signed by `signer`.

    Raises:
        UsageError: the application's function cannot be found.
        ReleaseError: the edition does not fit together, or does not reproduce.
    """
    slim = operate.designs.static.slim
    whole = contents(bundle)
    made = resolve(slim)(whole) if slim else whole
    with TemporaryDirectory() as kept:
        signer.publish(Path(kept) / TRUSTED)
        digest = bundle.digest
        if slim:
            digest = _written(Path(kept) / BUNDLES, bundle, made, signer)
            _proven(load(Path(kept) / BUNDLES, digest, Trusted(Path(kept) / TRUSTED)), operate)
        root = Path(kept) / BUNDLES / digest if slim else bundle.folder
        names = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
        return {
            **{f"{BUNDLES}/{digest}/{name}": (root / name).read_bytes() for name in names},
            **{f"{TRUSTED}/{key.name}": key.read_bytes() for key in (Path(kept) / TRUSTED).iterdir()},
            "README.md": _described(application, operate.designs.static, bundle, digest, made).encode(),
        }


def contents(bundle: Bundle) -> Contents:
    """What a bundle holds."""
    tables = [file.name for file in bundle.manifest.files if file.name.startswith("tables/")]
    return Contents(
        {part.name: (part, bundle.model(part.name)) for part in bundle.manifest.parts},
        {name.removeprefix("tables/"): bundle.read(name) for name in tables},
    )


def _written(root: Path, bundle: Bundle, made: Contents, signer: Signer) -> str:
    """Write the edition; its digest."""
    manifest = msgspec.structs.replace(
        bundle.manifest, parts=tuple(part for part, _ in made.parts.values()), parent=bundle.digest
    )
    notes = "".join(f"- {note}\n" for note in made.notes)
    card = bundle.read("card.md").decode() + f"\n## Edition\n\nA smaller edition of release {bundle.digest}:\n\n{notes}"
    files = {
        **{model_name(name): onnx for name, (_, onnx) in made.parts.items()},
        **{f"tables/{name}": content for name, content in made.files.items()},
        "golden.json": bundle.read("golden.json"),
        "card.md": card.encode(),
    }
    return write(root, manifest, files, signer)


def _proven(made: Bundle, operate: Operate) -> None:
    """Open the edition as a product will: it reproduces the golden rows, and holds what requests are looked at with."""
    open_release(
        made.digest,
        made.manifest,
        made.golden,
        made.model,
        operate.infer,
        reproduce,
        lambda parts: operate.prepare(parts, lambda name: made.read(f"tables/{name}")),
    )


def _described(name: str, edition: Edition, bundle: Bundle, digest: str, made: Contents) -> str:
    size = sum(len(onnx) for _, onnx in made.parts.values()) + sum(map(len, made.files.values()))
    notes = "".join(f"- {note}\n" for note in made.notes)
    budget = ""
    if edition.memory and edition.seconds:
        budget = (
            f"Its budget: at most {edition.memory / 2**20:.0f} MiB of memory, and {edition.seconds:g} s of processor "
            "an answer on a frame of 640 by 480; `benchmarks/static.py` measures both.\n\n"
        )
    return (
        f"# {name}, compiled into a product\n\nRelease `{bundle.digest}` as the signed bundle `{digest}`, "
        f"{size / 2**20:.1f} MiB; no network.\n\n{notes}\n{budget}The product opens it with "
        f"`afield.compiled.open_static`, which verifies it by the key in `{TRUSTED}/`; on a machine: "
        f"`afield serve {name} --design static`.\n"
    )
