"""Bundles: a release as a folder named by its content, written whole or not at all, verified before use.

    DIGEST/                    SHA-256 of manifest.json
        manifest.json          canonical JSON of records.release.Manifest
        signature.json         a signed statement: this digest, this sequence
        parts/NAME/model.onnx  the models
        tables/NAME.arrow      fitted tables
        golden.json            rows that a process must reproduce before it serves
        card.md                the release in words

Nothing else may lie in the folder, so no format that can carry code is ever read.
"""

import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from afield.errors import ReleaseError
from afield.records.release import MANIFEST_SCHEMA, File, Golden, Manifest
from afield.release.canonical import canonical as canonical  # re-exported: the form of the manifest
from afield.release.canonical import is_canonical
from afield.release.layout import (
    check_files,
    check_layout,
    model_name,
    read_listed,
    read_plain,
    sha256,
    sync,
    write_file,
)
from afield.release.signing import LARGEST_STATEMENT, Signer, Statement, Trusted, sign_statement, verify_statement

LARGEST_MANIFEST = 4 * 2**20

DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified release.

    Attributes:
        digest: its name.
        folder: where it lies.
        manifest: what it says of itself.
        golden: the rows to reproduce before the first request.
        sequence: of the newest signed statement for it; keep it as `seen` for the next load.
    """

    digest: str
    folder: Path
    manifest: Manifest
    golden: Golden
    sequence: int

    def read(self, name: str) -> bytes:
        """The bytes of one file, verified again as they are read.

        Raises:
            ReleaseError: the bundle has no such file, or it has changed since it was loaded.
        """
        for file in self.manifest.files:
            if file.name == name:
                return read_listed(self.folder, file, _advice(self.manifest.application))
        raise ReleaseError(f"release {self.digest[:12]} has no file {name!r}")

    def model(self, part: str) -> bytes:
        """The ONNX model of the part called `part`."""
        return self.read(model_name(part))


def write(root: Path, manifest: Manifest, files: Mapping[str, bytes], signer: Signer) -> str:
    """Write and sign a bundle under `root`; return its digest.

    A reader sees the whole bundle or none. Writing what is there already changes nothing.

    Args:
        root: folder of bundles.
        manifest: what the bundle says of itself; its `files` are filled in here.
        files: name in the bundle → content.
        signer: signs the digest and the manifest's sequence.

    Raises:
        ReleaseError: a name, part or file does not fit the layout, `golden.json` does not read, or the
            folder cannot be written.
    """
    listed = tuple(File(name, sha256(content), len(content)) for name, content in sorted(files.items()))
    manifest = msgspec.structs.replace(manifest, files=listed)
    check_layout(manifest)
    _golden(files["golden.json"])
    raw = canonical(manifest)
    digest = sha256(raw)
    statement = Statement("release", manifest.application, digest, manifest.sequence, manifest.created)
    content = {**files, "manifest.json": raw, "signature.json": sign_statement(statement, signer)}
    try:
        if (root / digest).exists():
            check_files(root / digest, manifest, _advice(manifest.application))
        else:
            _place(root, digest, content)
    except OSError as error:
        raise ReleaseError(f"{root}: the release cannot be written ({error}); nothing was changed") from error
    return digest


def load(
    root: Path,
    digest: str,
    trusted: Trusted,
    *,
    seen: int = 0,
    statement: bytes | None = None,
    application: str = "APP",
) -> Bundle:
    """The bundle `digest` under `root`, after everything about it was verified; no model is parsed here.

    Args:
        root: folder of bundles.
        digest: SHA-256 (64 hex digits) of the manifest.
        trusted: the keys whose signatures count.
        seen: the highest sequence loaded before; an older bundle is refused without a newer statement.
        statement: a signed rollback statement (`signing.sign_statement`) that allows going back to it.
        application: what the command line calls it, for the advice that an error gives.

    Raises:
        ReleaseError: anything is missing, extra, changed, linked, unsigned, too new or a downgrade.
    """
    if not DIGEST.fullmatch(digest):
        raise ReleaseError(f"{digest[:80]!r} is no release digest; give 64 hexadecimal digits")
    folder = root / digest
    if not folder.is_dir():
        raise ReleaseError(f"no release {digest[:12]}… under {root}; see: afield release list {application}")
    advice = _advice(application)
    signature = read_plain(folder / "signature.json", LARGEST_STATEMENT, advice)
    raw = read_plain(folder / "manifest.json", LARGEST_MANIFEST, advice)
    manifest, sequence = check_manifest(raw, signature, digest, trusted, seen=seen, statement=statement, where=folder)
    check_files(folder, manifest, advice)
    listed = next(file for file in manifest.files if file.name == "golden.json")
    golden = _golden(read_listed(folder, listed, advice))
    return Bundle(digest, folder, manifest, golden, sequence)


def check_manifest(
    raw: bytes,
    signature: bytes,
    digest: str,
    trusted: Trusted,
    *,
    seen: int = 0,
    statement: bytes | None = None,
    where: Path | str = "the bundle",
) -> tuple[Manifest, int]:
    """The manifest in `raw`, once its signature, digest, schema, layout and sequence hold; no other file is read.

    Args:
        raw: what `manifest.json` holds, or is to hold.
        signature: the signed statement beside it.
        digest: SHA-256 of the manifest, which names the release.
        trusted: the keys whose signatures count.
        seen: as for `load`.
        statement: as for `load`.
        where: where it comes from, for what an error says.

    Returns:
        The manifest, and the newest sequence that was signed for it.

    Raises:
        ReleaseError: it is changed, unsigned, too new, not in canonical form or layout, or a downgrade.
    """
    signed = verify_statement(signature, trusted)
    if sha256(raw) != digest:
        raise ReleaseError(f"{where}/manifest.json has been changed; {_advice(signed.application)}")
    manifest = _manifest(raw, where)
    expected = Statement("release", manifest.application, digest, manifest.sequence, signed.issued, signed.reason)
    if signed != expected:
        raise ReleaseError(f"{where}/signature.json is signed for another release or sequence")
    return manifest, _sequence(manifest, digest, trusted, seen, statement)


def _advice(application: str) -> str:
    """What to do about a release whose files are not as they were signed."""
    return f"restore it from another copy, build again, or go back: afield release rollback {application}"


def _place(root: Path, digest: str, files: Mapping[str, bytes]) -> None:
    """Write all files into a draft folder, durably, and give it its name in one step."""
    draft = root / f".{digest[:12]}-{secrets.token_hex(4)}"
    try:
        for name, content in files.items():
            write_file(draft / name, content)
        for folder in {(draft / name).parent for name in files} | {draft, draft / "parts"}:
            sync(folder)
        draft.rename(root / digest)
        sync(root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sequence(manifest: Manifest, digest: str, trusted: Trusted, seen: int, statement: bytes | None) -> int:
    """The newest sequence signed for the release, if that is not older than `seen`."""
    sequence = manifest.sequence
    if statement is not None:
        rollback = verify_statement(statement, trusted)
        if (rollback.kind, rollback.application, rollback.release) != ("rollback", manifest.application, digest):
            raise ReleaseError(
                f"the statement is a {rollback.kind} of {rollback.application} to {rollback.release[:12]}…; "
                f"a rollback of {manifest.application} to {digest[:12]}… is needed"
            )
        sequence = max(sequence, rollback.sequence)
    if sequence < seen:
        raise ReleaseError(
            f"release {digest[:12]}… has sequence {sequence}, older than {seen} already seen: a downgrade; "
            "sign a rollback statement with a higher sequence to go back to it"
        )
    return sequence


def _manifest(raw: bytes, folder: Path | str) -> Manifest:
    """Parse a manifest whose bytes are signed; its schema first."""
    try:
        schema = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get("schema", msgspec.Raw(b"0"))
        if msgspec.json.decode(schema, type=int) > MANIFEST_SCHEMA:
            raise ReleaseError(
                f"{folder}: manifest schema {bytes(schema).decode()} is newer than {MANIFEST_SCHEMA}; upgrade afield"
            )
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReleaseError(f"{folder}/manifest.json: {error}") from error
    if not is_canonical(raw):
        raise ReleaseError(f"{folder}/manifest.json is not in canonical form; write bundles with afield")
    check_layout(manifest)
    return manifest


def _golden(raw: bytes) -> Golden:
    """Parse the golden rows."""
    try:
        return msgspec.json.decode(raw, type=Golden)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReleaseError(f"golden.json: {error}") from error
