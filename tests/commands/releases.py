"""Releases of the town: a second one, a spoiled one, and what the ledger says."""

import msgspec

from afield.commands.output import progress
from afield.control.office import Office, open_office
from afield.records.decision import Entry
from afield.release.bundle import write
from afield.release.signing import Signer
from afield.store.ledger import Ledger
from tests.commands.conftest import Town
from tests.commands.town import town as application


def office(town: Town) -> Office:
    return open_office(application(), town.root, progress)


def entries(town: Town) -> tuple[Entry, ...]:
    return Ledger(f"sqlite:///{town.folder / 'ledger.db'}").entries("town")


def another(town: Town, later: int = 1) -> str:
    """A further release: the town's, signed again with a higher sequence."""
    opened = office(town)
    bundle = opened.shelf.bundle(town.release)
    files = {file.name: bundle.read(file.name) for file in bundle.manifest.files}
    manifest = msgspec.structs.replace(bundle.manifest, sequence=bundle.manifest.sequence + later)
    return write(opened.home.bundles, manifest, files, Signer(opened.home.key))


def spoil(town: Town, release: str) -> None:
    """Change one byte of a model."""
    file = town.folder / "bundles" / release / "parts" / "forecast" / "model.onnx"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
