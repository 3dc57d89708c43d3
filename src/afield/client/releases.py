"""Releases brought to a device: fetched in stretches, verified before use, proven before they are in force."""

import math
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from afield.client.folder import Folder
from afield.client.incoming import bring, drop
from afield.client.keeping import accept, check_room, harmed, place, whole
from afield.client.upstream import Source, answered
from afield.errors import ReleaseError, StoreError, UnreachableError
from afield.records.release import File, Manifest
from afield.release.bundle import DIGEST, LARGEST_MANIFEST, check_manifest, load
from afield.release.layout import LARGEST_FILE, sha256
from afield.release.signing import LARGEST_STATEMENT, Trusted

# A refused release is looked at again after 2, 4, … steps, at last after 2 to this power.
MOST = 12


class _Announcement(msgspec.Struct, frozen=True):
    manifest: msgspec.Raw
    signature: msgspec.Raw


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a release is refused, how often it was, and the step before which it is not looked at again."""

    reason: str
    failures: int
    until: float


class Releases:
    """The releases of one application on a device."""

    def __init__(self, folder: Folder, upstream: Source, application: str, prove: Callable[[str], object]) -> None:
        """Bring releases into `folder`.

        Args:
            folder: where they lie.
            upstream: where they come from.
            application: whose they must be.
            prove: opens a release that lies in the folder, and raises ReleaseError where it does not reproduce its
                golden rows.
        """
        self._folder, self._upstream = folder, upstream
        self._application, self._prove = application, prove
        self._trusted = Trusted(folder.trusted)
        self._announced: dict[str, tuple[bytes, bytes, Manifest]] = {}
        self._whose: dict[str, str] = {}
        self._refused: dict[tuple[str, str], _Refusal] = {}
        self._steps = 0

    def step(self, digest: str, *, seen: int, order: str = "") -> int | None:
        """Bring one stretch of a release; its newest sequence once it is here and proven, None before.

        Args:
            digest: names the release.
            seen: the highest sequence in force before; an older release is refused without an order.
            order: the signed statement that allows it, or "".

        Raises:
            ReleaseError: it is refused, which is remembered: changed, by an unknown signer, a downgrade, or not
                reproduced by this code.
            UnreachableError: the network or the service failed, or what came was changed on the way; try again.
            StoreError: the disk does not take it, or what lies there was damaged, which is fetched again.
        """
        self._steps += 1
        if not DIGEST.fullmatch(digest):
            raise ReleaseError(f"{digest[:80]!r} is no release digest: the service's control state is wrong")
        known, statement = self._refused.get((digest, order)), order.encode() or None
        if known is not None and self._steps < known.until:
            raise ReleaseError(known.reason)
        announced = False
        try:
            if not self._here(digest):
                raw, signature, manifest = self._announcement(digest)
                announced = True
                if manifest.application != self._application:
                    raise ReleaseError(
                        f"release {digest[:12]} is of {manifest.application}, not of {self._application}"
                    )
                check_manifest(raw, signature, digest, self._trusted, seen=seen, statement=statement)
                if not self._gathered(digest, manifest):
                    return None
                place(self._folder, digest, raw, signature, manifest)
            bundle = load(
                self._folder.bundles,
                digest,
                self._trusted,
                seen=seen,
                statement=statement,
                application=self._application,
            )
            self._prove(digest)
        except ReleaseError as error:
            self._check_kept(digest)
            # What was signed stays as it is; what was not may have been changed on the way, and is asked for again.
            failures = known.failures + 1 if known else 1
            until = math.inf if announced else self._steps + 2 ** min(failures, MOST)
            self._refused[digest, order] = _Refusal(str(error), failures, until)
            raise
        return bundle.sequence

    def foreign(self, digest: str) -> str:
        """The application whose release this is, by a signature that counts, where it is another; "" for all others."""
        if digest not in self._whose:
            if not DIGEST.fullmatch(digest) or (self._folder.bundles / digest).is_dir():
                return ""
            try:
                _, _, manifest = self._announcement(digest)
            except UnreachableError:  # that cannot be told now
                return ""
            except ReleaseError:
                self._whose = {digest: self._application}
            else:
                self._whose = {digest: manifest.application}
        return "" if self._whose[digest] == self._application else self._whose[digest]

    def keep_only(self, digests: set[str]) -> None:
        """Remove the releases that are not among `digests`, and what was gathered of others."""
        for root in (self._folder.bundles, self._folder.incoming):
            for folder in root.iterdir() if root.is_dir() else ():
                if folder.name not in digests and folder.is_dir():
                    shutil.rmtree(folder, ignore_errors=True)

    def _here(self, digest: str) -> bool:
        """Whether the release lies here, unharmed; one that was harmed on this disk is removed, to be fetched again."""
        folder = self._folder.bundles / digest
        if not folder.is_dir():
            return False
        try:
            load(self._folder.bundles, digest, self._trusted, application=self._application)
        except ReleaseError:
            shutil.rmtree(folder, ignore_errors=True)
            return False
        return True

    def _check_kept(self, digest: str) -> None:
        """Return where the release that was announced lies here as it was signed, or does not lie here.

        Raises:
            StoreError: this disk has damaged it, which is no fault of its signer: it is removed, to be fetched again.
        """
        folder, known = self._folder.bundles / digest, self._announced.get(digest)
        if known is None or not folder.is_dir():
            return
        raw, signature, manifest = known
        beside = (
            File("manifest.json", digest, len(raw)),
            File("signature.json", sha256(signature), len(signature)),
        )
        damaged = harmed(folder, (*beside, *manifest.files))
        if damaged:
            shutil.rmtree(folder, ignore_errors=True)
            raise StoreError(f"{folder}: {', '.join(damaged)}: damaged on this disk; the release is fetched again")

    def _announcement(self, digest: str) -> tuple[bytes, bytes, Manifest]:
        """The bytes of the manifest and of its signature, and the manifest, verified.

        Raises:
            ReleaseError: it is not what a trusted key signed.
        """
        known = self._announced.get(digest)
        if known is not None:
            return known
        told = self._upstream.get(f"/v1/bundles/{digest}", largest=LARGEST_MANIFEST + LARGEST_STATEMENT + 64)
        if told.status != 200:
            raise UnreachableError(f"{self._upstream.url}, release {digest[:12]}: {answered(told.status)}")
        try:
            found = msgspec.json.decode(told.body, type=_Announcement)
        except msgspec.DecodeError as error:
            raise ReleaseError(
                f"release {digest[:12]}: the service's answer holds no signed manifest: {error}"
            ) from error
        raw, signature = bytes(found.manifest), bytes(found.signature)
        manifest, _ = check_manifest(raw, signature, digest, self._trusted, where=f"release {digest[:12]}")
        self._announced = {digest: (raw, signature, manifest)}
        return self._announced[digest]

    def _gathered(self, digest: str, manifest: Manifest) -> bool:
        """Whether every file is here; brings one stretch of the first that is not."""
        draft = self._folder.incoming / digest
        missing = [file for file in manifest.files if not whole(draft / "bundle" / file.name, file)]
        check_room(self._folder, draft, missing)
        for file in missing:
            part = draft / f"{file.digest}.part"
            if self._copied(file, part):
                accept(part, file, draft / "bundle" / file.name)
                continue
            path = f"/v1/bundles/{digest}/{file.digest}"
            arrived = bring(self._upstream, path, part, largest=min(file.size, LARGEST_FILE)) if file.size else None
            if arrived is not None and not arrived.whole:
                return False
            accept(part, file, draft / "bundle" / file.name)
            return len(missing) == 1
        return True

    def _copied(self, file: File, part: Path) -> bool:
        """Whether another release here has the same file, which is then copied: only what changed is fetched.

        A link would let one damaged block take the release in force and the last good one together.
        """
        for manifest in self._folder.bundles.glob("*/manifest.json"):
            with suppress(OSError, msgspec.DecodeError):
                for other in msgspec.json.decode(manifest.read_bytes(), type=Manifest).files:
                    if other.digest != file.digest:
                        continue
                    content = (manifest.parent / other.name).read_bytes()
                    if sha256(content) == file.digest:
                        drop(part)
                        part.parent.mkdir(parents=True, exist_ok=True)
                        part.write_bytes(content)
                        return True
        return False
