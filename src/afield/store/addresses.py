"""Object stores by URL: `s3://bucket/folder?endpoint_url=…`, `gs://…`, `az://…`, and `file:///folder`."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store

from afield.errors import StoreError

SCHEMES = ("s3", "gs", "az")
FILE = "file"
CONNECTION = ("allow_http", "allow_invalid_certificates")
# The libraries' own patience is three minutes: too long for a person who mistyped an address.
PATIENCE = {"max_retries": 4, "retry_timeout": timedelta(seconds=10)}


def parsed(url: str, schemes: tuple[str, ...] = SCHEMES) -> tuple[str, dict[str, str]]:
    """The address and the options of an object store that a URL holds; what follows its question mark are options.

    Raises:
        StoreError: it names no object store.
    """
    parts = urlsplit(url)
    there = parts.path.strip("/") and not parts.netloc if parts.scheme == FILE else parts.netloc
    if parts.scheme not in schemes or not there or "@" in parts.netloc:
        raise StoreError(f"{shown(url)!r} names no object store; use s3://bucket/folder, gs://… or az://…, or a folder")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", dict(parse_qsl(parts.query))


def shown(url: str) -> str:
    """A URL without its options and without what stands before an @, among which somebody may have written a secret."""
    return url.partition("?")[0].rpartition("@")[2].rstrip("/")


def open_store(address: str, given: Mapping[str, str]) -> ObjectStore:
    """The object store at an address; nothing is asked of it yet.

    Args:
        address: as `parsed` gives it.
        given: options in the words of delta-rs. Keys and other secrets do not belong there: they are taken from where
            the store's own tools look for them (for S3 the variables AWS_ACCESS_KEY_ID and so on).

    Raises:
        StoreError: an option is none of the store's, or the folder cannot be made.
    """
    try:
        return _STORES[urlsplit(address).scheme](address, given)
    except (BaseError, OSError, ValueError) as error:
        said = str(error).strip().partition("\n")[0]
        raise StoreError(f"{address} cannot be used: {said}; mend its address or what follows its ?") from error


def _bucket(
    kind: type[S3Store | GCSStore | AzureStore], prefix: str, url: str, given: Mapping[str, str]
) -> ObjectStore:
    """The store of a URL; obstore wants its own options apart from the connection's, and with the store's prefix."""
    own = {name.removeprefix(prefix): value for name, value in given.items() if name not in CONNECTION}
    make = cast("Callable[..., ObjectStore]", kind.from_url)
    return make(
        url,
        config={f"{prefix}{name}": value for name, value in own.items()},
        client_options={name: value == "true" for name, value in given.items() if name in CONNECTION},
        retry_config=PATIENCE,
    )


def _folder(url: str, _: Mapping[str, str]) -> ObjectStore:
    """A folder as a store of objects, made where it is not there."""
    return LocalStore(urlsplit(url).path, mkdir=True)


_STORES: Mapping[str, Callable[[str, Mapping[str, str]], ObjectStore]] = {
    "s3": partial(_bucket, S3Store, "aws_"),
    "gs": partial(_bucket, GCSStore, "google_"),
    "az": partial(_bucket, AzureStore, "azure_"),
    FILE: _folder,
}
