"""Signatures: a key that signs releases, a folder of keys that are trusted, and signed statements."""

import hashlib
import secrets
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from afield.errors import ReleaseError
from afield.release.canonical import canonical
from afield.store.durable import keep_private

STATEMENT_SCHEMA = 1
LARGEST_STATEMENT = 16_384


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a signer says of a release.

    Attributes:
        kind: "release": this bundle was built; "rollback": go back to it although newer ones exist.
        application: name of the application.
        release: digest of the bundle.
        sequence: grows with every statement signed for a store; a lower one than seen before is a downgrade.
        issued: when it was signed, UTC.
        reason: why, one line.
        schema: version of this schema; a newer one is refused.
    """

    kind: Literal["release", "rollback"]
    application: str
    release: str
    sequence: int
    issued: datetime
    reason: str = ""
    schema: int = STATEMENT_SCHEMA


class _Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement as it is written: with the id of the key and the Ed25519 signature, both in hex."""

    key: str
    signature: str
    statement: Statement


class _Schema(msgspec.Struct, frozen=True):
    schema: int


class _Outer(msgspec.Struct, frozen=True):
    statement: _Schema


class Signer:
    """An Ed25519 private key in a file that only its owner can read; made on first use.

    Keep the file outside every store that services read.
    """

    def __init__(self, file: Path) -> None:
        """Read the key in `file` (PKCS #8 PEM), or make one there.

        Raises:
            ReleaseError: the file is readable by others, or holds no Ed25519 key.
        """
        if not file.exists():
            _make_key(file)
        if file.stat().st_mode & 0o077:
            raise ReleaseError(f"{file}: the signing key can be read by others; run: chmod 600 {file}")
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ReleaseError(f"{file}: no private key in it ({error}); move it away to have one made") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ReleaseError(f"{file}: holds a {type(key).__name__}; an Ed25519 key is expected")
        self._key = key
        self.id = _key_id(key.public_key())

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature (64 bytes, RFC 8032) of `message`."""
        return self._key.sign(message)

    def publish(self, folder: Path) -> Path:
        """Write the public key into a folder of trusted keys, as `ID.pem`; return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        file = folder / f"{self.id}.pem"
        if not file.exists() or file.read_bytes() != public:
            draft = folder / f".{self.id}-{secrets.token_hex(4)}"
            draft.write_bytes(public)
            draft.replace(file)
        return file


class Trusted:
    """The public keys whose signatures count: every `*.pem` in a folder.

    The folder is read at each check, so that a key is added (rotation) or withdrawn without a restart.
    """

    def __init__(self, folder: Path) -> None:
        """Trust the keys in `folder`."""
        self._folder = folder

    def verify(self, key: str, message: bytes, signature: bytes) -> None:
        """Return if `signature` is that of `message` by the trusted key with the id `key`.

        Raises:
            ReleaseError: the key is not trusted, or the signature does not fit the message.
        """
        keys = self.keys()
        if key not in keys:
            known = ", ".join(sorted(keys)) or "none"
            raise ReleaseError(
                f"signed by key {key[:64]!r}, which is not trusted (in {self._folder}: {known}); "
                "copy the signer's public key there if you trust it"
            )
        try:
            keys[key].verify(signature, message)
        except InvalidSignature as error:
            raise ReleaseError(f"the signature by key {key} does not fit: what was signed has been changed") from error

    def keys(self) -> dict[str, Ed25519PublicKey]:
        """The trusted keys by id.

        Raises:
            ReleaseError: a file of the folder holds no Ed25519 public key.
        """
        found: dict[str, Ed25519PublicKey] = {}
        for file in sorted(self._folder.glob("*.pem")):
            try:
                key = serialization.load_pem_public_key(file.read_bytes())
            except (ValueError, UnsupportedAlgorithm) as error:
                raise ReleaseError(f"{file}: no public key in it ({error}); remove the file") from error
            if not isinstance(key, Ed25519PublicKey):
                raise ReleaseError(f"{file}: holds a {type(key).__name__}; an Ed25519 public key is expected")
            found[_key_id(key)] = key
        return found


def sign_statement(statement: Statement, signer: Signer) -> bytes:
    """The signed statement as canonical JSON: what `signature.json` and a rollback order hold."""
    signature = signer.sign(canonical(statement)).hex()
    return canonical(_Signed(key=signer.id, signature=signature, statement=statement))


def verify_statement(signed: bytes, trusted: Trusted) -> Statement:
    """The statement in `signed`, once its signature has been found good.

    Raises:
        ReleaseError: it is malformed, not canonical, of a newer schema, or not signed by a trusted key.
    """
    if len(signed) > LARGEST_STATEMENT:
        raise ReleaseError(f"a signed statement of {len(signed)} bytes; at most {LARGEST_STATEMENT} are read")
    try:
        schema = msgspec.json.decode(signed, type=_Outer).statement.schema
        if schema > STATEMENT_SCHEMA:
            raise ReleaseError(f"a signed statement of schema {schema}, newer than {STATEMENT_SCHEMA}; upgrade afield")
        read = msgspec.json.decode(signed, type=_Signed)
        signature = bytes.fromhex(read.signature)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ReleaseError(f"not a signed statement: {error}") from error
    if canonical(read) != signed or signature.hex() != read.signature:
        raise ReleaseError("the signed statement is not in canonical form: it has been changed")
    trusted.verify(read.key, canonical(read.statement), signature)
    return read.statement


def _key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the raw public key: it only says which key to try."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _make_key(file: Path) -> None:
    """Make a key at `file` with mode 0600; of two processes at once, one wins and both use its key."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    keep_private(file, private)
