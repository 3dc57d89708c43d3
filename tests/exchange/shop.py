"""A shop with one release of the toy application, as far as exports look at one."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from afield.answering import loader
from afield.control.office import Office
from afield.release.bundle import load
from afield.release.signing import Trusted
from afield.testing.stand import Stand
from afield.testing.toy import operate


def digest_of(folder: Path) -> str:
    """The digest of the release in a folder; it is made where there is none."""
    stand = Stand(folder)
    return next((each.name for each in stand.bundles.glob("*")), "") or stand.release()


def office(folder: Path, part: str = "loaves") -> Office:
    """An office over that folder, whose plan calls its model `part`."""
    stand = Stand(folder)
    found = SimpleNamespace(
        application=SimpleNamespace(name="toy"),
        plan=SimpleNamespace(part=part, target="loaves per shop and hour"),
        shelf=SimpleNamespace(
            bundle=lambda digest: load(stand.bundles, digest, Trusted(stand.trusted)),
            release=loader(stand.bundles, stand.trusted, operate({}), "toy"),
        ),
    )
    return cast(Office, found)
