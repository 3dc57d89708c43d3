"""A store of small releases, made anew for each test."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from afield.records.release import Golden, Manifest, Part
from afield.release.bundle import Bundle, load, write
from afield.release.signing import Signer, Trusted

GOLDEN = Golden(
    tick=datetime(2024, 3, 1, 18),
    keys=("74", "75"),
    history={"orders": [{"order_id": "a", "pickup_location": 74}]},
    features={"lag_1": (3.0, None)},
    outputs={"forecast": (2.5, 0.25)},
)
FILES = {
    "parts/demand/model.onnx": bytes(range(64)),
    "tables/capacity.arrow": b"ARROW1\x00\x00",
    "golden.json": msgspec.json.encode(GOLDEN),
    "card.md": b"# Surge\n",
}


def manifest(sequence: int = 1, application: str = "surge") -> Manifest:
    window = (datetime(2024, 1, 1), datetime(2024, 2, 1))
    return Manifest(
        application=application,
        options={"slot": "60m"},
        created=datetime(2024, 3, 1, 12, tzinfo=UTC),
        sequence=sequence,
        parts=(Part("demand", ("lag_1",), ("forecast",), "boosted_trees", {"dispersion": 0.1}),),
        files=(),
        feature_set="f" * 64,
        code="c" * 64,
        data={"orders": "0"},
        windows={"training": window},
        seed=7,
        environment={"lightgbm": "4.7"},
        evaluation={"rmse": 1.5},
    )


class Store:
    """A folder of bundles with a signer that it trusts."""

    files = FILES
    golden = GOLDEN
    manifest = staticmethod(manifest)

    def __init__(self, folder: Path) -> None:
        self.root = folder / "bundles"
        self.signer = Signer(folder / "keys" / "signing.pem")
        self.signer.publish(folder / "trusted")
        self.trusted = Trusted(folder / "trusted")

    def write(self, sequence: int = 1) -> str:
        return write(self.root, manifest(sequence), FILES, self.signer)

    def load(self, digest: str, **options: object) -> Bundle:
        return load(self.root, digest, self.trusted, **options)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)
