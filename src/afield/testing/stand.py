"""A stand for a service of the toy application: signed releases, snapshots and a configuration in a folder."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.records.release import Golden, Manifest, Part
from afield.release.bundle import write
from afield.release.signing import Signer
from afield.serving.config import Config
from afield.store.snapshots import feature_rows, publish_control, publish_rows
from afield.testing.toy import FEATURES, SHOPS

TICK = datetime(2026, 3, 2, 9)
FEATURE_SET = hashlib.sha256(b"toy").hexdigest()
SPREAD = 3.0


class Stand:
    """Everything that one service of the toy application needs, under one folder."""

    def __init__(self, folder: Path) -> None:
        """Keep releases, keys, snapshots and spools under `folder`."""
        self.folder = folder
        self.bundles = folder / "bundles"
        self.snapshots = folder / "snapshots"
        self.trusted = folder / "trusted"
        self._signer = Signer(folder / "keys" / "signing.key")
        self._signer.publish(self.trusted)
        self._version = 0
        self._sequence = 0

    def release(
        self,
        weights: tuple[float, float] = (0.5, 0.5),
        *,
        model: bytes | None = None,
        features: tuple[str, ...] = FEATURES,
        expected: float | None = None,
        application: str = "toy",
        signer: Signer | None = None,
    ) -> str:
        """Write a release that forecasts `weights · features`; its digest.

        Args:
            weights: of the features.
            model: another graph instead.
            features: its columns.
            expected: what the golden row says of the forecast; 5.0 at `weights` of a half each.
            application: whose release it is.
            signer: whose signature it has; the stand's where None.
        """
        self._sequence += 1
        golden = Golden(
            tick=TICK,
            keys=("east",),
            history={},
            features={"last_hour": (4.0,), "usual": (6.0,), **dict.fromkeys(features[2:], (1.0,))},
            outputs={"forecast": (weights[0] * 4.0 + weights[1] * 6.0 if expected is None else expected,)},
        )
        manifest = Manifest(
            application=application,
            options={},
            created=datetime(2026, 3, 1, tzinfo=UTC),
            sequence=self._sequence,
            parts=(Part("loaves", features, ("forecast",), "by hand", {"spread": SPREAD}),),
            files=(),
            feature_set=FEATURE_SET,
            code="",
            data={},
            windows={},
            seed=self._sequence,
            environment={},
            evaluation={},
        )
        files = {
            "parts/loaves/model.onnx": model or linear(weights),
            "golden.json": msgspec.json.encode(golden),
            "card.md": b"# Toy\n",
        }
        return write(self.bundles, manifest, files, signer or self._signer)

    def manifest(self, release: str) -> Manifest:
        """What a release says of itself."""
        return msgspec.json.decode((self.bundles / release / "manifest.json").read_bytes(), type=Manifest)

    def rows(self, tick: datetime = TICK, columns: Mapping[str, NDArray[np.float64]] | None = None) -> FeatureRows:
        """Feature rows of every shop, published."""
        if columns is None:
            columns = {
                "last_hour": np.array([4.0, 8.0, 12.0, 16.0]),
                "usual": np.array([6.0, 6.0, 10.0, 10.0]),
            }
        rows = feature_rows(FEATURE_SET, tick, tick, SHOPS, columns)
        publish_rows(self.snapshots, rows)
        return rows

    def control(self, champion: str, **others: object) -> ControlState:
        """A control state, published; its clock stands at the tick unless `now` says otherwise."""
        self._version += 1
        fields = {"version": self._version, "champion": champion, "now": TICK, **others}
        state = msgspec.convert(fields, ControlState)
        publish_control(self.snapshots, state)
        return state

    def config(self, port: int, *, workers: int = 1, seams: Mapping[str, str] | None = None, token: str = "") -> Config:
        """What the service is told."""
        return Config(
            application="afield.testing.toy:toy",
            snapshots=str(self.snapshots),
            bundles=str(self.bundles),
            trusted=str(self.trusted),
            facts=str(self.folder / "spool" / "facts"),
            telemetry=str(self.folder / "spool" / "telemetry"),
            counts=str(self.folder / "counts"),
            heartbeat=str(self.folder / "heartbeat"),
            port=port,
            workers=workers,
            seams=dict(seams or {}),
            token=token,
        )


def linear(weights: tuple[float, ...], *, faulty: bool = False) -> bytes:
    """An ONNX graph `(n, k) → weights · features`; a `faulty` one gives NaN for every row."""
    factor = np.array(weights, np.float32).reshape(-1, 1) * (np.nan if faulty else 1.0)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["rows", "weights"], ["forecast"])],
        "linear",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, len(weights)])],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("weights", TensorProto.FLOAT, factor.shape, factor.ravel().tolist())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content
